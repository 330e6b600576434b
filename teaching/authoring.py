"""Assignments as an author, a student or the grader sees them: their notebooks and their tasks."""

import hashlib
import hmac
import re
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from teaching.source import (
    AuthoringError,
    Task,
    clear,
    expand,
    front_matter,
    mark,
    read_source,
    require,
)

ROOT = Path(__file__).parents[1]
ASSIGNMENTS = Path(__file__).with_name("assignments")
CODE_STUB = 'raise NotImplementedError("Write your answer here.")'
TEXT_STUB = "*Write your answer here.*"
HAND_IN = """\
**How to work and hand in.** This notebook opens in JupyterLab, in
[Colab](https://colab.research.google.com/) (File, Upload notebook){binder}.
Replace each `raise NotImplementedError(...)` and each *Write your answer here.*
Add cells where you like; do not delete, copy or split the given ones.
At the end restart the kernel, run all cells, save, and hand in this file under its own name:
`{name}.ipynb`."""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}")


@dataclass(frozen=True)
class Assignment:
    """An assignment with its solutions and hidden tests, `about` being its front matter."""

    name: str
    about: dict[str, Any]
    notebook: NotebookNode
    tasks: tuple[Task, ...]


def names() -> list[str]:
    """The names of all assignments, in order."""
    return sorted(path.stem for path in ASSIGNMENTS.glob("[0-9]*.md"))


def load(
    name: str,
    *,
    student: str | None = None,
    secret: bytes | None = None,
    private: Path | None = None,
) -> Assignment:
    """Read an assignment, as `student` gets it.

    With the course's `secret` a student's numbers are derived from it, and so is the seed of
    the hidden tests; else each variant is its first choice and the seed 0. `private` is a folder
    whose file of the same name has further hidden tests. Raises AuthoringError.
    """
    if name not in names():
        there = ", ".join(names()) or "none"
        raise AuthoringError(
            f"no assignment is called {name!r}; in {ASSIGNMENTS} there are: {there}"
        )
    path = ASSIGNMENTS / f"{name}.md"
    notebook = read_source(path)
    about = front_matter(path, notebook)
    values = _values(name, about.get("variants", {}), student, secret)
    for number, cell in enumerate(notebook.cells, 1):
        cell.source = _filled(path, f"cell {number} ({cell.source[:40]!r})", cell.source, values)
    tasks = expand(path, notebook)
    if private is not None:
        _overlay(private / path.name, notebook, values)
    hand_in = new_markdown_cell(HAND_IN.format(name=name, binder=_binder()), id="hand-in")
    mark(hand_in, "locked")
    notebook.cells.insert(0, hand_in)
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    return Assignment(name, about, notebook, tasks)


def student_notebook(assignment: Assignment) -> NotebookNode:
    """What students get: stubs in place of the solutions, no hidden tests, given cells locked."""
    notebook = deepcopy(assignment.notebook)
    for cell in notebook.cells:
        cell.source = clear(cell.source, CODE_STUB if cell.cell_type == "code" else TEXT_STUB)
        if "nbgrader" in cell.metadata:
            cell.metadata.deletable = False
            cell.metadata.editable = bool(cell.metadata.nbgrader.solution)
    return notebook


def answered(assignment: Assignment, cells: dict[str, str]) -> NotebookNode:
    """The student notebook with the sources of some cells replaced, by id.

    Raises AuthoringError where there is no such cell.
    """
    notebook = student_notebook(assignment)
    by_id = {cell.id: cell for cell in notebook.cells}
    for key, source in cells.items():
        if key not in by_id:
            there = ", ".join(by_id)
            raise AuthoringError(
                f"{assignment.name}: no cell has the id {key!r}; use one of {there}"
            )
        by_id[key].source = source.rstrip("\n")
    return notebook


def solutions(assignment: Assignment) -> dict[str, str]:
    """The model answers by the id of their cell: `answered` with them is the reference."""
    cells = [c for c in assignment.notebook.cells if "nbgrader" in c.metadata]
    return {c.id: c.source for c in cells if c.metadata.nbgrader.solution}


def _overlay(path: Path, notebook: NotebookNode, values: dict[str, str]) -> None:
    """Append private tests to the hidden tests of the checks that they name."""
    if not path.parent.is_dir():
        raise AuthoringError(f"{path.parent}: no such folder; --private takes that of the overlays")
    for other in sorted(path.parent.glob("[0-9]*.md")):
        require(other.stem in names(), other, "file name", "rename it as its assignment")
    checks = {cell.id: cell for cell in notebook.cells if cell.id.startswith("check-")}
    there = ", ".join(check.removeprefix("check-") for check in checks)
    for cell in read_source(path).cells if path.exists() else []:
        if cell.cell_type == "code":
            name = cell.metadata.get("check")
            where = f"check {name!r}"
            known = f"check-{name}" in checks and len(cell.metadata) == 1
            require(known, path, where, f"give it one key, :check:, with one of {there}")
            bare = "### " not in cell.source
            require(bare, path, where, "remove the markers: all of it is hidden")
            hidden = f"### BEGIN HIDDEN TESTS\n{cell.source}\n### END HIDDEN TESTS"
            checks[f"check-{name}"].source += "\n" + _filled(path, where, hidden, values)


def _values(
    name: str, variants: dict[str, list[Any]], student: str | None, secret: bytes | None
) -> dict[str, str]:
    def derived(*parts: str) -> int:
        if not secret:
            return 0
        digest = hmac.digest(secret, "\n".join((name, *parts)).encode(), hashlib.sha256)
        return int.from_bytes(digest[:4], "big")

    values = {"seed": str(derived(student or ""))}
    for variant, of in variants.items():
        values[variant] = str(of[derived(student, variant) % len(of) if student else 0])
    return values


def _filled(path: Path, where: str, source: str, values: dict[str, str]) -> str:
    for found in PLACEHOLDER.findall(source):
        advice = f"add {found} to `variants`, or put a space between the braces"
        require(found in values, path, where, f"{{{{{found}}}}} is unknown: {advice}")
    shown = source if "SOLUTION" in source else clear(source, "")
    require("{{seed}}" not in shown, path, where, "{{seed}} may stand in hidden tests only")
    return PLACEHOLDER.sub(lambda found: values[found[1]], source)


def _binder() -> str:
    """A link to the book's environment, where `repository.url` says where the book lives."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    found = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git)?", config["repository"]["url"])
    branch = config["repository"]["branch"]
    link = "https://mybinder.org/v2/gh/{}/{}?urlpath=lab"
    return f" and in [Binder]({link.format(found[1], branch)})" if found else ""
