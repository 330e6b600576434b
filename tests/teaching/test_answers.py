"""What a class answered on the pages, as readers paste it."""

import csv

import pytest

from teaching import __main__ as cli
from teaching import answers


@pytest.fixture
def book(tmp_path, monkeypatch):
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "04-norm.md").write_text(
        ":::{check} one-row\n:::\n```{predict} guess\n```\n", "utf-8"
    )
    monkeypatch.setattr(answers, "BOOK", folder)


@pytest.fixture
def pasted(tmp_path, book):
    texts = {
        "ada": "one-row: c > right\nguess: 60\n",
        "bo": "\ufeffone-row: b > c > right\r\n",
        "cem": "one-row: b > a > wrong\none-roe: b > right\nhello\n",
        "eve": "one-row: $\\frac$ > wrong\n\x1b]0;owned\x07",
        ".DS_Store": "\0",
        "nobody": "",
        "dana": "guess: 0.5 0.25 1\n",
    }
    folder = tmp_path / "pasted"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    return folder


def test_first_answers_are_summed_and_the_commonest_error_is_named(pasted, tmp_path, capsys):
    assert cli.main(["answers", str(pasted), "--out", str(tmp_path / "out")]) == 0
    with open(tmp_path / "out/answers.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [tuple(row.values()) for row in rows] == [
        ("04", "one-row", "4", "25%", "b: 50%, c: 25%, $\\frac$: 25%", "b"),
        ("04", "guess", "2", "", "60: 50%, 0.5 0.25 1: 50%", ""),
    ]
    assert (tmp_path / "out/answers.svg").stat().st_size > 1000
    said = capsys.readouterr().out
    assert said.startswith("5 readers, 2 questions")
    assert said.count("not understood: cem.txt: ") == 2
    assert "DS_Store" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("text", [None, "hello\n"])
def test_a_folder_without_answers_is_refused(tmp_path, book, capsys, text):
    folder = tmp_path / "pasted"
    folder.mkdir()
    if text:
        (folder / "ada.txt").write_text(text, "utf-8")
    assert cli.main(["answers", str(folder), "--out", str(tmp_path / "out")]) == 2
    assert str(folder) in capsys.readouterr().err


@pytest.mark.depends("book/*.md")
def test_it_knows_the_questions_of_the_book():
    names = [name for page in answers.pages() for name in answers.asked(page)]
    assert len(names) == len(set(names)) > 60
