"""Assignments: from the MyST source of an author to notebooks in nbgrader's format.

The keys of a cell (`exercise`, `check`, `answer`, `locked`, `points`) stand for the
metadata of nbgrader's schema 3.
"""

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
FRONT_MATTER = {
    "title": str, "chapter": str, "objectives": list, "prerequisites": list, "minutes": int,
    "difficulty": int,
}  # fmt: skip
KINDS = {
    "locked": {"grade": False, "solution": False, "locked": True},
    "exercise": {"grade": False, "solution": True, "locked": False},
    "check": {"grade": True, "solution": False, "locked": True},
    "answer": {"grade": True, "solution": True, "locked": False},
}
MARKERS = {"SOLUTION": ("exercise", "answer"), "HIDDEN TESTS": ("check",)}
FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.M | re.S)
PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}")


class AuthoringError(ValueError):
    """Something in an assignment that its author must mend: file, cell, and what to do."""


@dataclass(frozen=True)
class Task:
    """One gradable cell: `exercise` is the solution cell that it tests, `hint` its heading."""

    id: str
    points: float
    by_hand: bool
    exercise: str
    hint: str


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
    notebook = _read(path)
    about = _about(path, notebook)
    values = _values(name, about.get("variants", {}), student, secret)
    for number, cell in enumerate(notebook.cells, 1):
        cell.source = _filled(path, f"cell {number} ({cell.source[:40]!r})", cell.source, values)
    tasks = _expand(path, notebook)
    if private is not None:
        _overlay(private / path.name, notebook, values)
    hand_in = new_markdown_cell(HAND_IN.format(name=name, binder=_binder()), id="hand-in")
    _mark(hand_in, "locked")
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


def clear(source: str, stub: str) -> str:
    """The source with `stub` in place of each solution and without hidden tests."""
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        if "### BEGIN SOLUTION" in line:
            lines.append(line[: line.index("#")] + stub)
        if "### BEGIN " in line or "### END " in line:
            inside = "### BEGIN " in line
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def rubric(source: str) -> str:
    """What an answer's cell says after `Rubric:`, up to the end of its solution."""
    found = re.search(r"^[ #]*Rubric:(.+?)^ *### END SOLUTION", source, re.M | re.S)
    return re.sub(r"\s*\n[ #]*", " ", found[1]).strip() if found else ""


def _need(condition: object, path: Path, where: str, what: str) -> None:
    if not condition:
        raise AuthoringError(f"{path.name}: {where}: {what}")


def _read(path: Path) -> NotebookNode:
    import jupytext  # takes over a second

    try:
        return jupytext.reads(path.read_text("utf-8"), fmt="md:myst")
    except (yaml.YAMLError, ValueError) as error:
        what = f"header or cell options: mend the YAML or MyST: {error}"
        raise AuthoringError(f"{path.name}: {what}") from None


def _about(path: Path, notebook: NotebookNode) -> dict[str, Any]:
    def need(condition: object, what: str) -> None:
        _need(condition, path, "front matter", what)

    about = notebook.metadata.get("assignment")
    need(isinstance(about, dict), f"add `assignment:` with {', '.join(FRONT_MATTER)}")
    for key, kind in FRONT_MATTER.items():
        given = isinstance(about.get(key), kind) and about[key]
        need(given, f"give `assignment: {key}:` a value ({kind.__name__})")
    unknown = about.keys() - FRONT_MATTER.keys() - {"variants"}
    need(not unknown, f"remove the unknown {', '.join(sorted(unknown))}")
    need(about["difficulty"] in (1, 2, 3), "`difficulty` must be 1, 2 or 3")
    variants = about.get("variants", {})
    lists = isinstance(variants, dict) and all(isinstance(v, list) and v for v in variants.values())
    need(lists, "`variants` must be names with lists, `fan_in: [64, 128]`")
    need("seed" not in variants, "rename the variant `seed`: it is that of the hidden tests")
    return dict(about)


def _expand(path: Path, notebook: NotebookNode) -> tuple[Task, ...]:
    """Turn the keys into nbgrader's metadata and ids, in place, and say what is to be graded."""
    unchecked: dict[str, bool] = {}
    tasks: list[Task] = []
    heading, texts, ids = "", 0, {"hand-in"}
    for number, cell in enumerate(notebook.cells, 1):
        keys, source = dict(cell.metadata), cell.source
        kind = next((kind for kind in KINDS if kind in keys), "")
        code = cell.cell_type == "code"
        where = f"{kind} {keys[kind]!r}" if kind else f"cell {number} ({source[:40]!r})"

        def need(condition: object, what: str, where: str = where) -> None:
            _need(condition, path, where, what)

        need(kind or not code, "say what it is: add :locked:, :exercise:, :check: or :answer:")
        texts += not kind
        key = str(keys.pop(kind, f"text-{texts}"))
        points = keys.pop("points", None)
        need(not keys, f"remove the unknown or second key {', '.join(sorted(keys))}")
        name = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) and len(key) <= 50
        need(name, "write the id in small letters, digits and single hyphens")
        need(code or kind in ("", "answer"), "make it a code cell: Markdown is text or an answer")
        graded = kind in ("check", "answer")
        if graded:
            number_above_0 = isinstance(points, int | float) and points is not True and points > 0
            need(number_above_0, "add points, a number above 0")
        need(graded or points is None, "move the points to a check or an answer")
        _check_markers(path, where, kind, source)
        if kind == "answer":
            need(rubric(source), "add a line `Rubric: ...` before ### END SOLUTION")
            ends = code or source.endswith("### END SOLUTION")
            need(ends, "write a line +++ after ### END SOLUTION, before the text that follows")
        if not code:
            shown = FENCED.sub("", source.split("### BEGIN")[0])
            heading = [heading, *re.findall(r"^#{1,6} +(.+?) *$", shown, re.M)][-1]
        tested = key
        if kind == "check":
            of = [e for e in unchecked if key == e or key.startswith(f"{e}-")]
            need(of, "name it as an exercise above it, or EXERCISE-suffix")
            tested, key = max(of, key=len), f"check-{key}"
        if kind in ("exercise", "check"):
            unchecked[tested] = kind == "exercise"
        need(key not in ids, f"choose another id: {key!r} is taken")
        ids.add(key)
        cell.metadata = NotebookNode()
        cell.id = key
        if kind:
            _mark(cell, kind)
        if graded:
            cell.metadata.nbgrader.points = float(points)
            tasks.append(Task(key, float(points), kind == "answer", tested, heading))
    for exercise, lacks in unchecked.items():
        what = f"add a cell with `:check: {exercise}` below it"
        _need(not lacks, path, f"exercise {exercise!r}", what)
    _need(tasks, path, "all cells", "add a check or an answer: there is nothing to grade")
    return tuple(tasks)


def _mark(cell: NotebookNode, kind: str) -> None:
    nbgrader = {"schema_version": 3, "grade_id": cell.id, "task": False, **KINDS[kind]}
    cell.metadata["nbgrader"] = NotebookNode(nbgrader)


def _check_markers(path: Path, where: str, kind: str, source: str) -> None:
    expected = "BEGIN"
    for number, line in enumerate(source.split("\n"), 1):
        if not (found := re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", line)):
            continue
        marker, place, of = f"### {found[0]}", f"{where}, line {number}", MARKERS[found[2]]
        _need(line.strip() == marker, path, place, f"write the marker alone, as {marker}")
        _need(kind in of, path, place, f"{marker} belongs in {' or '.join(of)} cells")
        what = f"{marker} has no partner; expected ### {expected} {found[2]}"
        _need(found[1] == expected, path, place, what)
        expected = "END" if expected == "BEGIN" else "BEGIN"
    _need(expected == "BEGIN", path, where, "add the ### END that its ### BEGIN lacks")
    what = "put the model answer between ### BEGIN SOLUTION and ### END SOLUTION"
    _need(kind not in MARKERS["SOLUTION"] or "### BEGIN" in source, path, where, what)


def _overlay(path: Path, notebook: NotebookNode, values: dict[str, str]) -> None:
    """Append private tests to the hidden tests of the checks that they name."""
    if not path.parent.is_dir():
        raise AuthoringError(f"{path.parent}: no such folder; --private takes that of the overlays")
    for other in sorted(path.parent.glob("[0-9]*.md")):
        _need(other.stem in names(), other, "file name", "rename it as its assignment")
    checks = {cell.id: cell for cell in notebook.cells if cell.id.startswith("check-")}
    there = ", ".join(check.removeprefix("check-") for check in checks)
    for cell in _read(path).cells if path.exists() else []:
        if cell.cell_type == "code":
            name = cell.metadata.get("check")
            where = f"check {name!r}"
            known = f"check-{name}" in checks and len(cell.metadata) == 1
            _need(known, path, where, f"give it one key, :check:, with one of {there}")
            _need("### " not in cell.source, path, where, "remove the markers: all of it is hidden")
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
        _need(found in values, path, where, f"{{{{{found}}}}} is unknown: {advice}")
    shown = source if "SOLUTION" in source else clear(source, "")
    _need("{{seed}}" not in shown, path, where, "{{seed}} may stand in hidden tests only")
    return PLACEHOLDER.sub(lambda found: values[found[1]], source)


def _binder() -> str:
    """A link to the book's environment, where `repository.url` says where the book lives."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    found = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git)?", config["repository"]["url"])
    link = "https://mybinder.org/v2/gh/{}/main?urlpath=lab"
    return f" and in [Binder]({link.format(found[1])})" if found else ""
