"""A gradient of two entries, clipped in two ways: the reference of `web/core/clipping.js`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from explorables._shell import Explorable, check, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
BOUNDS = (2.1, 1.9)  # of the gradient's entries, so that it stays in view
MAX_THRESHOLD = 2.0


def clipping(gradient: Sequence[float] = (2.0, 0.9), threshold: float = 1.0) -> Explorable:
    """A gradient that the reader drags, and what the two ways to clip leave of it.

    Args:
        gradient: two entries, from −2.1 to 2.1 and from −1.9 to 1.9.
        threshold: above 0, at most 2.

    Raises:
        ValueError: an argument outside its range.

    >>> print(clipping((2.0, 0.9)))
    Clipping the gradient (2, 0.9) at 1: by value it turns by 18°, by norm it keeps its direction.
    """
    inside = len(gradient) == 2 and bool((np.abs(gradient) <= BOUNDS).all())
    check(
        gradient=(gradient, inside, "two entries within ±2.1 and ±1.9"),
        threshold=(threshold, 0 < threshold <= MAX_THRESHOLD, "a number above 0, at most 2"),
    )
    g = np.array(gradient, float)
    return Explorable(
        name="clipping",
        settings={"gradient": g.tolist(), "threshold": threshold},
        draw=lambda: draw(g, threshold),
        text=f"Clipping the gradient {point(g)} at {number(threshold)}: by value it turns by "
        f"{angle(g, by_value(g, threshold)):.0f}°, by norm it keeps its direction.",
        height=("42cqw + 100px", "148.4cqw + 130px"),
    )


def by_value(gradient: Array, threshold: float) -> Array:
    """Each entry cut to ±threshold; any shape."""
    return np.maximum(-threshold, np.minimum(threshold, gradient))


def by_norm(gradient: Array, threshold: float) -> Array:
    """The gradient, of shape (2,), shortened to the threshold if it is longer."""
    length = norm(gradient)
    return gradient if length <= threshold else gradient / length * threshold


def norm(vector: Array) -> float:
    """Length of a vector, (2,), without overflow where an entry's square is too large."""
    largest = float(np.abs(vector).max())
    if largest == 0:
        return 0.0
    a, b = vector / largest
    return float(largest * np.sqrt(a * a + b * b))


def angle(a: Array, b: Array) -> float:
    """Degrees between two vectors, (2,); 0 if one of them is 0."""
    a, b = (v / (norm(v) or 1) for v in (a, b))
    cross, dot = a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]
    return float(np.arctan2(abs(cross), dot) / np.pi * 180)


def turns(length: float, threshold: float, directions: Sequence[float]) -> Array:
    """By how many degrees clipping by value turns gradients of a length, one a direction."""
    radians = np.asarray(directions, float) / 180 * np.pi
    ring = length * np.stack([np.cos(radians), np.sin(radians)], axis=1)
    return np.array([angle(g, by_value(g, threshold)) for g in ring])


def point(vector: Array) -> str:
    return f"({number(vector[0])}, {number(vector[1])})"


def draw(g: Array, threshold: float) -> Figure:
    """The gradient and what is left of it; the turn by value for each direction."""
    figure = Figure(figsize=(7, 3))
    left, right = figure.subplots(1, 2, width_ratios=[4, 5])
    value, short = by_value(g, threshold), by_norm(g, threshold)
    box = Rectangle((-threshold, -threshold), 2 * threshold, 2 * threshold)
    for patch, k in [(box, 0), (Circle((0, 0), threshold), 1)]:
        patch.set(facecolor=PALETTE[k], alpha=0.12, lw=0)
        left.add_patch(patch)
    left.plot([0, g[0]], [0, g[1]], color=INK, ls="-", lw=1)
    left.plot(*g, "o", color=INK, mfc="none", ms=8, mew=2)
    ends = [(value, "by value", (-5, 9), "right"), (short, "by norm", (5, -14), "left")]
    for k, (end, name, shift, ha) in enumerate(ends):
        left.plot([0, end[0]], [0, end[1]], color=PALETTE[k], ls=DASHES[k], lw=2.5)
        left.plot(*end, "so"[k], color=PALETTE[k], ms=6)
        left.annotate(
            name, end, shift, textcoords="offset points", color=PALETTE[k], weight="bold", ha=ha
        )
    left.annotate("gradient", g, (0, 9), textcoords="offset points", ha="center", weight="bold")
    left.set(xlim=(-2.2, 2.2), ylim=(-2, 2), aspect="equal", xlabel="first entry")
    left.set(ylabel="second entry", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    directions = np.arange(-180.0, 181.0, 3.0)
    curve = turns(norm(g), threshold, list(directions))
    right.plot(directions, curve, color=PALETTE[0], ls=DASHES[0], label="by value", clip_on=False)
    right.plot(directions, 0 * curve, color=PALETTE[1], ls=DASHES[1], label="by norm")
    now = np.degrees(np.arctan2(g[1], g[0]))
    right.plot(now, angle(g, value), "s", color=PALETTE[0], ms=7)
    right.plot(now, 0, "o", color=PALETTE[1], ms=7, clip_on=False)
    right.set(xlim=(-180, 180), ylim=(0, 45), title="turned by (degrees)")
    right.set(xlabel="direction of the gradient", xticks=[-180, -90, 0, 90, 180])
    right.set(yticks=[0, 15, 30, 45])
    label_lines(right)
    right.axvline(now, color=MUTED, lw=0.8, ls="-")
    return figure
