"""What the page makes of a Matplotlib SVG."""

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from extensions.inline_svg import POINT, themed, with_fewer_points
from lib.plots import PALETTE, STYLE

pytestmark = pytest.mark.depends()


def drawn(label: str, line: str = "-") -> str:
    with mpl.rc_context(STYLE):
        figure, ax = plt.subplots()
        ax.plot([0, 1 / 3], line, color=PALETTE[0])
        ax.text(0.2, 0.2, label)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        plt.close(figure)
    return file.getvalue()


def on_page(svg: str) -> str:
    return themed(svg, "A line rises from zero.", "f0-")


def test_coordinates_are_shortened_and_words_are_not() -> None:
    svg = on_page(drawn("rate 0.0001"))
    assert "rate 0.0001" in svg
    path = svg.split('d="M ')[1]
    assert max(len(number.partition(".")[2]) for number in path.split('"')[0].split()) <= 2


def test_ink_and_series_take_the_colours_of_the_page() -> None:
    svg = on_page(drawn("loss"))
    assert "currentColor" in svg
    assert "var(--figure-1)" in svg
    assert PALETTE[0] not in svg


def test_a_filled_shape_has_no_more_points_than_are_seen() -> None:
    angles = np.linspace(0, 2 * np.pi, 2000)
    circle = 50 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    two = [" L ".join(f"{x:.4f} {y:.4f}" for x, y in circle + shift) for shift in (0, 200)]
    left = re.findall(POINT, with_fewer_points(f"M {two[0]} M {two[1]}"))
    assert [letter for letter, *_ in left].count("M") == 2
    assert len(left) < 200
    places = np.array([[float(x), float(y)] for _, x, y in left[: len(left) // 2]])
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 50, atol=0.2)
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 10


def test_few_points_and_curves_stay() -> None:
    assert with_fewer_points("M 0 0 L 1 0 L 1 1").startswith("M 0 0 L 1 0 L 1 1")
    svg = drawn("loss", "o-")
    assert len(re.findall(r"\bC ", on_page(svg))) == len(re.findall(r"\bC (.*)", svg)) > 0
