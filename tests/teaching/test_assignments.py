"""The assignments of the course are complete, and grade as stated."""

import pytest

from teaching import authoring, check
from teaching.sandbox import Limits, Sandbox

# Without this the parametrised tests would be skipped where there are no assignments.
NAMES = authoring.names() or ["none"]
PROJECT = "10-practical-guidelines"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(cell=20)) as sandbox:  # one wrong solution never ends
        yield sandbox


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


@pytest.mark.parametrize("name", NAMES)
def test_assignment_grades_as_stated(name, sandbox):
    outcomes = list(check.check(authoring.load(name), sandbox))
    assert len(outcomes) >= 5
    assert [outcome for outcome in outcomes if not outcome.well] == []
