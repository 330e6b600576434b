"""The first page and what a chapter says of itself: taken from the build, not typed."""

import html
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from test_pages import CHAPTERS, HTML

from extensions import reading, repository

FILES = pytest.mark.depends("_build/html/book/*.html")


def text(page):
    return (HTML / page).read_text("utf-8")


def said(part):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


@FILES
def test_the_first_page_has_a_living_figure_three_ways_in_and_a_claim_with_its_row():
    page = text("book/index.html")
    assert page.count("data-explorable=") == 1
    [ways] = re.findall(r'<ul class="ways[^"]*">(.*?)</ul>', page, re.S)
    assert ways.count("<a ") == 3
    [claims] = re.findall(r'<ul class="claims[^"]*">(.*?)</ul>', page, re.S)
    row = re.search(r'href="evidence.html#([^"]+)"', claims)[1]
    assert f'id="{row}"' in text("book/evidence.html")
    rows = len(re.findall(r'<tr class="[^"]*claim-', text("book/evidence.html")))
    assert f"There are {rows} claims" in said(page)


@FILES
def test_every_interactive_figure_is_on_their_page():
    figure = re.compile(r'data-explorable="([^"]+)"')
    there = [name for page in CHAPTERS for name in figure.findall(text(page)) if name != "lab"]
    assert sorted(figure.findall(text("book/interactive.html"))) == sorted(there)
    assert f"{len(there)} of them" in said(text("book/index.html"))


@FILES
@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_says_its_times_its_folds_and_its_claims_in_words(page):
    article = text(page)
    assert re.search(r"Reading takes \d+ minutes, its questions", said(article))
    bars = re.findall(r'<details class="admonition hide.*?<summary>(.*?)</summary>', article, re.S)
    names = {said(bar) for bar in bars}
    assert names <= {f"{name} {name}" for name in NAMES}, names
    assert "Toggle hidden content" not in article
    marks = re.findall(r'<a [^>]*>(<span class="claim-mark.*?)</a>', article, re.S)
    assert all(re.match(r"[✓?] (holds|not settled): .", said(mark)) for mark in marks)
    assert marks or "10-" not in page


NAMES = (
    "Solution",
    "Code",
    "Code of the figure",
    "Code of the claims",
    "What counts as a difference",
)


def test_time_is_counted_in_words_formulas_and_lines_in_view():
    code = nodes.literal_block("", "a = 1\n\nb = 2")
    folded = nodes.container(
        "", code.deepcopy(), nb_element="cell_code", classes=["tag_hide-input"]
    )
    folded[0]["nb_element"] = "cell_code_source"
    section = nodes.section(
        "", nodes.title("", "A title"), nodes.paragraph("", "Four words of prose")
    )
    section += [nodes.math_block("", "a = b"), code, folded]
    assert reading.count(section) == (6, 1, 2)
    prose = nodes.section("", nodes.paragraph("", "word " * reading.WORDS * 21))
    assert reading.minutes(prose) == 20


def test_what_the_prose_names_of_lib_leads_to_its_source():
    root = Path(__file__).parents[1]
    assert repository.module_of(root, "lib.schedules.OneCycle") == "lib/schedules.py"
    assert repository.module_of(root, "lib.ensemble") == "lib/ensemble/__init__.py"
    for name in ("lib.nothing", "lib.data.load_digits()", "library", "keras.data"):
        assert repository.module_of(root, name) == ""
    options = {"repository_url": "https://github.com/o/n", "repository_branch": "main"}
    app = SimpleNamespace(srcdir=root, builder=SimpleNamespace(name="html"))
    app.config = SimpleNamespace(html_theme_options=options)
    paragraph = nodes.paragraph("", "", nodes.literal("", "lib.schedules"), nodes.literal("", "x"))
    repository.lead_to_the_source(app, paragraph, "book/a")
    [link] = paragraph.findall(nodes.reference)
    assert link["refuri"] == "https://github.com/o/n/blob/main/lib/schedules.py"
