"""A signal on its way through layers and back: the reference of `web/core/signal.js`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explorables._random import uniform
from explorables._shell import Explorable, check, listed, number
from lib.plots import INK, PALETTE, label_lines

Array = npt.NDArray[np.float64]
NAMES = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid"}
WIDTH = 64  # units in each layer of the sample
ROWS = 2
MOST = 50  # layers
XI = np.arange(201) * 0.04  # half of the normal distribution's axis: squares are even
WEIGHT = np.where(XI == 0, 0.5, 1) * np.exp(-XI * XI / 2)
WEIGHT /= WEIGHT.sum()


@dataclass(frozen=True)
class Signal:
    """Root mean squares: of the activations A_0 … A_L, and of the error signals Δ_1 … Δ_L."""

    forward: Array  # (1 + depth,), begins with 1
    backward: Array  # (depth,), ends with 1


def signal_depth(activation: str = "relu", scale: float = 1.0, depth: int = 20) -> Explorable:
    """How large activations and error signals are, layer by layer, by theory and in a sample.

    The sample is one network of 64 units a layer, with two rows of inputs.

    Args:
        activation: "relu", "tanh" or "sigmoid".
        scale: fan-in times variance of the kernels, from 0.1 to 100.
        depth: number of hidden layers, from 2 to 50.

    Raises:
        ValueError: an argument outside its range.

    >>> print(signal_depth("relu", scale=1, depth=20))
    ReLU, scale 1, 20 layers: theory leaves 9.8×10⁻⁴ of the activations, 0.0014 of the error signal.
    """
    check(
        activation=(activation, activation in NAMES, f"one of {listed(NAMES)}"),
        scale=(scale, 0.1 <= scale <= 100, "a number from 0.1 to 100"),
        depth=(depth, depth in range(2, MOST + 1), f"a whole number from 2 to {MOST}"),
    )
    expected = theory(activation, scale, depth)
    return Explorable(
        name="signal-depth",
        settings={"activation": activation, "scale": scale, "depth": depth},
        draw=lambda: draw(expected, sample(activation, scale, depth)),
        text=f"{NAMES[activation]}, scale {number(scale)}, {depth} layers: theory leaves "
        f"{number(expected.forward[-1])} of the activations, "
        f"{number(expected.backward[0])} of the error signal.",
        height=("32cqw + 122px", "132.1cqw + 217px"),
    )


def theory(activation: str, scale: float, depth: int) -> Signal:
    """What layers without end in width do: the recursion of Poole and others (2016).

    >>> theory("relu", 2, 3).backward.tolist()
    [1.0, 1.0, 1.0]
    """
    squares, factors = [1.0], []
    for _ in range(depth):
        square, slope = moments(activation, scale * squares[-1])
        squares.append(square)
        factors.append(scale * slope)
    errors = [1.0]
    for factor in reversed(factors[:-1]):
        errors.append(errors[-1] * factor)
    return Signal(np.sqrt(squares), np.sqrt(errors[::-1]))


def moments(activation: str, q: float) -> tuple[float, float]:
    """Mean squares of φ(z) and of φ′(z) for a normal z of mean 0 and variance q.

    >>> moments("relu", 3.0)
    (1.5, 0.5)
    """
    if activation == "relu":
        return q / 2, 0.5
    if activation == "sigmoid":  # σ(z) = (1 + tanh(z/2)) / 2
        square, slope = moments("tanh", q / 4)
        return (1 + square) / 4, slope / 16
    t = np.tanh(np.sqrt(q) * XI)
    slopes = 1 - t * t
    return float(np.sum(WEIGHT * (t * t))), float(np.sum(WEIGHT * (slopes * slopes)))


def sample(activation: str, scale: float, depth: int) -> Signal:
    """One network of 64 units a layer, on two rows, with an error signal drawn at its end.

    Kernels are uniform, drawn once for all scales. Sums run from the first term to the last, as in
    JavaScript: above tanh's edge of chaos a rounding error grows from layer to layer.
    """
    kernels, x, delta = drawn()
    gain = np.sqrt(scale / WIDTH)
    a = [x]
    for kernel in kernels[:depth]:
        z = np.zeros((ROWS, WIDTH))
        for i in range(WIDTH):
            z += a[-1][:, i, None] * kernel[i]
        a.append(activate(activation, gain * z))
    errors = [delta]
    for kernel, output in zip(kernels[depth - 1 : 0 : -1], a[depth - 1 : 0 : -1], strict=True):
        back = np.zeros((ROWS, WIDTH))
        for j in range(WIDTH):
            back += errors[-1][:, j, None] * kernel[:, j]
        errors.append(gain * back * slope(activation, output))
    return Signal(*(np.array([root_mean_square(v) for v in vs]) for vs in (a, errors[::-1])))


@cache
def drawn() -> tuple[Array, Array, Array]:
    """Kernels of variance 1, (50, 64, 64); inputs and the last error signal, (2, 64) of RMS 1."""
    size = WIDTH * WIDTH
    numbers = (2 * uniform(MOST * size + 2 * ROWS * WIDTH, seed=1) - 1) * np.sqrt(3)
    kernels = numbers[: MOST * size].reshape(MOST, WIDTH, WIDTH)
    x, delta = numbers[MOST * size :].reshape(2, ROWS, WIDTH)
    return kernels, x / root_mean_square(x), delta / root_mean_square(delta)


def activate(activation: str, z: Array) -> Array:
    if activation == "relu":
        return np.maximum(z, 0)
    return np.tanh(z) if activation == "tanh" else 1 / (1 + np.exp(-z))


def slope(activation: str, output: Array) -> Array:
    """φ′(z) from φ(z), of any shape."""
    if activation == "relu":
        return np.where(output > 0, 1.0, 0.0)
    return 1 - output * output if activation == "tanh" else output * (1 - output)


def root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.mean(values * values)))


def draw(expected: Signal, found: Signal) -> Figure:
    """Activations from the first layer to the last, error signals from the last to the first."""
    figure = Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2, sharey=True)
    layers = np.arange(float(len(expected.forward)))
    panel(left, layers, expected.forward, found.forward)
    left.set(xlim=(0, MOST), title="RMS of activations", xlabel="hidden layer, forward →")
    panel(right, layers[:0:-1], expected.backward[::-1], found.backward[::-1])
    right.set(xlim=(MOST, 0), title="RMS of error signal")
    right.set(xlabel="hidden layer, backward →")
    for axes in (left, right):
        label_lines(axes)
    return figure


def panel(axes: Axes, layers: Array, expected: Array, found: Array) -> None:
    axes.axhline(1, color=INK, lw=0.8, ls="-")
    axes.semilogy(layers, expected, color=PALETTE[0], ls="-")
    axes.semilogy(layers, found, "o", ms=2.5, color=PALETTE[1])
    axes.set(ylim=(1e-6, 1e6), yticks=[1e-6, 1e-3, 1, 1e3, 1e6])
    for k, (values, label) in enumerate([(expected, "theory"), (found, "sample")]):
        end = np.clip(values[-1:], 1e-6, 1e6)  # a label stays beside the axes
        axes.plot(layers[-1:], end, ls="none", color=PALETTE[k], label=label)
