"""MC dropout of a regression on one input: the reference of `web/core/dropout.js`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from explorables._random import uniform
from explorables._shell import Explorable, check, listed, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
STORED = Path(__file__).with_name("mc_dropout.json")
GRID = np.round(np.arange(-30, 31) * 0.05, 2)  # inputs at which the networks are asked, (61,)
NEAR = 0.1  # an input is "at the points" if one of them is at most this far away
MOST = 200  # passes
SHOWN = 8  # passes drawn one by one


@dataclass(frozen=True)
class Passes:
    """What passes with dropout on give at some inputs, and what all masks would give."""

    passes: Array  # (passes, inputs)
    mean: Array  # over the passes, (inputs,)
    spread: Array  # standard deviation over the passes, (inputs,)
    predicted: Array  # without dropout, which is the mean over all masks
    exact: Array  # standard deviation over all masks


def mc_dropout(
    trained: Mapping[str, Mapping[str, Any]] | None = None,
    where: str = "gap",
    rate: float = 0.2,
    passes: int = 30,
) -> Explorable:
    """Mean and band of MC dropout, next to where the training points were.

    Every rate and every place of the points has a network of its own, trained in Keras: nothing
    is trained in the page. Weights are rounded to five digits.

    Args:
        trained: for each place of the points a mapping of "x" and "y", the training points, (n,)
            or (n, 1), and "networks", which maps each dropout rate to the weights of a network of
            one hidden ReLU layer: kernel (1, units), bias (units,), kernel (units, 1), bias (1,).
            Those that `tools/mc_dropout.py` has trained unless given.
        where: a key of `trained`.
        rate: one of the rates in `trained`.
        passes: from 2 to 200.

    Raises:
        ValueError: an argument outside its range.

    >>> print(mc_dropout())
    MC dropout on a noisy sine, training points: gap, rate 0.2, 30 passes.
    """
    data = {name: exported(value) for name, value in trained.items()} if trained else stored()
    check(where=(where, where in data, f"one of {listed(data)}"))
    rates = [float(r) for r in data[where]["rates"]]
    check(
        rate=(rate, rate in rates, f"one of {listed(str(r) for r in rates)}"),
        passes=(passes, passes in range(2, MOST + 1), f"a whole number from 2 to {MOST}"),
    )
    chosen = data[where]
    weights = chosen["networks"][rates.index(rate)]
    return Explorable(
        name="mc-dropout",
        settings={"trained": data, "where": where, "rate": rate, "passes": passes},
        draw=lambda: draw(chosen, predict(weights, rate, passes)),
        text=f"MC dropout on a noisy sine, training points: {where}, rate {number(rate)}, "
        f"{passes} passes.",
        height=("32cqw + 122px", "132.1cqw + 217px"),
    )


def exported(place: Mapping[str, Any]) -> dict[str, Any]:
    """Points and weights as numbers of five digits, in lists, for JSON.

    >>> weights = [np.ones((1, 2)), np.zeros(2), np.full((2, 1), 1 / 3), np.zeros(1)]
    >>> exported({"x": [0.0], "y": [[1.0]], "networks": {0.5: weights}})["networks"]
    [[[1.0, 1.0], [0.0, 0.0], [0.33333, 0.33333], [0.0]]]
    """
    networks: Mapping[float, Sequence[npt.ArrayLike]] = place["networks"]
    for rate, parts in networks.items():
        sizes = [np.size(part) for part in parts]
        fit = len(sizes) == 4 and sizes == [sizes[0]] * 3 + [1]
        takes = "kernel (1, units), bias (units,), kernel (units, 1) and bias (1,)"
        check(networks=({rate: [np.shape(part) for part in parts]}, fit, takes))
    return {
        "x": digits(place["x"]),
        "y": digits(place["y"]),
        "rates": [float(rate) for rate in networks],
        "networks": [[digits(part) for part in parts] for parts in networks.values()],
    }


def digits(values: npt.ArrayLike) -> list[float]:
    return [float(f"{value:.5g}") for value in np.ravel(values)]


@cache
def stored() -> dict[str, Any]:
    """The export of chapter 9's networks."""
    data: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return data


def predict(
    weights: Sequence[Sequence[float]], rate: float, passes: int, inputs: Array = GRID
) -> Passes:
    """Ask a network `passes` times with dropout; the masks are the first of 200, the same ones.

    >>> run = predict([[1.0], [0.0], [2.0], [1.0]], 0.5, 4, np.array([-1.0, 3.0]))
    >>> run.predicted.tolist(), run.exact.tolist()
    ([1.0, 7.0], [0.0, 6.0])
    """
    kernel, bias, output, (shift,) = (np.array(part) for part in weights)
    kept = masks(rate, len(kernel))[:passes]
    every = np.full((passes, len(inputs)), shift)
    predicted, variance = np.full(len(inputs), shift), np.zeros(len(inputs))
    for i in range(len(kernel)):
        hidden = np.maximum(inputs * kernel[i] + bias[i], 0)
        part = output[i] * hidden
        every += kept[:, i, None] * (output[i] / (1 - rate) * hidden)
        predicted += part
        variance += part * part
    mean = every.sum(axis=0) / passes
    off = every - mean
    spread = np.sqrt((off * off).sum(axis=0) / passes)
    return Passes(every, mean, spread, predicted, np.sqrt(rate / (1 - rate) * variance))


def masks(rate: float, units: int) -> npt.NDArray[np.bool_]:
    """Which units 200 passes keep, (200, units)."""
    return uniform(MOST * units, seed=6).reshape(MOST, units) > rate


def at_points(x: Sequence[float], inputs: Array = GRID) -> npt.NDArray[np.bool_]:
    """Which inputs have a training point near them, (inputs,)."""
    distance: Array = np.abs(inputs[:, None] - np.array(x)).min(axis=1)
    return distance <= NEAR


def truth(inputs: Array) -> Array:
    """What the points are noisy values of."""
    return np.sin(2 * inputs)


def summary(x: Sequence[float], run: Passes) -> dict[str, float]:
    """Mean spread at the points and elsewhere, and share of the truth within two spreads.

    "elsewhere" and "covered_elsewhere" are −1 if there are points everywhere.
    """
    near = at_points(x)
    inside = np.abs(run.mean - truth(GRID)) <= 2 * run.spread
    some = not near.all()
    return {
        "at_points": float(run.spread[near].mean()),
        "elsewhere": float(run.spread[~near].mean()) if some else -1.0,
        "covered_at_points": float(inside[near].mean()),
        "covered_elsewhere": float(inside[~near].mean()) if some else -1.0,
    }


def draw(place: Mapping[str, Any], run: Passes) -> Figure:
    """Left the points, the passes, their mean and band; right the spread."""
    figure = Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2)
    left.plot(GRID, run.passes[:SHOWN].T, color=MUTED, lw=0.5, ls="-", alpha=0.6)
    low, high = run.mean - 2 * run.spread, run.mean + 2 * run.spread
    left.fill_between(GRID, low, high, color=PALETTE[0], alpha=0.2, lw=0)
    left.plot(GRID, truth(GRID), color=PALETTE[2], ls=DASHES[2], label="truth")
    left.plot(GRID, run.mean, color=PALETTE[0], ls="-")
    end = np.clip(run.mean[-1:], -2, 2)  # the label stays beside the axes
    left.plot(GRID[-1:], end, ls="none", color=PALETTE[0], label="mean")
    left.plot(place["x"], place["y"], "o", ms=2.5, color=INK)
    left.set(xlim=(-1.5, 1.5), ylim=(-2, 2), yticks=[-2, -1, 0, 1, 2], xlabel="x")
    left.set_title("mean ± 2 spreads")
    right.plot(GRID, run.spread, color=PALETTE[0], ls="-", label=f"{len(run.passes)} passes")
    right.plot(GRID, run.exact, color=PALETTE[1], ls=DASHES[1], label="all masks")
    right.plot(place["x"], 0 * np.array(place["x"]), "|", ms=12, color=INK)
    right.set(xlim=(-1.5, 1.5), ylim=(0, None), xlabel="x, with the training points")
    right.set_title("spread of the passes")
    for axes in (left, right):
        label_lines(axes)
    return figure
