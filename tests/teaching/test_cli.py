"""The command line: exit codes, and errors that say what to do."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from teaching import __main__ as cli
from teaching import authoring, check, classroom
from teaching.check import Outcome
from teaching.sandbox import Sandbox, SandboxMissing
from teaching.source import AuthoringError
from teaching.store import ClassError


@pytest.fixture
def outcomes(monkeypatch):
    """What `check` will find, without grading."""
    found = [Outcome("reference", 3.5, 3.5, ())]
    monkeypatch.setattr(Sandbox, "__enter__", lambda self: self)
    monkeypatch.setattr(Sandbox, "__exit__", lambda *_: None)
    monkeypatch.setattr(check, "check", lambda assignment, sandbox: found)
    return found


def test_build_writes_all_assignments(course, tmp_path, capsys):
    assert cli.main(["build", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / course.name / f"{course.name}.zip").exists()
    assert capsys.readouterr().out == f"{tmp_path}/out/{course.name}\n"


def test_build_writes_variants_of_the_roster(course, tmp_path):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n", "utf-8")
    (tmp_path / "secret").write_text("long and random\n", "utf-8")
    options = ["--roster", str(tmp_path / "roster.csv"), "--secret-file", str(tmp_path / "secret")]
    assert cli.main(["build", course.name, "--out", str(tmp_path), *options]) == 0
    assert (tmp_path / course.name / "variants" / "ada.ipynb").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build", "02-other"], "no assignment is called '02-other'"),
        (["build", "--roster", "roster.csv"], "need both --roster and --secret-file"),
        (["build", "--roster", "absent", "--secret-file", "absent"], "absent"),
        (["quiz", "99-other"], "no quiz is called '99-other'"),
        (["check", "02-other"], "no assignment is called '02-other'"),
    ],
)
def test_expected_problems_are_told_without_a_traceback(course, outcomes, capsys, arguments, says):
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert says in error


def test_a_course_without_assignments_is_not_well(course, outcomes, capsys):
    (course.folder / f"{course.name}.md").unlink()
    assert cli.main(["check"]) == 2
    assert "error: there are none in" in capsys.readouterr().err


def test_empty_secret_is_refused(course, tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("student\nada\n", "utf-8")
    (tmp_path / "secret").write_text("\n", "utf-8")
    options = ["--roster", str(tmp_path / "roster.csv"), "--secret-file", str(tmp_path / "secret")]
    assert cli.main(["build", "--out", str(tmp_path), *options]) == 2
    assert "put the course's secret" in capsys.readouterr().err


def test_check_shows_what_differs(course, outcomes, capsys):
    assert cli.main(["check"]) == 0
    outcomes.append(Outcome("too small", 2, 3.5, ("check-divide: 2 of 2, passed.",)))
    assert cli.main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "     3.5    3.5  reference" in lines
    assert "       2    3.5  too small  DIFFERS" in lines
    assert lines[-1].strip() == "check-divide: 2 of 2, passed."


@pytest.mark.parametrize("attention", [False, True])
def test_grade_passes_options_on_and_exits_by_the_summary(monkeypatch, tmp_path, attention):
    calls = {}
    summary = SimpleNamespace(attention=attention)
    monkeypatch.setattr(classroom, "grade_class", lambda **all: calls.update(all) or summary)
    monkeypatch.setattr(classroom, "finish", lambda out: calls.update(finished=out) or summary)
    (tmp_path / "secret").write_text("long and random\n", "utf-8")
    options = ["--assignment", "01-small", "--out", "o", "--secret-file", str(tmp_path / "secret")]
    assert cli.main(["grade", "export.zip", *options]) == attention
    assert calls == {
        "source": Path("export.zip"), "assignment_name": "01-small", "out": Path("o"), "jobs": -1,
        "dask": None, "private": None, "roster": None, "secret": b"long and random",
    }  # fmt: skip
    assert cli.main(["report", "o"]) == attention
    assert calls["finished"] == Path("o")


def test_mistakes_of_the_class_are_told_and_others_are_not_hidden(monkeypatch, capsys):
    for error in (ClassError("mend hand.csv"), ValueError("a bug")):
        monkeypatch.setattr(classroom, "finish", Mock(side_effect=error))
        if type(error) is ValueError:
            with pytest.raises(ValueError, match="a bug"):
                cli.main(["report", "o"])
        else:
            assert cli.main(["report", "o"]) == 2
            assert capsys.readouterr().err == "error: mend hand.csv\n"


def test_check_is_refused_without_a_sandbox(course, monkeypatch, capsys):
    def missing(self):
        raise SandboxMissing("install bubblewrap")

    monkeypatch.setattr(Sandbox, "__enter__", missing)
    assert cli.main(["check"]) == 2
    assert capsys.readouterr().err == "error: install bubblewrap\n"


def test_wrong_solutions_are_read_with_care(course):
    assignment = authoring.load(course.name)
    (course.folder / "wrong").mkdir()
    one = "- {name: a, score: 1, cells: {divide: pass}}\n"
    two = one + "- {name: b, score: 1, cells: {divide: pass}}\n"
    for text, says in {
        None: "write it, with at least three wrong solutions",
        two: "at least three",
        two + one: "names distinct",
        two + "- {name: c, score: 1}\n": "entry 3: give it name, score and cells",
        two + "- {name: c, score: 1, cells: {other: pass}}\n": "c: other is no solution cell",
        two + "- {name: c, score: [": "mend the YAML",
    }.items():
        if text:
            (course.folder / "wrong" / f"{course.name}.yml").write_text(text, "utf-8")
        with pytest.raises(AuthoringError, match=says):
            check.wrong_solutions(assignment)


@pytest.mark.parametrize("command", ["build", "grade", "report", "quiz", "check"])
def test_help_has_an_example_and_is_quick(command):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "teaching", command, "--help"],
        cwd=authoring.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"example:\n  python -m teaching {command}" in done.stdout
    for system in "Moodle Canvas Brightspace Blackboard ILIAS nbgrader".split():
        quizzes = command == "quiz" and system == "Moodle"
        assert (system in done.stdout) == (command == "grade" or quizzes)
    for heavy in ("tensorflow", "nbconvert", "jupytext", "text2qti", "matplotlib", "joblib"):
        assert f" {heavy}\n" not in done.stderr


NO_JOBS = ["grade", "x", "--assignment", "01-small", "--out", "o", "--jobs", "0"]


@pytest.mark.parametrize("arguments", [[], ["grade"], ["mend"], ["check", "--fast"], NO_JOBS])
def test_bad_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
