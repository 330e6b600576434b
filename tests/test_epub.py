"""The EPUB: valid, whole, and plain enough for e-readers."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from machine import left_out

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build/epub/training-deep-neural-networks.epub"
JAR = Path("/usr/share/java/epubcheck.jar")
pytestmark = pytest.mark.depends("_build/epub/*.epub")


@pytest.fixture(scope="module")
def pages():
    with zipfile.ZipFile(BOOK) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xhtml")]
        return {name: archive.read(name).decode() for name in names}


@pytest.mark.long
def test_epubcheck_finds_nothing():
    if not (shutil.which("java") and JAR.exists()):
        left_out("no epubcheck (Debian: apt-get install epubcheck)")
    command = ["java", "-jar", JAR, "--failonwarnings", BOOK]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_its_files_have_one_date_whenever_it_was_built():
    with zipfile.ZipFile(BOOK) as archive:
        assert len({entry.date_time for entry in archive.infolist()}) == 1


def test_nothing_in_it_is_for_a_browser(pages):
    for name, page in pages.items():
        assert not re.search(r"<(script|button|input|form|details)\b|katex-html", page), name


QUESTION = r'<div class="question .*?"question-said" role="status"></div></div>'


@pytest.mark.depends("_build/html/book/*.html")
def test_it_has_the_figures_and_formulas_of_the_pages(pages):
    for chapter in sorted((ROOT / "_build/html/book").glob("[0-9]*.html")):
        html = re.sub(QUESTION, "", chapter.read_text("utf-8"), flags=re.S)
        page = pages[f"book/{chapter.stem}.xhtml"]
        assert page.count("<figure") == html.count("<figure"), chapter.stem
        assert page.count("<m:math") > 5
        assert page.count("Predict first") == chapter.read_text("utf-8").count("Predict first")


def test_questions_have_their_answers_at_the_end_of_the_page(pages):
    for name, page in pages.items():
        if re.match(r"book/\d\d-", name):
            before, _, after = page.rpartition(">Answers")
            numbers = re.findall(r"Check yourself (\d+\.\d+)", before)
            assert len(numbers) >= 4, name
            assert [n for n in numbers if f"<strong>{n}</strong>" not in after] == []
