"""Quizzes become QTI with formulas that every LMS renders."""

import html
import xml.etree.ElementTree as ET
import zipfile

import pytest

from teaching import moodle, quizzes
from teaching.source import AuthoringError

TEXT = r"""Quiz title: Gradients
Quiz description: How large is $\sigma_l$?

Title: One
Points: 2
1. With $\sigma_l^2 < \frac{2}{n}$ & `a < b`, what is $x_1*y_1*$?
... It is $a<b$.
a) $x_1$
*b) $2 > 1$

2. Which are odd?
[*] one
[ ] two
[*] three

3. How many?
= 3 +- 0.1
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    folder = tmp_path / "quizzes"
    folder.mkdir()
    monkeypatch.setattr(quizzes, "QUIZZES", folder)
    return lambda text: (folder / "01-small.md").write_text(text, "utf-8")


def test_formulas_survive_as_tex(write, tmp_path):
    write(TEXT)
    with zipfile.ZipFile(quizzes.export("01-small", tmp_path / "out")) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    roots = {name: ET.fromstring(text) for name, text in files.items() if text}
    assert len(roots) == 3
    texts = [node.text or "" for root in roots.values() for node in root.iter()]
    shown = html.unescape("\n".join(text for text in texts if "<p>" in text))
    for formula in (r"\(\sigma_l^2 < \frac{2}{n}\)", r"\(x_1*y_1*\)", r"\(a<b\)", r"\(2 > 1\)"):
        assert formula in shown
    assert r"\(\sigma_l\)" in html.unescape(html.unescape("".join(files.values())))
    assert "equation_image" not in "".join(files.values())
    types = [text for text in texts if text.endswith("_question")]
    assert types == ["multiple_choice_question", "multiple_answers_question", "numerical_question"]


def test_export_is_the_same_on_every_day(write, tmp_path, monkeypatch):
    import text2qti.xml_imsmanifest as manifest

    class Day(manifest.datetime.date):
        @classmethod
        def today(cls):
            return cls(2001, 2, 3)

    write(TEXT)
    first = quizzes.export("01-small", tmp_path / "one").read_bytes()
    monkeypatch.setattr(manifest.datetime, "date", Day)
    assert quizzes.export("01-small", tmp_path / "two").read_bytes() == first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.replace("*b)", "b)"), 'In "01-small.md" on line 1[01]:'),
        (TEXT + "\nstray\n", 'In "01-small.md" on line 19:'),
        ("", "01-small.md: No questions"),
    ],
)
def test_mistakes_are_told_with_file_and_line(write, tmp_path, text, says):
    write(text)
    with pytest.raises(AuthoringError, match=says):
        quizzes.export("01-small", tmp_path)


def test_unknown_quiz_is_told_the_known_ones(write, tmp_path):
    write(TEXT)
    with pytest.raises(AuthoringError, match="there are: 01-small"):
        quizzes.export("02-other", tmp_path)


DRAWN = r"""Quiz title: Layers

% draw n = 3, 5; f = 0.5, 0.2
Title: Steps
1. A network has {{n}} layers, by $ {{f}} $ each.
+ $ {{f}}^{ {{n - 1}} } = {{f ** (n - 1):.3g}}$
= {{f ** (n - 1):.3g}} +- 1%

Title: Another
2. How many?
= 3
"""


def test_a_question_draws_its_numbers_from_a_list(write, tmp_path):
    write(DRAWN)
    with zipfile.ZipFile(quizzes.export("01-small", tmp_path / "out")) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert text.count("<selection_number>1</selection_number>") == 1
    assert text.count("numerical_question") == 3
    assert "A network has 3 layers" in text
    assert r"0.2^{ 4 } = 0.0016" in html.unescape(text)
    top = ET.parse(quizzes.export_to_moodle("01-small", tmp_path)).getroot()
    assert [one.findtext("category/text") or one.findtext("name/text") for one in top] == [
        "$course$/top/01-small", "$course$/top/01-small/01 Steps", "01 Steps (1)", "01 Steps (2)",
        "$course$/top/01-small", "02 Another",
    ]  # fmt: skip
    assert [one.findtext("answer/text") for one in top if one.get("type") == "numerical"] == [
        "0.25", "0.0016", "3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("f = 0.5, 0.2", "f = 0.5", "01-small.md: % draw .*needs lists of one length"),
        ("f = 0.5, 0.2", "f = 0.5, a", "'a' is not a number"),
        ("{{n - 1}}", "{{m - 1}}", "cannot be computed: name 'm' is not defined"),
        ("% draw n = 3, 5; f = 0.5, 0.2\n", "", "without a line `% draw`"),
        ("2. How many?\n= 3", "2. How many?\nstray", 'In "01-small.md" on line 1[01]'),
    ],
)
def test_a_list_with_a_mistake_is_told(write, tmp_path, old, new, says):
    write(DRAWN.replace(old, new))
    with pytest.raises(AuthoringError, match=says):
        quizzes.export("01-small", tmp_path)


@pytest.mark.depends("teaching/quizzes/*.md")
def test_numbers_of_the_course_are_drawn_and_have_other_answers():
    for path in quizzes.QUIZZES.glob("[0-9]*.md"):
        numbers = [
            [one.numerical_exact for one in group]
            for group in moodle.grouped(quizzes.read(path.stem))
            if group[0].type == "numerical_question"
        ]
        assert numbers, path.stem
        for answers in numbers:
            assert len(set(answers)) == len(answers) >= 4, (path.stem, answers)


@pytest.mark.depends("teaching/quizzes/*.md", "notebooks/questions/*.md")
def test_quizzes_of_the_course_export(tmp_path):
    assert quizzes.names(), "no quizzes"
    for name in quizzes.names():
        assert quizzes.export(name, tmp_path).exists()
        assert len(ET.parse(quizzes.export_to_moodle(name, tmp_path)).findall("question")) >= 5


def test_moodle_gets_options_numbers_feedback_and_formulas(write, tmp_path):
    write(TEXT.replace("a) $x_1$", "a) $x_1$\n... No: $a<b$."))
    heading, one, several, number = ET.parse(
        quizzes.export_to_moodle("01-small", tmp_path)
    ).getroot()
    assert heading.findtext("category/text") == "$course$/top/01-small"
    asks = one.findtext("questiontext/text")
    assert r"With \(\sigma_l^2 &lt; \frac{2}{n}\) &amp; <code>a &lt; b</code>" in asks
    assert (one.findtext("defaultgrade"), one.findtext("single")) == ("2", "true")
    answers = one.findall("answer")
    assert [answer.get("fraction") for answer in answers] == ["0", "100"]
    assert answers[0].findtext("feedback/text") == r"<p>No: \(a&lt;b\).</p>"
    assert one.findtext("generalfeedback/text") == r"<p>It is \(a&lt;b\).</p>"
    assert [answer.get("fraction") for answer in several.findall("answer")] == ["50", "-100", "50"]
    assert several.findtext("single") == "false"
    assert (number.get("type"), number.findtext("answer/text")) == ("numerical", "3")
    assert number.findtext("answer/tolerance") == "0.1"


def test_moodle_keeps_the_space_between_two_tags(write, tmp_path):
    """Its parser drops white space between entities, so that markup must not be made of them."""
    write(TEXT.replace("`a < b`", "`a` `b ]]>`"))
    data = quizzes.export_to_moodle("01-small", tmp_path).read_text("utf-8")
    assert "<code>a</code> <code>b ]]" in data
    one = ET.fromstring(data.encode())[1]
    assert "<code>a</code> <code>b ]]&gt;</code>" in one.findtext("questiontext/text")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("= 3 +- 0.1", "= [2, 4]", "a number with"), ("... It is", "+ It is", "for each option")],
)
def test_what_moodle_would_lose_is_refused(write, tmp_path, old, new, says):
    write(TEXT.replace(old, new))
    with pytest.raises(AuthoringError, match=says):
        quizzes.export_to_moodle("01-small", tmp_path)
