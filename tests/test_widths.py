"""A figure for a page and for a phone."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from extensions.inline_svg import themed
from lib import plots, widths

pytestmark = pytest.mark.depends()


@pytest.fixture
def figure():
    with mpl.rc_context(plots.STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(6.8, 3), sharey=True)
        for ax in axes:
            for name in ("up", "as well"):
                ax.plot([0.001, 1], label=name)
            ax.set(xlabel="epoch", yscale="log")
            plots.label_lines(ax)
        axes[0].set_ylabel("loss")
        yield figure
        plt.close(figure)


def words(svg):
    return re.findall(r">([\w ]+)</text>", svg)


def test_the_page_has_the_wide_one_and_finds_the_narrow_one(figure):
    drawn = widths.in_two_widths(figure)
    narrow = re.search("(?<=<metadata>)<svg.*?</svg>", drawn, re.S)[0]
    wide = themed(drawn, "", "f0-")
    assert (words(wide).count("loss"), words(narrow).count("loss")) == (1, 2)
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', narrow).groups())
    assert width < 3.6 * 72 < 1.3 * width < height


def test_labels_at_the_ends_of_lines_stay_apart_in_each_width(figure):
    for _ in range(2):
        figure.draw_without_rendering()
        for ax in figure.axes:
            plots.spread_ends(ax)
            assert np.ptp([text.xyann[1] for text in ax.texts]) == pytest.approx(14)
        widths.stack(figure)


def test_panels_in_rows_and_columns_stay_unless_there_are_four_columns():
    for shape, wanted in {(3, 1): (3, 1), (3, 3): (3, 3), (2, 4): (4, 2), (1, 3): (3, 1)}.items():
        figure, axes = plt.subplots(*shape, squeeze=False)
        widths.stack(figure)
        grid = axes[0, 0].get_subplotspec().get_gridspec()
        assert (grid.nrows, grid.ncols) == wanted
        plt.close(figure)


@pytest.mark.parametrize("steps", [1, 8])
def test_what_is_counted_has_whole_numbers_at_its_ticks(steps):
    epochs = np.arange(1, 9) / steps
    with mpl.rc_context(plots.STYLE):
        figure, ax = plt.subplots()
        ax.plot(epochs, epochs, label="training and validation")
        plots.label_lines(ax)
        widths.in_two_widths(figure)
        assert (ax.get_xticks() % 1).any() == (steps > 1)
        plt.close(figure)


def test_below_each_other_each_panel_names_its_lines(figure):
    left = figure.axes[0]
    for text in list(left.texts):
        text.remove()
    left.set_xlim(0, 0.5)
    assert words(themed(widths.in_two_widths(figure), "", "")).count("up") == 1
    assert [text.get_text() for text in left.texts] == ["up", "as well"]
    assert {text.xy[0] for text in left.texts} == {0}


def test_long_names_of_rows_stand_above_them_on_a_phone():
    with mpl.rc_context(plots.STYLE):
        for name, above in ("short", False), ("a name as long as half a phone", True):
            figure, ax = plt.subplots(figsize=(6.8, 3))
            ax.set_yticks(range(8), [name] * 8)
            drawn = widths.in_two_widths(figure)
            assert drawn.count(name) == 16
            assert len(ax.texts) == 8 * above
            assert (figure.get_figheight() > 3) == above
            plt.close(figure)
