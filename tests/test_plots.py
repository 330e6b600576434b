import numpy as np
import pytest
from matplotlib import pyplot as plt

from lib import plots

pytestmark = pytest.mark.depends()


@pytest.fixture
def ax():
    figure = plt.figure()
    yield figure.subplots()
    plt.close(figure)


def test_a_band_shows_median_lowest_and_highest_of_the_seeds(ax):
    values = np.random.default_rng(0).normal(size=(10, 5))
    plots.seed_bands(ax, {"loss": values}, x=[1, 2, 4, 8, 16])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.median(values, axis=0))
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 4, 8, 16])
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (values.min(), values.max())


def test_a_series_of_the_wrong_shape_is_named(ax):
    with pytest.raises(ValueError, match=r"series\['loss'\] must have the shape \(seeds, 3\)"):
        plots.seed_bands(ax, {"loss": np.ones((10, 4))}, x=[1, 2, 3])


@pytest.mark.parametrize("order", [(), "abcdef"])
def test_more_series_than_colours_are_refused(ax, order):
    series = dict.fromkeys("abcdef"[: 1 if order else 6], np.ones((10, 3)))
    with pytest.raises(ValueError, match=r"takes at most 5 labels, as the palette; got .*'f'"):
        plots.seed_bands(ax, series, order=order)


def test_labels_of_lines_that_end_together_do_not_overlap(ax):
    for name in "abcd":
        ax.plot([0, 1], [0, 0.5], label=name)
    ax.plot([0, 1], [0, 1], label="_unnamed")
    plots.label_lines(ax)
    heights = sorted(text.xyann[1] for text in ax.texts)
    assert len(heights) == 4
    assert np.diff(heights).min() == pytest.approx(14)
    assert sum(heights) == pytest.approx(0)


def test_a_label_stands_at_the_last_point_that_is_drawn(ax):
    ax.set_yscale("log")
    ax.plot([0, 1, 2], [1, 10, np.nan], label="loss")
    ax.plot([0, 1, 2], [1, 10, 0], label="gradient")
    ax.plot([5, 6], [1, 10], label="beyond")
    ax.plot([0, 1], [1, 10], "o", label="markers")
    ax.set_xlim(0, 4)
    plots.label_lines(ax)
    assert [tuple(map(float, text.xy)) for text in ax.texts] == [(1, 10), (1, 10)]


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", plots.PALETTE)
def test_the_palette_is_legible_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) > 5.4
