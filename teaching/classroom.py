"""Grade a class, again only what is new or changed, and write its tables, feedback and report."""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from teaching import authoring, build, hand, review
from teaching.grading import failed
from teaching.jobs import Job, on_dask, on_this_machine
from teaching.roster import absent, match, read_roster
from teaching.store import (
    ClassError,
    grader,
    hash_of,
    read_class,
    read_result,
    visible,
    write,
    write_result,
)
from teaching.submissions import Submission, collect
from teaching.tables import write_files, write_tables


@dataclass(frozen=True)
class Summary:
    """How many submissions have each status, and what else an instructor must know.

    `by_hand` is the number of answers that wait for points, `files` that of the export's files by
    what became of them; `strangers` are rows of `hand.csv` for nobody here, `older` the students
    whose grades another grader gave, `gone` those of the grading before who are not here, `unsent`
    those whose points are in no table to import, in a class of Moodle.
    """

    out: Path
    graded: int
    review: int
    failed: int
    missing: int
    by_hand: int
    files: dict[str, int]
    strangers: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()

    @property
    def attention(self) -> bool:
        """Whether a submission failed or needs review, or anything was found that is nobody's."""
        unclear = self.review or self.failed or self.files.get("not understood")
        return bool(unclear or self.strangers or self.older or self.gone)

    def __str__(self) -> str:
        counts = f"{self.graded} graded, {self.review} to review, {self.failed} failed"
        counts += f", {self.missing} missing; {self.by_hand} answers to grade by hand"
        lines = [f"{counts}: see {self.out / 'report.html'}"]
        files = ", ".join(f"{number} {outcome}" for outcome, number in self.files.items())
        lines.append(f"{sum(self.files.values())} files: {files}: see {self.out / 'files.csv'}")
        for who, what in (
            (self.strangers, "rows of hand.csv are for nobody in this class, and wait there"),
            (self.older, "grades are of another version of the grader or of Keras; grade again"),
            (self.gone, "were in the grading before and are not in this export"),
            (self.unsent, "are in grades.csv alone, as their files name no participant of Moodle"),
        ):
            if who:
                more = f" and {len(who) - 20} more" if len(who) > 20 else ""
                lines.append(f"{len(who)} {what}: {', '.join(who[:20])}{more}")
        return "\n".join(lines)


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
    listed = read_roster(roster) if roster else {}
    results = out / "results"
    before = read_class(out) if (out / "class.json").exists() else None
    if before and before["assignment"] != assignment_name:
        raise ClassError(
            f"{out} has the grades of {before['assignment']}; give {assignment_name} its own folder"
        )
    if before and before.get("variants") and not secret:
        raise ClassError(f"{out} was graded with variants; give --secret-file as before")
    submissions, lines = collect(source, out / "submissions", common)
    results.mkdir(parents=True, exist_ok=True)
    submissions, students, unclear = match(submissions, listed, assignment_name)
    earlier = before["students"] if before else {}
    gone = _gone(results, earlier, students)
    todo: dict[str, Job] = {}
    for submission in submissions:
        row, own, problem = students[submission.student], common, submission.problem
        message = f"Your notebook could not be graded: {problem}."
        if row["student"] and secret:
            own = authoring.load(
                assignment_name, student=row["student"], secret=secret, private=private
            )
        elif listed and secret and not problem:
            problem, message = "mend the roster and grade again", ""
        if problem or submission.notebook is None:
            result = failed(own, problem, *[message] if message else [])
            write_result(results, submission, "", result)
            continue
        content = submission.notebook.read_bytes()
        job = Job(submission, content, own, hash_of(content, own))
        try:
            old = read_result(results / f"{submission.student}.json")
        except ClassError:
            old = {}
        if old.get("hash") == job.hash:
            write_result(results, submission, job.hash, old["result"])
        else:
            todo[submission.student] = job
            (results / f"{submission.student}.json").unlink(missing_ok=True)
    for key, row in absent(listed, students, unclear, earlier).items():
        students[key] = row
        result = failed(common, "nothing was handed in", "Nothing was handed in.")
        result["status"] = "missing"
        write_result(results, Submission(key, row["name"], "plain", "", False, None), "", result)
    for path in results.glob("*.json"):
        if path.stem not in students:
            path.unlink()
    counts = Counter(line.outcome for line in lines)
    about = {
        "assignment": assignment_name,
        "title": common.about["title"],
        "tasks": [asdict(task) for task in common.tasks],
        "files": {
            outcome: counts[outcome] for outcome in ("graded", "set aside", "not understood")
        },
        "roster": bool(listed),
        "variants": bool(secret),
        "students": dict(sorted(students.items())),
    }
    write_files(out, lines)
    write(out / "class.json", json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    done = 0
    try:
        run = on_dask(todo, dask) if dask else on_this_machine(todo, jobs)
        for student, result, keep in tqdm(run, total=len(todo), disable=None, unit="submission"):
            job = todo[student]
            write_result(results, job.submission, job.hash if keep else "", result)
            done += 1
    except KeyboardInterrupt:
        raise SystemExit(
            f"Stopped: {done} of {len(todo)} submissions were graded and are kept in {results}. "
            "The same command goes on with the rest."
        ) from None
    return replace(finish(out), gone=gone)


def finish(out: Path) -> Summary:
    """Merge the points in `OUT/hand.csv` and write all tables, feedback and the report anew.

    What `OUT/review.csv` says was seen is out of the queue, as long as the reasons are the same.
    Raises TableError, and ClassError where a file of the class is missing, broken, or has points
    that cannot be.
    """
    from teaching import feedback, report  # with Matplotlib, which workers do not need

    about = read_class(out)
    title, tasks = about["title"], about["tasks"]
    records: list[dict[str, Any]] = []
    older = []
    for student, row in about["students"].items():
        path = out / "results" / f"{student}.json"
        if not (saved := read_result(path)):
            raise ClassError(f"{out}: {student} is not graded; run `grade` again to go on")
        submission, result = visible(saved["submission"]), visible(saved["result"])
        ids = [task["id"] for task in result["tasks"]]
        if submission["student"] != student or ids != [task["id"] for task in tasks]:
            raise ClassError(f"{path}: of another student or version; delete it and grade again")
        if saved["hash"] and saved["grader"] != grader():
            older.append(student)
        record = (
            submission
            | result
            | {"notes": [*dict.fromkeys([*submission["notes"], *result["notes"]])]}
        )
        record["stranger"] = bool(about.get("roster")) and not row["student"]
        if submission["review"] and result["status"] == "graded":
            record["status"] = "review"
        names = {"name": row["name"] or submission["name"], "roster": row["student"]}
        records.append(record | names)
    by_hand, strangers = hand.merge(out / "hand.csv", tasks, records)
    review.merge(out / "review.csv", records)
    for record in records:
        scores = [task["score"] for task in record["tasks"]]
        record["total"] = sum(score for score in scores if score is not None)
        record["max"] = sum(task["points"] for task in tasks)
        record["waiting"] = scores.count(None)
    write_tables(out, title, tasks, records)
    pages = {r["student"]: feedback.page(title, tasks, r) for r in records}
    (out / "feedback").mkdir(exist_ok=True)
    for old in (out / "feedback").glob("*.html"):
        if old.stem not in pages:
            old.unlink()
    for student, page in pages.items():
        write(out / "feedback" / f"{student}.html", page)
    returned = {}
    for r in records:
        if r["lms"] == "moodle" and r["lms_id"] and not r["stranger"]:
            name = " ".join(re.sub(r"[^\w.@+-]|_", " ", r["name"]).strip(". ").split())[:100]
            name = f"{name or 'student'}_{r['lms_id']}_assignfeedback_file_feedback.html"
            returned[name] = pages[r["student"]].encode()
    (out / "moodle-feedback.zip").write_bytes(build.pack(returned))
    write(out / "report.html", report.page(title, tasks, records))
    counts = Counter(record["status"] for record in records)
    moodle = any(r["lms"] == "moodle" for r in records)
    unsent = [
        r["student"] for r in records if moodle and r["status"] != "missing" and not r["lms_id"]
    ]
    return Summary(
        out, counts["graded"], counts["review"], counts["failed"], counts["missing"],
        by_hand, about.get("files", {}), tuple(strangers), tuple(older), unsent=tuple(unsent),
    )  # fmt: skip


def _gone(
    results: Path, earlier: dict[str, dict[str, str]], students: dict[str, dict[str, str]]
) -> tuple[str, ...]:
    """Who handed in before, and is not among the students of this export."""

    def handed_in(key: str) -> bool:
        try:
            saved = read_result(results / f"{key}.json")
        except ClassError:
            return True
        return not saved or saved["result"]["status"] != "missing"

    here = {row["student"] for row in students.values()} - {""}
    return tuple(
        key
        for key, row in earlier.items()
        if key not in students and row["student"] not in here and handed_in(key)
    )
