"""The committed notebooks are those of the book, readable without MyST, and nbval can fail."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from extensions import claims
from extensions.executed import executed
from lib.records import records

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build/notebook"
NOTEBOOKS = ROOT / "notebooks"
COMMITTED = sorted(NOTEBOOKS.rglob("*.ipynb"))
WITH_SOLUTIONS = [path for path in COMMITTED if path.parent == NOTEBOOKS]
MEASURED = r"[−\d.×⁻⁰¹²³⁴-⁹]+"
FIGURES = rf"{MEASURED}(?: \[{MEASURED}, {MEASURED}\])?"
CLAIMED = r'(?m)^( +"(?:effect|high|low|share)": )[-+.\de]+,$'
RUNNING = r"(running takes )(?:one minute|\d+ minutes) and [\d.]+( GB of memory)"


def test_each_chapter_has_its_notebook():
    built = {path.relative_to(BUILT) for path in BUILT.rglob("*.ipynb")}
    assert {path.relative_to(NOTEBOOKS) for path in COMMITTED} == built


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_the_committed_notebook_is_the_built_one(path):
    """Byte for byte, but for numbers that were measured: another processor rounds otherwise."""
    built, committed = (
        re.sub(RUNNING, r"\1…\2", re.sub(CLAIMED, r"\1…,", file.read_text(encoding="utf-8")))
        for file in (BUILT / path.relative_to(NOTEBOOKS), path)
    )
    if built != committed:
        same = measured(built, path.stem, lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
        assert re.fullmatch(same, committed), "run `make notebooks` and commit what it writes"


def measured(text, stem, written=str):
    """A pattern for a text in which any numbers may stand where those of the page were glued, and
    any figures where those of its claims are."""
    others = {re.escape(written(number)): pattern for number, pattern in shown(stem)}
    if not others:
        return re.escape(text)
    any_of_them = "|".join(map(re.escape, others))
    found = re.compile(rf"(?<![\w.])(?:{any_of_them})(?![\w.])")
    return found.sub(lambda number: others[number[0]], re.escape(text))


def shown(stem):
    """What the page says of its measurements, the longest first, each with a pattern for others."""
    notebook = executed(ROOT, ROOT / f"book/{stem}.md").notebook
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output for output in outputs if "scrapbook" in output.get("metadata", {})]
    texts = {
        output["data"]["application/papermill.record/text/plain"].strip("'\"") for output in found
    }
    patterns = dict.fromkeys(texts - {""}, MEASURED)  # of curves
    patterns |= {claims.measured(replace(claim, unit="")): FIGURES for claim in records(notebook)}
    return sorted(patterns.items(), key=lambda item: len(item[0]), reverse=True)


@pytest.mark.parametrize("path", sorted(BUILT.glob("questions/*.md")), ids=lambda path: path.stem)
def test_the_committed_questions_are_the_built_ones(path):
    """But for numbers that were measured, as in the notebooks."""
    built, committed = (
        re.sub(r"(?m)^=   .*$", "=", file.read_text(encoding="utf-8"))
        for file in (path, NOTEBOOKS / "questions" / path.name)
    )
    assert re.fullmatch(measured(built, path.stem), committed), "run `make notebooks` and commit"


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
