"""The printed book: whole, numbered as the pages are, nothing lost or run out of the page."""

import html
import os
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from test_slides import shows_no_mark

BUILD = Path(__file__).parents[1] / "_build"
CHAPTERS = sorted(Path(__file__).parents[1].glob("book/[01]*.md"))
PDF = BUILD / "latex/training-deep-neural-networks.pdf"
WIDEST = 10  # points that a line may stick out
pytestmark = pytest.mark.skipif(
    not (PDF.exists() and shutil.which("pdftotext")) and not os.environ.get("CI"),
    reason="no PDF (make pdf builds it)",
)


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def words(text: str) -> str:
    return " ".join(re.sub("<.*?>", "", html.unescape(text)).split())


@pytest.fixture(scope="module")
def text() -> str:
    return words(run("pdftotext", str(PDF), "-"))


@pytest.fixture(scope="module")
def pages() -> str:
    names = sorted(BUILD.glob("html/book/*.html"))
    return "\n".join(name.read_text(encoding="utf-8") for name in names)


def test_latex_has_nothing_to_complain_of() -> None:
    log = PDF.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    bad = r"Missing character.*|.* undefined.*|.*multiply[ -]defined.*|.*may have changed.*|^! .*"
    assert re.findall(bad, log, re.M) == []
    wide = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\).*", log)
    assert [width for width in wide if float(width) > WIDEST] == []


def test_the_book_is_whole(text: str, pages: str) -> None:
    assert int(re.findall(r"Pages: +(\d+)", run("pdfinfo", str(PDF)))[0]) > 100
    titles = [words(title) for title in re.findall(r'<h1>(.*?)<a class="headerlink"', pages)]
    assert len(titles) > 9
    for title in titles:
        assert re.sub(r"^(\d+)\. ", r"Chapter \1 ", title) in text
    assert "??" not in text
    assert "Solution" in text


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        (r'"caption-number">Exercise ([\d.]+)', "Exercise {} ("),
        (r'"caption-number">Fig\. ([\d.]+)', "Fig. {}: "),
        (r'class="eqno">\(([\d.]+)\)', "({})"),
    ],
)
def test_numbers_are_those_of_the_pages(text: str, pages: str, page: str, printed: str) -> None:
    numbers = re.findall(page, pages)
    assert numbers
    assert [number for number in numbers if printed.format(number) not in text] == []


def moving(chapter: Path) -> int:
    """How many figures of a chapter move on its page."""
    return len(re.findall(r"^explorables\.", chapter.read_text("utf-8"), re.M))


def test_figures_are_lines_and_not_pixels(pages: str) -> None:
    pixels = run("pdfimages", "-list", str(PDF)).splitlines()[2:]
    drawn = PDF.parent.glob("[0-9a-f]" * 64 + ".pdf")
    assert len(list(drawn)) > 50
    embedded = [row for row in pixels if " image " in row]
    moved = sum(map(moving, CHAPTERS))
    assert len(embedded) <= 2 * moved + 6, "only heat maps and figures to move are pixels"


def test_the_pages_lead_to_what_is_taken_along(pages: str) -> None:
    files = set(re.findall(r'href="\.\./([^"/]+\.(?:pdf|epub|zip))"', pages))
    assert {Path(file).suffix for file in files} == {".pdf", ".epub", ".zip"}
    assert [file for file in files if not (BUILD / "html" / file).is_file()] == []


def test_what_a_page_does_is_not_said_of_print(text: str) -> None:
    about = text.rpartition("Read it, run it")[2].partition("Ways through the book")[0]
    assert "write down a guess" in about
    assert not re.search("browser|button|as PDF", about)


def test_claims_are_lines_with_their_figures(text: str, pages: str) -> None:
    for sign in "✓?":
        line = rf'class="claim-sign">{re.escape(sign)}<.*?class="claim-figures">(.*?)</span>'
        figures = re.findall(line, pages, re.S)
        assert figures
        printed = text.replace("\u00a0", " ")
        assert [one for one in figures if words(one) not in printed] == []
    assert text.count("✓") == pages.count('class="claim-sign">✓') - 1  # the one on the first page
    assert "✓ holds" not in text


def test_links_of_the_text_name_their_page(text: str) -> None:
    assert len(re.findall(r"\(page \d+\)", text)) > 100


def test_figures_that_move_elsewhere_stand_above_their_box(text: str, pages: str) -> None:
    still = "Try it The figure above can be moved on the web page of this chapter."
    assert text.count(still) == sum(map(moving, CHAPTERS)) > 0
    between = re.findall(rf"Fig\. [\d.]+: ((?:(?!Fig\. [\d.]+: ).)*?) {still}", text)
    assert [caption for caption in between if len(caption) > 600] == []


def test_no_title_of_the_ledger_stands_alone(pages: str) -> None:
    titles = re.findall(r'<h1>(?:<span.*?</span>)?(.*?)<a class="headerlink"', pages)
    printed = run("pdftotext", "-layout", str(PDF), "-").split("\f")
    bodies = [[line.strip() for line in page.splitlines() if line.strip()][:-1] for page in printed]
    assert [body[-1] for body in bodies if body and body[-1] in map(words, titles)] == []


def test_no_mark_of_a_slide_is_printed() -> None:
    shows_no_mark([PDF.with_suffix(".tex").read_text("utf-8")])


def test_no_line_begins_with_per_cent() -> None:
    lines = run("pdftotext", "-layout", str(PDF), "-")
    assert re.findall(r"^.*\n *%(?: (?!draw )\D.*|[.,:;)]?)$", lines, re.M) == []  # "% 2" is code


def test_each_solution_is_called_so(text: str, pages: str) -> None:
    assert text.count("A solution:") == len(re.findall(r'class="[^"]*tag_solution', pages)) > 0


def test_figures_say_what_is_to_be_seen(pages: str) -> None:
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", PDF.read_bytes(), re.S)
    plain = b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x")
    said = re.findall(rb"/Span <</Alt <feff([0-9a-f]+)>>> BDC", plain)
    printed = {bytes.fromhex(one.decode()).decode("utf-16-be") for one in said}
    asked = re.findall(r'role="img" aria-label="([^"]*)"', pages)
    assert len(asked) > 50
    left = [alt for alt in asked if alt and html.unescape(alt) not in printed]
    moved = re.findall(r'data-explorable="(?!lab-claims)', pages)
    assert len(left) == len(moved)
