"""The printed book: whole, numbered as the pages are, nothing lost or run out of the page."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[1] / "_build"
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


def test_figures_are_lines_and_not_pixels(pages: str) -> None:
    pixels = run("pdfimages", "-list", str(PDF)).splitlines()[2:]
    drawn = PDF.parent.glob("[0-9a-f]" * 64 + ".pdf")
    assert len(list(drawn)) > 50
    embedded = [row for row in pixels if " image " in row]
    assert len(embedded) <= 20, "only heat maps are pixels"


def test_the_pages_lead_to_what_is_taken_along(pages: str) -> None:
    files = set(re.findall(r'href="\.\./([^"/]+\.(?:pdf|epub|zip))"', pages))
    assert {Path(file).suffix for file in files} == {".pdf", ".epub", ".zip"}
    assert [file for file in files if not (BUILD / "html" / file).is_file()] == []
