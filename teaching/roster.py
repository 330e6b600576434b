"""The roster of a course: a CSV file with the columns `student` and `name`."""

import re
import unicodedata
from pathlib import Path

from teaching.source import AuthoringError
from teaching.submissions import Submission
from teaching.tables import TableError, read_table

NOBODY = {"student": "", "name": ""}
DROPPED = str.maketrans("_", " ", "&<>\"'`´‘’:\\/|")  # by Moodle
Roster = dict[str, list[dict[str, str]]]  # rows by what may stand for them, folded


def read_students(path: Path) -> list[str]:
    """The column `student`; raises AuthoringError where one is no file name."""
    return [row["student"] for row in _rows(path)]


def read_roster(path: Path) -> Roster:
    """The rows by all that may stand for a student; several where it stands for several."""
    listed: Roster = {}
    for row in _rows(path):
        *first, last = row["name"].split() or [""]
        canvas = re.sub(r"[\W_]", "", "".join([last, *first]))
        aliases = {fold(row["student"]), fold(row["name"]), fold(canvas), _number(row["student"])}
        for alias in aliases - {""}:
            listed.setdefault(alias, []).append(row)
    return listed


def find(roster: Roster, submission: Submission) -> list[dict[str, str]]:
    """The rows that may be those of a submission: one where all is well."""

    def rows(text: str) -> list[dict[str, str]]:
        return roster.get(fold(text)) or roster.get(_number(text)) or []

    ids = rows(submission.lms_id)
    names = rows(submission.student) or rows(submission.name)
    if not names and submission.lms == "plain":  # the account, in ILIAS' and Blackboard's names
        parts = re.split(r"[_/]", submission.name)
        ends = {
            "_".join(parts[a:b]) for b in range(len(parts) + 1) for a in range(max(0, b - 4), b)
        }
        known = [row for end in sorted(ends) if not end.isdecimal() for row in rows(end)]
        names = list({row["student"]: row for row in known}.values())
    both = [row for row in ids if row in names]
    order = (both, ids, names) if submission.lms == "canvas" else (both, names, ids)
    return next((found for found in order if found), [])


def fold(text: str) -> str:
    """The text without what differs between systems: letter case, spaces, and some signs."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(DROPPED)
    return " ".join(text.split())


def _number(text: str) -> str:
    """An alias of a number that a spreadsheet may have taken the zeros from."""
    return f"number {text.lstrip('0')}" if re.fullmatch(r"\d+", text) else ""


def _rows(path: Path) -> list[dict[str, str]]:
    """Each row's `student`, which is a file name, and `name`; raises AuthoringError."""
    try:
        columns, rows = read_table(path)
    except TableError as error:
        raise AuthoringError(str(error)) from None
    if not rows or "student" not in columns:
        raise AuthoringError(f"{path}: add a header line `student,name` and a line per student")
    students = [row["student"].strip() for row in rows]
    for line, student in enumerate(students, 2):
        where = f"{path}: row {line}, column student: got {student!r}"
        if not re.fullmatch(r"[\w@+-][\w.@+-]*", student) or students.count(student) > 1:
            raise AuthoringError(f"{where}; use each id once, of letters, digits and . _ @ + -")
        if re.fullmatch(r"\d[.,]\d+E\+\d+", student):
            raise AuthoringError(
                f"{where}, as a spreadsheet writes a long number; format the column as text"
            )
    return [
        {"student": student, "name": row.get("name", "").strip()}
        for student, row in zip(students, rows, strict=True)
    ]
