"""Read a submitted notebook, and find in its cells those of the assignment."""

import json
import os
import stat
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from teaching import earlier
from teaching.archives import MOST_BYTES
from teaching.authoring import CODE_STUB, TEXT_STUB, Assignment, student_notebook

MOST_CELLS = 1000
MOST_PARTS = 2_000_000  # lists and objects, which take more memory than their signs
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
                size, most = about.st_size // 1_000_000, MOST_BYTES // 1_000_000
                raise ValueError(f"the file has {size} MB, at most {most} are read")
            content = file.read(MOST_BYTES)
    except OSError as error:
        raise ValueError(f"the file cannot be opened ({error.strerror})") from None
    return cells_of(notebook_of(content))


def notebook_of(content: bytes) -> dict[str, Any]:
    """The JSON of a notebook, with a list of cells; ValueError says what is wrong."""
    if content.count(b"[") + content.count(b"{") > MOST_PARTS:
        raise ValueError("the file has too many parts; clear its outputs")
    if not content.strip():
        raise ValueError("the file is empty")
    try:
        notebook = json.loads(content)  # UTF-8 or UTF-16, with a byte order mark or without
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text; save it anew in JupyterLab") from None
    except (ValueError, RecursionError):
        raise ValueError("the file is not a notebook: its JSON is broken or cut off") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise ValueError("the file is not a notebook of format 4; save it anew in JupyterLab")
    found = notebook.get("cells")
    if not isinstance(found, list) or len(found) > MOST_CELLS:
        raise ValueError(f"the notebook has no list of at most {MOST_CELLS} cells")
    return notebook


def cells_of(notebook: dict[str, Any]) -> list[Cell]:
    """The cells of what `notebook_of` returned, as of `read_cells`."""
    return [_cell(cell) for cell in notebook["cells"] if isinstance(cell, dict)]


def align(cells: list[Cell], assignment: Assignment) -> tuple[list[Cell], list[str]]:
    """The cells in the assignment's order, the student's additions after the one they follow.

    A cell is known by its id; where that is lost, by its text, or by its place between two known
    ones. Returns the cells (with `role`, `run`, `missing`, and `answer`: where one was left as it
    was handed out, what stands below it too) and notes on what was repaired.
    """
    blank, notes = student_notebook(assignment).cells, []
    known = {cell.id: cell for cell in blank}
    names = _recognise(cells, blank)
    found = _chosen(cells, names, known)
    extras: dict[str, list[Cell]] = {}
    lost, last = [], ""
    for cell, name in zip(cells, names, strict=True):
        if name and found.get(name) is cell:
            if name not in cell["ids"]:
                lost.append(name)
        elif name:
            kind = "a second copy" if cell["type"] == known[name].cell_type else "of another type"
            notes.append(f"cell {name}: {kind} is ignored")
        elif cell["source"].strip():
            extras.setdefault(last, []).append(cell)
        last = name or last
    if lost:
        which = lost[0] if len(lost) == 1 else f"{lost[0]} and {len(lost) - 1} more"
        notes.append(f"cell {which} had lost {'its id' if len(lost) == 1 else 'their ids'}")
    full = {cell.id: cell.source for cell in assignment.notebook.cells}
    handed_out = earlier.read(assignment.name)
    count, aligned, absent = 0, [], []
    for id_ in ["", *known]:
        if id_:
            given = known[id_]
            about = given.metadata.get("nbgrader", {})
            role = "check" if about.get("grade") else "given"
            role = "student" if about.get("solution") else role
            theirs = found.get(id_)
            if theirs is None and (role == "student" or given.cell_type == "code"):
                absent.append(f"cell {id_} was missing")
            elif role == "check" and theirs and theirs["source"].strip() != given.source.strip():
                text = earlier.fingerprint(theirs["source"])
                if text in handed_out["other"].get(id_, []):
                    notes.append(f"cell {id_} is of an earlier edition, which asked another thing")
                elif text not in handed_out["same"].get(id_, []):
                    notes.append(f"cell {id_} was edited; the original is used")
            elif (
                role == "given" and theirs and assignment.about.get("variants")
                and theirs["source"].strip() != given.source.strip()
                and earlier.fingerprint(theirs["source"]) == earlier.fingerprint(given.source)
            ):  # fmt: skip
                notes.append(f"cell {id_} has other numbers, as in another student's variant")
            shown = theirs["source"] if role == "student" and theirs else given.source
            if role == "student" and not theirs:
                shown = ""
            run = shown if role == "student" else full[id_]
            below = [extra["source"] for extra in extras.get(id_, [])]
            untouched = not theirs or not is_touched(theirs["source"])
            aligned.append(
                {
                    "id": id_,
                    "type": given.cell_type,
                    "role": role,
                    "source": shown,
                    "run": run,
                    "missing": theirs is None,
                    "answer": "\n\n".join([shown, *below] if untouched else [shown]).strip("\n"),
                }
            )
        for extra in extras.get(id_, []):
            count += 1
            while f"extra-{count}" in known:
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
                    "answer": extra["source"],
                }
            )
    if not any(
        cell["role"] != "given" and not cell["missing"] for cell in aligned if cell["id"] in known
    ):
        return aligned, ["this is not the assignment's notebook: none of its tasks are in it"]
    return aligned, notes + absent


def _chosen(cells: list[Cell], names: list[str], known: dict[str, Any]) -> dict[str, Cell]:
    """Of the cells of each name and its type the one that counts.

    It is one in which something was done, then the one whose id it is, then the first.
    """
    found: dict[str, Cell] = {}
    best: dict[str, tuple[bool, bool]] = {}
    for cell, name in zip(cells, names, strict=True):
        if name and cell["type"] == known[name].cell_type:
            rank = (is_touched(cell["source"]), cell["ids"][:1] == [name])
            if name not in found or rank > best[name]:
                found[name], best[name] = cell, rank
    return found


def is_touched(source: str) -> bool:
    """Whether something stands in the place of what says where to write."""
    return bool(source.strip()) and CODE_STUB not in source and TEXT_STUB not in source


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
