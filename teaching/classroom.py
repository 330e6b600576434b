"""Grade a class: one job per submission, on this machine or on a Dask cluster, and its tables.

The folder OUT of a class: `results/STUDENT.json` is what was graded, with a hash of all that it
depends on; `hand.csv` is where the instructor gives points; everything else is made from these.
"""

import atexit
import csv
import hashlib
import io
import json
import os
import re
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from teaching import authoring, build, grading, submissions
from teaching.authoring import Assignment
from teaching.sandbox import Sandbox, SandboxMissing
from teaching.submissions import Submission

HAND = ["student", "task", "points", "max", "comment", "answer"]
CHANGE = "[the answer changed after {} points were given: look again]"
CHANGED = re.compile(re.escape(CHANGE).replace(r"\{\}", r"[\d.]+") + " ?")
STATUSES = ("graded", "review", "failed", "missing")
NOBODY = {"student": "", "name": ""}
LONGEST = 30_000  # characters in a cell, of which spreadsheets take 32,767


class ClassError(ValueError):
    """A file of the class must be mended by the instructor: which, where and how."""


@dataclass(frozen=True)
class Summary:
    """How many submissions have each status, and how many answers wait for points by hand."""

    out: Path
    graded: int
    review: int
    failed: int
    missing: int
    by_hand: int

    @property
    def attention(self) -> bool:
        """Whether a submission failed or needs review."""
        return bool(self.review or self.failed)

    def __str__(self) -> str:
        counts = f"{self.graded} graded, {self.review} to review, {self.failed} failed"
        counts += f", {self.missing} missing; {self.by_hand} answers to grade by hand"
        return f"{counts}: see {self.out / 'report.html'}"


@dataclass(frozen=True)
class _Job:
    submission: Submission
    content: bytes
    assignment: Assignment
    hash: str


def grade_class(
    source: Path,
    assignment_name: str,
    out: Path,
    *,
    jobs: int = -1,
    dask: str | None = None,
    private: Path | None = None,
    secret: bytes | None = None,
    roster: Path | None = None,
) -> Summary:
    """Grade what is missing or changed of the submissions in `source`, then `finish`.

    `jobs` is the number of processes, -1 one per core; `dask` a scheduler's address, whose
    workers need the same environment and this package; `roster` a CSV with `student` and `name`.
    Raises SandboxMissing, AuthoringError, SubmissionsError, ClassError; SystemExit when
    interrupted, after which the same call goes on.
    """
    common = authoring.load(assignment_name, secret=secret, private=private)
    listed = _read_roster(roster) if roster else {}
    results = out / "results"
    if (out / "class.json").exists() and (before := _about(out)["assignment"]) != assignment_name:
        raise ClassError(f"{out} has the grades of {before}; give {assignment_name} its own folder")
    results.mkdir(parents=True, exist_ok=True)
    students: dict[str, dict[str, str]] = {}
    todo: dict[str, _Job] = {}
    for submission in submissions.collect(source, out / "submissions", assignment_name):
        aliases = map(_fold, (submission.student, submission.name, submission.lms_id))
        row = next((row for alias in aliases if (row := listed.get(alias))), NOBODY)
        students[submission.student] = row
        own, problem = common, submission.problem
        if row["student"] and secret:
            own = authoring.load(
                assignment_name, student=row["student"], secret=secret, private=private
            )
        elif listed and secret:
            problem = problem or "not in the roster, or twice: mend it and grade again"
        if problem or submission.notebook is None:
            _save(results, submission, "", _failed(own, problem))
            continue
        content = submission.notebook.read_bytes()
        job = _Job(submission, content, own, _hash(content, own))
        old = _saved(results / f"{submission.student}.json")
        if old.get("hash") == job.hash:
            _save(results, submission, job.hash, old["result"])
        else:
            todo[submission.student] = job
            (results / f"{submission.student}.json").unlink(missing_ok=True)
    seen = {row["student"] for row in students.values()}
    for row in listed.values():
        if row["student"] and row["student"] not in seen:
            seen.add(row["student"])
            key = row["student"]
            while key.casefold() in {student.casefold() for student in students}:
                key += "-absent"
            students[key] = row
            result = _failed(common, "nothing was handed in") | {"status": "missing"}
            _save(results, Submission(key, row["name"], "plain", "", False, None), "", result)
    about = {
        "assignment": assignment_name,
        "title": common.about["title"],
        "tasks": [asdict(task) for task in common.tasks],
        "students": dict(sorted(students.items())),
    }
    _write(out / "class.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    done = 0
    try:
        run = _on_dask(todo, dask) if dask else _on_this_machine(todo, jobs)
        for student, result, keep in tqdm(run, total=len(todo), disable=None, unit="submission"):
            _save(results, todo[student].submission, todo[student].hash if keep else "", result)
            done += 1
    except KeyboardInterrupt:
        raise SystemExit(
            f"Stopped: {done} of {len(todo)} submissions were graded and are kept in {results}. "
            "The same command goes on with the rest."
        ) from None
    return finish(out)


def finish(out: Path) -> Summary:
    """Merge the points in `OUT/hand.csv` and write all tables, feedback and the report anew.

    Raises ClassError where a file of the class is missing or has points that cannot be.
    """
    from teaching import feedback, report  # with Matplotlib, which workers do not need

    about = _about(out)
    tasks = about["tasks"]
    records = []
    for student, row in about["students"].items():
        if not (saved := _saved(out / "results" / f"{student}.json")):
            raise ClassError(f"{out}: {student} is not graded; run `grade` again to go on")
        submission, result = saved["submission"], saved["result"]
        record = submission | result | {"notes": [*submission["notes"], *result["notes"]]}
        records.append(record | {"name": row["name"] or submission["name"]})
    by_hand = _merge(out / "hand.csv", tasks, records)
    for record in records:
        scores = [task["score"] for task in record["tasks"]]
        record["total"] = sum(score for score in scores if score is not None)
        record["max"] = sum(task["points"] for task in tasks)
        record["waiting"] = scores.count(None)
    _tables(out, about["title"], tasks, records)
    pages = {r["student"]: feedback.page(about["title"], tasks, r) for r in records}
    (out / "feedback").mkdir(exist_ok=True)
    for old in (out / "feedback").glob("*.html"):
        if old.stem not in pages:
            old.unlink()
    for student, page in pages.items():
        _write(out / "feedback" / f"{student}.html", page)
    returned = {
        f"{r['name']}_{r['lms_id']}_assignfeedback_file_feedback.html": pages[r["student"]].encode()
        for r in records
        if r["lms"] == "moodle"
    }
    (out / "moodle-feedback.zip").write_bytes(build.pack(returned))
    _write(out / "report.html", report.page(about["title"], tasks, records))
    statuses = [record["status"] for record in records]
    counts = {status: statuses.count(status) for status in STATUSES}
    return Summary(out, **counts, by_hand=by_hand)


def _about(out: Path) -> dict[str, Any]:
    if not (out / "class.json").exists():
        raise ClassError(f"{out}: not the folder of a class; give one that `grade` wrote")
    about: dict[str, Any] = json.loads((out / "class.json").read_text("utf-8"))
    return about


def _read_roster(path: Path) -> dict[str, dict[str, str]]:
    """The rows by all that may stand for a student; what stands for two stands for nobody."""
    ids = build.roster(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [(row.get("name") or "").strip() for row in csv.DictReader(file)]
    listed: dict[str, dict[str, str]] = {}
    for student, name in zip(ids, names, strict=True):
        row = {"student": student, "name": name}
        *first, last = name.split() or [""]
        canvas = re.sub(r"[\W_]", "", "".join([last, *first]))
        for alias in {_fold(student), _fold(name), _fold(canvas)} - {""}:
            listed[alias] = NOBODY if alias in listed else row
    return listed


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# Jobs


def grade_one(content: bytes, assignment: Assignment) -> tuple[dict[str, Any], bool]:
    """Grade a notebook in this thread's sandbox; False where it should be tried again another day.

    Raises SandboxMissing. Another error of the grader costs this submission alone.
    """
    error: Exception | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.ipynb"
        path.write_bytes(content)
        for _ in range(2):  # a submission before may have harmed the sandbox
            try:
                return grading.grade(path, assignment, _sandbox()), True
            except SandboxMissing:
                raise
            except Exception as e:
                error = e
                _close()
    return _failed(assignment, f"the grader failed: {type(error).__name__}: {error}"), False


_here = threading.local()  # the kernel ends a sandbox with the thread that started it


def _sandbox() -> Sandbox:
    if getattr(_here, "sandbox", None) is None:
        _here.sandbox = Sandbox().__enter__()
        atexit.register(_here.sandbox.__exit__)
    sandbox: Sandbox = _here.sandbox
    return sandbox


def _close() -> None:
    sandbox, _here.sandbox = getattr(_here, "sandbox", None), None
    if sandbox is not None:
        atexit.unregister(sandbox.__exit__)
        sandbox.__exit__()


Done = tuple[str, dict[str, Any], bool]


def _on_this_machine(todo: dict[str, _Job], jobs: int) -> Iterator[Done]:
    """When a worker dies, the few jobs that were running are repeated one by one."""
    from joblib import Parallel, cpu_count, delayed

    processes = max(1, jobs if jobs > 0 else cpu_count() + 1 + jobs)
    left, alone = list(todo), list[str]()
    while left or alone:
        started: list[str] = []
        batch = alone[:1] or left

        def calls(batch: list[str] = batch, started: list[str] = started) -> Iterator[Any]:
            for student in batch:
                started.append(student)
                yield delayed(_named)(student, todo[student].content, todo[student].assignment)

        run = Parallel(  # one process only would be this one, which must not die
            max(2, processes) if alone else processes,
            return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1,
        )  # fmt: skip
        try:
            for done in run(calls()):
                (alone or left).remove(done[0])
                yield done
        except BrokenExecutor as error:
            if alone:
                yield _died(alone.pop(0), todo, error)
            else:
                alone = [student for student in started if student in left]
                left = [student for student in left if student not in alone]


def _on_dask(todo: dict[str, _Job], address: str) -> Iterator[Done]:
    from distributed import Client, as_completed

    with Client(address) as client:
        futures = {
            client.submit(grade_one, job.content, job.assignment, pure=False): student
            for student, job in todo.items()
        }
        try:
            for future in as_completed(futures):
                error = future.exception()
                if isinstance(error, SandboxMissing):
                    raise error
                student = futures[future]
                yield _died(student, todo, error) if error else (student, *future.result())
        finally:
            client.cancel(list(futures))


def _named(student: str, content: bytes, assignment: Assignment) -> Done:
    return (student, *grade_one(content, assignment))


def _died(student: str, todo: dict[str, _Job], error: BaseException) -> Done:
    note = f"the process that graded it died ({type(error).__name__}); grading again tries again"
    return student, _failed(todo[student].assignment, note), False


def _failed(assignment: Assignment, note: str) -> dict[str, Any]:
    message = "Your notebook could not be graded; ask your teacher."
    tasks = [
        {"id": task.id, "points": task.points, "score": 0.0, "outcome": "not run"}
        | {"message": message, "answer": ""}
        for task in assignment.tasks
    ]
    return {"status": "failed", "tasks": tasks, "flags": [], "notes": [note], "cells": []} | {
        "cpu_seconds": 0.0,
        "seconds": 0.0,
    }


# Results


def _hash(content: bytes, assignment: Assignment) -> str:
    parts = [assignment.name, assignment.notebook, [asdict(task) for task in assignment.tasks]]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(hashlib.sha256(content).digest() + text.encode()).hexdigest()


def _saved(path: Path) -> dict[str, Any]:
    """What `_save` wrote, or nothing."""
    try:
        saved: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return saved


def _save(results: Path, submission: Submission, hash: str, result: dict[str, Any]) -> None:
    about = asdict(submission)
    del about["notebook"], about["problem"]
    record = {"hash": hash, "submission": about, "result": result}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    _write(results / f"{submission.student}.json", text)


def _write(path: Path, text: str) -> None:
    """Write whole or not at all; what UTF-8 cannot hold becomes a question mark."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text.encode("utf-8", "replace"))
    os.replace(new, path)


# Tables


def _merge(path: Path, tasks: list[dict[str, Any]], records: list[dict[str, Any]]) -> int:
    """Read the points given by hand into the records, write the queue anew, count what waits.

    A row counts for any task, so an instructor can also overrule a check by adding one.
    """
    given = _read_hand(path, {task["id"]: task["points"] for task in tasks})
    rows: list[list[str]] = []
    waiting = 0
    for number, task in enumerate(tasks):
        for record in records:
            result = record["tasks"][number]
            sources = {cell["id"]: cell["source"] for cell in record["cells"]}
            row = given.pop((record["student"], task["id"]), None)
            by_hand = result["outcome"] == "by hand"
            if row is None and not by_hand:
                continue
            answer = (result["answer"] if by_hand else sources.get(task["exercise"], ""))[:LONGEST]
            points, comment = (row["points"], row["comment"]) if row else ("", "")
            if points:
                before, comment = row["answer"] if row else "", CHANGED.sub("", comment)
                if (before or by_hand) and _essence(before) != _essence(answer):
                    comment = f"{CHANGE.format(points)} {comment}".strip()
                    points = ""
                else:
                    result["score"], result["comment"] = float(points), comment
            waiting += result["score"] is None
            rows.append(
                [record["student"], task["id"], points, f"{task['points']:g}", comment, answer]
            )
    rows += [
        [student, task, row["points"], row["max"], row["comment"], row["answer"]]
        for (student, task), row in given.items()  # of students who are not in this export
        if row["points"] or row["comment"]
    ]
    _csv(path, HAND, rows, unguarded={4})
    return waiting


def _read_hand(path: Path, most: dict[str, float]) -> dict[tuple[str, str], dict[str, str]]:
    if not path.exists():
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ClassError(f"{path}: save it as CSV UTF-8") from None
    header = text.split("\n", 1)[0]
    delimiter = ";" if ";" in header else "\t" if "\t" in header else ","
    given: dict[tuple[str, str], dict[str, str]] = {}
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if not set(HAND) <= set(reader.fieldnames or []):
        raise ClassError(f"{path}: the first line must name the columns {', '.join(HAND)}")
    for raw in reader:
        row = {column: _unguarded(raw[column] or "") for column in HAND}
        row["points"] = points = row["points"].strip().replace(",", ".")
        key = row["student"], row["task"]
        where = f"{path}, {row['student']}, {row['task']}"
        if row["task"] not in most:
            raise ClassError(f"{where}: there is no such task, but {', '.join(most)}")
        if key in given:
            raise ClassError(f"{where}: two rows; remove one")
        if points and not (
            re.fullmatch(r"\d*\.?\d+|\d+\.", points) and float(points) <= most[row["task"]]
        ):
            raise ClassError(
                f"{where}: points must be a number from 0 to {most[row['task']]:g}; got {points!r}"
            )
        given[key] = row
    return given


def _tables(
    out: Path, title: str, tasks: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    grades, review, moodle, canvas = [], [], [], []
    for r in records:
        scores = [_number(task["score"]) for task in r["tasks"]]
        notes = [*r["notes"], *([f"{r['waiting']} to grade by hand"] if r["waiting"] else [])]
        late, total, most = "late" if r["late"] else "", _number(r["total"]), _number(r["max"])
        grades.append(
            [r["student"], r["name"], r["status"], late, *scores, total, most,
             "; ".join(r["flags"]), "; ".join(notes)]
        )  # fmt: skip
        if r["status"] in ("review", "failed"):
            why = "; ".join([*r["notes"], *r["flags"]])
            review.append([r["student"], why, f"submissions/{r['student']}.ipynb"])
        comments = "\n".join(
            f"{task['id']}: {_number(task['score']) or '?'} of {task['points']:g}"
            + (f". {task['comment']}" if task.get("comment") else "")
            for task in r["tasks"]
        )
        if r["waiting"]:  # an empty grade could take back one that is there
            continue
        if r["lms"] == "moodle":
            moodle.append([f"Participant {r['lms_id']}", r["name"], total, most, "-", comments])
        elif r["lms"] == "canvas" and r["lms_id"].isdecimal():
            canvas.append([r["name"], r["lms_id"], "", "", total])
    ids = [task["id"] for task in tasks]
    columns = ["student", "name", "status", "late", *ids, "total", "max", "flags", "notes"]
    _csv(out / "grades.csv", columns, grades)
    _csv(out / "review.csv", ["student", "why", "file"], review)
    columns = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
    _csv(out / "moodle.csv", [*columns, "Feedback comments"], moodle, bom=False, unguarded={4})
    full = _number(sum(task["points"] for task in tasks))
    canvas = [["Points Possible", "", "", "", full], *canvas]
    columns = ["Student", "ID", "SIS Login ID", "Section", title]
    _csv(out / "canvas.csv", columns, canvas, bom=False)


def _csv(
    path: Path, columns: list[str], rows: list[list[str]], bom: bool = True, unguarded: Any = ()
) -> None:
    """Write a table in which no cell is a formula; Excel takes the BOM for UTF-8's sign."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (cell if i in unguarded else _guarded(cell) for i, cell in enumerate(row))
        cells = (re.sub("\r\n?", "\n", cell) for cell in cells)  # csv does not quote a lone one
        writer.writerow(cells)
    _write(path, "\ufeff" * bom + stream.getvalue())


def _guarded(cell: str) -> str:
    return f"'{cell}" if re.match(r"\s*[=+@-]|[\t\r]", cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if re.match(r"'(\s*[=+@-]|[\t\r])", cell) else cell


def _essence(text: str) -> str:
    """What a spreadsheet leaves of a text: it may change spaces and line ends."""
    return " ".join(text.split()).lstrip("'")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
