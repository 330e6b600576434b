"""The house style of the figures, and the forms that recur.

Series differ in dash as well as in colour, and carry their label at the end of the line. With
``BOOK_BUILD`` in the environment figures come out as SVG whose colours a page can replace, in two
widths.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from lib.palette import INK as INK
from lib.palette import MUTED as MUTED
from lib.palette import PALETTE as PALETTE

END = "end of a line"  # by this an axes' labels of lines are known from its other texts
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (8, 1, 1, 1, 1, 1)))


def use_house_style() -> None:
    """Set Matplotlib's defaults; in a notebook also the format of inline figures."""
    mpl.rcParams.update(STYLE)  # type: ignore[arg-type]
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if (shell := get_ipython()) is None:
        return
    if os.environ.get("BOOK_BUILD"):
        mpl.rcParams.update({"figure.facecolor": "none", "axes.facecolor": "none"})
        from lib.widths import in_two_widths

        set_matplotlib_formats("svg")
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, in_two_widths)
    else:
        set_matplotlib_formats("png", dpi=150)


def seed_bands(
    ax: Axes,
    series: Mapping[str, npt.ArrayLike],
    x: npt.ArrayLike | None = None,
    label_ends: bool = True,
    order: Iterable[str] = (),
) -> None:
    """Draw one line a series, its median over seeds, in a band from the lowest to the highest.

    ``series`` maps a label to an array of shape (seeds, points); ``x`` has shape (points,) and
    counts from 1 unless given. ``order`` names the labels in the order of the palette, so that a
    series looks the same in each figure.

    Raises ``ValueError`` for a series of another shape, for a label that ``order`` lacks, and for
    more labels than the palette can tell apart.

    >>> from matplotlib import pyplot as plt
    >>> seed_bands(plt.figure().subplots(), {"loss": np.ones((10, 3))})
    """
    places = list(order)
    if len(names := places or list(series)) > len(PALETTE):
        raise ValueError(f"takes at most {len(PALETTE)} labels, as the palette; got {names}")
    for label, values in series.items():
        values = np.asarray(values, dtype=float)
        points = np.arange(1, values.shape[-1] + 1) if x is None else np.asarray(x)
        if values.ndim != 2 or values.shape[1] != len(points):
            raise ValueError(
                f"series[{label!r}] must have the shape (seeds, {len(points)}); got {values.shape}"
            )
        (line,) = ax.plot(points, np.median(values, axis=0), label=label)
        if places:
            if label not in places:
                raise ValueError(f"order must name {label!r}; got {places}")
            place = places.index(label)
            line.set(color=PALETTE[place], linestyle=DASHES[place])
        ax.fill_between(
            points, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2, lw=0
        )
    if label_ends:
        label_lines(ax)


def seed_dots(
    ax: Axes,
    at: float,
    values: npt.ArrayLike,
    color: str = PALETTE[0],
    marker: str = "o",
    width: float = 0.3,
) -> None:
    """Draw one dot a seed, side by side around x = `at`, and a bar at the median.

    Args:
        values: (seeds,).
        width: half the length of the bar.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> seed_dots(ax, 2, [0.1, 0.2, 0.9])
    >>> ax.lines[0].get_xdata().round(2).tolist()
    [1.82, 2.0, 2.18]
    """
    values = np.asarray(values)
    beside = at + np.linspace(-0.6 * width, 0.6 * width, len(values))
    ax.plot(beside, values, marker, ms=4, color=color, alpha=0.7)
    ax.hlines(np.median(values), at - width, at + width, color=color, ls="-")


def label_lines(ax: Axes, gap: float = 14) -> None:
    """Write each line's label at its right end, at least ``gap`` points apart, in its colour.

    The end is the last point within the limits; a line without one has no label, nor have markers
    without a line. Call it when limits and scales are final.

    >>> from matplotlib import pyplot as plt
    >>> ax = plt.figure().subplots()
    >>> _ = ax.plot([0, 1], label="up")
    >>> label_lines(ax)
    >>> [text.get_text() for text in ax.texts]
    ['up']
    """
    for line in ax.lines:
        xy = np.column_stack(
            [np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)]
        )
        low, high = np.sort([ax.get_xlim(), ax.get_ylim()]).T
        seen = xy[((low <= xy) & (xy <= high)).all(axis=1)]
        name = str(line.get_label())
        if len(seen) and line.get_linestyle() != "None" and not name.startswith("_"):
            ax.annotate(
                name, tuple(seen[-1]), xytext=(5, 0), textcoords="offset points", label=END,
                color=line.get_color(), va="center", weight="bold", annotation_clip=False,
            )  # fmt: skip
    spread_ends(ax, gap)


def spread_ends(ax: Axes, gap: float = 14) -> None:
    """Move the labels that `label_lines` wrote apart, for the height that ``ax`` has now."""
    texts = [text for text in ax.texts if text.get_label() == END]
    ends = [text for text in texts if isinstance(text, Annotation)]
    ends.sort(key=lambda end: _height(ax, end))
    heights = [_height(ax, end) for end in ends]
    for end, height, shifted in zip(ends, heights, _spread(heights, gap), strict=True):
        end.xyann = (5, shifted - height)


def _height(ax: Axes, end: Annotation) -> float:
    """Points above the bottom of the figure at which a line ends."""
    return float(ax.transData.transform(end.xy)[1]) * 72 / ax.figure.dpi


def _spread(heights: list[float], gap: float) -> list[float]:
    """Move sorted heights apart to at least ``gap``, each group about its own middle."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _span(groups[-2], gap)[1] + gap > _span(groups[-1], gap)[0]:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_span(group, gap)[0] + gap * i for group in groups for i in range(len(group))]


def _span(group: list[float], gap: float) -> tuple[float, float]:
    middle, half = float(np.mean(group)), gap * (len(group) - 1) / 2
    return middle - half, middle + half


STYLE: dict[str, Any] = {
    "figure.figsize": (5, 3),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 11.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
    "grid.alpha": 0.2,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": MUTED,
    "grid.color": MUTED,
    "svg.fonttype": "none",
    "svg.hashsalt": "book",
}
