"""Grade a class, again only what is new or changed, and write its tables, feedback and report."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from teaching import authoring, build, hand
from teaching.grading import failed
from teaching.jobs import Job, on_dask, on_this_machine
from teaching.roster import NOBODY, fold, read_roster
from teaching.store import ClassError, hash_of, read_class, read_result, write, write_result
from teaching.submissions import Submission, collect
from teaching.tables import write_tables

STATUSES = ("graded", "review", "failed", "missing")


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
    if (out / "class.json").exists() and (
        before := read_class(out)["assignment"]
    ) != assignment_name:
        raise ClassError(f"{out} has the grades of {before}; give {assignment_name} its own folder")
    results.mkdir(parents=True, exist_ok=True)
    students: dict[str, dict[str, str]] = {}
    todo: dict[str, Job] = {}
    for submission in collect(source, out / "submissions", assignment_name):
        aliases = map(fold, (submission.student, submission.name, submission.lms_id))
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
            write_result(results, submission, "", failed(own, problem))
            continue
        content = submission.notebook.read_bytes()
        job = Job(submission, content, own, hash_of(content, own))
        old = read_result(results / f"{submission.student}.json")
        if old.get("hash") == job.hash:
            write_result(results, submission, job.hash, old["result"])
        else:
            todo[submission.student] = job
            (results / f"{submission.student}.json").unlink(missing_ok=True)
    for key, row in _absent(listed, students).items():
        students[key] = row
        result = failed(common, "nothing was handed in") | {"status": "missing"}
        write_result(results, Submission(key, row["name"], "plain", "", False, None), "", result)
    about = {
        "assignment": assignment_name,
        "title": common.about["title"],
        "tasks": [asdict(task) for task in common.tasks],
        "students": dict(sorted(students.items())),
    }
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
    return finish(out)


def finish(out: Path) -> Summary:
    """Merge the points in `OUT/hand.csv` and write all tables, feedback and the report anew.

    Raises ClassError where a file of the class is missing or has points that cannot be.
    """
    from teaching import feedback, report  # with Matplotlib, which workers do not need

    about = read_class(out)
    title, tasks = about["title"], about["tasks"]
    records = []
    for student, row in about["students"].items():
        if not (saved := read_result(out / "results" / f"{student}.json")):
            raise ClassError(f"{out}: {student} is not graded; run `grade` again to go on")
        submission, result = saved["submission"], saved["result"]
        record = submission | result | {"notes": [*submission["notes"], *result["notes"]]}
        records.append(record | {"name": row["name"] or submission["name"]})
    by_hand = hand.merge(out / "hand.csv", tasks, records)
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
    returned = {
        f"{r['name']}_{r['lms_id']}_assignfeedback_file_feedback.html": pages[r["student"]].encode()
        for r in records
        if r["lms"] == "moodle"
    }
    (out / "moodle-feedback.zip").write_bytes(build.pack(returned))
    write(out / "report.html", report.page(title, tasks, records))
    statuses = [record["status"] for record in records]
    counts = {status: statuses.count(status) for status in STATUSES}
    return Summary(out, **counts, by_hand=by_hand)


def _absent(
    listed: dict[str, dict[str, str]], students: dict[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    """The rows of those who handed in nothing, by keys that no submission has."""
    seen = {row["student"] for row in students.values()}
    absent: dict[str, dict[str, str]] = {}
    for row in listed.values():
        if row["student"] and row["student"] not in seen:
            seen.add(row["student"])
            key = row["student"]
            while key.casefold() in {student.casefold() for student in (*students, *absent)}:
                key += "-absent"
            absent[key] = row
    return absent
