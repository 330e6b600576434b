"""Two weights under L1, L2 and max-norm: the reference of `web/core/penalties.js`.

The loss is ½ (h₁ (w₁ − w₁*)² + h₂ (w₂ − w₂*)²) with the curvatures h = (1, 4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Polygon

from explorables._shell import Explorable, check, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
CURVATURES = np.array([1.0, 4.0])
BOUNDS = (2.1, 1.9)  # of the minimum, so that it stays in view
MOST = {"L1": 6.0, "L2": 6.0, "max-norm": 2.5}  # of λ, of λ, of the radius c
HALVINGS = 60


def constraints(
    norm: str = "L1", strength: float = 0.3, minimum: Sequence[float] = (0.55, 1.3)
) -> Explorable:
    """Where a penalty, or a ball, holds two weights whose loss has its minimum elsewhere.

    The reader drags the minimum and moves the strength, λ of the penalty or the radius of the ball.

    Args:
        norm: "L1", "L2" or "max-norm".
        strength: λ from 0 to 6, or the radius of max-norm from 0 to 2.5.
        minimum: of the loss alone, within ±2.1 and ±1.9.

    Raises:
        ValueError: an argument outside its range.

    >>> print(constraints())
    L1 with λ = 0.3 takes the weights from (0.55, 1.3) to (0.25, 1.2).
    """
    check(norm=(norm, norm in MOST, f"one of {', '.join(MOST)}"))
    most = MOST[norm]
    inside = len(minimum) == 2 and bool((np.abs(minimum) <= BOUNDS).all())
    check(
        strength=(strength, 0 <= strength <= most, f"a number from 0 to {most:g}"),
        minimum=(minimum, inside, "two weights within ±2.1 and ±1.9"),
    )
    best = np.array(minimum, float)
    sign = "c" if norm == "max-norm" else "λ"
    return Explorable(
        name="constraints",
        settings={"norm": norm, "strength": strength, "minimum": best.tolist()},
        draw=lambda: draw(norm, best, strength),
        text=f"{norm} with {sign} = {number(strength)} takes the weights from {point(best)} "
        f"to {point(solution(norm, best, strength))}.",
        height=("42cqw + 112px", "148.4cqw + 142px"),
    )


def solution(norm: str, best: Array, strength: float) -> Array:
    """The weights, (2,), of the lowest loss plus penalty, or of the lowest loss within the ball.

    >>> solution("L1", np.array([0.55, 1.3]), 0.8).round(3).tolist()
    [0.0, 1.1]
    """
    h = CURVATURES
    if norm == "L1":
        return np.sign(best) * np.maximum(np.abs(best) - strength / h, 0)
    if norm == "L2":
        return h / (h + 2 * strength) * best
    if length(best) <= strength:
        return best
    if strength == 0:
        return 0 * best
    # L2 with the strength that leads onto the ball; the length falls as it grows.
    low, high = 0.0, length(h * best) / strength
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if length(h / (h + middle) * best) > strength:
            low = middle
        else:
            high = middle
    return h / (h + high) * best


def path(norm: str, best: Array, strengths: Sequence[float]) -> Array:
    """The solution for each strength, (strengths, 2)."""
    return np.array([solution(norm, best, strength) for strength in strengths])


def radius(norm: str, weights: Array) -> float:
    """Of the smallest ball of the norm that holds the weights, (2,)."""
    return float(np.abs(weights).sum()) if norm == "L1" else length(weights)


def length(weights: Array) -> float:
    return float(np.sqrt(weights[0] * weights[0] + weights[1] * weights[1]))


def point(weights: Array) -> str:
    return f"({number(weights[0])}, {number(weights[1])})"


def draw(norm: str, best: Array, strength: float) -> Figure:
    """The loss's contours, the ball and the solution on it; the weights for each strength."""
    figure = Figure(figsize=(7, 3))
    left, right = figure.subplots(1, 2, width_ratios=[4, 5])
    weights = solution(norm, best, strength)
    size = radius(norm, weights) if norm != "max-norm" else strength
    touching = np.sqrt(((weights - best) ** 2) @ CURVATURES)
    for level in (*np.arange(1, 7) / 2, touching):
        width, height = 2 * level / np.sqrt(CURVATURES)
        color, lw = (INK, 1.2) if level == touching else (MUTED, 0.5)
        left.add_patch(Ellipse((best[0], best[1]), width, height, fill=False, color=color, lw=lw))
    corners = np.arange(4 if norm == "L1" else 180) * np.pi / (2 if norm == "L1" else 90)
    ball = size * np.stack([np.cos(corners), np.sin(corners)], axis=1)
    left.add_patch(Polygon(ball, color=INK, alpha=0.13, lw=0))
    left.plot([0, weights[0]], [0, 0], color=PALETTE[0], ls="-", lw=3.5)
    left.plot([0, 0], [0, weights[1]], color=PALETTE[1], ls="-", lw=3.5)
    left.plot(*weights, "o", color=INK, ms=8)
    left.plot(*best, "o", color=INK, mfc="none", ms=8, mew=2)
    left.annotate(
        f"{norm} ball", (0, -size), (0, -11), textcoords="offset points", weight="bold",
        ha="center", va="center",
    )  # fmt: skip
    left.annotate("minimum", best, (5, 8), textcoords="offset points", weight="bold")
    left.set(xlim=(-2.2, 2.2), ylim=(-2.0166, 2.0166), aspect="equal", xlabel="weight 1")
    left.set(ylabel="weight 2", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    strengths = np.linspace(0, MOST[norm], 121)
    for k, weight in enumerate(path(norm, best, list(strengths)).T):
        right.plot(strengths, weight, color=PALETTE[k], ls=DASHES[k], label=f"weight {k + 1}")
        right.plot(strength, weights[k], "o", color=PALETTE[k], ms=7)
    title = "radius c" if norm == "max-norm" else "strength λ"
    right.set(xlim=(0, MOST[norm]), ylim=(-2.0166, 2.0166), xlabel=title, title=norm)
    right.set_yticks([-1, 0, 1])
    label_lines(right)
    right.axvline(strength, color=MUTED, lw=0.8, ls="-")
    return figure
