"""Do the assignments grade as stated? Reference, untouched and wrong solutions, each graded."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

from teaching import authoring
from teaching.authoring import Assignment
from teaching.sandbox import Sandbox
from teaching.source import AuthoringError


@dataclass(frozen=True)
class Outcome:
    """How one solution was graded: points of the checks as stated and as got, task by task."""

    solution: str
    stated: float
    score: float
    details: tuple[str, ...]
    complaint: bool = False  # the reference is in review, or an answer for the teacher fails

    @property
    def well(self) -> bool:
        return abs(self.score - self.stated) < 1e-9 and not self.complaint


def wrong_solutions(assignment: Assignment) -> list[dict[str, Any]]:
    """The wrong solutions of an assignment; raises AuthoringError."""
    path = authoring.ASSIGNMENTS / "wrong" / f"{assignment.name}.yml"
    if not path.exists():
        raise AuthoringError(f"{path}: write it, with at least three wrong solutions")
    try:
        wrong = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise AuthoringError(f"{path.name}: mend the YAML: {error}") from None
    if not isinstance(wrong, list) or len({str(w.get("name")) for w in wrong}) < 3:
        raise AuthoringError(f"{path.name}: list at least three wrong solutions, names distinct")
    there = authoring.solutions(assignment)
    for number, one in enumerate(wrong, 1):
        if set(one) != {"name", "score", "cells"} or not isinstance(one["cells"], dict):
            raise AuthoringError(f"{path.name}: entry {number}: give it name, score and cells")
        if unknown := one["cells"].keys() - there:
            raise AuthoringError(
                f"{path.name}: {one['name']}: {', '.join(sorted(unknown))} is no solution cell; "
                f"use {', '.join(there)}"
            )
    return wrong


def check(assignment: Assignment, sandbox: Sandbox) -> Iterator[Outcome]:
    """Grade each solution of an assignment.

    A wrong one is the reference with cells replaced, and without what is graded by hand.
    """
    from teaching.grading import grade

    full = sum(task.points for task in assignment.tasks if not task.by_hand)
    answers = authoring.solutions(assignment)
    solutions = [("reference", full, answers), ("untouched", 0.0, {})]
    by_hand = {task.id for task in assignment.tasks if task.by_hand}
    checked = {key: source for key, source in answers.items() if key not in by_hand}
    for one in wrong_solutions(assignment):
        solutions.append((one["name"], float(one["score"]), checked | one["cells"]))
    for name, stated, cells in solutions:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"{assignment.name}.ipynb")
            nbformat.write(authoring.answered(assignment, cells), path)
            result = grade(path, assignment, sandbox)
        graded = [task for task in result["tasks"] if task["outcome"] != "by hand"]
        details = [
            f"{t['id']}: {t['score']:g} of {t['points']:g}, {t['outcome']}. {t['message']}".strip()
            for t in graded
        ]
        failed = [
            f"{t['id']}: {t['message']}"
            for t in result["tasks"]
            if t["outcome"] == "by hand" and t["message"]
        ]
        score = sum(task["score"] for task in graded)
        complaint = name == "reference" and (result["status"] != "graded" or bool(failed))
        yield Outcome(name, stated, score, (*details, *failed, *result["notes"]), complaint)
