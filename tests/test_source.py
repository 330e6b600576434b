"""Each code cell of the lecture notes that the book grew from lives on in a chapter."""

import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CELLS = tomllib.loads((TESTS / "source_cells.toml").read_text("utf-8"))["cell"]
NUMBERS = [*range(2, 7), *range(8, 12), 19, 21, *range(23, 26), 27, 28, *range(36, 52)]
NUMBERS += [55, 56, *range(58, 68), 72]  # in the notes a few numbers are left out


def test_no_cell_is_forgotten() -> None:
    assert [cell["number"] for cell in CELLS] == NUMBERS


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell['number']} {cell['what']}")
def test_source_cell_lives_on(cell: dict[str, str]) -> None:
    chapter, _, section = cell["section"].partition(": ")
    page = (TESTS.parent / "book" / f"{chapter}.md").read_text("utf-8")
    code = code_cells(page, section)
    whole = [all(part in c for part in cell["holds"]) for c in code]
    assert any(whole), f"no code cell of {section!r} holds all of {cell['holds']}"


def code_cells(page: str, section: str) -> list[str]:
    """Code under each heading of this name, down to the next of its rank or a higher one."""
    cells = list(re.finditer(r"^`{3,}\{code-cell\}.*?^`{3,}$", page, re.M | re.S))
    headings = [
        (m.start(), len(m[1]), m[2])
        for m in re.finditer(r"^(#+) (.+)$", page, re.M)
        if not any(cell.start() < m.start() < cell.end() for cell in cells)
    ]
    found = []
    for start, rank, name in headings:
        if name == section:
            ends = [at for at, other, _ in headings if at > start and other <= rank]
            end = min(ends, default=len(page))
            found += [cell[0] for cell in cells if start < cell.start() < end]
    assert found, f"no code under a heading {section!r}"
    return found
