"""Each code cell of the lecture notes that the book grew from lives on in a chapter."""

import tomllib
from pathlib import Path

import pytest

from extensions.executed import code_blocks

TESTS = Path(__file__).parent
CELLS = tomllib.loads((TESTS / "source_cells.toml").read_text("utf-8"))["cell"]
NUMBERS = [*range(2, 7), *range(8, 12), 19, 21, *range(23, 26), 27, 28, *range(36, 52)]
NUMBERS += [55, 56, *range(58, 68), 72]  # in the notes a few numbers are left out


def test_no_cell_is_forgotten() -> None:
    assert [cell["number"] for cell in CELLS] == NUMBERS


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell['number']} {cell['what']}")
def test_source_cell_lives_on(cell: dict[str, str]) -> None:
    page = (TESTS.parent / "book" / f"{cell['chapter']}.md").read_text("utf-8")
    code = code_blocks(page)
    assert any(all(part in c for part in cell["holds"]) for c in code), cell["holds"]
