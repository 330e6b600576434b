"""A figure in two widths: as it was drawn, and with its panels below each other for a phone.

The second drawing lies in the metadata of the first, which nothing shows; a page takes it out.
"""

import re
from itertools import pairwise

import numpy as np
from IPython.core.pylabtools import print_figure
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator

from lib.plots import END, label_lines, spread_ends

PHONE = 3.4  # inches: a phone of 390 pixels shows an exponent of the house style at 11 pixels
TALLEST = 2.7  # inches, of a panel among several
ROW = 0.45  # inches, of a row whose name stands above it
APART = 0.09  # inches above and below each of several panels


def in_two_widths(figure: Figure) -> str:
    """The SVG of a figure, with the one for a phone in it; it leaves the figure as a phone's."""
    wide = _svg(figure)
    stack(figure)
    _lift_names(figure)
    narrow = _svg(figure, pad_inches=0.02)
    narrow = re.sub(r"\A.*?(?=<svg)|<metadata>.*?</metadata>", "", narrow, flags=re.S)
    head, end, _ = wide.rpartition("</svg>")
    return f"{head}<metadata>{narrow.strip()}</metadata>\n{end}\n"


def stack(figure: Figure) -> None:
    """Make a figure as wide as a phone: a row of panels below each other, four columns as two.

    What panels that stood side by side had in common, each has now for itself, the labels of lines
    as well. Up to three columns of several rows stay.

    >>> from matplotlib import pyplot as plt
    >>> figure, axes = plt.subplots(1, 2, figsize=(6.8, 3), sharey=True)
    >>> stack(figure)
    >>> figure.get_size_inches().tolist(), axes[1].get_subplotspec().rowspan.start
    ([3.4, 5.4], 1)
    """
    rows, columns, panels = _panels(figure)
    figure.set_figwidth(PHONE)
    if columns == 1 or (rows > 1 and columns < 4):
        return
    height = min(TALLEST, figure.get_figheight() / rows)
    columns = 1 if rows == 1 else 2
    rows = -(-len(panels) // columns)
    figure.set_figheight(rows * height)
    figure.set_layout_engine("constrained", h_pad=APART)
    cells = GridSpec(rows, columns, figure)
    labels = {ax: {"x": ax.get_xlabel(), "y": ax.get_ylabel()} for ax in figure.axes}
    for k, axes in enumerate(panels):
        for ax in axes:
            ax.set_subplotspec(cells[k // columns, k % columns])
        _label(axes, "y", k % columns == 0, labels)
        _label(axes, "x", k + columns >= len(panels), labels)
    labelled = {ax for ax in figure.axes if END in [text.get_label() for text in ax.texts]}
    for ax in figure.axes:
        if labelled and ax not in labelled:
            label_lines(ax)


def _panels(figure: Figure) -> tuple[int, int, list[list[Axes]]]:
    """Rows and columns of the grid, and its panels row by row, each with the axes there."""
    found: dict[tuple[int, int], list[Axes]] = {}
    for ax in figure.axes:
        if spec := ax.get_subplotspec():
            found.setdefault((spec.rowspan.start, spec.colspan.start), []).append(ax)
    rows, columns = (1 + max(place) for place in zip(*found, strict=True))
    return rows, columns, [found[place] for place in sorted(found)]


def _label(axes: list[Axes], name: str, shown: bool, labels: dict[Axes, dict[str, str]]) -> None:
    """Show or hide the ticks and the label of an axis, x or y, that a panel shares with others."""
    first = axes[0]
    sharing = getattr(first, f"get_shared_{name}_axes")().get_siblings(first)
    if set(sharing) - set(axes):
        text = next((labels[ax][name] for ax in sharing if labels[ax][name]), "")
        axis = first.yaxis if name == "y" else first.xaxis
        axis.set_tick_params(label1On=shown)
        axis.set_label_text(text if shown else "")


def _lift_names(figure: Figure) -> None:
    """Write the names of rows above these where they would take over a quarter of the width."""
    for ax in figure.axes:
        names = [label for label in ax.get_yticklabels() if label.get_text()]
        widest = max((name.get_window_extent().width for name in names), default=0)
        if widest < figure.bbox.width / 4:
            continue
        for name in names:
            ax.annotate(
                name.get_text(), (0, name.get_position()[1]), xytext=(2, 12),
                xycoords=ax.get_yaxis_transform(), textcoords="offset points",
            )  # fmt: skip
        ax.tick_params(axis="y", length=0, labelleft=False)
        figure.set_figheight(max(figure.get_figheight(), ROW * (len(names) + 1.5)))


def _count(ax: Axes) -> None:
    """Have whole numbers at the ticks of the x axis where all lines go from one to the next."""
    locator = ax.xaxis.get_major_locator()
    xs = [np.asarray(line.get_xdata(), float) for line in ax.lines]
    if isinstance(locator, MaxNLocator) and xs and not any((x % 1).any() for x in xs):
        locator.set_params(integer=True)


def _turn(ax: Axes) -> None:
    """Turn the labels of the ticks on the x axis where they would overlap."""
    labels = [label for label in ax.get_xticklabels() if label.get_visible() and label.get_text()]
    level = [label.get_window_extent() for label in labels if not label.get_rotation()]
    if any(one.x1 > other.x0 for one, other in pairwise(level)):
        for label in labels:
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def _svg(figure: Figure, **options: float) -> str:
    for ax in figure.axes:
        _count(ax)
    figure.draw_without_rendering()  # lays the panels out
    for ax in figure.axes:
        spread_ends(ax)
        _turn(ax)
    return str(print_figure(figure, fmt="svg", metadata={"Date": None}, **options))  # type: ignore[no-untyped-call]
