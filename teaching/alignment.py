"""Read a submitted notebook, and find in its cells those of the assignment."""

import json
import os
import stat
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from teaching.authoring import Assignment, student_notebook

MOST_BYTES = 20 * 2**20
MOST_CELLS = 1000
Cell = dict[str, Any]


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook as dicts of ids, type and source; ValueError says what is wrong."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise ValueError("the submission is not a regular file")
            if about.st_size > MOST_BYTES:
                size = about.st_size // 2**20
                raise ValueError(f"the file has {size} MB, at most {MOST_BYTES // 2**20} are read")
            notebook = json.loads(file.read(MOST_BYTES).decode())
    except OSError as error:
        raise ValueError(f"the file cannot be opened ({error.strerror})") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the file is not a notebook: its JSON is broken or cut off") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise ValueError("the file is not a notebook of format 4; save it anew in JupyterLab")
    found = notebook.get("cells")
    if not isinstance(found, list) or len(found) > MOST_CELLS:
        raise ValueError(f"the notebook has no list of at most {MOST_CELLS} cells")
    return [_cell(cell) for cell in found if isinstance(cell, dict)]


def align(cells: list[Cell], assignment: Assignment) -> tuple[list[Cell], list[str]]:
    """The cells in the assignment's order, the student's additions after the one they follow.

    A cell is known by its id; where that is lost, by its text, or by its place between two known
    ones. Returns the cells (with `role`, `run` and `missing`) and notes on what was repaired.
    """
    blank, notes = student_notebook(assignment).cells, []
    known = {cell.id: cell for cell in blank}
    names = _recognise(cells, blank)
    exact = {c["ids"][0] for c in cells if c["ids"]} & known.keys()
    found: dict[str, Cell] = {}
    extras: dict[str, list[Cell]] = {}
    last = ""
    for cell, name in zip(cells, names, strict=True):
        first = name not in found and (name not in exact or cell["ids"][:1] == [name])
        if name and first and cell["type"] == known[name].cell_type:
            found[name] = cell
            if name not in cell["ids"]:
                notes.append(f"cell {name} had lost its id")
        elif name:
            kind = "a second copy" if cell["type"] == known[name].cell_type else "of another type"
            notes.append(f"cell {name}: {kind} is ignored")
        elif cell["source"].strip():
            extras.setdefault(last, []).append(cell)
        last = name or last
    full = {cell.id: cell.source for cell in assignment.notebook.cells}
    count, aligned = 0, []
    for id_ in ["", *known]:
        if id_:
            given = known[id_]
            about = given.metadata.get("nbgrader", {})
            role = "check" if about.get("grade") else "given"
            role = "student" if about.get("solution") else role
            theirs = found.get(id_)
            if theirs is None and (role == "student" or given.cell_type == "code"):
                notes.append(f"cell {id_} was missing")
            elif role == "check" and theirs and theirs["source"].strip() != given.source.strip():
                notes.append(f"cell {id_} was edited; the original is used")
            shown = theirs["source"] if role == "student" and theirs else given.source
            if role == "student" and not theirs:
                shown = ""
            run = shown if role == "student" else full[id_]
            aligned.append(
                {
                    "id": id_,
                    "type": given.cell_type,
                    "role": role,
                    "source": shown,
                    "run": run,
                    "missing": theirs is None,
                }
            )
        for extra in extras.get(id_, []):
            count += 1
            kind = "code" if extra["type"] == "code" else "markdown"
            aligned.append(
                {
                    "id": f"extra-{count}",
                    "type": kind,
                    "role": "student",
                    "source": extra["source"],
                    "run": extra["source"],
                    "missing": False,
                }
            )
    return aligned, notes


def _recognise(cells: list[Cell], blank: list[Any]) -> list[str]:
    """For each cell the id of the assignment's cell that it is, or nothing."""
    known = [cell.id for cell in blank]
    names = [next((i for i in cell["ids"] if i in known), "") for cell in cells]
    texts = {(c.cell_type, c.source.strip()): c.id for c in blank if c.id not in names}
    for index, cell in enumerate(cells):
        if not names[index]:
            names[index] = texts.pop((cell["type"], cell["source"].strip()), "")
    here = [name or f"?{index}" for index, name in enumerate(names)]
    types = {cell.id: cell.cell_type for cell in blank}
    for tag, a, b, c, d in SequenceMatcher(None, known, here, autojunk=False).get_opcodes():
        lost = [name for name in known[a:b] if name not in names]
        new = [index for index in range(c, d) if not names[index]]
        if tag == "replace" and [types[k] for k in lost] == [cells[i]["type"] for i in new]:
            for name, index in zip(lost, new, strict=True):
                names[index] = name
    return names


def _cell(cell: Cell) -> Cell:
    def at(thing: Any, *keys: str) -> Any:
        for key in keys:
            thing = thing.get(key) if isinstance(thing, dict) else None
        return thing

    source = cell.get("source")
    source = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    ids = [at(cell, "id"), at(cell, "metadata", "nbgrader", "grade_id"), at(cell, "metadata", "id")]
    return {
        "ids": [i for i in ids if isinstance(i, str)],
        "type": str(cell.get("cell_type")),
        "source": source.encode(errors="replace").decode(),  # lone surrogates cannot be sent
    }
