"""The folder OUT of a class: what is kept in it, and how its files are written.

`class.json` names the assignment and the students; `results/STUDENT.json` is what was graded, with
a hash of all that it depends on; `hand.csv` is where the instructor gives points; everything else
is made from these.
"""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from teaching.authoring import Assignment
from teaching.submissions import Submission


class ClassError(ValueError):
    """A file of the class must be mended by the instructor: which, where and how."""


def read_class(out: Path) -> dict[str, Any]:
    """What `class.json` says; ClassError where there is none."""
    if not (out / "class.json").exists():
        raise ClassError(f"{out}: not the folder of a class; give one that `grade` wrote")
    about: dict[str, Any] = json.loads((out / "class.json").read_text("utf-8"))
    return about


def hash_of(content: bytes, assignment: Assignment) -> str:
    """The hash of a notebook and of the assignment, hidden tests included, that grades it."""
    parts = [assignment.name, assignment.notebook, [asdict(task) for task in assignment.tasks]]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(hashlib.sha256(content).digest() + text.encode()).hexdigest()


def read_result(path: Path) -> dict[str, Any]:
    """What `write_result` wrote, or nothing."""
    try:
        saved: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return saved


def write_result(results: Path, submission: Submission, hash: str, result: dict[str, Any]) -> None:
    """Write a submission and how it was graded into the folder of the results."""
    about = asdict(submission)
    del about["notebook"], about["problem"]
    record = {"hash": hash, "submission": about, "result": result}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    write(results / f"{submission.student}.json", text)


def write(path: Path, text: str) -> None:
    """Write whole or not at all; what UTF-8 cannot hold becomes a question mark."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text.encode("utf-8", "replace"))
    os.replace(new, path)
