"""Claims of the book, measured again by the lab: in JavaScript, with random numbers of its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from machine import EVERYTHING
from test_lab import lab

from extensions.executed import executed
from extensions.lab import bounds_of
from lib.evidence import interval, records

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book").glob("[01]*-*.md"))
SEEDS = list(range(10))
HEADLINES = [  # 12 s of one core; with ALL=1 all of them, which take five minutes
    "sigmoid-vanishes", "wide-tanh-explodes", "glorot-tanh-keeps", "glorot-relu-looks-even",
    "glorot-relu-shrinks", "small-sigmoids-are-not-saturated", "wide-tanh-is-saturated",
    "clipping-cannot-lengthen", "constant-fails-at-high-rate", "wrong-labels-learnt-by-heart",
    "validation-loss-turns", "validation-loss-turns-early",
]  # fmt: skip

pytestmark = pytest.mark.depends(
    "explorables/**/*", "assets/lab/*", "tools/lab.mjs", "lib/**/*", "book/*.md#code",
    "_build/executed/*/executed/*/base.ipynb",
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger():
    """Name to claim, of the executed chapters."""
    pages = [records(executed(ROOT, page).notebook) for page in PAGES]
    return {claim.name: claim for page in pages for claim in page}


@pytest.fixture(scope="module")
def known():
    return lab({"ask": "known"})[0]


def comparisons(claim, effects):
    """Those of the claim with the lab's effects in place of the book's."""
    pairs = zip(claim.comparisons, effects, strict=True)
    return [replace(one, effects=tuple(values)) for one, values in pairs]


def said(claim, effects):
    """Whether each comparison is as the book has it, and what was found."""
    lines = [
        f"{claim.name}: {np.median(one.effects):.4g} [{low:.4g}, {high:.4g}] {claim.unit}, "
        f"asked {one.above:g} to {one.below:g}"
        for one in comparisons(claim, effects)
        for low, high in [interval(one.effects)]
    ]
    return all(one.room() > 0 for one in comparisons(claim, effects)), "\n".join(lines)


def failing(ledger, found):
    outcomes = {name: said(ledger[name], effects) for name, effects in found.items()}
    return {name: text for name, (holds, text) in outcomes.items() if not holds}


@pytest.mark.long
def test_the_lab_finds_what_the_book_claims(ledger, known):
    every = known["claims"] + known["otherwise"]
    names = every if EVERYTHING else HEADLINES
    (found,) = lab({"ask": "claims", "names": names, "seeds": SEEDS})
    failed = failing(ledger, found)
    expected = set(known["otherwise"]) & set(names)
    assert set(failed) == expected, "\n".join(failed.values())
    asked = [
        {"ask": "verdict", "effects": found[name], "bounds": bounds_of(ledger[name])}
        for name in names
    ]
    for name, verdict in zip(names, lab(*asked), strict=True):
        assert verdict["holds"] == (name not in failed)
        for one, effects in zip(verdict["comparisons"], found[name], strict=True):
            low, high = interval(effects)
            assert one == pytest.approx({"median": np.median(effects), "low": low, "high": high})


def test_each_claim_of_the_lab_is_one_of_the_book_in_its_order(ledger, known):
    assert len(known["claims"]) >= 16
    order = list(ledger)
    places = [order.index(name) for name in known["claims"]]
    assert places == sorted(places)
    assert set(known["otherwise"]) < set(ledger)


@pytest.mark.parametrize("name", ["glorot-relu-shrinks", "clipping-cannot-lengthen"])
def test_a_claim_fails_with_other_kernels_than_the_books(ledger, name):
    instead = ["act=relu", "act=relu&init=he"]
    (found,) = lab({"ask": "claims", "names": [name], "seeds": SEEDS, "instead": instead})
    assert name in failing(ledger, found)


def test_runs_that_diverge_hold_no_claim():
    (verdict,) = lab({"ask": "verdict", "effects": [[None] * 10], "bounds": [{"above": 0}]})
    assert not verdict["holds"]
