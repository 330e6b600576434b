"""One honest submission: alignment, scores, messages, flags."""

import json
import time
from copy import deepcopy

import pytest
from small_assignment import (
    HE,
    RMS,
    WRONG,
    cell,
    code,
    load,
    notebook,
    outcomes,
    scores,
    without_ids,
    write,
)  # fmt: skip

from teaching import authoring, check
from teaching.alignment import align, read_cells
from teaching.grading import grade
from teaching.syntax import flags


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load(tmp_path_factory.mktemp("assignments"))


@pytest.fixture
def run(tmp_path, assignment, sandbox):
    def run(submission):
        result = grade(write(tmp_path / "a.ipynb", submission), assignment, sandbox)
        return json.loads(json.dumps(result))

    return run


def task(result, id_):
    return next(t for t in result["tasks"] if t["id"] == id_)


def test_the_reference_has_all_points_and_nothing_to_review(run, assignment):
    result = run(notebook(assignment))
    assert scores(result) == [2, 1, 3]
    assert (result["status"], result["flags"], result["notes"]) == ("graded", [], [])
    assert task(result, "why-two")["answer"] == "Half of it is lost."
    assert task(result, "why-two")["score"] is None
    assert 0 < result["cpu_seconds"] < 10
    assert "HIDDEN" not in json.dumps(result)


def test_the_untouched_notebook_has_none(run, assignment):
    result = run(json.loads(json.dumps(authoring.student_notebook(assignment))))
    assert outcomes(result) == ["error"] * 3
    message = task(result, "check-he-std")["message"]
    assert "np.testing.assert_allclose(he_std(50), 0.2, rtol=1e-6)" in message
    assert "NotImplementedError: Write your answer here." in message


def test_messages_show_visible_tests_and_only_the_type_of_hidden_ones(run, assignment):
    assert "Mismatched" in task(run(notebook(assignment, he_std=WRONG)), "check-he-std")["message"]
    half = "def he_std(n):\n    if n == 50: return 0.2\n    raise ValueError(f'got {n}')"
    result = task(run(notebook(assignment, he_std=half)), "check-he-std")
    assert result["outcome"] == "hidden test failed"
    assert result["message"] == "A hidden test of he-std failed: ValueError."
    sly = half.replace("ValueError(", "type(f'n{n}', (Exception,), {})(")
    result = task(run(notebook(assignment, he_std=sly)), "check-he-std")
    assert result["message"] == "A hidden test of he-std failed: an exception."


def test_a_cell_that_fails_itself_is_named(run, assignment):
    result = run(notebook(assignment, he_std="def he_std(fan_in)\n    return 1"))
    message = task(result, "check-he-std")["message"]
    assert "NameError: name 'he_std' is not defined" in message
    assert "The cell he-std itself ended with SyntaxError" in message
    result = run(notebook(assignment, he_std="open('/usr/lib/secret/x')"))
    assert "/usr" not in task(result, "check-he-std")["message"]


def test_warnings_and_standard_error_are_no_failures(run, assignment):
    noisy = "import warnings\ndef he_std(n):\n    warnings.warn('x')\n    return np.sqrt(2.0 / n)"
    assert scores(run(notebook(assignment, he_std=noisy))) == [2, 1, 3]


def test_a_shadowed_builtin_harms_no_check(run, assignment):
    assert scores(run(notebook(assignment, he_std=f"len = all = sum = 0\n{HE}"))) == [2, 1, 3]


def test_added_cells_stay_behind_the_cell_they_follow(run, assignment):
    nb = notebook(assignment, rms=RMS.replace("he_std", "mine"))
    at = nb["cells"].index(cell(nb, "he-std"))
    nb["cells"].insert(at + 1, code("mine = he_std\nprint('here')"))
    result = run(nb)
    assert scores(result) == [2, 1, 3]
    ids = [c["id"] for c in result["cells"]]
    assert ids.index("extra-1") == ids.index("he-std") + 1
    assert result["status"] == "graded"


def test_the_order_is_the_assignments(assignment, run):
    nb = notebook(assignment)
    nb["cells"].reverse()
    assert scores(run(nb)) == [2, 1, 3]


def test_a_missing_exercise_is_noted(run, assignment):
    nb = notebook(assignment)
    nb["cells"].remove(cell(nb, "he-std"))
    result = run(nb)
    assert outcomes(result) == ["missing", "error", "error"]
    assert result["status"] == "review"
    nb = notebook(assignment)  # its code may stand in a cell of another name
    cell(nb, "he-std")["metadata"], cell(nb, "he-std")["id"] = {}, "another"
    nb["cells"].insert(3, code("1", "between"))
    assert scores(run(nb)) == [2, 1, 3]


@pytest.mark.parametrize("place", ["nbgrader", "colab"])
def test_ids_are_found_where_other_programs_put_them(assignment, tmp_path, place):
    nb = without_ids(notebook(assignment))
    for old, new in zip(notebook(assignment)["cells"], nb["cells"], strict=True):
        new["metadata"] = (
            {"nbgrader": {"grade_id": old["id"]}} if place == "nbgrader" else {"id": old["id"]}
        )
    nb["cells"].reverse()  # so that neither text nor place can help
    cells, notes = align(read_cells(write(tmp_path / "a", nb)), assignment)
    assert not notes
    assert next(c for c in cells if c["id"] == "he-std")["source"] == HE


def test_of_duplicates_the_exact_id_wins_else_the_first(assignment, tmp_path):
    nb = notebook(assignment)
    at = nb["cells"].index(cell(nb, "he-std"))
    copies = [code(f"first {i}", f"copy-{i}") for i in range(2)]
    for copy in copies:
        copy["metadata"] = {"nbgrader": {"grade_id": "he-std"}}
    nb["cells"][at:at] = copies
    cells, notes = align(read_cells(write(tmp_path / "a", nb)), assignment)
    assert next(c for c in cells if c["id"] == "he-std")["source"] == HE
    assert sum("second copy" in note for note in notes) == 2
    nb["cells"].remove(cell(nb, "he-std"))
    cells, _ = align(read_cells(write(tmp_path / "a", nb)), assignment)
    assert next(c for c in cells if c["id"] == "he-std")["source"] == "first 0"


def test_an_answer_in_a_cell_below_reaches_the_teacher(assignment, tmp_path):
    nb = notebook(assignment)
    question = authoring.TEXT_STUB
    mine = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "Half is lost."}
    nb["cells"].append(mine)

    def answer(text):
        cell(nb, "why-two")["source"] = text
        cells, notes = align(read_cells(write(tmp_path / "a", nb)), assignment)
        assert notes == []
        return next(c for c in cells if c["id"] == "why-two")["answer"]

    assert answer(question) == f"{question}\n\nHalf is lost."
    assert answer("") == "Half is lost."
    assert answer("Here.") == "Here."


def test_work_in_a_copy_of_a_cell_counts_where_the_cell_is_untouched(assignment, tmp_path):
    nb = notebook(assignment, he_std=authoring.CODE_STUB)
    copied = code(HE, "copied")
    copied["metadata"] = {"nbgrader": {"grade_id": "he-std"}}
    nb["cells"].insert(0, copied)
    cells, notes = align(read_cells(write(tmp_path / "a", nb)), assignment)
    assert next(c for c in cells if c["id"] == "he-std")["source"] == HE
    assert notes == ["cell he-std: a second copy is ignored"]


def test_another_notebook_and_lost_ids_are_one_note(assignment, tmp_path):
    other = notebook(assignment)
    other["cells"] = [code(f"print({n})", f"c{n}") for n in range(9)]
    _, notes = align(read_cells(write(tmp_path / "a", other)), assignment)
    assert notes == ["this is not the assignment's notebook: none of its tasks are in it"]
    _, notes = align(
        read_cells(write(tmp_path / "a", without_ids(notebook(assignment)))), assignment
    )
    assert len(notes) == 1
    assert notes[0].endswith("more had lost their ids")


def test_an_added_cell_has_the_name_of_no_other(assignment, tmp_path):
    own = deepcopy(assignment)
    next(c for c in own.notebook.cells if c.id == "rms").id = "extra-1"
    nb = json.loads(json.dumps(authoring.student_notebook(own)))
    nb["cells"].append(code("1"))
    cells, _ = align(read_cells(write(tmp_path / "a", nb)), own)
    assert [c["id"] for c in cells].count("extra-1") == 1
    assert cells[-1]["id"] == "extra-2"


def test_long_cells_are_cut_and_flags_have_a_limit_in_all(run, assignment):
    result = run(notebook(assignment, why_two="x" * 5_000_000, he_std=f"{HE}\n{'#' * 200_000}"))
    assert scores(result) == [2, 1, 3]
    assert len(json.dumps(result)) < 500_000
    start = time.process_time()
    cells = [{"role": "student", "type": "code", "source": "0\n" * 99_999}] * 20
    assert flags(cells) == ["a cell that cannot be scanned"]
    assert time.process_time() - start < 5  # seconds; 20 of them take 15


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os.path", ["import os.path"]),
        ("from sys import path", ["from sys import"]),
        ("np.sqrt = 3", ["assigns np.sqrt"]),
        ("keras.layers.Dense.call = f", ["assigns keras.layers.Dense.call"]),
        ("setattr(tf, 'abs', 3)", ["assigns to tf"]),
        ("import unittest as u\nsetattr(u.mock, 'ANY', 3)", ["assigns to u.mock"]),
        ("g = getattr", ["getattr by another name"]),
        ("from functools import reduce\nreduce(getattr, [f, 'a'])", ["getattr by another name"]),
        (
            "setattr(f, 'a' + 'b', 3)\ndelattr(f, n)",
            ["delattr of a computed name", "setattr of a computed name"],
        ),
        ("getattr(f, '__globals__')", [".__globals__"]),
        ("'{0.tb_frame.f_back}'.format(t)", [".f_back", ".tb_frame"]),
        ("match f:\n case object(__globals__=g): pass", [".__globals__"]),
        ("object.__getattribute__(f, n)", [".__getattribute__"]),
        ("from logging import sys as z, os", ["from logging import os", "from logging import sys"]),
        ("e.__traceback__.tb_next", [".__traceback__", ".tb_next"]),
        ("from scipy import signal, io\ngetattr(layer, 'kernel', hasattr(layer, 'bias'))", []),
        ("plt.rcParams['font.size'] = 9\nsetattr(self, 'units', 3)\nmodel.os_factor = 2", []),
        ("%matplotlib inline\nget_ipython()", ["get_ipython"]),
        ("eval('1'); f.__globals__", [".__globals__", "eval"]),
        ("def f(", ["a cell that cannot be scanned"]),
        ("\n" * 200_000 + "import os", ["a cell that cannot be scanned"]),
        ("\n" * 90_000 + "import os", ["import os"]),  # in no time
        ("np.sqrt?\n%time import os", ["import os"]),
        ("np" + ".a" * 900 + " = 1", ["assigns np" + ".a" * 45]),
        ("class Y(int):\n def __eq__(self, other): return True", ["defines __eq__"]),
        (f"%time\n!ls\n{HE}\n{RMS}\nmodel.layers[0].trainable = False\nself.x = np.sqrt(3)", []),
        ("import numpy as np, keras, time, functools, itertools, warnings\nplt.plot(x)", []),
    ],
)
def test_flags(source, found):
    assert flags([{"role": "student", "type": "code", "source": source}]) == found


def test_an_answer_for_the_teacher_that_fails_in_the_reference_is_found(course, sandbox):
    (course.folder / "wrong").mkdir()
    wrong = "\n".join(f"- {{name: wrong {n}, score: 0, cells: {{divide: ''}}}}" for n in range(3))
    (course.folder / "wrong" / f"{course.name}.yml").write_text(wrong, "utf-8")
    outcomes = list(check.check(authoring.load(course.name), sandbox))
    assert [outcome.well for outcome in outcomes] == [True] * 5
    course.write('print("a picture")', "print(a_picture)")
    first = next(check.check(authoring.load(course.name), sandbox))
    assert first.score == first.stated
    assert not first.well
    assert "picture: NameError: name 'a_picture' is not defined" in first.details
