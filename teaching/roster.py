"""The roster of a course: a CSV file with the columns `student` and `name`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from teaching.forms import owner
from teaching.source import AuthoringError
from teaching.submissions import Submission
from teaching.tables import TableError, read_table

NOBODY = {"student": "", "name": ""}
BLIND = "participant"  # the name of all in Moodle's anonymous submissions
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


def match(
    submissions: list[Submission], listed: Roster, assignment: str
) -> tuple[list[Submission], dict[str, dict[str, str]], set[str]]:
    """The submissions with notes on what is odd about their rows in the roster, and the rows.

    The last are the ids of the roster who may have handed in one whose name is not theirs alone.
    """
    asked = {submission.student: find(listed, submission, assignment) for submission in submissions}
    rows = {key: found for key, (found, _) in asked.items()}
    students = {key: found[0] if len(found) == 1 else NOBODY for key, found in rows.items()}
    unclear = {row["student"] for found in rows.values() if len(found) > 1 for row in found}
    count = Counter(row["student"] for row in students.values())
    noted = []
    for submission in submissions:
        key, note = submission.student, ""
        found = [row["student"] for row in rows[key]]
        if listed and not found:
            others, name = asked[key][1], submission.name
            note = f"{name} is not in the roster"
            if submission.lms == "plain":
                name = owner(name, assignment) or name
            if others:
                there = " and ".join(f"{row['student']} is {row['name'] or '?'}" for row in others)
                note += f", where {there}; if they are one and no group"
            else:
                note += "; if it is somebody's there"
            note += f", write {name} into the column name"
        elif len(found) > 1:
            one = " or ".join(found)
            note = f"{one} in the roster? write {key} into the column name of whose it is"
        elif found and count[found[0]] > 1:
            note = f"several submissions are of {found[0]} in the roster"
        if note:
            submission = replace(submission, notes=(*submission.notes, note), review=True)
        noted.append(submission)
    return noted, students, unclear


def absent(
    listed: Roster,
    students: dict[str, dict[str, str]],
    unclear: set[str],
    earlier: dict[str, dict[str, str]],
) -> dict[str, dict[str, str]]:
    """The rows of those who handed in nothing, by keys that no submission has.

    Who handed in before keeps the key, and with it the points by hand.
    """
    before = {row["student"]: key for key, row in earlier.items()}
    seen = {row["student"] for row in students.values()} | unclear
    missing: dict[str, dict[str, str]] = {}
    for row in (row for rows in listed.values() for row in rows):
        if row["student"] and row["student"] not in seen:
            seen.add(row["student"])
            key = before.get(row["student"], row["student"])
            while key.casefold() in {student.casefold() for student in (*students, *missing)}:
                key += "-absent"
            missing[key] = row
    return missing


def find(
    roster: Roster, submission: Submission, assignment: str
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows that may be those of a submission, one where all is well; and rows of another name.

    The latter have its number, or an account that is a part of its name, and alone prove nothing:
    Moodle numbers groups too, and a family name can be another's account.
    """

    def rows(text: str) -> list[dict[str, str]]:
        return roster.get(fold(text)) or roster.get(_number(text)) or []

    numbered = bool(submission.lms_id) or submission.lms == "moodle"
    if (submission.lms_id or not numbered) and (named := rows(submission.student)):
        return named, []  # written there, as a note asked
    ids, names = rows(submission.lms_id), rows(submission.name)
    accounts: list[dict[str, str]] = []
    if numbered and submission.lms != "canvas":  # a name, and no account of another
        names = [row for row in names if fold(row["name"]) == fold(submission.name)]
    elif not numbered and not names:
        last = submission.name.rpartition("/")[2]
        names = rows(owner(submission.name, assignment)) or rows(last)
        if not names:
            names, accounts = _by_account(last, submission.blackboard, rows)
    both = [row for row in ids if row in names]
    if both or not ids:
        return both or names, accounts
    if submission.lms == "canvas":  # whose numbers are those of its users
        return [*ids, *names], []
    if names:
        return names, []
    fits = [row for row in ids if _fits(row, submission.name, 2)]
    fits = ids if fold(submission.name) == BLIND else fits
    return fits, [] if fits else ids


def _by_account(
    name: str, blackboard: bool, rows: Callable[[str], list[dict[str, str]]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What `find` returns, by the account in ILIAS' LAST_FIRST_ACCOUNT_NUMBER or at a name's end.

    An account may have the sign between the parts. But in Blackboard's form, and as the third of
    four parts in ILIAS', it must be of somebody whose name is there, too.
    """
    parts = name.split("_")
    ilias = len(parts) > 3 and parts[-1].isdecimal()
    if ilias:
        parts.pop()
        if len(parts) == 3 and (found := rows(parts[-1])):
            return found, []
    ends = ["_".join(parts[start:]) for start in range(len(parts))]
    if ilias:
        ends += ["_".join(parts[a:b]) for b in range(1, len(parts)) for a in range(b)]
    known = [row for end in ends if not end.isdecimal() for row in rows(end)]
    known = [*{row["student"]: row for row in known}.values()]
    if blackboard:
        return known, []
    fits = [row for row in known if _fits(row, name)]
    return fits, [] if fits else known


def _fits(row: dict[str, str], name: str, least: int = 1) -> bool:
    """Whether all words of a row's name, at least so many, are in another, or all of it in them."""
    ours, theirs = set(fold(row["name"]).split()), set(fold(name).split())
    return len(ours & theirs) >= least and (ours <= theirs or theirs <= ours)


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
        columns, rows, lines = read_table(path)
    except TableError as error:
        raise AuthoringError(str(error)) from None
    if not rows or "student" not in columns:
        raise AuthoringError(f"{path}: add a header line `student,name` and a line per student")
    students = [row["student"].strip() for row in rows]
    seen: dict[str, int] = {}
    for line, student in zip(lines, students, strict=True):
        where = f"{path}: line {line}, column student: got {student!r}"
        if re.fullmatch(r"\d([.,]\d+)?E\+\d+", student):
            raise AuthoringError(
                f"{where}, as a spreadsheet writes a long number; format the column as text"
            )
        if not re.fullmatch(r"[\w@+-][\w.@+-]*", student):
            raise AuthoringError(f"{where}; give an id of letters, digits and . _ @ + -")
        if student in seen:
            raise AuthoringError(f"{where}, which line {seen[student]} has, too; use each id once")
        seen[student] = line
    return [
        {"student": student, "name": row.get("name", "").strip()}
        for student, row in zip(students, rows, strict=True)
    ]
