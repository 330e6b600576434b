"""The source of an assignment: MyST Markdown, read, checked, and put into nbgrader's format.

The keys of a cell (`exercise`, `check`, `answer`, `locked`, `points`) stand for the
metadata of nbgrader's schema 3.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode

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


def read_source(path: Path) -> NotebookNode:
    """The notebook that an author wrote; the keys of a cell are its metadata."""
    import jupytext  # takes over a second

    try:
        return jupytext.reads(path.read_text("utf-8"), fmt="md:myst")
    except (yaml.YAMLError, ValueError) as error:
        what = f"header or cell options: mend the YAML or MyST: {error}"
        raise AuthoringError(f"{path.name}: {what}") from None


def front_matter(path: Path, notebook: NotebookNode) -> dict[str, Any]:
    """What the header says of the assignment: all of `FRONT_MATTER`, and perhaps `variants`."""

    def need(condition: object, what: str) -> None:
        require(condition, path, "front matter", what)

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


def expand(path: Path, notebook: NotebookNode) -> tuple[Task, ...]:
    """Turn the keys into nbgrader's metadata and ids, in place; returns what is to be graded."""
    unchecked: dict[str, bool] = {}
    tasks: list[Task] = []
    heading, texts, ids = "", 0, {"hand-in"}
    for number, cell in enumerate(notebook.cells, 1):
        keys, source = dict(cell.metadata), cell.source
        kind = next((kind for kind in KINDS if kind in keys), "")
        code = cell.cell_type == "code"
        where = f"{kind} {keys[kind]!r}" if kind else f"cell {number} ({source[:40]!r})"

        def need(condition: object, what: str, where: str = where) -> None:
            require(condition, path, where, what)

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
            mark(cell, kind)
        if graded:
            cell.metadata.nbgrader.points = float(points)
            tasks.append(Task(key, float(points), kind == "answer", tested, heading))
    for exercise, lacks in unchecked.items():
        what = f"add a cell with `:check: {exercise}` below it"
        require(not lacks, path, f"exercise {exercise!r}", what)
    require(tasks, path, "all cells", "add a check or an answer: there is nothing to grade")
    return tuple(tasks)


def mark(cell: NotebookNode, kind: str) -> None:
    """Give a cell the metadata by which nbgrader knows its kind."""
    nbgrader = {"schema_version": 3, "grade_id": cell.id, "task": False, **KINDS[kind]}
    cell.metadata["nbgrader"] = NotebookNode(nbgrader)


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


def require(condition: object, path: Path, where: str, what: str) -> None:
    """Raise AuthoringError, which says where and what to do, unless the condition holds."""
    if not condition:
        raise AuthoringError(f"{path.name}: {where}: {what}")


def _check_markers(path: Path, where: str, kind: str, source: str) -> None:
    expected = "BEGIN"
    for number, line in enumerate(source.split("\n"), 1):
        if not (found := re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", line)):
            continue
        marker, place, of = f"### {found[0]}", f"{where}, line {number}", MARKERS[found[2]]
        require(line.strip() == marker, path, place, f"write the marker alone, as {marker}")
        require(kind in of, path, place, f"{marker} belongs in {' or '.join(of)} cells")
        what = f"{marker} has no partner; expected ### {expected} {found[2]}"
        require(found[1] == expected, path, place, what)
        expected = "END" if expected == "BEGIN" else "BEGIN"
    require(expected == "BEGIN", path, where, "add the ### END that its ### BEGIN lacks")
    what = "put the model answer between ### BEGIN SOLUTION and ### END SOLUTION"
    require(kind not in MARKERS["SOLUTION"] or "### BEGIN" in source, path, where, what)
