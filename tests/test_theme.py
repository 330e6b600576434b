"""What the themes bring is known, or the build fails."""

import re
from pathlib import Path

import pytest
from pygments.token import STANDARD_TYPES
from sphinx.errors import ExtensionError

from extensions import highlight, policy, theme

pytestmark = pytest.mark.depends()
ROOT = Path(__file__).parents[1]
PAGE = '<html data-content_root="../"><head><meta charset="utf-8" />{}</head></html>'


def test_an_unknown_file_is_refused() -> None:
    assert theme.wanted("styles/theme.css")
    assert theme.wanted("mystnb.0123.css")
    assert not theme.wanted("scripts/fontawesome.js")
    with pytest.raises(ExtensionError, match=r"does not know the theme's file scripts/new\.js"):
        theme.wanted("scripts/new.js")


def test_an_inline_script_stays_is_dropped_or_is_refused() -> None:
    kept = "<script>document.documentElement.dataset.theme = 1</script>"
    known = "<script>let toggleHintShow = 'Click to show';</script>"
    html = policy.close(PAGE.format(kept + known), "a.css", "b.js")
    assert kept in html
    assert "toggleHintShow" not in html
    assert '<script defer src="../b.js">' in html
    with pytest.raises(ExtensionError, match="does not know the inline script 'surprise"):
        policy.close(PAGE.format("<script>surprise()</script>"), "a.css", "b.js")


def test_a_script_of_another_host_is_refused() -> None:
    with pytest.raises(ExtensionError, match="does not know the inline script"):
        policy.close(PAGE.format('<script src="https://cdn.org/x.js"></script>'), "a.css", "b.js")


@pytest.mark.depends("assets/book.css")
def test_the_style_sheet_stays_small() -> None:
    sheet = ROOT / "assets/book.css"
    assert len(sheet.read_text("utf-8").splitlines()) <= 150


@pytest.mark.depends("_build/html/_static/pygments.css")
def test_plain_words_of_code_have_the_colour_of_its_text() -> None:
    css = (ROOT / "_build/html/_static/pygments.css").read_text("utf-8")
    texts = re.findall(r"\.highlight \{[^}]*?[^-]color: (#\w+)", css)
    assert len(set(texts)) == 2  # by day and in the dark
    for name in map(STANDARD_TYPES.get, highlight.PLAIN):
        assert re.findall(rf"\.highlight \.{name} \{{ color: (#\w+)", css) == texts
