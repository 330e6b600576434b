"""Whose a file of an export is: the forms in which courses' systems name what they export.

- Moodle, "Download all submissions": `Full Name_1234567_assignsubmission_file_/FILE` in folders,
  `Full Name_1234567_assignsubmission_file_FILE` flat. The number is the grading worksheet's, or
  that of a group; the default group has none.
- Canvas, "Download Submissions": `lastnamefirst_USER_FILE-ID_FILE`, with `_LATE` after the name
  where it applies; `anon_CODE_FILE-ID_FILE`, or `LATE_anon_...`, where grading is anonymous; the
  name is that of the group for a group's, and `studenttest` for the test student's.
  A text or a link handed in is `lastnamefirst_USER_text.html` or `..._link.html`.
- Brightspace: `USER-FOLDER - Full Name - Sep 24, 2024 926 PM/FILE`, a folder for each attempt.
- Blackboard: `ASSIGNMENT_account_attempt_2024-09-24-09-26-00_FILE`, and a `.txt` on each attempt.
- nbgrader and JupyterHub: `submitted/STUDENT/ASSIGNMENT/FILE`, `STUDENT/FILE`, and the exchange's
  `STUDENT+ASSIGNMENT+TIME/FILE`.
- ILIAS, Teams and others: `STUDENT/FILE`.
- plain: `STUDENT.ipynb`.

Folders round all of this are seen through. A student is known by the names of his or her own files
and of the folders round them; what lies in a folder of another form is not asked.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from teaching.archives import MOST_DEEP, Entry

RUBBISH = re.compile(r"__MACOSX|\.ipynb_checkpoints|\.DS_Store|\._.*|Thumbs\.db|desktop\.ini", re.I)
LISTS = re.compile(r"index\.html?|status\.(csv|xlsx?)", re.I)  # Brightspace's, and ILIAS'
SIGN = "_assignsubmission_"
MOODLE_FOLDER = re.compile(rf"(?P<name>.+?)(_(?P<id>\d+))?{SIGN}[a-z]+_?", re.S)
MOODLE = re.compile(rf"{MOODLE_FOLDER.pattern}(?P<file>.*)", re.S)
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[A-Za-z0-9]+)_((?P<upload>\d+)_(?P<file>.+)|(text|link)\.html)",
    re.S,
)
CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>\d+)_((?P<upload>\d+)_(?P<file>.+)|(text|link)\.html)",
    re.S,
)
BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<name>.+) - (?P<date>(\d{4}-\d\d-\d\d|[^-]*\d{4})[^-]*)", re.S
)
BLACKBOARD = re.compile(
    r"(?P<name>.+)_attempt_(?P<date>\d{4}(-\d\d){5})(_(?P<file>.+)|\.txt)", re.S
)
EXCHANGE = re.compile(r"(?P<name>[^+]+)\+(?P<of>[^+]+)\+(?P<date>\d{4}-\d\d-\d\d \d\d.\d\d.\d\d.*)")
FORMS = MOODLE, BRIGHTSPACE, EXCHANGE, ANONYMOUS, CANVAS, BLACKBOARD
ILIAS = re.compile(r"(?P<name>[^_.]+_[^_.]+_[^.]+)_(?P<id>\d+)")
ENDINGS = ".ipynb", ".txt", ".json", ".zip"
COPY = "copy copia cópia copie kopie kopia kopi копия コピー 副本".split()
COPIES = [*COPY, *"another of de von van".split()]
NUMBER = re.compile(r"copy\d+|\d{1,3}|\d{14}")  # of a copy; ILIAS puts the time before a name


class Student(NamedTuple):
    """Who handed in: the system, its number for the student, and the name that it shows."""

    lms: Literal["moodle", "canvas", "plain"]
    lms_id: str
    name: str


@dataclass(frozen=True)
class File:
    """A file of a student, by its path among these; `order` is that of attempts or uploads.

    It is -1 where the date of an attempt is not understood.
    """

    entry: Entry
    path: PurePosixPath
    late: bool = False
    order: int = 0
    alone: bool = False  # and called by the student's name


@dataclass
class _Folder:
    files: list[tuple[str, Entry]] = field(default_factory=list)
    folders: dict[str, "_Folder"] = field(default_factory=lambda: defaultdict(_Folder))

    def below(self) -> Iterator[tuple[PurePosixPath, Entry]]:
        """All files in it and in its folders."""
        yield from ((PurePosixPath(name), entry) for name, entry in self.files)
        for name, folder in self.folders.items():
            yield from ((name / path, entry) for path, entry in folder.below())

    def notebooks(self) -> list[str]:
        """The names of what can be graded that lies directly in it."""
        return [name for name, _ in self.files if is_notebook(name) or is_zip(name)]


Owned = tuple[Entry, tuple[Student, File] | str]  # an entry and whose it is, or why nobody's


def sort_out(entries: Iterable[Entry], wrapper: str, assignment: str) -> Iterator[Owned]:
    """Each entry with its student; with a reason where it is set aside, an empty one where unknown.

    What has an odd path is nobody's.

    `wrapper` is the export's own name, that of a folder round all others.
    """
    root = _Folder()
    for entry in entries:
        if entry.odd:
            yield entry, entry.odd
            continue
        folder = root
        *above, name = entry.path.parts or ("(no name)",)
        if any(RUBBISH.fullmatch(part) for part in (*above, name)):
            yield entry, "a file of the system, not of a student"
            continue
        for part in above[:MOST_DEEP]:  # what lies deeper cannot be read
            folder = folder.folders[part]
        folder.files.append((name, entry))
    yield from _group(root, "", {"submitted", wrapper}, assignment)


def is_notebook(name: str) -> bool:
    """Whether a file is called as notebooks are; some browsers add an ending of their own."""
    return re.search(r"\.ipynb(\.txt|\.json)?$", name, re.I) is not None


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def is_export(paths: Iterable[PurePosixPath]) -> bool:
    """Whether the files of a zip are named as a system's export of several students."""
    students = set()
    for path in paths:
        parts = [part for part in path.parts if not RUBBISH.fullmatch(part)]
        found = (form.fullmatch(part) for part in parts for form in (*FORMS, ILIAS))
        if one := next(filter(None, found), None):
            students.add((one["name"], one.groupdict().get("id")))
    return len(students) > 1


def likeness(name: str, assignment: str) -> int:
    """How a file's name is that of an assignment: 2 as it is or a copy's, 1 in a longer one."""
    stem, whole = _plain(_stem(name)), _plain(assignment)
    found = re.fullmatch(rf"(.*-)?{re.escape(whole)}(-.*)?", stem)
    if not found:
        return 0
    words = f"{found[1] or ''}-{found[2] or ''}".split("-")
    return 2 if all(not w or w in COPIES or NUMBER.fullmatch(w) for w in words) else 1


def _stem(name: str) -> str:
    """A name without its endings, as many as there are."""
    while name.lower().endswith(ENDINGS):
        name = name[: name.rindex(".")]
    return name


def owner(name: str, assignment: str) -> str:
    """What a file's name says but the assignment's and that it is a copy: a student's, perhaps."""
    if likeness(name, assignment) == 2:
        return ""
    whole = r"[\W_]+".join(map(re.escape, re.split(r"[\W_]+", assignment)))
    copy = rf"(another[\W_]+)?({'|'.join(COPY)})\d*([\W_]+(of|de|von|van))?"
    words = rf"(?<![^\W_])({whole}|{copy})(?![^\W_])|\(\d{{1,3}}\)"
    rest = re.sub(words, " ", unicodedata.normalize("NFKC", name), flags=re.I)
    return re.sub(r"^[\W_]+|[\W_]+$", "", rest)


def _plain(name: str) -> str:
    """A name without what systems change in it: letter case, and signs between words."""
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-")


def _group(folder: _Folder, within: str, wrappers: set[str], assignment: str) -> Iterator[Owned]:
    """The files of a folder of students. `within` is the path of one that is not round all."""
    for name, entry in folder.files:
        owned = _by_name(name, entry, within)
        yield entry, owned or ("a list of the system's" if LISTS.fullmatch(name) else "")
    alone = not within and len(folder.folders) == 1 and not folder.notebooks()
    for name, inner in folder.folders.items():
        student, order = Student("plain", "", within + name), 0
        if not within and (found := MOODLE_FOLDER.fullmatch(name)):
            student = _moodle(found)
        elif not within and SIGN in name:  # nothing that Moodle writes; whose is it?
            yield from ((entry, "") for _, entry in inner.below())
            continue
        elif not within and (found := BRIGHTSPACE.fullmatch(name)):
            student, order = Student("plain", found["id"], found["name"]), _date(found["date"])
        elif not within and (found := EXCHANGE.fullmatch(name)):
            student, order = Student("plain", "", found["name"]), _date(found["date"])
            if _plain(found["of"]) != _plain(assignment):
                yield from ((entry, f"for {found['of']}") for _, entry in inner.below())
                continue
        elif _is_group(inner, name in wrappers, alone, assignment):
            yield from _group(inner, "" if alone else f"{within}{name}/", wrappers, assignment)
            continue
        for path, entry in inner.below():
            yield entry, (student, File(entry, path, order=order))


def _by_name(name: str, entry: Entry, within: str) -> tuple[Student, File] | None:
    """A file that lies in no student's folder, where its name says whose it is."""
    if not within and name.count(SIGN) > 1:  # in a student's name, or in that of a file?
        return None
    if not within and (found := MOODLE.fullmatch(name)):
        return _moodle(found), File(entry, PurePosixPath(found["file"] or name))
    if not within and (found := ANONYMOUS.fullmatch(name) or CANVAS.fullmatch(name)):
        path, order = PurePosixPath(found["file"] or name), int(found["upload"] or 0)
        student = Student("canvas", found["id"], found["name"])
        return student, File(entry, path, bool(found["late"]), order)
    if not within and (found := BLACKBOARD.fullmatch(name)):
        path = PurePosixPath(found["file"] or name)
        return Student("plain", "", found["name"]), File(entry, path, order=_date(found["date"]))
    if is_notebook(name) or is_zip(name):
        stem = _stem(name) or name
        return Student("plain", "", within + stem), File(entry, PurePosixPath(name), alone=True)
    return None


def _moodle(found: re.Match[str]) -> Student:
    return Student("moodle", found["id"] or "", found["name"])


def _is_group(folder: _Folder, wrapper: bool, alone: bool, assignment: str) -> bool:
    """Whether a folder holds students, and is not one.

    `alone` is one that lies round all others. Any other is taken for a student's, unless several
    of its folders have a notebook of the assignment's name.
    """
    direct = folder.notebooks()
    named = [name for name in direct if likeness(name, assignment)]
    if alone and any(
        form.fullmatch(name)
        for form in FORMS
        for name in (*folder.folders, *(name for name, _ in folder.files))
    ):
        return True
    holding = {
        name: [path for path, _ in inner.below() if is_notebook(path.name) or is_zip(path.name)]
        for name, inner in folder.folders.items()
    }
    holding = {name: paths for name, paths in holding.items() if paths}
    if direct:
        return alone and not named and (wrapper or len(direct) > 1 or bool(holding))
    for name, paths in holding.items():
        folders = {path.parts[0] for path in paths if len(path.parts) > 1}
        if likeness(name, assignment) == 2 and len(folders) < 2:
            return False  # STUDENT/ASSIGNMENT/FILE
    if alone:
        return bool(holding)
    return sum(any(likeness(p.name, assignment) for p in paths) for paths in holding.values()) > 1


def _date(text: str) -> int:
    """A number that grows with the date in a name, English or as of ISO 8601; else -1."""
    iso = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    american = r"(?P<month>[a-z]{3,})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})"
    british = r"(?P<day>\d{1,2}) (?P<month>[a-z]{3,})\.?,? (?P<year>\d{4})"
    time = r"[ T,-]+(?P<hour>\d{1,2})[:._-]?(?P<minute>\d\d)([:._-](?P<second>\d\d))?"
    for day in (iso, american, british):
        found = re.match(rf"{day}{time} ?((?P<half>[AP])M)?(?![a-z])", text.strip(), re.I)
        if found and (month := _month(found["month"])):
            hour = int(found["hour"])
            if found["half"]:
                hour = hour % 12 + 12 * (found["half"].upper() == "P")
            date = f"{found['year']}{month:02d}{int(found['day']):02d}"
            return int(f"{date}{hour:02d}{found['minute']}{found['second'] or '00'}")
    return -1


def _month(text: str) -> int:
    """The number of an English month, or of one as a number; 0 for others."""
    names = "january february march april may june july august september october november december"
    if text.isdecimal():
        return int(text)
    text = "sep" if text.lower() == "sept" else text.lower()
    return next((n for n, name in enumerate(names.split(), 1) if text in (name, name[:3])), 0)
