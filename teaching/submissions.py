"""Find the notebook of each student in what a course's system exports, a folder or a zip.

Every file of the export ends in one line: graded, set aside with a reason, or not understood.
Whose a file is says `forms.py`, which of a student's files counts `choice.py`. Names in an archive
are never used as paths, and links are never followed: what is found is written to `KEY.ipynb`,
under a key made of safe characters.
"""

import hashlib
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from teaching.archives import BROKEN, Problem, in_folder, in_zip
from teaching.authoring import Assignment
from teaching.choice import EXPORT, choose
from teaching.forms import BLACKBOARD, File, Student, sort_out

MOST_IN_ALL = 4_000_000_000  # bytes of all that are kept
MOST_ENTRIES = 50_000
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)  # no file names on Windows

Outcome = Literal["graded", "set aside", "not understood"]


class SubmissionsError(ValueError):
    """The export as a whole cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """What one student (or group) handed in.

    `student` is unique, letter case aside, and safe as a file name; `lms_id` is the system's
    number. Without a `notebook` the `problem` says why. `review` asks for a teacher's eyes.
    """

    student: str
    name: str
    lms: Literal["moodle", "canvas", "plain"]
    lms_id: str
    late: bool
    notebook: Path | None
    notes: tuple[str, ...] = ()
    problem: str = ""
    review: bool = False
    blackboard: bool = False  # and its name ends in the account


@dataclass(frozen=True)
class Line:
    """What became of one file of the export, and why where it was not graded."""

    file: str
    student: str
    outcome: Outcome
    why: str = ""


def collect(
    source: Path, into: Path, assignment: Assignment
) -> tuple[list[Submission], list[Line]]:
    """The submissions in a folder or zip, sorted by key, and a line for each file, sorted.

    The notebooks are copied to `into`, and others there removed. Of several notebooks that counts
    in which something was done, that has the assignment's name, and that is the newest, in this
    order; the choice is for review. What is wrong with one submission is its `problem`;
    SubmissionsError is for the whole.
    """
    if source.is_dir():
        inside, outside = into.resolve(), source.resolve()
        if outside in (inside, *inside.parents) or inside in outside.parents:
            raise SubmissionsError(f"{into}: write to a folder outside of {source}, with --out")
        entries = list(in_folder(source))
    elif zipfile.is_zipfile(source):
        try:
            entries = list(in_zip(zipfile.ZipFile(source), MOST_ENTRIES))
        except (Problem, *BROKEN) as error:
            raise SubmissionsError(f"{source}: {error}; export the submissions again") from None
    else:
        raise SubmissionsError(f"{source}: give a folder or a zip, as your system exports it")
    lines: list[Line] = []
    groups: dict[Student, list[File]] = defaultdict(list)
    for entry, found in sort_out(entries, source.stem, assignment.name):
        if isinstance(found, str):
            known = found and not entry.odd
            lines.append(
                Line(str(entry.path)[:1000], "", "set aside" if known else "not understood", found)
            )
        else:
            groups[found[0]].append(found[1])
    if not groups:
        raise SubmissionsError(f"{source}: there are no submissions in it")
    into.mkdir(parents=True, exist_ok=True)
    for old in into.glob("*.ipynb"):
        old.unlink()
    left = MOST_IN_ALL
    submissions = []
    for student, key in sorted(_keys(groups).items(), key=lambda item: item[1]):
        files, target = groups[student], None
        choice = choose(student, files, assignment)
        if len(groups) == 1 and EXPORT in choice.problem:
            raise SubmissionsError(f"{source}: {files[0].entry.path}: {EXPORT}")
        if choice.counts:
            left -= len(choice.content)
            if left < 0:
                raise SubmissionsError(f"{source}: more than {MOST_IN_ALL:,} bytes of notebooks")
            target = into / f"{key}.ipynb"
            target.write_bytes(choice.content)
        late = any(file.late for file in files)
        submissions.append(
            Submission(key, student.name, student.lms, student.lms_id, late, target,
                       tuple(choice.notes), choice.problem, choice.review,
                       any(_is_blackboards(file, student) for file in files))
        )  # fmt: skip
        for file in files:
            aside = "" if file is choice.counts else choice.aside.get(file, choice.problem)
            outcome: Outcome = "set aside" if aside else "graded"
            lines.append(Line(str(file.entry.path), key, outcome, aside))
    return submissions, sorted(lines, key=lambda line: line.file)


def _is_blackboards(file: File, student: Student) -> bool:
    """Whether a student is known by a file's name in Blackboard's form."""
    found = BLACKBOARD.fullmatch(file.entry.path.name)
    return found is not None and found["name"] == student.name


def _keys(students: dict[Student, list[File]]) -> dict[Student, str]:
    """A name for the files of each student that is unique and safe on every system.

    It tells two students apart without asking who else is there: where the name alone would not,
    as where a sign was replaced, it ends in a hash. Only names that differ in nothing but letter
    case both get one.
    """
    texts: dict[Student, str] = {}
    for student in students:
        whole = f"{student.name}_{student.lms_id}" if student.lms_id else student.name
        whole = unicodedata.normalize("NFKC", whole)
        text = re.sub(r"[^\w.@+-]+", "-", whole[-50:]).strip(".-+@") or "student"
        text = f"_{text}" if DEVICES.fullmatch(text) else text
        exact = student.lms_id or text == student.name
        texts[student] = text if exact else f"{text}-{_hash(student)}"
    count = Counter(text.casefold() for text in texts.values())
    return {
        student: text if count[text.casefold()] == 1 else f"{text}-{_hash(student)}"
        for student, text in texts.items()
    }


def _hash(student: Student) -> str:
    return hashlib.sha256("\0".join(student).encode()).hexdigest()[:6]
