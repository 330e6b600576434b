"""What a chapter's source must keep to."""

from pathlib import Path

import pytest
from myst_nb.core.read import myst_nb_reader_plugin

BOOK = Path(__file__).parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("[0-9]*.md"))
EXECUTED = [*CHAPTERS, BOOK / "reproducibility.md"]
COLUMN = 84  # characters of code that a page shows without scrolling


@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.stem)
def test_code_fits_the_column(path):
    cells = myst_nb_reader_plugin(str(path)).cells
    lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.split("\n")]
    assert [line for line in lines if len(line) > COLUMN] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_its_parts(path):
    text = path.read_text(encoding="utf-8")
    for heading in ("See it fail", "Measured", "Traps", "Summary", "Exercises", "Further reading"):
        assert f"\n## {heading}\n" in text
    exercises, solutions = text.count("{exercise-start}"), text.count("{solution-start}")
    assert 4 <= exercises == solutions <= 6
    assert text.count("evidence.") >= 6
