"""From the author's source to notebooks, and what is said where the source is wrong."""

import hashlib
import hmac
import logging
from copy import deepcopy

import nbformat
import pytest

from teaching import authoring
from teaching.source import AuthoringError, Task

SECRET = b"of the course"


def cell(notebook, key):
    return next(cell for cell in notebook.cells if cell.id == key)


def test_tasks_are_checks_and_answers_in_order(course):
    assert authoring.names() == [course.name]
    assert authoring.load(course.name).tasks == (
        Task("check-divide", 2, False, "divide", "Task 1: divide by 2"),
        Task("check-divide-negative", 1.5, False, "divide", "Task 1: divide by 2"),
        Task("why", 2, True, "why", "Task 2: why?"),
        Task("picture", 1, True, "picture", "Task 3: a picture"),
    )


def test_student_sees_stubs_and_no_hidden_tests(course):
    notebook = authoring.student_notebook(authoring.load(course.name))
    text = nbformat.writes(notebook)
    for secret in ("BEGIN", "END", "default_rng", "asarray", "Rubric", "<b>", "{{"):
        assert secret not in text
    stub = '    raise NotImplementedError("Write your answer here.")'
    assert cell(notebook, "divide").source.splitlines()[-1] == stub
    assert cell(notebook, "check-divide").source == "assert divide(2) == 1"
    assert cell(notebook, "why").source == "*Write your answer here.*"
    assert cell(notebook, "picture").source == stub.strip()
    assert f"{course.name}.ipynb" in notebook.cells[0].source


def test_student_notebook_is_as_nbgrader_would_make_it(course):
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    assignment = authoring.load(course.name)
    notebook = deepcopy(assignment.notebook)
    clear = ClearSolutions(code_stub={"python": authoring.CODE_STUB}, text_stub=authoring.TEXT_STUB)
    for preprocessor in (clear, ClearHiddenTests()):
        preprocessor.log.setLevel(logging.ERROR)
        notebook, _ = preprocessor.preprocess(notebook, {})
    ours = authoring.student_notebook(assignment)
    assert [c.source for c in ours.cells] == [c.source for c in notebook.cells]


def test_notebooks_are_valid_and_the_same_on_every_run(course):
    from nbgrader.nbgraderformat import MetadataValidator

    texts = []
    for _ in range(2):
        notebook = authoring.student_notebook(authoring.load(course.name))
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        texts.append(nbformat.writes(notebook))
    assert texts[0] == texts[1]
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    locked = [c.id for c in notebook.cells if c.metadata.get("editable") is False]
    assert locked == ["hand-in", "setup", "check-divide", "check-divide-negative"]
    assert [c.id for c in notebook.cells if c.id.startswith("text-")][-1] == "text-4"


@pytest.mark.parametrize(("suffix", "missing"), [("", False), (".git", False), (None, True)])
def test_binder_follows_the_repository(course, monkeypatch, tmp_path, suffix, missing):
    url = "" if missing else f"https://github.com/someone/book{suffix}"
    (tmp_path / "_config.yml").write_text(f'repository: {{url: "{url}", branch: next}}', "utf-8")
    monkeypatch.setattr(authoring, "ROOT", tmp_path)
    text = authoring.load(course.name).notebook.cells[0].source
    assert ("mybinder.org/v2/gh/someone/book/next?" in text) != missing
    assert ("mybinder" in text) != missing


def test_answered_replaces_cells_by_id(course):
    assignment = authoring.load(course.name)
    reference = authoring.answered(assignment, authoring.solutions(assignment))
    assert "np.asarray(x) / 2" in cell(reference, "divide").source
    assert "default_rng" not in cell(reference, "check-divide").source
    with pytest.raises(AuthoringError, match=r"no cell has the id 'other'; use one of hand-in"):
        authoring.answered(assignment, {"other": ""})


def test_variants_follow_student_and_secret(course):
    def derived(*parts):
        digest = hmac.new(SECRET, "\n".join(parts).encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:4], "big")

    chosen = set()
    for student in ("ada", "bob", "eve", "kim", "lee"):
        notebook = authoring.load(course.name, student=student, secret=SECRET).notebook
        divisor = [2, 4, 8, 16][derived(course.name, student, "divisor") % 4]
        assert f"/ {divisor}\n" in cell(notebook, "divide").source
        assert f"divide by {divisor}" in cell(notebook, "text-2").source
        seed = derived(course.name, student)
        assert f"default_rng({seed})" in cell(notebook, "check-divide").source
        chosen.add(divisor)
    assert len(chosen) > 1


@pytest.mark.parametrize("of", [{}, {"student": "ada"}, {"secret": SECRET}])
def test_without_student_or_secret_the_first_choice_is_taken(course, of):
    notebook = authoring.load(course.name, **of).notebook
    assert "x / 2" in cell(notebook, "check-divide").source
    assert ("default_rng(0)" in cell(notebook, "check-divide").source) == ("secret" not in of)


def overlay(folder, key, source, name="01-small"):
    folder.mkdir(exist_ok=True)
    cells = f"```{{code-cell}} ipython3\n:{key}\n\n{source}\n```\n"
    header = "---\nkernelspec: {display_name: P, language: python, name: python3}\n---\n\n"
    (folder / f"{name}.md").write_text(header + cells, "utf-8")


def test_private_tests_are_hidden_tests(course, tmp_path):
    source = "assert divide({{seed}} * {{divisor}}) == {{seed}}"
    overlay(tmp_path / "private", "check: divide-negative", source)
    assignment = authoring.load(course.name, private=tmp_path / "private")
    assert cell(assignment.notebook, "check-divide-negative").source.splitlines()[1:] == [
        "### BEGIN HIDDEN TESTS",
        "assert divide(0 * 2) == 0",
        "### END HIDDEN TESTS",
    ]
    student = authoring.student_notebook(assignment)
    assert cell(student, "check-divide-negative").source == "assert divide(-2) == -1"


@pytest.mark.parametrize(
    ("key", "source", "name", "says"),
    [
        (
            "check: other",
            "pass",
            "01-small",
            "check 'other': give it one key, :check:, with one of",
        ),
        ("exercise: divide", "pass", "01-small", "give it one key, :check:"),
        ("check: divide", "### BEGIN HIDDEN TESTS", "01-small", "remove the markers"),
        ("check: divide", "pass", "01-smal", "01-smal.md: file name: rename it"),
    ],
)
def test_private_tests_must_belong_to_a_check(course, tmp_path, key, source, name, says):
    overlay(tmp_path / "private", key, source, name)
    with pytest.raises(AuthoringError, match=says):
        authoring.load(course.name, private=tmp_path / "private")


def test_private_folder_must_exist_and_may_lack_the_assignment(course, tmp_path):
    with pytest.raises(AuthoringError, match="no such folder"):
        authoring.load(course.name, private=tmp_path / "absent")
    authoring.load(course.name, private=tmp_path)


CHECK = ":check: divide\n:points: 2"
NEGATIVE = ":check: divide-negative\n:points: 1.5"
ANSWER = '{"answer": "why", "points": 2}'
LAST = "assert divide(-{{divisor}}) == -1"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (CHECK, ":check: divide", "check 'divide': add points"),
        (CHECK, ":check: divide\n:points: 0", "check 'divide': add points, a number above 0"),
        (CHECK, ":check: divide\n:points: true", "check 'divide': add points, a number above 0"),
        (CHECK, f"{CHECK}\n:tags: [a]", "check 'divide': remove the unknown or second key tags"),
        (CHECK, f"{CHECK}\n:exercise: a", "remove the unknown or second key"),
        (NEGATIVE, ":check: divider\n:points: 1", "check 'divider': name it as an exercise above"),
        (NEGATIVE, ":check: divide\n:points: 1", "choose another id: 'check-divide' is taken"),
        (":exercise: divide", ":exercise: Divide", "'Divide': write the id in small letters"),
        (
            ":exercise: divide",
            ":exercise: d\n:points: 1",
            "move the points to a check or an answer",
        ),
        (":exercise: divide", "", "cell 4 .*: say what it is: add :locked:, :exercise:"),
        (":locked: setup", ":locked: divide", "exercise 'divide': choose another id"),
        (":locked: setup", ":locked: text-1", "choose another id: 'text-1' is taken"),
        ("    ### END SOLUTION\n", "", "exercise 'divide': add the ### END that"),
        ("    ### BEGIN SOLUTION\n", "", "line 4: ### END SOLUTION has no partner"),
        ("    return np", "    ### BEGIN SOLUTION\n    return np", "expected ### END SOLUTION"),
        (
            LAST,
            f"{LAST}\n### END HIDDEN TESTS",
            "'divide-negative', line 2: ### END HIDDEN TESTS has",
        ),
        (
            LAST,
            f"{LAST}\n# BEGIN HIDDEN TESTS",
            "write the marker alone, as ### BEGIN HIDDEN TESTS",
        ),
        (LAST, f"{LAST}\n### BEGIN SOLUTION", "### BEGIN SOLUTION belongs in exercise or answer"),
        ("+++\n\n## Task 3", "## Task 3", "answer 'why': write a line \\+\\+\\+ after ### END"),
        ("Rubric: 1 point for the size", "1 point", "answer 'why': add a line `Rubric: ...`"),
        (ANSWER, '{"answer": "why"}', "answer 'why': add points"),
        (ANSWER, '{"exercise": "why"}', "exercise 'why': make it a code cell"),
        ("# Small\n", "# Small {{other}}\n", "cell 1 .*: {{other}} is unknown: add other to"),
        ("import numpy as np", "s = {{seed}}", "cell 2 .*: {{seed}} may stand in hidden tests"),
        ("assert divide({{divisor}})", "assert divide({{seed}})", "may stand in hidden tests only"),
        ("  minutes: 5\n", "", "front matter: give `assignment: minutes:` a value"),
        ("minutes: 5", "minutes: long", "front matter: give `assignment: minutes:` a value"),
        ("minutes: 5", "minutes: 5\n  color: red", "front matter: remove the unknown color"),
        ("difficulty: 1", "difficulty: 4", "`difficulty` must be 1, 2 or 3"),
        ("[2, 4, 8, 16]", "[]", "`variants` must be names with lists"),
        ("divisor: [2, 4", "seed: [2, 4", "rename the variant `seed`"),
        ("assignment:\n", "task:\n", "front matter: add `assignment:`"),
        ("objectives: [halve", "objectives: [halve, [", "header or cell options: mend the YAML"),
    ],
)
def test_mistakes_of_the_author_are_explained(course, old, new, says):
    course.write(old, new)
    with pytest.raises(AuthoringError, match=says) as error:
        authoring.load(course.name)
    assert str(error.value).startswith(f"{course.name}.md: ")


def test_exercise_needs_a_check(course):
    course.write(
        "## Task 2",
        "```{code-cell} ipython3\n:exercise: e\n\n"
        "### BEGIN SOLUTION\n### END SOLUTION\n```\n\n## Task 2",
    )
    with pytest.raises(AuthoringError, match="exercise 'e': add a cell with `:check: e` below it"):
        authoring.load(course.name)


def test_unknown_assignment_is_told_the_known_ones(course):
    with pytest.raises(AuthoringError, match=r"'02-other'; .* there are: 01-small"):
        authoring.load("02-other")


def test_heading_in_a_code_fence_is_no_heading(course):
    course.write("## Task 2: why?", "## Task 2: why?\n\n```\n# not a heading\n```")
    assert authoring.load(course.name).tasks[2].hint == "Task 2: why?"
