"""A class is graded job by job, resumed, and put into tables that import and never run formulas."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest

from teaching import authoring, classroom
from teaching.hand import COLUMNS
from teaching.sandbox import Limits, SandboxMissing
from teaching.store import ClassError
from teaching.tables import write_table

ROOT = Path(__file__).parents[2]
NAME = "01-small"
RIGHT = "def divide(x):\n    return np.asarray(x) / {}"
FORMULA = '=HYPERLINK("http://x")'


def fake(content, assignment):
    """What `grade_one` gives: full marks, unless the notebook says something else."""
    text = content.decode()
    if "die" in text:
        os._exit(1)
    if "bare" in text:
        raise SandboxMissing("no sandbox here")
    if "stop" in text:
        raise KeyboardInterrupt
    if os.environ.get("GRADED"):
        with open(os.environ["GRADED"], "a") as file:
            file.write(text + "\n")
    tasks = []
    for task in assignment.tasks:
        score = None if task.by_hand else task.points * ("wrong" not in text)
        outcome = "by hand" if task.by_hand else "passed" if score else "failed"
        result = {"id": task.id, "points": task.points, "score": score, "outcome": outcome}
        tasks.append(result | {"message": "" if score else "AssertionError", "answer": text})
    return {
        "status": "review" if "odd" in text else "graded", "tasks": tasks, "flags": [],
        "notes": ["patched"] if "odd" in text else [], "cpu_seconds": 1.0, "seconds": 1.0,
        "cells": [{"id": "divide", "type": "code", "source": text, "output": "", "images": []}],
    }, "later" not in text  # fmt: skip


def fake_named(student, content, assignment):
    return (student, *fake(content, assignment))


@pytest.fixture
def graded(course, tmp_path, monkeypatch):
    """Grade these texts by file name; `graded.count()` says how many were since last time."""
    monkeypatch.setattr("teaching.jobs._named", fake_named)
    monkeypatch.setattr("teaching.jobs.grade_one", fake)
    log = tmp_path / "log"
    monkeypatch.setenv("GRADED", str(log))

    def run(files, **options):
        source = tmp_path / "source"
        shutil.rmtree(source, ignore_errors=True)
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        return classroom.grade_class(source, NAME, tmp_path / "out", **{"jobs": 1} | options)

    def count():
        number = len(log.read_text().splitlines()) if log.exists() else 0
        log.unlink(missing_ok=True)
        return number

    run.count, run.out = count, tmp_path / "out"
    return run


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def by_student(path):
    return {row["student"]: row for row in table(path)}


def hand_in(out, **points):
    """Give points and comments by hand, as a spreadsheet would save them."""
    rows = table(out / "hand.csv")
    for row in rows:
        row.update(points.get(f"{row['student']}_{row['task']}", {}))
    with (out / "hand.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def test_a_second_run_grades_what_is_new_or_changed(graded, course):
    graded({"a.ipynb": "1", "b.ipynb": "2", "c.ipynb": "later"})
    assert graded.count() == 3
    graded({"a.ipynb": "1", "b.ipynb": "2 changed", "c.ipynb": "later", "d.ipynb": "new"})
    assert graded.count() == 3  # b, c, d
    course.write("assert_allclose(divide(x), x /", "assert_allclose(divide(x), 1 * x /")
    graded({"a.ipynb": "1"})
    assert graded.count() == 1  # another hidden test
    graded({"a.ipynb": "1"}, secret=b"s")
    assert graded.count() == 1  # another seed


def test_the_same_class_gives_the_same_bytes(graded):
    files = {"b.ipynb": "2 wrong", "a.ipynb": "1 odd", "Zoë.ipynb": "3"}

    def everything():
        return {p: p.read_bytes() for p in graded.out.rglob("*") if p.is_file()}

    graded(files)
    first = everything()
    graded(files)
    assert everything() == first
    classroom.finish(graded.out)
    assert everything() == first
    assert not any(str(graded.out).encode() in content for content in first.values())
    shutil.rmtree(graded.out)
    graded(dict(reversed(files.items())))
    assert everything() == first


def test_tables_import_into_moodle_and_canvas(graded):
    counts = graded({
        f"Anna Müller_123_assignsubmission_file_/{NAME}.ipynb": "1",
        f"doejane_LATE_45_6_{NAME}.ipynb": "wrong", "x.ipynb": "odd", "y/report.pdf": "",
    })  # fmt: skip
    assert (counts.graded, counts.review, counts.failed, counts.by_hand) == (2, 1, 1, 6)
    assert counts.attention
    grades = by_student(graded.out / "grades.csv")
    assert grades["doejane_45"]["late"] == "late"
    assert grades["doejane_45"]["total"] == "0"
    assert grades["Anna-Müller_123"]["check-divide"] == "2"
    assert grades["Anna-Müller_123"]["total"] == "3.5"
    assert grades["Anna-Müller_123"]["max"] == "6.5"
    assert "report.pdf" in grades["y"]["notes"]
    assert [row["student"] for row in table(graded.out / "review.csv")] == ["x", "y"]
    assert table(graded.out / "moodle.csv") == []  # answers wait
    assert [row["Student"] for row in table(graded.out / "canvas.csv")] == ["Points Possible"]
    with zipfile.ZipFile(graded.out / "moodle-feedback.zip") as returned:
        assert returned.namelist() == ["Anna Müller_123_assignfeedback_file_feedback.html"]
    done = {"points": "1", "comment": "see the chapter"}
    hand_in(graded.out, **{
        f"{student}_{task}": done
        for student in ("Anna-Müller_123", "doejane_45") for task in ("why", "picture")
    })  # fmt: skip
    classroom.finish(graded.out)
    (anna,) = table(graded.out / "moodle.csv")
    assert anna["Identifier"] == "Participant 123"
    assert anna["Full name"] == "Anna Müller"
    assert (anna["Grade"], anna["Maximum grade"]) == ("5.5", "6.5")
    assert "why: 1 of 2. see the chapter" in anna["Feedback comments"]
    possible, jane = table(graded.out / "canvas.csv")
    assert possible["Small & quick"] == "6.5"
    assert (jane["Student"], jane["ID"], jane["Small & quick"]) == ("doejane", "45", "2")


def test_a_carriage_return_does_not_break_a_table(tmp_path):
    write_table(tmp_path / "a.csv", ["student", "answer"], [["ann", "half\rlost"]])
    assert table(tmp_path / "a.csv") == [{"student": "ann", "answer": "half\nlost"}]


def test_points_in_another_encoding_are_refused(graded):
    graded({"a.ipynb": "1"})
    (graded.out / "hand.csv").write_bytes("student;Zoë".encode("cp1252"))
    with pytest.raises(ClassError, match="UTF-8"):
        classroom.finish(graded.out)


def test_no_cell_of_a_student_is_a_formula(graded):
    graded({"'=1+1'!A1/x.ipynb": f"{FORMULA} odd", "=cmd_9_assignsubmission_file_x.ipynb": "-1"})
    for path in graded.out.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert [c for c in cells if c[:1] in "=+-@" and c not in ("", "-")] == []
    answers = {row["answer"] for row in table(graded.out / "hand.csv")}
    assert answers == {f"'{FORMULA} odd", "'-1"}
    hand_in(graded.out, cmd_9_why={"points": "2"})
    classroom.finish(graded.out)
    assert by_student(graded.out / "grades.csv")["cmd_9"]["why"] == "2"


def test_points_by_hand_survive_and_a_changed_answer_is_marked(graded):
    graded({"a.ipynb": "1", "b.ipynb": "1", "c.ipynb": "1"})
    hand_in(graded.out, a_why={"points": "1,5", "comment": "good"}, b_why={"points": "2"},
            c_why={"points": "1", "comment": "gone"})  # fmt: skip
    graded({"a.ipynb": "1", "b.ipynb": "other"})
    hand = {(row["student"], row["task"]): row for row in table(graded.out / "hand.csv")}
    assert hand["a", "why"]["points"] == "1.5"
    assert hand["b", "why"]["points"] == ""
    assert "changed after 2 points" in hand["b", "why"]["comment"]
    assert hand["c", "why"]["points"] == "1"  # not in this export, and not lost
    assert "changed" not in (graded.out / "feedback/b.html").read_text()
    hand_in(graded.out, b_why={"points": "1"})
    classroom.finish(graded.out)
    hand = {(row["student"], row["task"]): row for row in table(graded.out / "hand.csv")}
    assert (hand["b", "why"]["points"], hand["b", "why"]["comment"]) == ("1", "")
    assert by_student(graded.out / "grades.csv")["a"]["total"] == "5"


def test_a_check_can_be_overruled_by_hand(graded):
    graded({"a.ipynb": "wrong"})
    with (graded.out / "hand.csv").open("a", encoding="utf-8") as file:
        file.write("a,check-divide,0.5,,a typo only,\n")
    for _ in range(2):
        classroom.finish(graded.out)
        assert by_student(graded.out / "grades.csv")["a"]["total"] == "0.5"
    assert "a typo only" in (graded.out / "feedback/a.html").read_text()
    graded({"a.ipynb": "wrong again"})
    assert by_student(graded.out / "grades.csv")["a"]["total"] == "0"


@pytest.mark.parametrize("points", ["two", "-1", "2.01", "nan", "1e9", "1/2"])
def test_points_that_cannot_be_are_refused(graded, points):
    graded({"a.ipynb": "1"})
    grades = (graded.out / "grades.csv").read_bytes()
    hand_in(graded.out, a_why={"points": points})
    with pytest.raises(ClassError, match=r"a, why: points must be a number from 0 to 2"):
        classroom.finish(graded.out)
    assert (graded.out / "grades.csv").read_bytes() == grades


def test_the_roster_chooses_the_variant(graded, tmp_path, monkeypatch):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\ns1,Anna Müller\ns2,Jane van Doe\ns3,c\ns4,Nobody\n", "utf-8")
    asked = []
    load = authoring.load
    monkeypatch.setattr(
        authoring, "load", lambda *a, **k: asked.append(k.get("student")) or load(*a, **k)
    )
    counts = graded({
        "Anna  MÜLLER_123_assignsubmission_file_x.ipynb": "1", "doejanevan_45_6_x.ipynb": "1",
        "c.ipynb": "1", "stranger.ipynb": "1",
    }, roster=roster, secret=b"secret")  # fmt: skip
    assert set(asked) == {None, "s1", "s2", "s3"}
    assert (counts.graded, counts.failed, counts.missing) == (3, 1, 1)
    grades = by_student(graded.out / "grades.csv")
    assert "roster" in grades["stranger"]["notes"]
    assert grades["s4"]["status"] == "missing"
    assert grades["doejanevan_45"]["name"] == "Jane van Doe"


def test_a_dying_worker_costs_its_own_submission_alone(graded):
    files = {f"{n}.ipynb": "1" for n in range(8)} | {"x.ipynb": "die", "y.ipynb": "die"}
    counts = graded(files, jobs=2)
    assert (counts.graded, counts.failed) == (8, 2)
    assert "died" in by_student(graded.out / "grades.csv")["x"]["notes"]
    counts = graded(files | {"x.ipynb": "mended"}, jobs=2)
    assert (counts.graded, counts.failed) == (9, 1)


def test_dask_grades_the_same_and_survives_a_dying_worker(graded, monkeypatch):
    distributed = pytest.importorskip("distributed")
    import dask

    files = {f"{n}.ipynb": "1" for n in range(6)}
    graded(files)
    first = {p: p.read_bytes() for p in graded.out.rglob("*") if p.is_file()}
    shutil.rmtree(graded.out)
    monkeypatch.setitem(dask.config.config["distributed"]["scheduler"], "allowed-failures", 1)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        graded(files, dask=cluster.scheduler_address)
        assert {p: p.read_bytes() for p in graded.out.rglob("*") if p.is_file()} == first
        counts = graded(files | {"x.ipynb": "die"}, dask=cluster.scheduler_address)
    assert (counts.graded, counts.failed) == (6, 1)


def test_without_a_sandbox_nothing_is_graded(graded):
    for jobs in (1, 2):
        with pytest.raises(SandboxMissing, match="no sandbox here"):
            graded({"a.ipynb": "bare", "b.ipynb": "bare"}, jobs=jobs)
    assert list((graded.out / "results").iterdir()) == []


def test_an_interrupted_run_says_how_to_go_on(graded):
    files = {f"{n}.ipynb": "1" for n in range(3)} | {"x.ipynb": "stop"}
    with pytest.raises(SystemExit, match=r"Stopped: 3 of 4 .* The same command goes on"):
        graded(files)
    with pytest.raises(ClassError, match="x is not graded"):
        classroom.finish(graded.out)
    graded.count()
    assert graded(files | {"x.ipynb": "1"}).graded == 4
    assert graded.count() == 1


def test_an_outdated_result_is_never_taken_for_the_new_one(graded):
    graded({"a.ipynb": "1"})
    with pytest.raises(SystemExit):
        graded({"a.ipynb": "stop"})
    with pytest.raises(ClassError, match="a is not graded"):
        classroom.finish(graded.out)


def test_one_folder_is_for_one_assignment(graded, course):
    graded({"a.ipynb": "1"})
    (course.folder / "02-other.md").write_text((course.folder / f"{NAME}.md").read_text())
    with pytest.raises(ClassError, match="its own folder"):
        classroom.grade_class(graded.out, "02-other", graded.out)
    with pytest.raises(ClassError, match="not the folder of a class"):
        classroom.finish(graded.out / "results")


# The whole, in the real sandbox

CLASS = {
    "right": (RIGHT.format(2), 3.5),
    "negative": ("def divide(x):\n    return np.abs(x) / 2", 2 * 0),
    "hostile": ("import os\nos._exit(0)", 0),
    "endless": ("def divide(x):\n    raise SystemExit", 0),
    "script": (RIGHT.format(2) + "\nprint('<script>document.title = 1</script>')", 3.5),
}


@pytest.fixture
def export(course, tmp_path):
    """A dozen submissions in all forms in one zip, and the total that each must get."""
    assignment = authoring.load(NAME)
    form = {
        "moodle": f"{{0}} Doe_{{1}}_assignsubmission_file_/{NAME}.ipynb",
        "canvas": f"doe{{0}}_LATE_{{1}}_9_{NAME}-1.ipynb",
        "plain": "{0}{1}.ipynb",
    }
    expected = {}
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for number, (lms, path) in enumerate(form.items()):
            for kind, (source, score) in CLASS.items():
                if (number, kind) in ((1, "endless"), (2, "negative"), (2, "script")):
                    continue
                notebook = authoring.answered(assignment, {"divide": source})
                archive.writestr(path.format(kind, number), nbformat.writes(notebook))
                expected[lms, kind] = score
        archive.writestr("broken.ipynb", "{")
        archive.writestr("empty/report.pdf", "")
    return tmp_path / "export.zip", sorted([*expected.values(), 0, 0])


def totals(out):
    return sorted(float(row["total"]) for row in table(out / "grades.csv"))


@pytest.mark.long
@pytest.mark.usefixtures("bubblewrap")
def test_a_whole_class_by_joblib_and_by_dask(export, tmp_path):
    distributed = pytest.importorskip("distributed")
    source, expected = export
    counts = classroom.grade_class(source, NAME, tmp_path / "joblib", jobs=2)
    assert totals(tmp_path / "joblib") == expected
    assert counts.failed == 2
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        classroom.grade_class(source, NAME, tmp_path / "dask", dask=cluster.scheduler_address)
    for name in ("grades.csv", "hand.csv", "moodle.csv", "canvas.csv", "review.csv"):
        assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / "joblib" / name).read_bytes()
    for page in (tmp_path / "joblib/feedback").iterdir():
        text = page.read_text()
        assert "<script" not in text
        assert "default_rng" not in text  # of the hidden test
        assert (tmp_path / "dask/feedback" / page.name).read_text() == text


def test_a_run_that_is_killed_is_resumed(export, course, tmp_path, sandbox, monkeypatch):
    sandbox.limits = Limits()
    here = "teaching.jobs._here.sandbox"  # this process goes on
    monkeypatch.setattr(here, sandbox, raising=False)
    source, expected = export
    out = tmp_path / "out"
    code = (
        "import pathlib, signal; from teaching import authoring, classroom\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        f"authoring.ASSIGNMENTS = pathlib.Path({str(course.folder)!r})\n"
        f"classroom.grade_class(pathlib.Path({str(source)!r}), {NAME!r}, "
        f"pathlib.Path({str(out)!r}), jobs=1)"
    )

    def done():
        paths = sorted((out / "results").glob("*.json"))
        return {p.name: p.stat().st_mtime_ns for p in paths if json.loads(p.read_text())["hash"]}

    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    end = time.monotonic() + 300
    while len(done()) < 3 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    message = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1, message
    assert "goes on with the rest" in message
    kept = {path: (out / "results" / path).read_text() for path in done()}
    assert 3 <= len(kept) < 12
    classroom.grade_class(source, NAME, out, jobs=1)
    assert {path: (out / "results" / path).read_text() for path in kept} == kept
    assert totals(out) == expected
