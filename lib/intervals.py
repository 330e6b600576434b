"""What a measurement over seeds says of the typical seed: an interval, and a number for the prose.

The interval is that of the sign test: see `lib.evidence`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_SEEDS = 10

Array = NDArray[np.float64]


def rounded(values: ArrayLike) -> str:
    """Median over seeds as text, its last digit at the place of the first of half the interval.

    `values`: shape (seeds,), or one exact number, which keeps up to six digits. Where the interval
    leaves the sign certain one digit stays at least. Units are for the sentence: `100 * accuracy`.

    >>> he = [0.88, 0.90, 0.893, 0.87, 0.889, 0.91, 0.895, 0.886, 0.9, 0.87]
    >>> print(rounded(he), rounded(65), rounded([2e-12, 3e-12] * 5))
    0.89 65 2.5×10⁻¹²
    """
    column = as_column("values", values)
    low, high = interval(column) if column.ndim else (column, column)
    return _typeset(float(np.median(column)), float(low), float(high))


def spread(median: float, low: float, high: float) -> str:
    """A median with its interval, for the prose, to the first digit of a third of half its width.

    >>> spread(-0.2778, -1.389, 1.944), spread(4.64e-5, 4.16e-5, 5.4e-5)
    ('−0.3 [−1.4, 1.9]', '4.6×10⁻⁵ [4.2×10⁻⁵, 5.4×10⁻⁵]')
    """
    narrow = (high - low) / 6
    one, *ends = (_typeset(x, x - narrow, x + narrow, sure=False) for x in (median, low, high))
    return f"{one} [{', '.join(ends)}]"


def interval(values: ArrayLike) -> tuple[Array, Array]:
    """Bounds of the median over seeds that hold with 95 % or more: low and high, each (...).

    `values`: shape (seeds, ...). Of ten values the second and the ninth, with 97.9 %.

    >>> low, high = interval(range(10))
    >>> print(low, high)
    1.0 8.0
    """
    ranked = np.sort(np.asarray(values, dtype=float), axis=0)
    if len(ranked) < MIN_SEEDS or not np.isfinite(ranked).all():
        raise ValueError(f"values takes {MIN_SEEDS} or more seeds, all finite, got {ranked.shape}")
    k = spare(len(ranked))
    return ranked[k], ranked[-1 - k]


def spare(n: int) -> int:
    """How many of `n` seeds may fall short: the largest k with P(Bin(n, 1/2) <= k) <= 2.5 %."""
    k, tail = -1, 0
    while (tail := tail + math.comb(n, k + 1)) <= 0.025 * 2**n:
        k += 1
    return k


def as_column(label: str, values: ArrayLike) -> Array:
    """A finite array, (seeds,) for measurements or () for a constant."""
    column = np.asarray(values, dtype=float)
    if column.ndim > 1:
        raise ValueError(f"{label} has shape {column.shape}, takes (seeds,) or a constant")
    if column.ndim == 1 and column.size < MIN_SEEDS:
        raise ValueError(f"{label} has {column.size} seeds, takes {MIN_SEEDS} or more")
    if not np.isfinite(column).all():
        raise ValueError(
            f"{label} has NaN or infinity. Where a diverged run is the finding, claim that: "
            "greater(..., np.isnan(loss), 0.5). Otherwise put in what such a run counts as"
        )
    return column


def _typeset(value: float, low: float, high: float, sure: bool = True) -> str:
    """`value` to the first digit of half the interval; to six digits where that has no width.

    Where the interval leaves the sign certain one digit stays at least, if that is what is wanted.
    """
    if low == high:
        text = f"{value:.6g}" if value % 1 else f"{value:.0f}"
    else:
        place, leading = _place((high - low) / 2), _place(value)
        if sure and (low > 0 or high < 0):
            place = min(place, leading)
        if place <= leading and not -3 <= leading < 6:
            text = f"{value:.{leading - place}e}"
        else:
            text = f"{round(value, -place) + 0.0:.{max(0, -place)}f}"  # + 0.0: no negative zero
    digits, _, exponent = text.partition("e")
    if exponent:
        power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        digits = f"{digits}×10{power}"
    return digits.replace("-", "−")


def _place(value: float) -> int:
    """The power of ten of the first digit: -2 for 0.012."""
    return int(f"{value:e}".partition("e")[2])
