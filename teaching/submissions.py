"""Find the notebooks in what a course's system exports, a folder or a zip.

Forms, which may be mixed:

- Moodle, "Download all submissions": `Full Name_1234567_assignsubmission_file_/FILE` in folders,
  `Full Name_1234567_assignsubmission_file_FILE` flat. The number is the grading worksheet's.
- Canvas, "Download Submissions": `lastnamefirst_USER_FILE-ID_FILE`, with `_LATE` after the name
  where it applies, `FILE-1` for a resubmission; `anon_CODE_FILE-ID_FILE` where grading is
  anonymous; the name is that of the group for a group's, and `studenttest` for the test student's.
  A text or a link handed in is `lastnamefirst_USER_text.html` or `..._link.html`.
- nbgrader and JupyterHub: `submitted/STUDENT/ASSIGNMENT/FILE`, also `STUDENT/FILE`.
- plain: `STUDENT.ipynb`.

Names in an archive are never used as paths, and links are never followed: what is found is written
to `KEY.ipynb`, under a key made of safe characters.
"""

import io
import re
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from teaching.archives import BROKEN, Entry, Problem, in_folder, in_zip

MOST_IN_ALL = 4_000_000_000  # bytes read from one export
MOST_ENTRIES = 50_000
RUBBISH = re.compile(r"__MACOSX|\.ipynb_checkpoints|\.DS_Store|\._.*|Thumbs\.db|desktop\.ini")
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.S)
CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>\d+|(?:(?<=anon_)|(?<=anon_LATE_))[A-Za-z0-9]+)"
    r"_(?:(?P<upload>\d+)_(?P<file>.+)|(?:text|link)\.html)",
    re.S,
)
COPY = re.compile(r"(?:-(\d{1,3})| ?\((\d{1,3})\))$")  # Canvas and browsers number copies of a file
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)  # no file names on Windows


class SubmissionsError(ValueError):
    """The export as a whole cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """What one student (or group) handed in.

    `student` is unique, letter case aside, and safe as a file name; `lms_id` is the system's
    number. Without a `notebook` the `problem` says why.
    """

    student: str
    name: str
    lms: Literal["moodle", "canvas", "plain"]
    lms_id: str
    late: bool
    notebook: Path | None
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class _File:
    """An entry, and what the system's name for it says."""

    entry: Entry
    name: str
    late: bool = False
    upload: int = 0


def collect(source: Path, into: Path, assignment: str) -> list[Submission]:
    """The submissions in a folder or zip, sorted by key; their notebooks are copied to `into`.

    Of several notebooks the one named as the assignment counts, else the newest.
    What is wrong with one submission is its `problem`; SubmissionsError is for the whole.
    """
    if source.is_dir():
        entries = list(in_folder(source))
    elif zipfile.is_zipfile(source):
        try:
            entries = list(in_zip(zipfile.ZipFile(source), MOST_ENTRIES))
        except (Problem, *BROKEN) as error:
            raise SubmissionsError(f"{source}: {error}; export the submissions again") from None
    else:
        raise SubmissionsError(f"{source}: give a folder or a zip, as your system exports it")
    groups = _by_student(entries, source.stem, assignment)
    if not groups:
        raise SubmissionsError(f"{source}: there are no submissions in it")
    into.mkdir(parents=True, exist_ok=True)
    keys = _keys(groups)
    left = MOST_IN_ALL
    submissions = []
    for (lms, lms_id, name), files in sorted(groups.items(), key=lambda item: keys[item[0]]):
        key, problem, target = keys[lms, lms_id, name], "", None
        notes: list[str] = []
        try:
            content, notes = _choose(files, assignment)
            left -= len(content)
            if left < 0:
                raise SubmissionsError(f"{source}: more than {MOST_IN_ALL:,} bytes of notebooks")
            target = into / f"{key}.ipynb"
            target.write_bytes(content)
        except Problem as error:
            problem = str(error)
        late = any(file.late for file in files)
        submissions.append(Submission(key, name, lms, lms_id, late, target, tuple(notes), problem))
    return submissions


_Key = tuple[Literal["moodle", "canvas", "plain"], str, str]  # system, its id, name


def _by_student(entries: list[Entry], wrapper: str, assignment: str) -> dict[_Key, list[_File]]:
    """The files of each student, by the form in which the system names them.

    `wrapper` is the export's own name, that of a folder round all others. A student all of whose
    files are for another assignment has none.
    """
    groups: dict[_Key, list[_File]] = defaultdict(list)
    plain: list[tuple[tuple[str, ...], Entry]] = []
    for entry in entries:
        parts = entry.path.parts
        if any(RUBBISH.fullmatch(part) for part in parts):
            continue
        moodle = next((m for part in parts[:2] if (m := MOODLE.fullmatch(part))), None)
        if moodle:
            name = moodle["file"] or parts[-1]
            groups["moodle", moodle["id"], moodle["name"]].append(_File(entry, name))
        elif parts[:-1] in ((), (wrapper,)) and (canvas := CANVAS.fullmatch(parts[-1])):
            file = _File(
                entry, canvas["file"] or "", bool(canvas["late"]), int(canvas["upload"] or 0)
            )
            groups["canvas", canvas["id"], canvas["name"]].append(file)
        else:
            plain.append((parts, entry))
    tops = {parts[0] for parts, _ in plain}
    if len(tops) == 1 and tops <= {"submitted", wrapper}:
        plain = [(parts[1:] or parts, entry) for parts, entry in plain]
    folders = any(len(parts) > 2 and parts[1] == assignment for parts, _ in plain)
    for parts, entry in plain:
        alone = len(parts) == 1
        if alone and entry.path.suffix.lower() not in (".ipynb", ".zip"):
            continue  # a README beside the submissions, say
        files = groups["plain", "", PurePosixPath(parts[0]).stem if alone else parts[0]]
        if alone or not folders or parts[1] == assignment:
            files.append(_File(entry, assignment + entry.path.suffix if alone else parts[-1]))
    return groups


def _keys(groups: dict[_Key, list[_File]]) -> dict[_Key, str]:
    """A name for the files of each student that is unique and safe on every system."""
    keys: dict[_Key, str] = {}
    taken: set[str] = set()
    for lms, lms_id, name in sorted(groups):
        text = unicodedata.normalize("NFKC", f"{name}_{lms_id}" if lms_id else name)
        text = re.sub(r"[^\w.@+-]+", "-", text[-60:]).strip(".-+@") or "student"
        text = f"_{text}" if DEVICES.fullmatch(text) else text
        key, number = text, 1
        while key.casefold() in taken:
            number += 1
            key = f"{text}-{number}"
        taken.add(key.casefold())
        keys[lms, lms_id, name] = key
    return keys


def _choose(files: list[_File], assignment: str) -> tuple[bytes, list[str]]:
    """The content of the notebook that counts, and notes on the choice.

    Where there is none among a student's files, the best zip is searched. Raises Problem.
    """
    found = [file for file in files if file.name.lower().endswith(".ipynb")]
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    notes = []
    if not found and zips:
        chosen = max(zips, key=lambda file: _rank(file, assignment))
        notes.append(f"taken from {chosen.name}")
        try:
            archive = zipfile.ZipFile(io.BytesIO(chosen.entry.read()))
            entries = list(in_zip(archive, 1000))
        except (Problem, *BROKEN) as error:
            raise Problem(f"{chosen.name}: {error}") from None
        found = [
            _File(entry, entry.path.name)
            for entry in entries
            if entry.path.suffix.lower() == ".ipynb"
            and not any(RUBBISH.fullmatch(part) for part in entry.path.parts)
        ]
    if not found:
        there = ", ".join(sorted(file.name for file in files if file.name)) or "no file"
        raise Problem(f"no notebook was handed in, but {there[:200]}")
    chosen = max(found, key=lambda file: _rank(file, assignment))
    if len(found) > 1:
        others = ", ".join(sorted(file.name for file in found if file is not chosen))
        notes.append(f"{chosen.name} counts, not {others[:200]}")
    if _plain_stem(chosen.name)[0] != assignment:
        notes.append(f"the file was called {chosen.name[:100]}")
    try:
        return chosen.entry.read(), notes
    except Problem as error:
        raise Problem(f"{chosen.name}: {error}") from None


def _rank(file: _File, assignment: str) -> tuple[bool, int, int, float, str]:
    stem, number = _plain_stem(file.name)
    return stem == assignment, number, file.upload, file.entry.time, str(file.entry.path)


def _plain_stem(name: str) -> tuple[str, int]:
    stem = PurePosixPath(name).stem
    copy = COPY.search(stem)
    return (stem[: copy.start()], int(copy[1] or copy[2])) if copy else (stem, 0)
