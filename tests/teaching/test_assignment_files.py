"""The files of an assignment, and that stock nbgrader takes the source notebook."""

import json
import subprocess
import sys
import zipfile

import nbformat
import pytest

from teaching import authoring, build
from teaching.roster import read_roster, read_students
from teaching.source import AuthoringError

SECRET = b"of the course"


@pytest.fixture
def files(course, tmp_path):
    out = tmp_path / "out"
    build.build(course.name, out, ["ada", "bob"], SECRET)
    folder = out / course.name
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_are_the_same_on_every_run_and_the_zip_has_them_all(course, files, tmp_path):
    build.build(course.name, tmp_path / "again", ["ada", "bob"], SECRET)
    for name, data in files.items():
        assert (tmp_path / "again" / course.name / name).read_bytes() == data, name
    with zipfile.ZipFile(tmp_path / "again" / course.name / "01-small.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {name: data for name, data in files.items() if name != "01-small.zip"}
    assert list(packed) == [
        "01-small.ipynb", "key.html", "rubric.md", "variants/ada.ipynb", "variants/bob.ipynb",
    ]  # fmt: skip


def test_students_get_no_secrets_and_their_own_numbers(course, files):
    for name in ("01-small.ipynb", "variants/ada.ipynb", "variants/bob.ipynb"):
        assert not any(word in files[name] for word in (b"HIDDEN", b"SOLUTION", b"Rubric"))
    own = authoring.load(course.name, student="ada", secret=SECRET)
    assert nbformat.reads(files["variants/ada.ipynb"].decode(), 4) == authoring.student_notebook(
        own
    )


def test_rubric_has_tasks_points_and_what_they_are_for(files):
    rubric = files["rubric.md"].decode()
    assert "| `check-divide-negative` | Task 1: divide by 2 | by its check | 1.5 |" in rubric
    assert "| | | total | 6.5 |" in rubric
    assert "- `why`, 2 points: 1 point for the size, 1 point for the reason." in rubric
    assert "- `picture`, 1 points: 1 point for any picture." in rubric
    assert rubric.startswith("# Small & quick: rubric")
    assert "- halve\n" in rubric


def test_key_has_solutions_and_hidden_tests_and_is_escaped(course, files, tmp_path):
    key = files["key.html"].decode()
    for text in ("asarray", "default_rng", "Model answer", "1 point for the reason", "<table"):
        assert text in key
    assert "<title>Small &amp; quick: answer key</title>" in key
    assert key.count("<script src=") == key.count("/mathjax/") == 1
    course.write("Because it is <b>small</b>.", 'It is <script>alert("x")</script>.')
    build.build(course.name, tmp_path, [], None)
    assert "<script>alert" not in (tmp_path / course.name / "key.html").read_text("utf-8")


def test_roster_names_students_and_nothing_else(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\nada,Ada L.\nkim@x.org,Kim\n", "utf-8-sig")
    assert read_students(path) == ["ada", "kim@x.org"]
    for rows, says in {
        "name\nAda": "add a header line",
        "student\n../ada": "line 2, column student: got '../ada'; give an id of",
        "student,name\nada,A\n\nbo,B\nada,C": "line 5, .* 'ada', which line 2 has, too; use each",
        "student\n1E+05": "as a spreadsheet writes a long number",
        "student\n1,2345E+04": "more cells than the first",
        "student;name\n1,2345E+04;A": "as a spreadsheet writes a long number",
        "student,name\n1,Eva\n2,Li, Tom": "line 3 has more cells than the first; put a text that",
        "student,name\nada,A\n,B": "line 3",
        "student\n1.00E+05": "as a spreadsheet writes a long number",
    }.items():
        path.write_text(rows, "utf-8")
        with pytest.raises(AuthoringError, match=says):
            read_students(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_roster_is_read_as_spreadsheets_save_it(tmp_path, sign, encoding):
    path = tmp_path / "roster.csv"
    text = "Student,Name,Group\r\nada,Ada Müller,1\r\n,,\r\nbo,Bo\r\n".replace(",,", "")
    path.write_bytes(text.replace(",", sign).encode(encoding))
    assert read_students(path) == ["ada", "bo"]
    assert read_roster(path)["ada müller"] == [{"student": "ada", "name": "Ada Müller"}]
    path.write_bytes("student;name\nada;Müller".encode("cp1252"))
    with pytest.raises(AuthoringError, match=r"roster\.csv: save it as CSV UTF-8"):
        read_students(path)


def test_stock_nbgrader_generates_and_grades_the_source(course, tmp_path):
    """Two commands in a course of its own; the reference gets all points of the checks."""
    assignment = authoring.load(course.name)
    root = tmp_path / "course"
    source = root / "source" / "ps1" / "one.ipynb"
    submitted = root / "submitted" / "ada" / "ps1" / "one.ipynb"
    for path in (source, submitted):
        path.parent.mkdir(parents=True)
    nbformat.write(assignment.notebook, source)
    nbformat.write(authoring.answered(assignment, authoring.solutions(assignment)), submitted)
    commands = f"""
import sys
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
for command in ("generate_assignment", "autograde"):
    sys.argv[1:] = [command, "ps1"]
    NbGraderApp.clear_instance()
    NbGraderApp.launch_instance()  # as `nbgrader` does; it takes 2 s to import
with Gradebook("sqlite:///{root}/gradebook.db") as gradebook:
    submission = gradebook.find_submission("ps1", "ada")
    print(submission.score, submission.max_score, submission.needs_manual_grade)
"""
    done = subprocess.run(
        [sys.executable, "-c", commands], cwd=root, check=True, capture_output=True, text=True
    )
    released = nbformat.read(root / "release" / "ps1" / "one.ipynb", 4)
    assert "HIDDEN" not in json.dumps(released)
    assert done.stdout.split() == ["3.5", "6.5", "True"]
