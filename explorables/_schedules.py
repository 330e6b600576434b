"""Eight schedules and a noisy quadratic under them: the reference of `web/core/rates.js`.

The quadratic has 20 directions with curvatures λ from 0.05 to 1. Each weight starts at 3, and each
gradient carries noise of variance 1. The expected loss follows without any random number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from explorables._shell import Explorable, check, listed, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
STEPS = 1000
CURVATURES = 0.05 * 20 ** (np.arange(20) / 19)
START = 3.0
GONE = 1e6  # a curve ends where the loss exceeds this
MOST_PEAK = 10.0


@dataclass(frozen=True)
class Shape:
    """What one number does to a schedule: its range and where it stands at first."""

    first: float
    low: float
    high: float


SHAPES: dict[str, Shape] = {
    "constant": Shape(1, 1, 1),
    "step": Shape(0.3, 0.01, 1),  # factor of each of two drops, at a half and three quarters
    "exponential": Shape(0.01, 1e-4, 1),  # factor over all steps
    "power": Shape(9, 1, 1000),  # c in 1 / (1 + c u)
    "cosine": Shape(0, 0, 1),  # share of the peak at the end
    "restarts": Shape(0.2, 0.05, 0.95),  # share of the steps before the restart
    "warmup": Shape(0.1, 0.05, 0.95),  # share of the steps before the peak
    "1cycle": Shape(0.9, 0.1, 1),  # share of the steps that the two lines take
}


def schedules(
    schedule: str = "cosine", peak: float = 0.1, shape: float | None = None
) -> Explorable:
    """The rate step by step, and what it leaves of the start and of the noise.

    Args:
        schedule: "constant", "step", "exponential", "power", "cosine", "restarts", "warmup"
            (and then cosine) or "1cycle".
        peak: the highest rate, above 0 and at most 10; from 2 on a constant rate diverges.
        shape: see `SHAPES`; the chapter's unless given.

    Raises:
        ValueError: an argument outside its range.

    >>> print(schedules())
    cosine from the rate 0.1: after 1000 steps the expected loss is 0.11.
    """
    check(schedule=(schedule, schedule in SHAPES, f"one of {listed(SHAPES)}"))
    kind = SHAPES[schedule]
    shape = kind.first if shape is None else shape
    check(
        peak=(peak, 0 < peak <= MOST_PEAK, "a number above 0, at most 10"),
        shape=(shape, kind.low <= shape <= kind.high, f"{kind.low:g} to {kind.high:g}"),
    )
    total = losses(rates(schedule, peak, shape)).sum(axis=1)
    end = f"the expected loss is {number(total[-1])}"
    return Explorable(
        name="schedules",
        settings={"schedule": schedule, "peak": peak, "shape": shape},
        draw=lambda: draw(schedule, peak, shape),
        text=f"{schedule} from the rate {number(peak)}: after {STEPS} steps "
        f"{end if len(total) > STEPS else 'the loss has diverged'}.",
        height=("36cqw + 115px", "128.1cqw + 196px"),
    )


def rates(schedule: str, peak: float, shape: float) -> Array:
    """The rate of each step, (1000,).

    >>> rates("step", 1.0, 0.5)[[0, 499, 500, 999]].tolist()
    [1.0, 1.0, 0.5, 0.25]
    """
    u = np.arange(STEPS) / STEPS
    if schedule == "step":
        return peak * np.where(u < 0.5, 1, np.where(u < 0.75, shape, shape * shape))
    if schedule == "exponential":
        return np.asarray(peak * shape**u)
    if schedule == "power":
        return peak / (1 + shape * u)
    if schedule == "cosine":
        return peak * ((1 - shape) * _cosine(u) + shape)
    if schedule == "restarts":
        return peak * _cosine(np.where(u < shape, u / shape, (u - shape) / (1 - shape)))
    if schedule == "warmup":
        return peak * np.where(u < shape, u / shape, _cosine((u - shape) / (1 - shape)))
    if schedule == "1cycle":
        away = np.clip(1 - np.abs(u - shape / 2) / (shape / 2), 0, 1)
        rest = np.clip((u - shape) / max(1 - shape, 1e-9), 0, 1)
        return peak * (0.1 + 0.9 * away + (0.001 - 0.1) * rest)
    return np.full(STEPS, float(peak))


def losses(rates: Array) -> Array:
    """Expected loss before the first step and after each, (1 + steps, 2): of start, of noise.

    It ends early, with fewer rows, where the sum of the two exceeds 1e6: the loss diverges.
    """
    mean, variance = np.full(20, START), np.zeros(20)
    rows = [(0.5 * CURVATURES @ (mean * mean), 0.0)]
    with np.errstate(over="ignore", invalid="ignore"):
        for rate in rates:
            factor = 1 - rate * CURVATURES
            mean = factor * mean
            variance = factor * factor * variance + rate * rate
            row = 0.5 * CURVATURES @ (mean * mean), 0.5 * CURVATURES @ variance
            if not row[0] + row[1] <= GONE:
                break
            rows.append(row)
    return np.array(rows)


def draw(schedule: str, peak: float, shape: float) -> Figure:
    """The rate on a linear axis, the two parts of the loss on a logarithmic one."""
    figure = Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2, width_ratios=[4, 5])
    rate = rates(schedule, peak, shape)
    left.plot(*_thinned(rate), color=INK, ls="-")
    left.fill_between(*_thinned(rate), color=PALETTE[0], alpha=0.13, lw=0)
    left.text(0.05, 0.08, f"sum {number(rate.sum(), 3)}", transform=left.transAxes, weight="bold")
    left.set(xlim=(0, STEPS), ylim=(0, 1.08 * peak), xlabel="step", title=f"rate, {schedule}")
    parts = losses(rate)
    level = losses(rates("constant", peak, 1)).sum(axis=1)
    total = parts.sum(axis=1)
    right.set_yscale("log")
    right.plot(*_thinned(level), color=MUTED, ls="-", lw=1, label=f"constant {_end(level)}")
    right.plot(*_thinned(total), color=INK, ls="-", label=f"loss {_end(total)}")
    for k, name in enumerate(("start", "noise")):
        seen = np.where(parts[:, k] < 0.01, np.nan, parts[:, k])
        right.plot(*_thinned(seen), color=PALETTE[k], ls=DASHES[k], label=name)
    right.set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    right.minorticks_off()
    right.set(xlim=(0, STEPS), ylim=(0.01, 100), xlabel="step", title="expected loss")
    label_lines(right, gap=13)
    return figure


def _thinned(values: Array) -> tuple[Array, Array]:
    """Steps and values, every tenth and the last."""
    steps = np.unique([*range(0, len(values), 10), len(values) - 1])
    return steps, values[steps]


def _end(losses: Array) -> str:
    return number(losses[-1]) if len(losses) > STEPS else "diverges"


def _cosine(u: Array) -> Array:
    return 0.5 * (1 + np.cos(np.pi * u))
