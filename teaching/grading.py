"""Grade one submission: align its cells with the assignment, run them, score the checks.

Nothing in a submission makes this fail. What a student may read afterwards are the messages of
the tasks; they name no hidden test and no path.
"""

import builtins
import random
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from teaching import syntax
from teaching.alignment import Cell, align, read_cells
from teaching.authoring import Assignment
from teaching.replies import Reply
from teaching.sandbox import Job, Sandbox
from teaching.source import Task
from teaching.tripwires import tripwires

MOST_SHOWN = 4_000_000  # characters of sources, outputs and pictures of a notebook
MOST_OF_CELL = 100_000  # characters of a source


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
        message = f"The notebook could not be read: {error}."
        result = failed(assignment, str(error), message)
    else:
        result = _run(cells, notes, assignment, sandbox)
    return result | {"seconds": round(time.monotonic() - start, 3)}


def failed(
    assignment: Assignment,
    note: str,
    message: str = "Your notebook could not be graded; ask your teacher.",
) -> dict[str, Any]:
    """The result of a submission that did not run: no points, and one message for all tasks."""
    tasks = [
        {"id": task.id, "points": task.points, "score": 0.0, "outcome": "not run"}
        | {"message": message, "answer": ""}
        for task in assignment.tasks
    ]
    return {
        "status": "failed",
        "tasks": tasks,
        "flags": [],
        "notes": [note],
        "cells": [],
        "cpu_seconds": 0.0,
        "seconds": 0.0,
    }


def _run(
    cells: list[Cell], notes: list[str], assignment: Assignment, sandbox: Sandbox
) -> dict[str, Any]:
    """Run aligned cells in a job of their own, and score each check.

    Takes what `align` returned, adds to the notes, and returns what `grade` does, but `seconds`.
    """
    tasks = {task.id: task for task in assignment.tasks}
    results: dict[str, dict[str, Any]] = {}
    shown, errors, patched = [], {}, []
    left = MOST_SHOWN
    missing = {cell["id"] for cell in cells if cell["missing"]}
    with sandbox.job() as job:
        for cell in cells:
            alive = job.alive
            reply, forged = _execute(job, cell)
            if forged:
                notes.append(f"a test that must fail passed beside {cell['id']}: look for forging")
            unanswered = reply.error == "NotImplementedError"  # of an exercise left as it was
            if cell["role"] == "given" and reply.outcome != "ok" and alive and not unanswered:
                notes.append(f"the given cell {cell['id']} ended with {_last_line(reply)}")
            elif reply.outcome == "timeout" and alive:
                notes.append(f"{cell['id']} took too long: look for a loop, or for a busy machine")
            if cell["role"] == "student" and reply.outcome != "ok" and alive:
                errors[cell["id"]] = _last_line(reply)
            if not job.alive and alive:
                notes.append(f"the process was ended in cell {cell['id']}: {reply.text}")
            patched += [name for name in reply.patched if name not in patched]
            if task := tasks.get(cell["id"]):
                results[task.id] = _result(task, cell, reply, alive, errors, missing)
            source = cell["source"]
            if len(source) > MOST_OF_CELL:
                source = f"{source[:MOST_OF_CELL]}\n[cut off]"
            entry = {"id": cell["id"], "type": cell["type"], "source": source}
            left -= len(source) + len(reply.output) + sum(map(len, reply.images))
            if left < 0:
                entry["source"] = source[:100]
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
        patched += job.run("None", "check").patched  # by the last cells
    if job.lost:
        raise RuntimeError("the sandbox ended")  # not by this submission: grade it again
    if patched:
        notes.append(f"libraries were patched, and mended before the checks: {', '.join(patched)}")
    return {
        "status": "review" if notes else "graded",
        "tasks": [results[task.id] for task in assignment.tasks],
        "flags": sorted({*syntax.flags(cells), *job.seen}),
        "notes": notes,
        "cells": shown,
        "cpu_seconds": round(job.cpu_seconds, 3),
    }


def _execute(job: Job, cell: Cell) -> tuple[Reply, bool]:
    """Run a cell as its role asks.

    Tripwires go before and after a check; returns whether one of them passed, too.
    """
    if cell["type"] != "code" or not cell["run"].strip():
        return Reply("ok"), False
    if cell["role"] == "check":
        sources = [cell["run"], *tripwires(cell["run"])]
        order = random.SystemRandom().sample(range(len(sources)), len(sources))
        replies: dict[int, Reply] = {}
        for number in order:
            replies[number] = job.run(sources[number], "check", mend=not replies)
        reply = replies.pop(0)
        others = list(replies.values())
        patched = [name for other in others for name in other.patched]
        reply = replace(reply, patched=[*reply.patched, *patched])
        return reply, any(other.outcome == "ok" for other in others)
    if cell["role"] == "given":
        names = tuple(sorted(syntax.defined(cell["run"])))
        return job.run(cell["run"], "given", names=names), False
    return job.run(cell["run"], "student"), False


def _result(
    task: Task, cell: Cell, reply: Reply, alive: bool, errors: dict[str, str], missing: set[str]
) -> dict[str, Any]:
    """The entry of a task in the result: id, points, score, outcome, message.

    Takes the task's cell and its reply, whether the job was `alive` before it, the last lines of
    the student's cells that failed, by id, and the ids of the cells that were missing.
    """
    result: dict[str, Any] = {"id": task.id, "points": task.points}
    if task.by_hand:
        answer = {"message": errors.get(task.id, ""), "answer": cell["answer"][:MOST_OF_CELL]}
        return result | {"score": None, "outcome": "by hand"} | answer
    outcome, message = "passed", ""
    hidden = syntax.is_hidden(cell["run"], reply.line)
    statement = "" if hidden else syntax.statement(cell["run"], reply.line)
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


def _last_line(reply: Reply) -> str:
    """An exception as Python's last line shows it, without paths."""
    if reply.outcome == "timeout":
        return "a timeout: it took too long and was stopped."
    if reply.outcome == "died":
        return "the end of the process."
    text = re.sub(r"\x1b\[[\d;]*m", "", reply.text).strip()[:500]
    text = re.sub(r"(?<![\w/])(/[\w.+@-]+){2,}/?", "(path)", text)
    return f"{reply.error}: {text}" if text else reply.error
