"""What stands in two places says the same in both."""

import re
from pathlib import Path

import pytest
import yaml

from teaching.templates import DARK_PALETTE

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "book/instructors.md").read_text("utf-8").partition("## What students get wrong")[2]
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", GUIDE, re.M)


def numbers(text, word):
    """Those after the word in a cell of the guide: 2 and 7 in "tasks 2 and 7"."""
    lists = re.findall(rf"\b{word}s? (\d+(?:(?:, | and )\d+)*)", text)
    return {int(number) for found in lists for number in re.findall(r"\d+", found)}


@pytest.mark.parametrize(("chapter", "belief", "where"), ROWS, ids=[row[1][:40] for row in ROWS])
def test_the_guide_names_questions_tasks_and_exercises_that_there_are(chapter, belief, where):
    [page] = ROOT.glob(f"book/{int(chapter):02}-*.md")
    quiz = (ROOT / "teaching/quizzes" / page.name).read_text("utf-8")
    assignment = (ROOT / "teaching/assignments" / page.name).read_text("utf-8")
    tasks = re.findall(r"^## (?:Task (\d+): )?(.+)$", assignment, re.M)
    assert numbers(where, "question") <= set(map(int, re.findall(r"^(\d+)\. ", quiz, re.M)))
    assert numbers(where, "task") <= {int(number) for number, _ in tasks if number}
    for name in re.findall(r"task \*(.+?)\*", where):
        assert name.lower() in {title.lower() for _, title in tasks}
    for name in re.findall(r"exercise \*(.+?)\*", where):
        assert name.lower() in page.read_text("utf-8").lower()


def test_there_are_rows_to_check():
    assert len(ROWS) >= 20
    cells = " ".join(where for _, _, where in ROWS)
    assert len(numbers(cells, "question")) >= 5
    assert len(numbers(cells, "task")) >= 3


def test_the_pdf_has_one_name():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    name = config["latex"]["latex_documents"]["targetname"].removesuffix(".tex")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"\nNAME = {name}\n" in makefile
    index = (ROOT / "book/index.md").read_text("utf-8")
    assert f"{name}.pdf" in index
    assert f"{name}.zip" in index


def test_the_dark_pages_of_teaching_have_the_colours_of_the_book():
    css = (ROOT / "assets/book.css").read_text("utf-8")
    dark = css[css.index('data-theme="dark"') :]
    assert tuple(re.findall(r"--figure-\d: ?(#\w{6})", dark)[: len(DARK_PALETTE)]) == DARK_PALETTE
