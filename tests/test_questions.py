"""Questions: what their source must say, that their answers follow, and how they are judged."""

import gzip
import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from docutils.utils import SystemMessage

from explorables._shell import inlined
from extensions.answers import answer
from extensions.executed import code_cells, executed
from extensions.node import NODE
from extensions.questions import Check, Predict, Wrong, asked, question
from lib import practice

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*.md"))
SEEDS = np.arange(10) / 10
GLUED = {
    "low": {"values": (1 + SEEDS).tolist()},
    "high": {"values": (3 - SEEDS).tolist()},
    "near": {"values": (1.01 + SEEDS[::-1]).tolist()},
    "curve": {"values": [[1, 2, 3, 4, 5]] * 10, "x": [1, 2, 3, 4, 5]},
    "exact": {"values": 2.0},
}


def read(source: str) -> question:
    """A question from its source, which reStructuredText and MyST indent alike."""
    directives.register_directive("predict", Predict)
    directives.register_directive("check", Check)
    tree = publish_doctree(source, settings_overrides={"halt_level": 3, "report_level": 5})
    return next(iter(tree.findall(question)))


def check(options: str, body: str) -> question:
    return read(f".. check:: name\n{indent(options)}\n\n{indent(body)}")


def predict(options: str, body: str = "What?") -> question:
    return read(f".. predict:: name\n{indent(options)}\n\n{indent(body)}")


def indent(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.split("\n") if line)


ONE = "What?\n\n- [ ] a\n\n    no\n\n- [x] b\n\n    yes\n"
ORDER = "What?\n\n- a\n- b\n\n since"
NUMBER = "What?\n\n- 4\n\n    twice\n\n since"


def blank(text: str) -> str:
    return text.replace("\n\n", "\n \n")


def test_a_check_knows_its_right_answer_and_what_to_say() -> None:
    node = check("", blank(ONE))
    assert (node["kind"], node["right"]) == ("one", [1])
    assert [child.astext() for child in node.children] == ["What?", "a", "no", "b", "yes"]


@pytest.mark.parametrize(
    ("options", "body", "says"),
    [
        ("", ONE.replace("[x]", "[ ]"), "0 right answers"),
        ("", ONE.replace("[ ]", "[x]"), "2 right answers"),
        ("", ONE.replace("[ ] ", ""), "takes [ ] or [x]"),
        ("", ONE.replace("\n    no\n", ""), "a quote below it"),
        (":several:", ONE.replace("[x]", "[ ]"), "a right answer and a wrong one"),
        (":order: low high near", ORDER, "puts 2 in order, and names 3"),
        (":order: low high", "What?\n\n- a\n- b", "a quote at the end"),
        (":order: low", "What?\n\n- a\n\n since", "takes two or more"),
        (":number: low", NUMBER, "lacks tolerance"),
    ],
)
def test_a_check_that_cannot_be_judged_is_refused(options: str, body: str, says: str) -> None:
    with pytest.raises(SystemMessage, match=re.escape(says)):
        check(options, blank(body))


@pytest.mark.parametrize(
    ("options", "body", "says"),
    [
        (":measured: low\n:y: loss", "What?", "takes one of the options"),
        (":measured: low\n:range: 0 5", "What?", "lacks y"),
        (":measured: low\n:y: loss\n:cuts: 1 2", "What?\n\n- a\n- b", "has 2 options to choose"),
        (":measured: low high\n:y: loss\n:extreme: best", "What?\n\n- a\n- b", "lowest or highest"),
    ],
)
def test_a_prediction_that_cannot_be_compared_is_refused(
    options: str, body: str, says: str
) -> None:
    with pytest.raises(SystemMessage, match=re.escape(says)):
        predict(options, blank(body))


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (lambda: check(":order: high low", blank(ORDER)), "high is not below low"),
        (lambda: check(":order: low near", blank(ORDER)), "low is not below near"),
        (lambda: check(":order: low exact", blank(ORDER)), "not the same seeds"),
        (lambda: check(":order: low gone", blank(ORDER)), "nothing is glued as 'gone'"),
        (lambda: check(":number: exact\n:tolerance: 2", blank(NUMBER)), "too near to the right"),
        (lambda: predict(":measured: low\n:y: loss\n:range: 0 1.5"), "values beyond the range"),
        (lambda: predict(":measured: low\n:y: loss\n:range: 0 5\n:x: epoch"), "it is no curve"),
        (lambda: predict(":measured: curve\n:y: loss\n:range: 0 5"), "is a curve"),
        (lambda: predict(":measured: low\n:y: loss\n:range: 5 0"), "takes two ends"),
    ],
)
def test_an_answer_that_does_not_follow_from_the_measurement_is_refused(node, says: str) -> None:
    with pytest.raises(Wrong, match=re.escape(says)):
        answer(node(), GLUED)


def test_answers_follow_from_what_was_measured() -> None:
    node = check(":order: low high", blank(ORDER))
    answer(node, GLUED)
    assert node["settings"]["shown"] == [1, 0]
    node = check(":number: low\n:tolerance: 10 %\n:unit: %", blank(NUMBER))
    answer(node, GLUED)
    settings = node["settings"]
    assert (settings["right"], settings["room"]) == pytest.approx((1.45, 0.145))
    assert (settings["wrong"], node["said"]) == ([4.0], "1.4 %")
    node = predict(":measured: curve\n:y: loss\n:range: 1e-3 1 log\n:x: log learning rate")
    answer(node, GLUED)
    settings = node["settings"]
    assert (settings["log"], settings["xLog"], settings["xLabel"]) == (True, True, "learning rate")


def test_the_modules_judge_as_they_should() -> None:
    command = [NODE, "--test", ROOT / "tests/questions.test.mjs"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_scripts_are_small() -> None:
    whole = inlined(ROOT / "assets/questions/questions.js")
    whole += (ROOT / "assets/progress.js").read_text("utf-8")
    assert len(gzip.compress(whole.encode())) <= 12_000


# the book


def kinds(path: Path) -> list[tuple[str, str]]:
    """What a page asks: directive and the option that makes its kind."""
    found = re.findall(
        r"^`{3,}\{(predict|check)\} \S+\n((?::.*\n)*)", path.read_text("utf-8"), re.M
    )
    return [(what, " ".join(re.findall(r"^:(\w+):", options, re.M))) for what, options in found]


def test_there_are_enough_predictions_and_some_are_drawn() -> None:
    every = [kind for path in (ROOT / "book").glob("*.md") for kind in kinds(path)]
    predictions = [options.split() for what, options in every if what == "predict"]
    assert len(predictions) >= 25
    assert sum("x" in options for options in predictions) >= 6


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_asks_enough_and_of_several_kinds(path: Path) -> None:
    checks = [options for what, options in kinds(path) if what == "check"]
    assert 4 <= len(checks) <= 8
    assert any("order" in options for options in checks)
    assert any("number" in options for options in checks)
    assert list(asked(path).values()).count("predict") >= 2
    assert "} Predict first" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_prose_before_a_prediction_gives_its_value(path: Path) -> None:
    text = path.read_text("utf-8")
    for found in re.finditer(r"\{predict\} (\S+)\n:measured: (.*)\n", text):
        for name in found[2].split():
            assert f"{{glue:text}}`{name}`" not in text[: found.start()], found[1]


def single_choices() -> list[tuple[list[str], int]]:
    """The options of each question with one right answer, and which is right."""
    found = []
    for path in CHAPTERS:
        blocks = re.findall(
            r"^(`{3,})\{check\} \S+\n((?!:)(?:.*\n)*?)^\1$", path.read_text("utf-8"), re.M
        )
        for _, body in blocks:
            boxes, options = zip(*re.findall(r"^- \[([ x])\] (.*)$", body, re.M), strict=True)
            found.append((list(options), boxes.index("x")))
    return found


def likeness(options: list[str], place: int) -> float:
    """How many words an option shares with the others."""
    words = [set(re.findall(r"\w+", option.lower())) for option in options]
    mine = words.pop(place)
    return sum(len(mine & other) / len(mine | other) for other in words)


def test_no_rule_of_thumb_finds_the_right_options() -> None:
    """Who has not read the page gets what chance gives, and fifteen points more at most."""
    questions = single_choices()
    chance = np.mean([1 / len(options) for options, _ in questions])
    rules = {
        "longest": lambda options: [len(option) for option in options],
        "shortest": lambda options: [-len(option) for option in options],
        "most like": lambda options: [likeness(options, i) for i in range(len(options))],
        "least like": lambda options: [-likeness(options, i) for i in range(len(options))],
    } | {
        f"place {k + 1}": lambda options, k=k: [i == k for i in range(len(options))]
        for k in range(4)
    }
    for name, rule in rules.items():
        right = np.mean([np.argmax(rule(options)) == place for options, place in questions])
        assert right <= chance + 0.15, (name, right)


# the small tasks in code


def tasks(path: Path) -> list[str]:
    """The names of the functions that a chapter leaves to its reader."""
    blanks = re.findall(r"tags: \[your-turn\]\n\n?(.*?)^```", path.read_text("utf-8"), re.M | re.S)
    return [re.search(r"def (\w+)\(", blank)[1] for blank in blanks]


def cell_of(path: Path, start: str) -> str:
    return next(cell for cell in code_cells(path.read_text("utf-8")) if start in cell)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_blank_task_is_told_not_yet_and_its_solution_right(path: Path) -> None:
    names = tasks(path)
    assert 2 <= len(names) <= 3
    said = {}
    for cell in executed(ROOT, path).notebook.cells:
        for name in names:
            if cell.source.rstrip().endswith(f"check_{name}({name})"):
                tags = "solution" in cell.metadata.get("tags", [])
                said[name, tags] = [output.text.strip() for output in cell.outputs]
    for name in names:
        assert said[name, False] == ["not yet"]
        assert said[name, True] == ["right"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_wrong_solution_is_told_what_is_wrong(path: Path, capsys) -> None:
    wrongs = tomllib.loads((ROOT / f"tests/practice/{path.name[:2]}.toml").read_text("utf-8"))
    first = code_cells(path.read_text("utf-8"))[0]
    imports = "\n".join(re.findall(r"^(?:import|from) .*$", first, re.M))
    told = []
    for wrong in wrongs["wrong"]:
        name, scope = wrong["task"], {}
        exec(imports + "\n" + wrong["code"], scope)
        exec(cell_of(path, f"def check_{name}("), scope)
        said = capsys.readouterr().out
        assert said.startswith("not yet: "), said
        assert wrong["says"] in said
        told.append(name)
    assert all(told.count(name) >= 2 for name in tasks(path))


def test_a_check_of_code_runs_on_whatever_is_wrong(capsys) -> None:
    @practice.check
    def check_half(half):
        assert half(3) == 1.5, "half of 3 is 1.5"

    for half in (None, lambda x: 1 / 0, lambda x: [x] * int(x), lambda x: x / 2):
        check_half(half)
    said = capsys.readouterr().out
    assert re.findall("^(not yet|right)", said, re.M) == ["not yet"] * 3 + ["right"]
