"""What the page makes of a Matplotlib SVG."""

import io

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from extensions.inline_svg import themed
from lib.plots import PALETTE, STYLE

pytestmark = pytest.mark.depends()


def drawn(label: str) -> str:
    with mpl.rc_context(STYLE):
        figure, ax = plt.subplots()
        ax.plot([0, 1 / 3], color=PALETTE[0])
        ax.text(0.2, 0.2, label)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        plt.close(figure)
    return themed(file.getvalue(), "A line rises from zero.", "f0-")


def test_coordinates_are_shortened_and_words_are_not() -> None:
    svg = drawn("rate 0.0001")
    assert "rate 0.0001" in svg
    path = svg.split('d="M ')[1]
    assert max(len(number.partition(".")[2]) for number in path.split('"')[0].split()) <= 2


def test_ink_and_series_take_the_colours_of_the_page() -> None:
    svg = drawn("loss")
    assert "currentColor" in svg
    assert "var(--figure-1)" in svg
    assert PALETTE[0] not in svg
