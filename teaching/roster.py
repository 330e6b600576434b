"""The roster of a course: a CSV file with the columns `student` and `name`."""

import csv
import re
import unicodedata
from pathlib import Path

from teaching.source import AuthoringError

NOBODY = {"student": "", "name": ""}


def read_students(path: Path) -> list[str]:
    """The column `student`; raises AuthoringError where one is no file name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "student" not in rows[0]:
        raise AuthoringError(f"{path}: add a header line `student,name` and a line per student")
    students = [(row["student"] or "").strip() for row in rows]
    for line, student in enumerate(students, 2):
        if not re.fullmatch(r"[\w@+-][\w.@+-]*", student) or students.count(student) > 1:
            advice = "use each id once, of letters, digits and . _ @ + -"
            raise AuthoringError(f"{path}: row {line}, column student: got {student!r}; {advice}")
    return students


def read_roster(path: Path) -> dict[str, dict[str, str]]:
    """The rows by all that may stand for a student, folded; what stands for two is NOBODY's."""
    ids = read_students(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [(row.get("name") or "").strip() for row in csv.DictReader(file)]
    listed: dict[str, dict[str, str]] = {}
    for student, name in zip(ids, names, strict=True):
        row = {"student": student, "name": name}
        *first, last = name.split() or [""]
        canvas = re.sub(r"[\W_]", "", "".join([last, *first]))
        for alias in {fold(student), fold(name), fold(canvas)} - {""}:
            listed[alias] = NOBODY if alias in listed else row
    return listed


def fold(text: str) -> str:
    """The text without the differences of letter case, spaces and forms of Unicode."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
