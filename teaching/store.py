"""The folder OUT of a class: what is kept in it, and how its files are written.

`class.json` names the assignment and the students; `results/STUDENT.json` is what was graded, with
a hash of all that it depends on, the grader included; in `hand.csv` the instructor gives points, in
`review.csv` says who was looked at; `submissions/` and `files.csv` say what was handed in;
everything else is made from these.
"""

import functools
import hashlib
import json
import os
import re
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from teaching import earlier
from teaching.authoring import Assignment
from teaching.submissions import Submission

STATUSES = ("graded", "review", "failed", "missing")
# What nobody sees, or what changes the direction of what follows: control and format characters,
# tags, variation selectors, fillers and blanks that are no space.
HIDDEN = (
    "\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
EMOJI = (
    "\xa9\xae\u203c\u2049\u2190-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
JOINED = "\u0600-\u1fff"  # the scripts that join letters, or keep them apart, by such signs
SHOWN = re.compile(
    f"(?P<kept>[{EMOJI}]\ufe0f?(\u200d(?=[{EMOJI}]))?|[#*0-9]\ufe0f(?=\u20e3)"
    f"|(?<=[{JOINED}])[\u200c\u200d](?=[{JOINED}]))|[{HIDDEN}]"
)


class ClassError(ValueError):
    """A file of the class must be mended by the instructor: which, where and how."""


def read_class(out: Path) -> dict[str, Any]:
    """What `class.json` says; ClassError where there is none, or not one that `grade` wrote."""
    path = out / "class.json"
    if not path.exists():
        raise ClassError(f"{out}: not the folder of a class; give one that `grade` wrote")
    about = _json(path)
    kinds = {"assignment": str, "title": str, "tasks": list, "students": dict}
    if not isinstance(about, dict) or not _has(about, kinds):
        raise ClassError(f"{path}: not as `grade` wrote it; delete it and grade again")
    return about


def hash_of(content: bytes, assignment: Assignment) -> str:
    """The hash of a notebook, of its assignment with earlier editions, and of `grader`."""
    tasks = [asdict(task) for task in assignment.tasks]
    parts = [assignment.name, assignment.notebook, tasks, earlier.read(assignment.name), grader()]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(hashlib.sha256(content).digest() + text.encode()).hexdigest()


@functools.cache
def grader() -> str:
    """The hash of what grades but the assignment: this package, Python, Keras and its backend."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("keras", "tensorflow", "tensorflow-cpu", "numpy", "scikit-learn"):
        try:
            digest.update(f"{name} {metadata.version(name)}\n".encode())
        except metadata.PackageNotFoundError:
            continue
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_result(path: Path) -> dict[str, Any]:
    """What `write_result` wrote, or nothing where there is none; ClassError for anything else."""
    if not path.exists():
        return {}
    saved = _json(path)
    if not _is_result(saved):
        raise ClassError(f"{path}: not as `grade` wrote it; delete it and grade again")
    found: dict[str, Any] = saved
    return found


def _is_result(saved: Any) -> bool:
    """Whether JSON has all that the tables and pages ask of it."""
    about = {"student": str, "name": str, "lms": str, "lms_id": str, "late": bool, "review": bool}
    graded = {"status": str, "cpu_seconds": float | int, "tasks": list, "cells": list}
    task = {"id": str, "score": float | int | None, "outcome": str, "message": str}
    cell = {"id": str, "source": str, "output": str, "images": list}
    return (
        _has(saved, {"hash": str, "grader": str, "submission": dict, "result": dict})
        and _has(saved["submission"], about | {"notes": list})
        and _has(saved["result"], graded | {"flags": list, "notes": list})
        and saved["result"]["status"] in STATUSES
        and all(_has(t, task) for t in saved["result"]["tasks"])
        and all(_has(c, cell) for c in saved["result"]["cells"])
    )


def _has(data: Any, kinds: dict[str, Any]) -> bool:
    return isinstance(data, dict) and all(isinstance(data.get(k), t) for k, t in kinds.items())


def _json(path: Path) -> Any:
    """What a file of the class says, and None where it is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0][0])
    return found["kept"] or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def visible(data: Any) -> Any:
    """JSON with escapes in its texts for what nobody sees, or what reorders what they see.

    Emoji of several signs, and the joiners between letters of Arabic, Persian or Hindi, stay.
    """
    if isinstance(data, str):
        return SHOWN.sub(_shown, data)
    if isinstance(data, list):
        return [visible(item) for item in data]
    if isinstance(data, dict):
        return {key: visible(item) for key, item in data.items()}
    return data


def write_result(results: Path, submission: Submission, hash: str, result: dict[str, Any]) -> None:
    """Write a submission and how it was graded into the folder of the results."""
    about = asdict(submission)
    del about["notebook"], about["problem"]
    record = {"hash": hash, "grader": grader(), "submission": about, "result": result}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    write(results / f"{submission.student}.json", text)


def write(path: Path, text: str) -> None:
    """Write whole or not at all; what UTF-8 cannot hold becomes a question mark."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text.encode("utf-8", "replace"))
    os.replace(new, path)
