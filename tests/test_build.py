"""A page that is wrong in any of these ways must not come out as a book."""

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psutil
import pytest
import yaml

from extensions.replication import fingerprint
from tools.replicate import blocks

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.depends(
    "extensions/**/*", "assets/**/*", "lib/**/*", "explorables/**/*", "_config.yml",
    "package-lock.json", "pyproject.toml", "book/references.bib", "tools/*.py",
    ".github/ISSUE_TEMPLATE/*", "travel/*",
)  # fmt: skip
PAGE = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A chapter

**What rises?**

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
HEADER, _, _ = PAGE.partition("**What")
TINY = f"{HEADER}```{{code-cell}} ipython3\n1 + 1\n```\n"  # executed, never built
BREAKS = {
    "reference": ("`fig-line`", "`fig-lime`", "fig-lime"),
    "citation": ("`paper2010`", "`paper2011`", "paper2011"),
    "missing alt": (
        "    alt: A line that rises from left to right.\n",
        "    width: 90%\n",
        "no alt",
    ),
    "alt like caption": ("alt: A line that rises from left to right.", "alt: A line.", "repeats"),
    "standard error": ("1 + 1", "import sys; print(1, file=sys.stderr)", "stderr"),
}
CLAIMS = """
```{code-cell} ipython3
from lib import evidence
coins = evidence.Measure("coins", gain=4, why="as many as it takes", unit="cents")
evidence.greater("always", "two is more than one", [2] * 10, 1, baseline=0, updates=16)
evidence.greater("mostly", "nine of ten are above one", [3] * 9 + [0], 1, baseline=0)
evidence.equal("null", "as often above as below", [1, -1] * 5, [0] * 10, measure=coins)
evidence.equal("law", "as it should be", [4, 6] * 5, 5, measure=coins, baseline=0)
evidence.equal("twice", "as it should be, too", [9, 11] * 5, 10, measure=coins, baseline=0)
evidence.unsettled("open", "whether heads win", [5, -5] * 15, [0] * 30, measure=coins)
```

Heads and tails tie: {measured}`null`.
"""
INDEX = """\
# Book

```{chapter-map}
fig-line
```

The claim {claim}`mostly`.

```{replication}
```

```{bibliography}
```
"""


@pytest.fixture
def book(tmp_path):
    rooms = "assets explorables extensions lib node_modules tools travel".split()
    for name in (*rooms, "_config.yml", "pyproject.toml", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book/index.md").write_text("# Book\n\n```{bibliography}\n```\n")
    shutil.copy(ROOT / "book/references.bib", tmp_path / "book")
    with open(tmp_path / "book/references.bib", "a") as file:
        file.write("@misc{paper2010, author={A. Author}, title={A title}, year={2010}}\n")
    write(tmp_path, {"01-chapter": PAGE})
    return tmp_path


def write(book, pages):
    """Write these pages, and a table of contents that lists them."""
    for name, text in pages.items():
        (book / f"book/{name}.md").write_text(text)
    files = ", ".join(f"{{file: book/{name}}}" for name in pages)
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n- caption: Part\n  numbered: true\n"
        f"  chapters: [{files}]\n"
    )


def run(book, *command, **environment):
    """Run one command of `make book`; returns its exit code and all that it printed."""
    done = subprocess.run(
        command, cwd=book, capture_output=True, text=True, timeout=300,
        env=os.environ | environment,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def execute(book, **environment):
    return run(book, sys.executable, "-m", "tools.execute", **environment)


def build(book, **environment):
    code, text = execute(book, **environment)
    assert code == 0, text
    return run(book, sys.executable, "-m", "tools.book", "html", **environment)


def executed(text):
    """The chapters that a run of the executor names as done."""
    return re.findall(r"^done .* (\S+)\.md$", text, re.M)


@pytest.mark.long
def test_what_is_broken_fails_the_build_and_is_named(book):
    pages = {}
    for number, (old, new, _) in enumerate(BREAKS.values(), 2):
        assert old in PAGE
        page = re.sub(r"\b(fig|eq)-li[nm]e", rf"\g<0>{number}", PAGE.replace(old, new, 1))
        pages[f"{number:02}-chapter"] = page
    write(book, pages)
    code, text = build(book)
    assert code, text
    for number, (_, _, message) in enumerate(BREAKS.values(), 2):
        named = [line for line in text.splitlines() if f"{number:02}-chapter" in line]
        assert any(message in line for line in named), (message, named)


def test_a_broken_formula_fails_the_build(book):
    write(book, {"01-chapter": PAGE.replace("{a}{b}", "{a}{b")})
    code, text = build(book)
    assert code, text
    assert "KaTeX parse error" in text


def test_a_failing_cell_is_named_with_its_traceback(book):
    write(book, {"01-chapter": TINY.replace("1 + 1", "1 / 0")})
    code, text = execute(book)
    assert code
    assert "book/01-chapter.md: code cell 1 of 1 failed" in text
    assert "1 / 0" in text
    assert "ZeroDivisionError" in text


def test_only_a_change_of_code_or_library_executes_a_chapter_again(book):
    page = book / "book/01-chapter.md"
    assert executed(execute(book)[1])
    page.write_text(PAGE.replace("# A chapter", "# A new chapter").replace("A line.", "A curve."))
    code, text = build(book)
    assert code == 0, text
    assert "A curve." in (book / "_build/html/book/01-chapter.html").read_text()
    assert not executed(execute(book)[1])
    page.write_text(PAGE.replace("1 + 1", "1 + 2"))
    assert executed(execute(book)[1])
    (book / "requirements.txt").unlink()
    (book / "requirements.txt").write_text("another lock")
    assert executed(execute(book)[1])


def test_what_is_not_python_in_the_library_executes_the_chapters_again(book):
    write(book, {"01-chapter": TINY})
    (book / "explorables").unlink()
    shutil.copytree(ROOT / "explorables", book / "explorables")
    assert executed(execute(book)[1])
    for name in ("mc_dropout.json", "web/ui/panel.js"):
        with open(book / "explorables" / name, "a") as file:
            file.write("\n")
        assert executed(execute(book)[1]), name
    assert not executed(execute(book)[1])


def test_a_failure_costs_its_chapter_alone(book):
    write(book, {"01-chapter": TINY, "02-chapter": TINY.replace("1 + 1", "1 / 0")})
    code, text = execute(book)
    assert (bool(code), executed(text)) == (True, ["01-chapter"])
    write(book, {"01-chapter": TINY, "02-chapter": TINY.replace("1 + 1", "1 + 0")})
    code, text = execute(book)
    assert (code, executed(text)) == (0, ["02-chapter"])


def test_another_first_seed_and_back_executes_nothing_twice(book):
    write(book, {"01-chapter": TINY})
    assert executed(execute(book)[1])
    assert executed(execute(book, BOOK_FIRST_SEED="1000")[1])
    assert not executed(execute(book)[1])
    assert not executed(execute(book, BOOK_FIRST_SEED="1000")[1])


@pytest.mark.long
def test_a_replication_records_each_claim_and_goes_on_where_it_was(book):
    chosen = [*blocks("01-chapter")]
    _, second, third, _, last = chosen
    code = f"""\
from lib import data, evidence
drawn = evidence.Measure("what is drawn", gain=4, why="it shows")
seeds = evidence.seeds(10)
evidence.greater("early", "early seeds only", {third}, seeds, baseline={last})
evidence.greater("drawn", "by data", [data.seed()] * 10, seeds, by=-1, measure=drawn, pooled=True)
assert seeds[0] != {last}, "broken"
"""
    chapter, record = book / "book/01-chapter.md", book / "lib/replicated.json"
    write(book, {chapter.stem: TINY.replace("1 + 1\n", code)})
    (book / "lib").unlink()
    shutil.copytree(ROOT / "lib", book / "lib")
    record.write_text('{"01-chapter": {"77": {}}}')

    def replicate():
        code, text = run(book, sys.executable, "-m", "tools.replicate", PYTHONPATH=str(book))
        done = [line.split()[3:] for line in text.splitlines() if line.startswith("done")]
        return code, sorted(done), text

    failed, done, text = replicate()
    assert failed
    assert f"failed {last} 01-chapter.md: code cell 1 of 1 failed" in text
    lost = [[], [], ["early"], ["early"]]
    told = zip(chosen[:4], lost, strict=True)
    assert done == [[str(block), chapter.name, *names] for block, names in told]
    runs = json.loads(record.read_text())[chapter.stem]
    assert [*runs] == [str(block) for block in chosen[:4]]
    assert [one["claims"]["early"] for one in runs.values()] == [
        [[*range(block, block + 10)]] for block in chosen[:4]
    ]
    effects = [second // 1000 - seed for seed in range(second, second + 10)]
    assert runs[str(second)]["claims"]["drawn"] == [effects]
    chapter.write_text(chapter.read_text() + "\nProse alone costs nothing.\n")
    failed, done, _ = replicate()
    assert (failed, done) == (1, [])
    chapter.write_text(chapter.read_text().replace(f'assert seeds[0] != {last}, "broken"', ""))
    failed, done, _ = replicate()
    assert (failed, len(done)) == (0, 5)


def test_an_interruption_ends_at_once_and_keeps_what_is_done(book):
    slow = TINY.replace("1 + 1", "import time; time.sleep(100)")
    write(book, {"01-chapter": slow, "02-chapter": TINY})  # the last is the first to start
    command = [sys.executable, "-m", "tools.execute"]
    with subprocess.Popen(
        command, cwd=book, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert executed(process.stdout.readline()) == ["02-chapter"]
        running = psutil.Process(process.pid).children(recursive=True)
        assert running
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert time.monotonic() - start < 50
        assert "what is done is kept" in process.stderr.read()
        psutil.wait_procs(running, timeout=60)
        assert not [kernel for kernel in running if kernel.is_running()]
    (book / "book/01-chapter.md").unlink()
    assert not executed(execute(book)[1])


def test_a_chapter_that_is_edited_while_others_run_is_executed_next(book):
    more = "\n```{code-cell} ipython3\n2\n```\n"
    edit = f"with open('01-chapter.md', 'a') as file: file.write({more!r})"
    write(book, {"01-chapter": TINY, "02-chapter": TINY.replace("1 + 1", edit)})
    assert sorted(executed(execute(book)[1])) == ["01-chapter", "02-chapter"]
    assert executed(execute(book)[1]) == ["01-chapter"]
    assert not executed(execute(book)[1])


@pytest.mark.long
def test_a_book_knows_itself_and_makes_up_no_address(book):
    (book / "book/index.md").write_text(INDEX)
    ledger = "# Evidence\n\n```{claims}\n```\n\n```{execution-times}\n```\n"
    other = "# Another page\n\nAs in {claim}`mostly`.\n"
    write(book, {"01-chapter": PAGE + CLAIMS, "evidence": ledger, "other": other})
    (book / "lib").unlink()
    shutil.copytree(ROOT / "lib", book / "lib")
    known = fingerprint(book, book / "book/01-chapter.md")
    record = {
        first: {"fingerprint": known, "claims": {"always": [[2] * 10], "mostly": [[value] * 10]}}
        for first, value in (("2000", 3), ("3000", 0))
    }
    (book / "lib/replicated.json").write_text(json.dumps({"01-chapter": record}))
    (book / "notebooks/01-chapter.ipynb").write_text("{}")
    code, text = build(book)
    assert (code, text) == (0, "")
    html = (book / "_build/html/book/01-chapter.html").read_text()
    assert "colab.research" not in html
    assert "mybinder" not in html
    assert "github.com" not in html.lower()
    assert 'href="../notebooks/01-chapter.ipynb"' in html
    assert '<meta name="description" content="The figure is Fig. 1.1' in html
    assert "og:image" not in html
    assert not (book / "_build/html/sitemap.xml").exists()
    ledger = (book / "_build/html/book/evidence.html").read_text()
    assert (
        "5 claims on 3 measurements, 1 of them nulls and 2 agreements with a prediction. "
        "4 claims hold in every single seed, the others in 90\u00a0% of their seeds or more. "
        "Not settled by thirty seeds or more: 1." in ledger
    )
    assert "Heads and tails tie: 0.0 [−1.0,\u00a01.0] cents." in html
    assert 'id="claim-whether-heads-win"' in html
    assert '<tr class="claim-unsettled' in ledger
    assert "coins, 4 cents (as many as it takes)" in ledger
    rows = [re.sub("<[^>]+>| +", " ", row) for row in re.findall("<tr.*?</tr>", ledger, re.S)]
    mostly = next(row for row in rows if "nine of ten" in row)
    assert next(row for row in rows if "two is more" in row).split()[-6:-3] == ["alike", "100", "%"]
    assert mostly.split()[-6:] == ["10", "90", "%", "2", "of", "3"]
    assert "0 [−5,\u00a05] cents" in next(row for row in rows if "not settled: " in row)
    assert 'href="01-chapter.html#claim-nine-of-ten-are-above-one"' in ledger
    assert 'id="claim-nine-of-ten-are-above-one"' in html
    assert re.search(r"A chapter\s+[1-9]", rows[-1])
    index = (book / "_build/html/book/index.html").read_text()
    assert 'href="evidence.html#mostly"' in index
    assert "1 of 2 claims held each time, 1 all but once, and none failed more often." in index
    assert 'id="mostly"' in ledger
    card = index.partition('class="chapter-card')[2]
    assert 'href="01-chapter.html"' in card
    assert "1. A chapter" in card
    assert "What rises?" in card
    assert "<svg" in card
    known = book / "_build/.doctrees/environment.pickle"
    old = pickle.loads(known.read_bytes())
    old.outcomes, old.version["extensions"] = {"book/01-chapter": ()}, 1  # of earlier code
    known.write_bytes(pickle.dumps(old))
    assert build(book)[0] == 0
    renamed = (PAGE + CLAIMS).replace('"mostly"', '"often"')
    (book / "book/01-chapter.md").write_text(renamed)
    code, text = build(book)
    assert code
    assert re.search(r"other\.md:\d*: WARNING: no claim is named 'mostly'", text)
    assert "Error" not in text


@pytest.mark.long
def test_every_address_follows_from_the_repositorys(book):
    (book / "notebooks/01-chapter.ipynb").write_text("{}")
    config = (ROOT / "_config.yml").read_text()
    address = "https://github.com/someone/somebook"
    (book / "_config.yml").unlink()
    (book / "_config.yml").write_text(re.sub('url: ".*"', f'url: "{address}"', config))
    elsewhere = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "another/fork"}
    assert build(book, **elsewhere)[0] == 0
    assert run(book, sys.executable, "-m", "tools.book", "notebook", **elsewhere)[0] == 0
    notebook = (book / "_build/notebook/01-chapter.ipynb").read_text()
    assert f'%pip install --quiet \\"git+{address}\\"' in notebook
    html = (book / "_build/html/book/01-chapter.html").read_text()
    assert "another" not in html + notebook
    assert 'class="fab ' not in html
    assert run(book, sys.executable, "-m", "tools.book", "epub", **elsewhere) == (0, "")
    colab = "https://colab.research.google.com/github/someone/somebook/blob/main/notebooks/"
    assert f"{colab}01-chapter.ipynb" in html
    assert "urlpath=lab/tree/notebooks/01-chapter.ipynb" in html
    assert "https://github.com/someone/somebook/edit/main/book/01-chapter.md" in html
    site = "https://someone.github.io/somebook/"
    form = re.search(f'href="({address}/issues/new[^"]*)"', html)[1].replace("&amp;", "&")
    asked = dict(parse_qsl(urlsplit(form).query))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert asked == {"template": "mistake.yml", "page": "book/01-chapter", "version": version}
    fields = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/mistake.yml").read_text())["body"]
    assert {*asked, "section"} - {"template"} <= {field["id"] for field in fields}
    assert f"Version {version}" in html
    assert f'content="{site}_static/card.png"' in html
    assert f'<link rel="canonical" href="{site}book/01-chapter.html"' in html
    sitemap = (book / "_build/html/sitemap.xml").read_text()
    assert re.findall("<loc>(.*?)</loc>", sitemap) == [
        f"{site}book/{n}.html" for n in ("01-chapter", "index")
    ]
    lost = (book / "_build/html/404.html").read_text()
    assert 'href="/somebook/' in lost
