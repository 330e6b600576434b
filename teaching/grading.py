"""Grade one submission: align its cells with the assignment, run them, score the checks.

Nothing in a submission makes this fail. What a student may read afterwards are the messages of
the tasks; they name no hidden test and no path.
"""

import ast
import builtins
import json
import os
import re
import stat
import sys
import time
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from teaching.authoring import Assignment, Task, student_notebook
from teaching.sandbox import Reply, Sandbox

MOST_BYTES = 20 * 2**20
MOST_CELLS = 1000
MOST_SCANNED = 200_000  # characters of a cell, for its syntax tree takes 1000 times as many bytes
MOST_SHOWN = 4_000_000  # characters of outputs and pictures of a notebook
MODULES = """
os sys subprocess socket ctypes gc inspect builtins importlib multiprocessing threading
_thread signal posix io _io concurrent asyncio mmap fcntl resource json types operator IPython
pickle shutil requests urllib traceback faulthandler atexit runpy""".split()
NAMES = "get_ipython exec eval compile __import__ __builtins__ globals breakpoint open vars".split()
ATTRIBUTES = """__builtins__ __globals__ __subclasses__ __code__ f_back f_globals f_locals f_lineno
tb_frame gi_frame __traceback__ _getframe settrace setprofile __closure__ __defaults__""".split()
OPERATORS = """__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __bool__ __sub__ __rsub__ __abs__ __array__
__array_function__ __array_ufunc__ __array_finalize__ __array_wrap__ __getattribute__""".split()
LIBRARIES = {"np", "numpy", "keras", "tf", "tensorflow", "plt", "sklearn", "math", "random"}
Cell = dict[str, Any]


def grade(submission: Path, assignment: Assignment, sandbox: Sandbox) -> dict[str, Any]:
    """Grade a notebook file; never raises for anything in it.

    Returns a dictionary fit for JSON: `status` ("graded", "review" or "failed"), `tasks` (a dict
    each: id, points, score, outcome, message, and answer where graded by hand), `flags` (names
    in the code that no exercise needs), `notes` for the instructor, `cells` as they ran (id,
    type, source, output, images), `cpu_seconds` and `seconds`.
    """
    start = time.monotonic()
    try:
        cells, notes = align(read_cells(submission), assignment)
    except ValueError as error:
        return _failed(assignment, str(error), time.monotonic() - start)
    result = _run(cells, notes, assignment, sandbox)
    return result | {"seconds": round(time.monotonic() - start, 3)}


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook as dicts of id, type and source; ValueError says what is wrong."""
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


def align(cells: list[Cell], assignment: Assignment) -> tuple[list[Cell], list[str]]:
    """The cells in the assignment's order, the student's additions after the one they follow.

    A cell is known by its id; where that is lost, by its text, or by its place between two known
    ones. Returns the cells (with `role`, `run` and `shown`) and notes on what was repaired.
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


def _run(
    cells: list[Cell], notes: list[str], assignment: Assignment, sandbox: Sandbox
) -> dict[str, Any]:
    tasks = {task.id: task for task in assignment.tasks}
    results: dict[str, dict[str, Any]] = {}
    shown, errors, patched, review = [], {}, [], bool(notes)
    given: set[str] = set()
    left = MOST_SHOWN
    missing = {cell["id"] for cell in cells if cell["missing"]}
    with sandbox.job() as job:
        for cell in cells:
            reply = Reply("ok")
            task = tasks.get(cell["id"])
            alive = job.alive
            if cell["type"] == "code" and cell["run"].strip():
                if cell["role"] == "check":
                    reply = job.run(_pristine(cell["run"], given), "check")
                elif cell["role"] == "given":
                    names = _defined(cell["run"])
                    given |= names
                    reply = job.run(cell["run"], "given", names=tuple(sorted(names)))
                else:
                    reply = job.run(cell["run"], "student")
                    if reply.outcome != "ok" and alive:
                        errors[cell["id"]] = _last_line(reply)
            if not job.alive and alive:
                review = True
                notes.append(f"the process was ended in cell {cell['id']}: {reply.text}")
            patched += [name for name in reply.patched if name not in patched]
            if task:
                results[task.id] = _result(task, cell, reply, alive, errors, missing)
            entry = {key: cell[key] for key in ("id", "type", "source")}
            left -= len(reply.output) + sum(map(len, reply.images))
            if left < 0:
                reply = replace(reply, output="[cut off]", images=[])
            if cell["role"] == "check":  # what a student's function prints there may tell a test
                entry |= {"output": "", "images": []}
            else:
                entry |= {
                    "output": reply.output.replace(f"{sys.prefix}/", ""),
                    "images": reply.images,
                }
            if cell["id"] in errors:
                entry["error"] = errors[cell["id"]]
            shown.append(entry)
    if job.lost:
        raise RuntimeError("the sandbox ended")  # not by this submission: grade it again
    if patched:
        review = True
        notes.append(f"libraries were patched, and mended before the checks: {', '.join(patched)}")
    return {
        "status": "review" if review else "graded",
        "tasks": [results[task.id] for task in assignment.tasks],
        "flags": flags(cells),
        "notes": notes,
        "cells": shown,
        "cpu_seconds": round(job.cpu_seconds, 3),
    }


def _result(
    task: Task, cell: Cell, reply: Reply, alive: bool, errors: dict[str, str], missing: set[str]
) -> dict[str, Any]:
    result = {"id": task.id, "points": task.points}
    if task.by_hand:
        answer = {"message": errors.get(task.id, ""), "answer": cell["source"]}
        return result | {"score": None, "outcome": "by hand"} | answer
    outcome, message = "passed", ""
    hidden = _hidden(cell["run"], reply.line)
    statement = "" if hidden else _statement(cell["run"], reply.line)
    if not alive:
        outcome, message = "not run", "Not run: the notebook had stopped in an earlier cell."
    elif reply.outcome == "died":
        outcome, message = "died", "The notebook's process stopped in this test."
    elif reply.outcome == "timeout":
        outcome, message = "timeout", "This test took too long and was stopped."
    elif reply.outcome == "error" and hidden:
        known = isinstance(getattr(builtins, reply.error, None), type)
        kind = reply.error if known else "an exception"
        outcome, message = "hidden test failed", f"A hidden test of {task.exercise} failed: {kind}."
    elif reply.outcome == "error":
        outcome = "failed" if reply.error == "AssertionError" else "error"
        message = "\n".join(filter(None, [statement, _last_line(reply)]))
    if outcome != "passed":
        if task.exercise in missing and outcome not in ("not run", "died"):
            outcome, message = "missing", f"The cell {task.exercise} is missing."
        if task.exercise in errors:
            message += f"\nThe cell {task.exercise} itself ended with {errors[task.exercise]}"
    score = task.points if outcome == "passed" else 0.0
    return result | {"score": score, "outcome": outcome, "message": message.strip()}


def _failed(assignment: Assignment, problem: str, seconds: float) -> dict[str, Any]:
    tasks = []
    for task in assignment.tasks:
        message = f"The notebook could not be read: {problem}."
        result = {"id": task.id, "points": task.points, "score": 0.0, "outcome": "not run"}
        tasks.append(result | {"message": message} | ({"answer": ""} if task.by_hand else {}))
    return {
        "status": "failed",
        "tasks": tasks,
        "flags": [],
        "notes": [problem],
        "cells": [],
        "cpu_seconds": 0.0,
        "seconds": round(seconds, 3),
    }


def _hidden(source: str, line: int) -> bool:
    """Whether a line is in hidden tests; one that is unknown is, where there are any."""
    lines = source.split("\n")
    before = [text.strip() for text in lines[: max(line, 0)]]
    begun = before.count("### BEGIN HIDDEN TESTS") > before.count("### END HIDDEN TESTS")
    return begun or (not 0 < line <= len(lines) and "### BEGIN HIDDEN TESTS" in source)


def _statement(source: str, line: int) -> str:
    """The innermost simple statement on a line of a check."""
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not found or hasattr(found[-1], "body"):
        return ""
    return ast.get_source_segment(source, found[-1]) or ""


def _last_line(reply: Reply) -> str:
    """An exception as Python's last line shows it, without paths."""
    if reply.outcome == "timeout":
        return "a timeout: it took too long and was stopped."
    if reply.outcome == "died":
        return "the end of the process."
    text = re.sub(r"\x1b\[[\d;]*m", "", reply.text.replace("_given_", "")).strip()[:500]
    text = re.sub(r"(?<![\w/])(/[\w.+@-]+){2,}/?", "(path)", text)
    return f"{reply.error}: {text}" if text else reply.error


def _defined(source: str) -> set[str]:
    """The names that a given cell imports, defines or assigns."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = [n for target in node.targets for n in ast.walk(target)]
            names |= {n.id for n in targets if isinstance(n, ast.Name)}
    return names


def _pristine(source: str, given: set[str]) -> str:
    """A check whose builtins and given names cannot be shadowed by the student's.

    The process keeps them under other names. (In f-strings they stay, for Python 3.11 does not
    say where they are; those make messages only.)
    """
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    strings = {id(inner) for s in nodes if isinstance(s, ast.JoinedStr) for inner in ast.walk(s)}
    own = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    own |= {n.arg for n in nodes if isinstance(n, ast.arg)} | _defined(source) - given
    own |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    own |= {n.name for n in nodes if isinstance(n, ast.MatchAs | ast.MatchStar) and n.name}
    own |= {n.name for n in nodes if isinstance(n, ast.ExceptHandler) and n.name}
    names = given | {name for name in dir(builtins) if name[0] != "_" and name != "super"}
    names -= own
    lines = [line.encode() for line in source.split("\n")]
    loads = [n for n in nodes if isinstance(n, ast.Name) and n.id in names and id(n) not in strings]
    for node in sorted(loads, key=lambda n: (n.lineno, -n.col_offset)):
        line, at = lines[node.lineno - 1], node.col_offset
        lines[node.lineno - 1] = line[:at] + b"_given_" + line[at:]
    return b"\n".join(lines).decode()


def flags(cells: list[Cell]) -> list[str]:
    """What in a student's code no exercise needs; for the instructor's eyes, never a score."""
    found: set[str] = set()
    for cell in cells:
        if cell["role"] != "student" or cell["type"] != "code":
            continue
        source = re.sub(r"(?m)^([ \t]*)%time +", r"\1", cell["source"])
        source = re.sub(r"(?m)^([ \t]*)[%!].*$|^.*\?$", r"\1pass", source)
        try:
            if len(source) > MOST_SCANNED:
                raise ValueError
            nodes = list(ast.walk(ast.parse(source)))
        except (SyntaxError, SystemError, ValueError, RecursionError, MemoryError):
            found.add("a cell that cannot be scanned")
            continue
        if "_given_" in source:
            found.add("_given_")
        for node in nodes:
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
                found |= {f"import {n}" for n in names if n.split(".")[0] in MODULES}
            elif isinstance(node, ast.ImportFrom):
                if (node.module or "").split(".")[0] in MODULES:
                    found.add(f"from {node.module} import")
            elif isinstance(node, ast.Name) and node.id in NAMES:
                found.add(node.id)
            elif isinstance(node, ast.FunctionDef) and node.name in OPERATORS:
                found.add(f"defines {node.name}")
            elif isinstance(node, ast.Name) and node.id in OPERATORS:
                found.add(f"assigns {node.id}")
            elif isinstance(node, ast.Attribute):
                if node.attr in ATTRIBUTES:
                    found.add(f".{node.attr}")
                elif not isinstance(node.ctx, ast.Load) and _root(node) in LIBRARIES:
                    found.add(f"assigns {_dotted(node)}")
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr":
                patched = [a for a in node.args[:1] if _root(a) in LIBRARIES]
                found |= {f"assigns to {_dotted(a)}" for a in patched}
    return sorted(name[:100] for name in found)[:50]


def _dotted(node: ast.expr) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([_root(node), *reversed(names)])


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
