"""The assignments of the course are complete, and grade as stated."""

import ast
from pathlib import Path

import pytest

from teaching import alignment, authoring, check, earlier, syntax
from teaching.alignment import align, read_cells
from teaching.grading import grade
from teaching.sandbox import Limits

# Without this the parametrised tests would be skipped where there are no assignments.
NAMES = authoring.names() or ["none"]
PROJECT = "10-practical-guidelines"
IMPOSTORS = f"""
import types
impostors = types.ModuleType("impostors")
exec({Path(__file__).with_name("impostors.py").read_text("utf-8")!r}, vars(impostors))"""
ENDLESS = "the loop never ends where the gradient need not vanish"  # a wrong solution


def forget_what_is_shown(assignment):
    """Remove given code below the last check: it takes long, and can change no score."""
    cells = assignment.notebook.cells
    checks = [number for number, cell in enumerate(cells) if cell.id.startswith("check-")]
    for cell in cells[checks[-1] + 1 :]:
        if cell.cell_type == "code" and not cell.metadata.nbgrader.solution:
            cells.remove(cell)


@pytest.mark.parametrize("name", NAMES)
def test_assignment_is_complete(name):
    assignment = authoring.load(name)
    chapter = assignment.about["chapter"]
    assert chapter == name
    assert (authoring.ROOT / "book" / f"{chapter}.md").exists()
    most = 12 if name == PROJECT else 8
    assert 4 <= len({task.exercise for task in assignment.tasks}) <= most
    assert any(task.by_hand for task in assignment.tasks)
    assert all(task.hint for task in assignment.tasks)
    wrong = check.wrong_solutions(assignment)
    full = sum(task.points for task in assignment.tasks if not task.by_hand)
    assert all(0 <= one["score"] < full for one in wrong)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_assignment_grades_as_stated(name, sandbox):
    assignment, patient = authoring.load(name), sandbox.limits
    solutions = ["reference", "untouched"]
    solutions += [one["name"] for one in check.wrong_solutions(assignment)]
    outcomes = []
    for outcome, following in zip(
        check.check(assignment, sandbox), [*solutions[1:], ""], strict=True
    ):
        outcomes.append(outcome)
        sandbox.limits = Limits(cell=10.0) if following == ENDLESS else patient
        forget_what_is_shown(assignment)  # the first is the reference, and ran all of it
    assert len(outcomes) >= 5
    assert [outcome for outcome in outcomes if not outcome.well] == []


@pytest.mark.long
@pytest.mark.depends("tests/teaching/first_edition/{name}.ipynb")
@pytest.mark.parametrize("name", NAMES)
def test_what_was_handed_out_under_the_first_edition_grades(name, sandbox):
    """Its model answers have all points, but where the task is another now, which a note says."""
    assignment = authoring.load(name)
    forget_what_is_shown(assignment)
    others = set(earlier.read(name)["other"])
    result = grade(Path(__file__).parent / f"first_edition/{name}.ipynb", assignment, sandbox)
    checked = [task for task in result["tasks"] if task["outcome"] != "by hand"]
    assert {task["id"] for task in checked if task["score"] < task["points"]} == others
    assert {note.split()[1] for note in result["notes"]} == others
    assert result["status"] == ("review" if others else "graded")


@pytest.mark.depends("tests/teaching/first_edition/{name}.ipynb")
@pytest.mark.parametrize("name", ["02-xavier-and-he-initialization"])
def test_a_test_of_the_first_edition_that_was_edited_is_noted(name):
    path = Path(__file__).parent / f"first_edition/{name}.ipynb"
    cells = read_cells(path)
    checks = [cell for cell in cells if cell["ids"][0].startswith("check-")]
    checks[0]["source"] += "\n# a change"
    _, notes = align(cells, authoring.load(name))
    assert notes == [f"cell {checks[0]['ids'][0]} was edited; the original is used"]


@pytest.mark.parametrize("name", ["02-xavier-and-he-initialization"])
def test_the_variant_of_another_student_is_noted(name):
    mine, other = (authoring.load(name, student=s, secret=b"a secret") for s in ("ada", "bo"))
    handed_in = authoring.answered(other, authoring.solutions(other))
    cells = alignment.cells_of({"cells": handed_in.cells})
    assert "cell setup has other numbers, as in another student's variant" in align(cells, mine)[1]
    assert align(cells, other)[1] == []


@pytest.mark.long
@pytest.mark.depends("tests/teaching/impostors.py")
@pytest.mark.parametrize("name", NAMES)
def test_no_impostor_passes_a_check(name, sandbox):
    """Each function is right in the visible tests of its check, and then an impostor takes over."""
    assignment, given, fooled = authoring.load(name), set(), []
    with sandbox.job() as job:

        def outcome(source, kind="student"):
            return job.run(source, kind, names=tuple(given) if kind == "given" else ())

        def run(source, kind="student"):
            reply = outcome(source, kind)
            assert reply.outcome == "ok", (cell.id, kind, reply)
            return reply.output

        for cell in assignment.notebook.cells:
            kind = cell.metadata.get("nbgrader", {})
            if cell.id == "setup":
                given = syntax.defined(cell.source)
                run(cell.source, "given")
                run(IMPOSTORS)
            elif cell.cell_type == "code" and kind["solution"] and not kind["grade"]:
                run(cell.source)
                (function,) = syntax.defined(cell.source)
            elif cell.id.startswith("check-"):
                visible, _, hidden = cell.source.partition("### BEGIN HIDDEN TESTS")
                run(f"{function} = impostors.disguised({function})")
                run(visible, "check")
                for lie in ast.literal_eval(run("print(impostors.lies())")):
                    run(f"impostors.tell(*{lie})")
                    if outcome(hidden, "check").outcome == "ok":
                        fooled.append((cell.id, *lie))
                run(f"{function} = impostors.undone()")
                run(hidden, "check")  # it is the lies that failed
    assert fooled == []
