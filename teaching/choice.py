"""Choose among the files of one student the notebook that counts, and say what is odd about it."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from teaching.alignment import cells_of, is_touched, notebook_of
from teaching.archives import Entry, Problem, in_students_zip
from teaching.authoring import Assignment, solutions
from teaching.forms import RUBBISH, File, Student, is_export, is_notebook, is_zip, likeness

MOST_KEPT = 20_000_000  # bytes of a notebook; of a larger one the sources are kept
EXPORT = "it is the export of a class: unpack it, and grade what was in it"
MOST_TO_CHOOSE = 10  # notebooks of one student that are looked into


@dataclass(frozen=True)
class _Notebook:
    """One that a student handed in: the file that it is or lies in, and its path there."""

    file: File
    entry: Entry
    path: PurePosixPath
    alike: int  # to the assignment's name

    def __str__(self) -> str:
        inside = self.entry is not self.file.entry
        return f"{self.path} in {self.file.path}" if inside else str(self.path)


@dataclass
class Choice:
    """The file that counts and its notebook's content, or a problem; and why others do not."""

    counts: File | None = None
    content: bytes = b""
    problem: str = ""
    review: bool = False
    notes: list[str] = field(default_factory=list)
    aside: dict[File, str] = field(default_factory=dict)

    def doubt(self, note: str) -> None:
        self.notes.append(note)
        self.review = True


def choose(student: Student, files: list[File], assignment: Assignment) -> Choice:
    """Choose among the files of a student."""
    choice = Choice()
    found = [notebook for file in files for notebook in _notebooks(file, assignment.name, choice)]
    if student.lms == "plain" and likeness(student.name, assignment.name) == 2:
        choice.doubt("whose is it? its name is that of the assignment")
    elif "/" in student.name:
        choice.doubt("one of several folders: of a student each, or attempts of one?")
    elif student.lms == "moodle" and not student.lms_id:
        choice.doubt("of a group: its points cannot be imported")
    best = found[0] if len(found) == 1 and not _is_elsewhere(student, found[0]) else None
    if found and not best:
        best = _best(student, found, assignment, choice)
    if not best:
        why = "; ".join(f"{file.path}: {why}" for file, why in choice.aside.items())
        choice.problem = f"no notebook was handed in, but {why[:500] or 'no file'}"
        if EXPORT not in why:
            choice.problem += f"; hand in {assignment.name}.ipynb"
        choice.notes = [note for note in choice.notes if note not in choice.problem]
        return choice
    if best.entry is not best.file.entry:
        choice.notes.append(f"taken from {best.file.path}")
    if best.alike < 2:
        choice.notes.append(f"the file was called {str(best.path.name)[:100]}")
    try:
        choice.content = _without_outputs(best.entry.read(), choice)
        choice.counts = best.file
    except Problem as error:
        choice.problem = f"{best}: {error}"
        choice.aside[best.file] = str(error)
    return choice


def _notebooks(file: File, assignment: str, choice: Choice) -> list[_Notebook]:
    """The notebook that a file is, or those in the zip that it is; else it is set aside."""
    alike = 2 if file.alone else likeness(file.path.name, assignment)
    if is_notebook(file.path.name) or (alike == 2 and file.path.suffix in ("", ".json", ".txt")):
        return [_Notebook(file, file.entry, file.path, alike)]
    if not is_zip(file.path.name):
        choice.aside[file] = "no notebook"
        return []
    try:
        if not (content := file.entry.read()):
            raise Problem("the file is empty")
        entries = in_students_zip(content, 1000)
        if file.alone and is_export(entry.path for entry in entries):
            raise Problem(EXPORT)
        found = [
            _Notebook(file, entry, entry.path, likeness(entry.path.name, assignment))
            for entry in entries
            if is_notebook(entry.path.name)
            and not any(RUBBISH.fullmatch(part) for part in entry.path.parts)
        ]
    except Problem as error:
        choice.aside[file] = str(error)
        choice.doubt(f"{file.path}: {error}")
        return []
    if not found:
        choice.aside[file] = "a zip without a notebook"
    return found


def _is_elsewhere(student: Student, notebook: _Notebook) -> bool:
    """Whether a notebook lies in a folder that may be that of another assignment."""
    inside = notebook.entry is not notebook.file.entry
    return student.lms == "plain" and not inside and len(notebook.path.parts) > 1


def _best(
    student: Student, found: list[_Notebook], assignment: Assignment, choice: Choice
) -> _Notebook | None:
    """Of several notebooks the one that counts; None where none is of this assignment."""
    ranked: list[tuple[tuple[bool, int, int, float, int, str], _Notebook]] = []
    seen: dict[bytes, _Notebook] = {}
    refused = []
    undated = any(one.file.order < 0 for one in found)  # then none is known to be the newest
    alike = Counter(map(str, found))

    def order(one: _Notebook) -> int:
        return 0 if undated else one.file.order

    def label(one: _Notebook) -> str:
        whole = one.file.entry.path
        inside = f"{one.path} in {whole}" if one.entry is not one.file.entry else str(whole)
        return inside if alike[str(one)] > 1 else str(one)

    found = sorted(found, key=lambda n: (n.alike, order(n), n.entry.time, label(n)), reverse=True)
    for number, one in enumerate(found):
        try:
            if number >= MOST_TO_CHOOSE:
                raise Problem(f"only {MOST_TO_CHOOSE} notebooks of a student are looked into")
            content = one.entry.read()
        except Problem as error:
            choice.aside[one.file] = str(error)
            refused.append(f"{label(one)} ({error})")
            continue
        digest = hashlib.sha256(content).digest()
        there, done = _progress(content, assignment)
        folders = one.path.parts[:-1]
        if digest in seen:
            choice.aside[one.file] = f"the same as {label(seen[digest])}"
        elif (
            _is_elsewhere(student, one)
            and not (one.alike or there)
            and not any(likeness(folder, assignment.name) == 2 for folder in folders)
        ):
            choice.aside[one.file] = "in another folder, and no answer of this assignment is in it"
        else:
            seen[digest] = one
            rank = (done > 0, one.alike, order(one), one.entry.time, done, label(one))
            ranked.append((rank, one))
    if not ranked:
        return None
    _, best = max(ranked, key=lambda item: item[0])
    others = [one for _, one in ranked if one is not best]
    for one in others:
        choice.aside[one.file] = f"{label(best)} counts"
    if others or refused:
        note = f"{label(best)} counts, not {', '.join([*map(label, others), *refused])[:500]}"
        why = "; the dates of its attempts are not understood: look which is the newest"
        choice.doubt(note + why * undated)
    return best


def _progress(content: bytes, assignment: Assignment) -> tuple[int, int]:
    """How many of the assignment's answers a notebook has room for, and how many are there."""
    try:
        cells = cells_of(notebook_of(content))
    except ValueError:
        return 0, 0
    theirs = {id_: cell["source"] for cell in reversed(cells) for id_ in reversed(cell["ids"])}
    found = [theirs[id_] for id_ in solutions(assignment) if id_ in theirs]
    return len(found), sum(map(is_touched, found))


def _without_outputs(content: bytes, choice: Choice) -> bytes:
    """The notebook as it is, or, where it is large, what of it is graded. Raises Problem."""
    if len(content) <= MOST_KEPT:
        return content
    try:
        notebook = notebook_of(content)
    except ValueError as error:
        raise Problem(f"{error}; it has {len(content) // 1_000_000} MB") from None
    for cell in notebook["cells"]:
        if isinstance(cell, dict):
            cell.pop("attachments", None)
            if "outputs" in cell:
                cell["outputs"] = []
    notebook["metadata"] = {}
    kept = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    if len(kept) > MOST_KEPT:
        raise Problem(f"without outputs it still has more than {MOST_KEPT // 1_000_000} MB")
    choice.notes.append(f"{(len(content) - len(kept)) // 1_000_000} MB of outputs were left out")
    return kept
