"""A class is graded job by job, resumed, and put into tables that import and never run formulas."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest

from teaching import authoring, classroom, hand, store
from teaching.hand import COLUMNS
from teaching.sandbox import SandboxMissing
from teaching.store import ClassError
from teaching.submissions import SubmissionsError
from teaching.tables import TableError, guard, read_table, unguard, write_table

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
        "notes": [word for word in ("odd", "strange") if word in text],
        "cpu_seconds": 1.0, "seconds": 1.0,
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
    with pytest.raises(ClassError, match="graded with variants; give --secret-file"):
        graded({"a.ipynb": "1"})


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
    assert counts.unsent == ("x", "y")
    assert "2 are in grades.csv alone, as their files name no participant" in str(counts)
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


def test_a_review_is_closed_by_who_has_seen_it_until_its_reasons_change(graded):
    files = {"a.ipynb": "odd", "b.ipynb": "odd", "c.ipynb": "fine", "d.zip": ""}
    assert graded(files).review == 2
    rows = table(graded.out / "review.csv")
    assert [(row["student"], row["seen"]) for row in rows] == [("a", ""), ("b", ""), ("d", "")]
    for row in rows:
        row["seen"] = "by me" * (row["student"] != "b")
    with (graded.out / "review.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    counts = classroom.finish(graded.out)
    assert (counts.graded, counts.review, counts.failed) == (2, 1, 1)
    grades = by_student(graded.out / "grades.csv")
    assert [grades[s]["status"] for s in "abcd"] == ["graded", "review", "graded", "failed"]
    assert [row["seen"] for row in table(graded.out / "review.csv")] == ["by me", "", "by me"]
    assert graded(files).review == 1
    assert graded(files | {"a.ipynb": "odd, and strange"}).review == 2
    assert by_student(graded.out / "review.csv")["a"]["seen"] == ""


@pytest.mark.parametrize("once", ["gone", "missing", "failed", "unreadable"])
def test_points_by_hand_outlast_a_grading_without_the_answer(graded, tmp_path, once):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\na,A\nb,B\n", "utf-8")
    options = {} if once == "gone" else {"roster": roster}
    files = {"a.ipynb": "1", "b/x.ipynb": "1"}
    graded(files, **options)
    hand_in(graded.out, b_why={"points": "1.5", "comment": "well done"})
    without = {"gone": {}, "missing": {}, "failed": {"b/x.pdf": ""}, "unreadable": {"b/x.zip": ""}}
    counts = graded({"a.ipynb": "1"} | without[once], **options)
    (row,) = [r for r in table(graded.out / "hand.csv") if r["student"] == "b" and r["points"]]
    assert (row["points"], row["comment"], row["answer"]) == ("1.5", "well done", "1")
    if once == "gone":
        assert counts.strangers == ("b (why)",)
        assert counts.gone == ("b",)
        assert "b (why)" in str(counts)
    else:
        (noted,) = [r for r in table(graded.out / "grades.csv") if r["student"] == "b"]
        assert "1.5 points by hand for why are kept" in noted["notes"]
        assert noted["total"] == "0"
    if once == "missing":
        assert counts.gone == ("b",)
        assert counts.attention
        assert "Nothing was handed in." in (graded.out / "feedback/b.html").read_text()
        assert graded({"a.ipynb": "1"}, **options).gone == ()  # named once
    counts = graded(files, **options)
    assert counts.strangers == ()
    assert counts.gone == ()
    assert by_student(graded.out / "grades.csv")["b"]["why"] == "1.5"
    assert "well done" in (graded.out / "feedback/b.html").read_text()


def test_a_student_without_a_notebook_can_get_points_by_hand(graded):
    graded({"a.ipynb": "1", "b/x.pdf": ""})
    with (graded.out / "hand.csv").open("a", encoding="utf-8") as file:
        file.write("b,why,2,,on paper,\n")
    for _ in range(2):
        classroom.finish(graded.out)
        assert by_student(graded.out / "grades.csv")["b"]["total"] == "2"


def test_a_number_that_a_spreadsheet_rewrote_keeps_its_points(graded):
    rewritten = {"0012345": "12345", "1e5": "1.00E+05", "20261234567890123": "2.02612E+16"}
    graded({f"{student}.ipynb": f"of {student}" for student in rewritten})
    rows = [row for row in table(graded.out / "hand.csv") if row["task"] == "why"]

    def save(answer):
        for row in rows:
            student = rewritten.get(row["student"], row["student"])
            row |= {"student": student, "points": "2", "answer": answer or row["answer"]}
        write_table(graded.out / "hand.csv", COLUMNS, [[row[c] for c in COLUMNS] for row in rows])
        return classroom.finish(graded.out)

    assert save("").strangers == ()
    grades = by_student(graded.out / "grades.csv")
    assert [grades[student]["why"] for student in rewritten] == ["2"] * 3
    summary = save("of another")
    assert set(summary.strangers) == {f"{saved} (why)" for saved in rewritten.values()}
    assert summary.attention
    grades = by_student(graded.out / "grades.csv")
    assert [grades[student]["why"] for student in rewritten] == [""] * 3


def test_points_of_nobody_are_named_and_stay(graded):
    graded({"mar1.ipynb": "1"})
    hand_in(graded.out, mar1_why={"points": "2", "student": "01-Mar"})
    for _ in range(2):
        summary = classroom.finish(graded.out)
        assert summary.strangers == ("01-Mar (why)",)
        assert "1 rows of hand.csv are for nobody in this class" in str(summary)
    (row,) = [row for row in table(graded.out / "hand.csv") if row["student"] == "01-Mar"]
    assert row["points"] == "2"


def test_a_comment_keeps_its_first_sign(graded):
    graded({"a.ipynb": "1"})
    hand_in(graded.out, a_why={"points": "2", "comment": "'=' is missing"})
    for _ in range(2):
        classroom.finish(graded.out)
        assert by_student(graded.out / "hand.csv")["a"]["comment"] in ("'=' is missing", "")
    assert "&#39;=&#39; is missing" in (graded.out / "feedback/a.html").read_text()


def test_a_comment_without_points_reaches_the_student(graded):
    graded({"a.ipynb": "1", "b.ipynb": "1"})
    hand_in(graded.out, a_why={"comment": "come and see me"})
    classroom.finish(graded.out)
    assert "come and see me" in (graded.out / "feedback/a.html").read_text()
    assert by_student(graded.out / "hand.csv")["a"]["points"] == ""
    graded({"a.ipynb": "other", "b.ipynb": "1"})
    assert "come and see me" not in (graded.out / "feedback/a.html").read_text()


def test_a_queue_without_its_columns_is_not_written_over(graded):
    graded({"a.ipynb": "odd"})
    path = graded.out / "review.csv"
    path.write_text("Student ID,why,seen\na,odd,me\n", "utf-8")
    with pytest.raises(TableError, match=r"review\.csv: has no column student"):
        classroom.finish(graded.out)
    assert "a,odd,me" in path.read_text("utf-8")


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


def test_an_answer_left_as_it_was_has_0_points_until_somebody_gives_some(tmp_path):
    tasks = [{"id": "why", "points": 2, "exercise": "why"}]

    def merged(source, below="", before="check-fans"):
        ids = [before, "why"]
        cells = [{"id": id_, "source": source} for id_ in ids]
        answer = "\n\n".join(filter(None, [source, below]))
        task = {"id": "why", "score": None, "outcome": "by hand", "message": "", "answer": answer}
        one = {"student": "a", "tasks": [task], "cells": cells, "status": "graded", "notes": []}
        waiting, _ = hand.merge(tmp_path / "hand.csv", tasks, [one])
        return waiting, task["score"], task["message"]

    blank = f"## Why?\n\n{authoring.TEXT_STUB}"
    assert merged(blank) == (0, 0.0, "Nothing was written here: 0 points.")
    assert merged(authoring.CODE_STUB)[:2] == (0, 0.0)
    for other in ((blank, "below"), (blank, "", "extra-1"), ("",), ("## Why?\n\nSo.",)):
        assert merged(*other)[:2] == (1, None)
    merged(blank)
    hand_in(tmp_path, a_why={"points": "1"})
    assert merged(blank)[:2] == (0, 1.0)
    merged("So.")
    hand_in(tmp_path, a_why={"points": "2"})
    for _ in range(2):  # what was given is not taken back in silence
        assert merged(blank)[:2] == (1, None)


@pytest.mark.parametrize(
    "text", ["sep=;\nstudent;name\n1;Li, Tom\n", '"sep=,"\r\nstudent,name\r\n1,"Li, Tom",,\r\n']
)
def test_a_separator_that_excel_says_is_used(tmp_path, text):
    (tmp_path / "a.csv").write_bytes(text.encode())
    rows = [{"student": "1", "name": "Li, Tom"}]
    assert read_table(tmp_path / "a.csv") == (["student", "name"], rows, [3])


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


def test_two_of_one_name_are_told_apart_by_their_numbers(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\n45,Jane Doe\n46,Jane Doe\n47,Bo Roe\n", "utf-8")
    files = {f"doejane_{n}_900_{NAME}.ipynb": "1" for n in (45, 46)}
    counts = graded(files, roster=roster, secret=b"secret")
    assert (counts.graded, counts.failed, counts.missing) == (2, 0, 1)
    shutil.rmtree(graded.out)
    files = {f"Jane Doe_{n}_assignsubmission_file_x.ipynb": "1" for n in (1, 2)}
    counts = graded(files, roster=roster)
    assert (counts.review, counts.missing) == (2, 1)  # and no Jane is missing
    grades = by_student(graded.out / "grades.csv")
    note = "45 or 46 in the roster? write Jane-Doe_1 into the column name of whose it is"
    assert note in grades["Jane-Doe_1"]["notes"]
    roster.write_text("student,name\n45,Jane-Doe_1\n46,Jane-Doe_2\n", "utf-8")
    counts = graded(files, roster=roster, secret=b"secret")
    assert (counts.graded, counts.failed, counts.missing) == (2, 0, 0)


def test_a_number_of_moodle_is_no_other_students_id(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\n2001,Bo Roe\ns2,Anna Lee\n", "utf-8")
    graded({"Anna Lee_2001_assignsubmission_file_x.ipynb": "1"}, roster=roster)
    grades = by_student(graded.out / "grades.csv")
    assert grades["Anna-Lee_2001"]["status"] == "graded"
    assert grades["2001"]["status"] == "missing"


def test_who_is_not_in_the_roster_is_not_imported(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\ns1,Anna\n", "utf-8")
    files = {
        f"{who}_assignsubmission_file_/x.ipynb": "1"
        for who in ("Anna_1", "Team Alpha_17", "Default group")
    }
    for options, known in (({"roster": roster}, ["1"]), ({}, ["1", "17"])):
        graded(files, **options)
        done = {"points": "1"}
        hand_in(graded.out, **{
            f"{row['student']}_{task}": done
            for row in table(graded.out / "grades.csv") for task in ("why", "picture")
        })  # fmt: skip
        classroom.finish(graded.out)
        rows = table(graded.out / "moodle.csv")
        assert [row["Identifier"] for row in rows] == [f"Participant {n}" for n in known]
        with zipfile.ZipFile(graded.out / "moodle-feedback.zip") as returned:
            assert [name.split("_")[1] for name in sorted(returned.namelist())] == known
    grades = by_student(graded.out / "grades.csv")
    (group,) = (row for key, row in grades.items() if key.startswith("Default"))
    assert "of a group" in group["notes"]


def test_a_groups_points_are_no_students(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\n1,Eva\n2,Tom Li\n", "utf-8")
    files = {"Gruppe A_2_assignsubmission_file_/x.ipynb": "1", "NAME - 01-small (2).ipynb": "1"}
    counts = graded(files, roster=roster)
    assert (counts.review, counts.missing) == (2, 2)
    notes = {row["student"]: row["notes"] for row in table(graded.out / "grades.csv")}
    assert (
        "Gruppe A is not in the roster, where 2 is Tom Li; if they are one and no group, write "
        "Gruppe A into the column name"
    ) in notes["Gruppe-A_2"]
    (note,) = (note for key, note in notes.items() if key.startswith("NAME"))
    assert "if it is somebody's there, write NAME into the column name" in note


def test_who_drops_out_of_a_roster_is_named_and_keeps_the_points(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\ns1,Anna Roe\ns2,Bo\ns3,Cem\n", "utf-8")
    files = {f"{who}_assignsubmission_file_/x.ipynb": who for who in ("Anna Roe_1", "Bo_2")}
    assert graded(files, roster=roster).gone == ()
    hand_in(graded.out, **{"Anna-Roe_1_why": {"points": "1.5"}})
    files.pop("Anna Roe_1_assignsubmission_file_/x.ipynb")
    counts = graded(files, roster=roster)
    assert (counts.gone, counts.missing, counts.strangers) == (("Anna-Roe_1",), 2, ())
    assert "1 were in the grading before and are not in this export: Anna-Roe_1" in str(counts)
    assert counts.attention
    anna = by_student(graded.out / "grades.csv")["Anna-Roe_1"]
    assert (anna["roster"], anna["status"]) == ("s1", "missing")
    assert "1.5 points by hand for why are kept" in anna["notes"]
    page = (graded.out / "feedback/Anna-Roe_1.html").read_text()
    assert "Nothing was handed in." in page
    assert "could not be graded" not in page


def test_a_failed_submission_is_imported_with_the_reason(graded):
    graded({"Anna_1_assignsubmission_file_/report.pdf": "x"})
    (row,) = table(graded.out / "moodle.csv")
    assert row["Grade"] == "0"
    first, second, *_ = row["Feedback comments"].splitlines()
    assert first.startswith("Your notebook could not be graded: no notebook was handed in, but rep")
    assert second == "check-divide: 0 of 2"


def test_several_submissions_of_one_student_are_for_review(graded, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\ns1,Anna Roe\n", "utf-8")
    files = {"Anna Roe_1_assignsubmission_file_/x.ipynb": "1", "anna roe.ipynb": "2"}
    assert graded(files, roster=roster).review == 2
    grades = table(graded.out / "grades.csv")
    assert all("several submissions are of s1" in row["notes"] for row in grades)


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


def test_files_of_an_earlier_grading_do_not_stay(graded):
    graded({"a.ipynb": "1", "b.ipynb": "1", "c.ipynb": "1"})
    counts = graded({"a.ipynb": "1", "b/x.pdf": ""})
    for folder, kind in (("submissions", "ipynb"), ("results", "json"), ("feedback", "html")):
        there = {path.name for path in (graded.out / folder).iterdir()}
        assert there == {f"a.{kind}"} | ({f"b.{kind}"} if folder != "submissions" else set())
    assert counts.gone == ("c",)
    assert [row["file"] for row in table(graded.out / "review.csv")] == [""]


def test_each_file_is_in_one_line_and_the_sums_are_told(graded):
    files = {"a.ipynb": "1", "b/x.ipynb": "1", "b/Copy of x.ipynb": "2", "notes.pdf": ""}
    counts = graded(files)
    assert "4 files: 2 graded, 1 set aside, 1 not understood" in str(counts)
    assert counts.attention
    assert counts.review == 1
    lines = {row["file"]: row for row in table(graded.out / "files.csv")}
    assert lines.keys() == files.keys()
    assert str(classroom.finish(graded.out)) == str(counts)


def test_a_folder_cannot_be_graded_into_itself(graded, tmp_path):
    graded({"a.ipynb": "1"})
    for source, out in ((tmp_path / "source", tmp_path / "source/grades"),
                        (graded.out / "submissions", graded.out)):  # fmt: skip
        with pytest.raises(SubmissionsError, match="write to a folder outside"):
            classroom.grade_class(source, NAME, out)
    assert (graded.out / "submissions/a.ipynb").exists()


def test_grades_of_another_grader_are_given_anew_and_told(graded):
    graded({"a.ipynb": "1", "b.ipynb": "1"})
    path = graded.out / "results/a.json"
    saved = json.loads(path.read_text())
    path.write_text(json.dumps(saved | {"grader": "older", "hash": "older"}))
    summary = classroom.finish(graded.out)
    assert summary.older == ("a",)
    assert "1 grades are of another version of the grader or of Keras" in str(summary)
    assert summary.attention
    graded.count()
    assert not graded({"a.ipynb": "1", "b.ipynb": "1"}).older
    assert graded.count() == 1


def test_a_grade_depends_on_the_grader_and_on_keras(course, tmp_path):
    """A copy of the package, changed, has another hash; the same bytes have the same."""
    shutil.copytree(ROOT / "teaching", tmp_path / "teaching", ignore=lambda *_: ["__pycache__"])
    code = "from teaching import store; print(store.grader())"

    def asked():
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "check": True}
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
        return subprocess.run([sys.executable, "-c", code], env=environment, **options).stdout

    first = asked()
    assert first.strip() == store.grader()
    with (tmp_path / "teaching/sandboxed.py").open("a") as file:
        file.write("# mended\n")
    assert asked() != first


def test_what_is_corrupt_is_named(graded):
    graded({"a.ipynb": "1"})
    odd = (
        b"[]", b"3", b"{", b"\xff", b"[" * 100_000, b'{"hash": "x"}', b'{"result": {"tasks": [1]}}',
    )  # fmt: skip
    for name in ("results/a.json", "class.json"):
        path = graded.out / name
        whole = path.read_bytes()
        for content in odd:
            path.write_bytes(content)
            with pytest.raises(ClassError, match=rf"{name}: not as `grade` wrote it; delete it"):
                classroom.finish(graded.out)
        path.write_bytes(whole)
    (graded.out / "results/a.json").write_text("{")
    assert graded({"a.ipynb": "1"}).graded == 1


def test_a_result_of_another_student_is_named(graded):
    graded({"a.ipynb": "1", "b.ipynb": "wrong"})
    shutil.copy(graded.out / "results/a.json", graded.out / "results/b.json")
    with pytest.raises(ClassError, match=r"results/b.json: of another student"):
        classroom.finish(graded.out)


def test_what_nobody_sees_is_shown(graded):
    graded({"a.ipynb": "x = 1 \u202e# \u2066;\0 odd"})
    shown = r"x = 1 \u202e# \u2066;\u0000 odd"
    for path in (graded.out / "hand.csv", graded.out / "feedback/a.html"):
        assert shown in path.read_text("utf-8-sig")
    hand_in(graded.out, a_why={"points": "2"})
    classroom.finish(graded.out)
    assert by_student(graded.out / "grades.csv")["a"]["why"] == "2"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_is_a_formula_for_any_separator(tmp_path, delimiter):
    evil = 'x\n=cmd|\' /C calc\'!A0;=HYPERLINK("http://x","y")\t=3\r@x\n\n  +2+3;\n-1;＝1'
    path = tmp_path / "a.csv"
    for text in (evil, f"=1,{evil}", f'"{evil}', f"\t{evil}"):
        write_table(path, ["student", "answer"], [["ann", text]])
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
        parts = [part for cell in cells for part in cell.split("\n")]
        assert [p for p in parts if re.match(r"\s*[=+@＝-]", p)] == []
        assert guard(guard(text)) == guard(text)
        assert unguard(guard("=1+1")) == "=1+1"
        assert unguard("'tis") == "'tis"


def test_names_in_the_zip_for_moodle_are_plain(graded):
    names = ["..\\..\\x", "=cmd", "a:b", "..", "_", "Ann O'Neil"]
    graded({f"{n}_{k}_assignsubmission_file_x.ipynb": "1" for k, n in enumerate(names)})
    with zipfile.ZipFile(graded.out / "moodle-feedback.zip") as returned:
        found = sorted(returned.namelist(), key=lambda name: name.split("_")[1])
    assert [name.removesuffix("_assignfeedback_file_feedback.html") for name in found] == [
        "x_0", "cmd_1", "a b_2", "student_3", "student_4", "Ann O Neil_5",
    ]  # fmt: skip


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
    message = process.communicate(timeout=300)[1].decode()
    assert process.returncode == 1, message
    assert "goes on with the rest" in message
    kept = {path: (out / "results" / path).read_text() for path in done()}
    assert 3 <= len(kept) < 12
    classroom.grade_class(source, NAME, out, jobs=1)
    assert {path: (out / "results" / path).read_text() for path in kept} == kept
    assert totals(out) == expected
