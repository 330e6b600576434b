"""Quizzes become QTI with formulas that every LMS renders."""

import html
import xml.etree.ElementTree as ET
import zipfile

import pytest

from teaching import quizzes
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


def test_quizzes_of_the_course_export(tmp_path):
    assert quizzes.names(), "no quizzes"
    for name in quizzes.names():
        assert quizzes.export(name, tmp_path).exists()
