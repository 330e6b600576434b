"""A page that is wrong in any of these ways must not come out as a book."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A chapter

The figure is {numref}`fig-line`, the formula {eq}`eq-line`, the paper {cite:t}`paper2010`.

$$
y = \\frac{a}{b}
$$ (eq-line)

```{code-cell} ipython3
---
mystnb:
  image:
    alt: A line that rises from left to right.
  figure:
    name: fig-line
    caption: A line.
---
from matplotlib import pyplot as plt
from lib import plots
plots.use_house_style()
_ = plt.plot([0, 1])
```

```{code-cell} ipython3
1 + 1
```
"""
BREAKS = {
    "nothing": ("", "", ""),
    "cell": ("1 + 1", "1 / 0", "ZeroDivisionError"),
    "reference": ("`fig-line`", "`fig-lime`", "fig-lime"),
    "citation": ("`paper2010`", "`paper2011`", "paper2011"),
    "formula": ("{a}{b}", "{a}{b", "KaTeX parse error"),
    "missing alt": (
        "    alt: A line that rises from left to right.\n",
        "    width: 90%\n",
        "no alt",
    ),
    "alt like caption": ("alt: A line that rises from left to right.", "alt: A line.", "repeats"),
    "standard error": ("1 + 1", "import sys; print(1, file=sys.stderr)", "stderr"),
}


@pytest.fixture
def book(tmp_path):
    for name in ("_config.yml", "assets", "extensions", "lib", "node_modules", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n- caption: Part\n  numbered: true\n"
        "  chapters: [{file: book/01-chapter}]\n"
    )
    (tmp_path / "book/index.md").write_text("# Book\n\n```{bibliography}\n```\n")
    shutil.copy(ROOT / "book/references.bib", tmp_path / "book")
    with open(tmp_path / "book/references.bib", "a") as file:
        file.write("@misc{paper2010, author={A. Author}, title={A title}, year={2010}}\n")
    return tmp_path


def build(book, *options, **environment):
    """Run what `make book` runs; returns the exit code and all that was printed."""
    commands = [
        [sys.executable, "extensions/execute.py"],
        ["jupyter-book", "build", ".", "-W", "-n", "--keep-going", "--quiet", *options],
    ]
    text = ""
    for command in commands:
        run = subprocess.run(
            command, cwd=book, capture_output=True, text=True, timeout=300,
            env=os.environ | environment,
        )  # fmt: skip
        text += run.stdout + run.stderr
        if run.returncode:
            break
    return run.returncode, text


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_page_fails_the_build(book, broken):
    old, new, message = BREAKS[broken]
    assert old in PAGE
    (book / "book/01-chapter.md").write_text(PAGE.replace(old, new, 1))
    code, text = build(book)
    assert bool(code) == (broken != "nothing"), text
    assert message in text


def test_a_failing_cell_is_named_with_its_traceback(book):
    (book / "book/01-chapter.md").write_text(PAGE.replace("1 + 1", "1 / 0"))
    _, text = build(book)
    assert "book/01-chapter.md: code cell 2 of 2 failed" in text
    assert "1 / 0" in text


def test_only_a_change_of_code_or_library_executes_a_chapter_again(book):
    page = book / "book/01-chapter.md"
    page.write_text(PAGE)
    assert "done" in build(book)[1]
    page.write_text(PAGE.replace("# A chapter", "# A new chapter").replace("A line.", "A curve."))
    code, text = build(book)
    assert (code, "done" in text) == (0, False)
    assert "A curve." in (book / "_build/html/book/01-chapter.html").read_text()
    page.write_text(PAGE.replace("1 + 1", "1 + 2"))
    assert "done" in build(book)[1]
    (book / "requirements.txt").unlink()
    (book / "requirements.txt").write_text("another lock")
    assert "done" in build(book)[1]


def test_no_address_is_made_up_while_the_repository_is_unset(book):
    (book / "book/01-chapter.md").write_text(PAGE)
    (book / "notebooks/01-chapter.ipynb").write_text("{}")
    assert build(book, GITHUB_SERVER_URL="", GITHUB_REPOSITORY="")[0] == 0
    html = (book / "_build/html/book/01-chapter.html").read_text()
    assert "colab.research" not in html
    assert "mybinder" not in html
    assert "github.com" not in html.lower()
    assert 'href="../notebooks/01-chapter.ipynb"' in html


def test_every_button_follows_from_the_repositorys_address(book):
    (book / "book/01-chapter.md").write_text(PAGE)
    (book / "notebooks/01-chapter.ipynb").write_text("{}")
    address = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "someone/somebook"}
    assert build(book, **address)[0] == 0
    html = (book / "_build/html/book/01-chapter.html").read_text()
    colab = "https://colab.research.google.com/github/someone/somebook/blob/main/notebooks/"
    assert f"{colab}01-chapter.ipynb" in html
    assert "urlpath=lab/tree/notebooks/01-chapter.ipynb" in html
    assert "https://github.com/someone/somebook/edit/main/book/01-chapter.md" in html
