"""The committed notebooks are those of the book, readable without MyST, and nbval can fail."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from extensions.executed import executed
from tools import notebooks
from tools.execute import ROOT
from tools.notebooks import BUILT, NOTEBOOKS, files, is_committed

CHAPTER = "05-gradient-clipping"
COMMITTED = sorted(NOTEBOOKS.rglob("*.ipynb"))
WITH_SOLUTIONS = [path for path in COMMITTED if path.parent == NOTEBOOKS]


def test_all_that_was_built_is_committed_and_nothing_else():
    assert files(NOTEBOOKS) == files(BUILT)


@pytest.mark.parametrize("path", files(BUILT), ids=str)
def test_the_committed_notebook_is_the_built_one(path):
    assert is_committed(path), "run `make notebooks` and commit what it writes"


def test_a_chapter_is_written_when_more_than_its_numbers_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", shutil.copytree(BUILT, tmp_path / "notebooks"))
    full = tmp_path / f"notebooks/{CHAPTER}.ipynb"
    built = full.read_text("utf-8")
    number = next(text for text, _ in notebooks.shown(CHAPTER) if notebooks.in_json(text) in built)
    other = built.replace(number, re.sub(r"\d", "7", number))
    full.write_text(other, "utf-8")
    (tmp_path / "notebooks/questions/gone.md").touch()
    notebooks.main()
    assert full.read_text("utf-8") == other != built
    questions = tmp_path / f"notebooks/questions/{CHAPTER}.md"
    questions.write_text(questions.read_text("utf-8") + "One sentence more.\n", "utf-8")
    notebooks.main()
    assert full.read_text("utf-8") == built
    assert not (tmp_path / "notebooks/questions/gone.md").exists()


@pytest.mark.parametrize("path", WITH_SOLUTIONS, ids=lambda path: path.stem)
def test_the_blank_notebook_has_all_but_the_solutions(path):
    full = nbformat.read(path, as_version=4).cells
    blank = nbformat.read(NOTEBOOKS / "blank" / path.name, as_version=4).cells
    solutions = [cell for cell in full if "jp-MarkdownHeadingCollapsed" in cell.metadata]
    small = [cell for cell in full if "solution" in cell.metadata.get("tags", [])]
    assert [cell.source for cell in blank if cell.cell_type == "code"].count("") == len(
        solutions
    ) - len(small)
    sources = {cell.source for cell in full} | {""}
    assert {cell.source for cell in blank} <= sources
    assert not {cell.source for cell in blank} & {cell.source for cell in solutions}
    assert not any(cell.get("outputs") for cell in blank)


@pytest.mark.parametrize("path", WITH_SOLUTIONS, ids=lambda path: path.stem)
def test_a_notebook_fits_2_gb(path):
    assert 100 < executed(ROOT, ROOT / f"book/{path.stem}.md").memory < 2000


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_no_myst_is_left(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$", "", cell.source, flags=re.S)
            assert not re.search(r"\{[a-z:]+\}`|:::|^:\w+:", text, flags=re.M), cell.source


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_outputs_are_text_with_a_count_for_nbval_to_compare(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert cell.execution_count
            assert not any(kind.startswith("image/") for kind in output.get("data", {}))
            said = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not re.search(r"WARNING:|0x[0-9a-f]{6}", said), "no two runs would be the same"


@pytest.mark.depends("tests/nbval.cfg")
def test_an_altered_reference_output_turns_nbval_red(tmp_path):
    cells = [nbformat.v4.new_code_cell("1 + 1", execution_count=1)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    for answer, code in (("2", 0), ("3", 1)):
        cells[0].outputs = [
            nbformat.v4.new_output("execute_result", {"text/plain": answer}, execution_count=1)
        ]
        nbformat.write(notebook, tmp_path / "a.ipynb")
        nbval = f"-c {os.devnull} --nbval --nbval-current-env --nbval-sanitize-with".split()
        run = subprocess.run(
            [sys.executable, "-m", "pytest", *nbval, str(ROOT / "tests/nbval.cfg"), "a.ipynb"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert run.returncode == code, run.stdout
