"""Five optimizers on three surfaces of two weights: the reference of `web/core/optimizers.js`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from explorables._shell import Explorable, check, listed, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
COS, SIN = np.sqrt(3) / 2, 0.5  # of 30 degrees, by which ravine and saddle are turned
EPSILON = 1e-7
GONE = 1e6  # a path ends where the loss exceeds this
FLOOR = 1e-12
NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
INKS = dict(zip(NAMES, (INK, *PALETTE), strict=False))
LINES = dict(zip(NAMES, ("-", *DASHES), strict=False))
BETA, RHO = 0.9, 0.99  # of momentum and Nesterov, of RMSprop, and both of Adam


@dataclass(frozen=True)
class Surface:
    """A function of two weights whose least value is 0, and where the race takes place on it."""

    value: Callable[[Array], Array]  # (..., 2) -> (...)
    gradient: Callable[[Array], Array]  # (2,) -> (2,)
    start: tuple[float, float]
    window: tuple[float, float, float, float]
    minima: tuple[tuple[float, float], ...]
    steps: int


def optimizer_race(
    surface: str = "ravine",
    learning_rate: float = 0.01,
    start: tuple[float, float] | None = None,
) -> Explorable:
    """Paths of SGD, momentum, Nesterov, RMSprop and Adam, and their losses step by step.

    The reader moves the learning rate, which all five share, and the start of the paths.

    Args:
        surface: "ravine", "rosenbrock" or "saddle".
        learning_rate: above 0.
        start: the weights before the first step; the surface's own unless given.

    Raises:
        ValueError: an argument outside its range.

    >>> print(optimizer_race(learning_rate=0.1))
    Optimizer race on the ravine, learning rate 0.1: after 100 steps RMSprop has the lowest loss.
    """
    check(
        surface=(surface, surface in SURFACES, f"one of {listed(SURFACES)}"),
        learning_rate=(learning_rate, 0 < learning_rate < np.inf, "a number above 0"),
    )
    place = SURFACES[surface]
    start = place.start if start is None else start
    left, right, bottom, top = place.window
    inside = len(start) == 2 and left <= start[0] <= right and bottom <= start[1] <= top
    check(start=(start, inside, f"two weights within {place.window}"))
    runs = {k: trace(surface, k, learning_rate, BETA, RHO, start, place.steps) for k in NAMES}
    through = {k: run[-1, 2] for k, run in runs.items() if len(run) == place.steps + 1}
    best = f"{NAMES[min(through, key=lambda k: through[k])]} has the lowest loss" if through else ""
    settings = {"surface": surface, "rate": learning_rate, "beta": BETA, "rho": RHO}
    return Explorable(
        name="optimizer-race",
        settings=settings | {"start": list(start)},
        draw=lambda: draw(surface, runs),
        text=f"Optimizer race on the {surface}, learning rate {number(learning_rate)}: "
        f"after {place.steps} steps {best or 'all have diverged'}.",
        height=("36cqw + 175px", "128.1cqw + 272px"),
    )


def trace(
    surface: str,
    optimizer: str,
    rate: float,
    beta: float,
    rho: float,
    start: Sequence[float],
    steps: int,
) -> Array:
    """Weights and loss before the first step and after each as Keras has them, (1 + steps, 3).

    It ends early, with fewer rows, where the loss exceeds 1e6 or is no number: the run diverges.

    >>> trace("ravine", "sgd", 0.01, 0.9, 0.99, (2, 2), 100).shape
    (101, 3)
    """
    place = SURFACES[surface]
    w, m, v = np.array(start, float), np.zeros(2), np.zeros(2)
    rows = [[*w, place.value(w)]]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, steps + 1):
            g = place.gradient(w)
            if optimizer == "sgd":
                w = w - rate * g
            elif optimizer == "momentum":
                m = beta * m - rate * g
                w = w + m
            elif optimizer == "nesterov":
                m = beta * m - rate * g
                w = w + beta * m - rate * g
            elif optimizer == "rmsprop":
                v = rho * v + (1 - rho) * (g * g)
                w = w - rate * g / np.sqrt(v + EPSILON)
            else:
                m = beta * m + (1 - beta) * g
                v = rho * v + (1 - rho) * (g * g)
                length = rate * np.sqrt(1 - rho**t) / (1 - beta**t)
                w = w - length * m / (np.sqrt(v) + EPSILON)
            loss = place.value(w)
            if not loss <= GONE:
                break
            rows.append([*w, loss])
    return np.array(rows)


def draw(surface: str, runs: dict[str, Array]) -> Figure:
    """The paths on the surface, and the losses on a logarithmic axis."""
    place, figure = SURFACES[surface], Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2, width_ratios=[4, 5])
    a, b, c, d = place.window
    x, y = np.meshgrid(np.linspace(a, b, 81), np.linspace(c, d, 81))
    height = place.value(np.stack([x, y], axis=-1))
    levels = np.quantile(height, [0.03, 0.1, 0.2, 0.35, 0.55, 0.8])
    left.contour(x, y, height, levels, colors=MUTED, linewidths=0.5, alpha=0.6)
    for key, run in runs.items():
        left.plot(run[:, 0], run[:, 1], color=INKS[key], ls=LINES[key], lw=1.4)
        label = f"{NAMES[key]} {number(run[-1, 2])}"
        if len(run) <= place.steps:
            label = f"{NAMES[key]} diverges"
        losses = np.maximum(run[:, 2], FLOOR)
        right.semilogy(losses, color=INKS[key], ls=LINES[key], label=label)
    left.plot(*runs["sgd"][0, :2], "o", color=INK, mfc="none", ms=8)
    left.plot(*np.transpose(place.minima), "+", color=INK, ms=9, mew=2)
    left.set(xlim=(a, b), ylim=(c, d), xticks=[], yticks=[], title="paths")
    right.set(ylim=(1e-8, 1e4), xlim=(0, place.steps), xlabel="step", title="loss")
    right.set_yticks([1e-8, 1e-4, 1, 1e4])
    label_lines(right, gap=13)
    return figure


def _turned(w: Array) -> tuple[Array, Array]:
    """The weights in the surface's own axes."""
    x, y = w[..., 0], w[..., 1]
    return x * COS + y * SIN, y * COS - x * SIN


def _back(u: Array, v: Array) -> Array:
    return np.stack([u * COS - v * SIN, u * SIN + v * COS], axis=-1)


def _ravine(w: Array) -> Array:
    u, v = _turned(w)
    return 0.5 * (u * u + 100 * (v * v))


def _ravine_gradient(w: Array) -> Array:
    u, v = _turned(w)
    return _back(u, 100 * v)


def _rosenbrock(w: Array) -> Array:
    a, b = 1 - w[..., 0], w[..., 1] - w[..., 0] * w[..., 0]
    return a * a + 100 * (b * b)


def _rosenbrock_gradient(w: Array) -> Array:
    a, b = 1 - w[..., 0], w[..., 1] - w[..., 0] * w[..., 0]
    return np.stack([-2 * a - 400 * w[..., 0] * b, 200 * b], axis=-1)


def _saddle(w: Array) -> Array:
    u, v = _turned(w)
    return 25 * (u * u) + 0.25 * ((v * v - 1) * (v * v - 1))


def _saddle_gradient(w: Array) -> Array:
    u, v = _turned(w)
    return _back(50 * u, v * (v * v - 1))


SURFACES = {
    "ravine": Surface(
        _ravine, _ravine_gradient, (2.0, 2.0), (-1.3, 3.0, -1.3, 3.0), ((0, 0),), 100
    ),
    "rosenbrock": Surface(
        _rosenbrock, _rosenbrock_gradient, (-1.2, 1.0), (-1.7, 1.7, -0.8, 2.2), ((1, 1),), 500
    ),
    "saddle": Surface(
        _saddle,
        _saddle_gradient,
        (0.87, 0.5),
        (-1.4, 1.4, -1.4, 1.4),
        ((-SIN, COS), (SIN, -COS)),
        100,
    ),
}
