"""What a record of replications is of, and what becomes of a claim by it."""

import dataclasses
import json

import pytest

from extensions.replication import Replication, fingerprint, replication, summary
from lib.evidence import Claim, Comparison

pytestmark = pytest.mark.depends("lib/**/*", "extensions/*.py")
CHAPTER = """\
# A chapter

```{code-cell} ipython3
from lib import evidence, own
right = evidence.Measure("accuracy", gain=2, why="two of a hundred")
a = own.train(2)
evidence.greater("a-learns", "a learns", a, 50, baseline=10, measure=right)
evidence.glue("a", a)
```
"""
CLAIM = Claim(
    "a-learns", "a learns", "threshold", "more than 50", 70, 60, 80, "", None, 10, 0, 1, (), False,
    True, (Comparison(tuple(range(60, 70)), above=50, baseline=10),),
)  # fmt: skip


@pytest.fixture
def chapter(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/own.py").write_text("def train(n): return n")
    (tmp_path / "lib/other.py").write_text("")
    (tmp_path / "01-chapter.md").write_text(CHAPTER)
    return tmp_path / "01-chapter.md"


def print_of(chapter):
    return fingerprint(chapter.parent, chapter)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# A chapter", "# Another title"),
        ("gain=2", "gain=3"),
        ('"a learns"', '"a learns much"'),
        ("baseline=10, measure=right", "measure=right, pooled=True"),
        ("evidence.greater", "evidence.equal"),
        ('glue("a", a)', 'glue("a", 2 * a)'),
        ("own.train(2)", "own.train(2)  # twice"),
        ("own.train(2)", "own.train(2)\nexplorables.clipping()"),
    ],
)
def test_what_is_only_said_or_asked_leaves_the_fingerprint(chapter, old, new):
    before = print_of(chapter)
    assert old in CHAPTER
    chapter.write_text(CHAPTER.replace(old, new))
    assert print_of(chapter) == before
    (chapter.parent / "lib/other.py").write_text("something")
    assert print_of(chapter) == before


@pytest.mark.parametrize(
    ("old", "new"), [("train(2)", "train(3)"), (", a, 50", ", 2 * a, 50"), (", a, 50", ", a, 60")]
)
def test_what_is_measured_is_in_the_fingerprint(chapter, old, new):
    before = print_of(chapter)
    assert old in CHAPTER
    chapter.write_text(CHAPTER.replace(old, new))
    assert print_of(chapter) != before


FIGURE = """
```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-a
---
b = [0, 1]
fig, ax = plt.subplots()
ax.plot(b)
c = 2 * a
```

```{code-cell} ipython3
evidence.greater("c-is-more", "c is more", c, 50, unit="points", baseline=10)
```
"""


def test_what_only_draws_leaves_the_fingerprint(chapter):
    chapter.write_text(CHAPTER + FIGURE)
    before = print_of(chapter)
    for old, new in [("ax.plot(b)", "ax.plot(b, color=INK)"), ("[0, 1]", "[0, 2]")]:
        chapter.write_text(CHAPTER + FIGURE.replace(old, new))
        assert print_of(chapter) == before
    chapter.write_text(CHAPTER + FIGURE.replace("2 * a", "3 * a"))
    assert print_of(chapter) != before


def test_a_module_that_is_imported_is_in_the_fingerprint(chapter):
    before = print_of(chapter)
    (chapter.parent / "lib/own.py").write_text("def train(n): return n + 1")
    assert print_of(chapter) != before


def test_blocks_are_judged_by_the_bound_of_today(chapter):
    known = print_of(chapter)
    runs = {
        first: {"fingerprint": known, "claims": {"a-learns": [[value] * 10]}}
        for first, value in (("1", 55), ("2", 65), ("3", 45))
    }
    (chapter.parent / "lib/replicated.json").write_text(json.dumps({chapter.stem: runs}))
    assert replication(chapter.parent, chapter.stem, CLAIM, known) == Replication(3, 2, stale=False)
    asked = dataclasses.replace(CLAIM.comparisons[0], above=60)
    stricter = dataclasses.replace(CLAIM, comparisons=(asked,))
    assert replication(chapter.parent, chapter.stem, stricter, known) == Replication(
        3, 1, stale=False
    )
    chapter.write_text(CHAPTER.replace("train(2)", "train(3)"))
    now = print_of(chapter)
    assert replication(chapter.parent, chapter.stem, CLAIM, now) == Replication(3, 2, stale=True)


def test_the_summary_counts_the_blocks():
    fates = [Replication(5, held, False) for held in (5, 5, 4, 2)]
    said = summary(fates, 7)
    assert "On 6 blocks of ten seeds" in said
    assert "2 of 4 claims held each time, 1 all but once, and 1 failed more often." in said
    assert said.endswith("together: 7 more.")
    assert "none failed more often" in summary(fates[:3], 0)
    unknown = "No claim has been replicated on other seeds yet."
    assert summary([Replication(0, 0, False)], 0) == unknown
