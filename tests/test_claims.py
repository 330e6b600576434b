"""The claims that the build recorded: each could have failed, and counts once."""

import re
from collections import defaultdict
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from extensions.claims import asked, figures, shape
from extensions.executed import code_cells, executed
from extensions.replication import keeps, read
from lib.evidence import NULLS, records

ROOT = Path(__file__).parents[1]
PAGES = sorted(p for p in (ROOT / "book").glob("*.md") if "evidence.seeds(" in p.read_text("utf-8"))
CANNOT_FAIL: dict[str, str] = {}  # name to the reason why it stays
ONE_MEASUREMENT = {
    ("two-sigmoid-layers-learn", "depth-stops-sigmoid"): "with five layers every seed guesses alike"
}


@pytest.fixture(scope="module")
def claims():
    """Page to its claims."""
    return {page.stem: records(executed(ROOT, page).notebook) for page in PAGES}


def survives(claim):
    """Whether it would hold if there were nothing to it: at its baseline, or with the sides of
    every second seed turned. A null fails by a gain between its sides, unless they are one."""
    return all(nothing(claim, one).room() > 0 for one in claim.comparisons)


def nothing(claim, comparison):
    effects = np.array(comparison.effects)
    if comparison.baseline is not None:
        effects[:] = comparison.baseline
    elif claim.kind in NULLS:
        gain = claim.measure.gain
        effects -= (np.median(effects) + gain) * (np.abs(effects).max() > 1e-6 * gain)
    elif claim.kind == "ratio":
        effects[::2] = 1 / effects[::2]
    else:
        effects[::2] *= -1
    return replace(comparison, effects=tuple(effects))


def test_each_claim_would_fail_if_there_were_nothing_to_it(claims):
    every = [claim for page in claims.values() for claim in page if claim.kind != "unsettled"]
    assert {claim.name for claim in every if survives(claim)} == set(CANNOT_FAIL)


def test_no_measurement_is_claimed_twice(claims):
    for page in claims.values():
        same = defaultdict(list)
        for claim in page:
            if (key := shape(claim)) is not None:
                same[key].append(claim.name)
        twice = [tuple(names) for names in same.values() if len(names) > 1]
        assert set(twice) <= set(ONE_MEASUREMENT)


def test_the_prose_gives_the_figures_of_what_is_null_or_open(claims):
    for page, found in claims.items():
        text = (ROOT / "book" / f"{page}.md").read_text("utf-8")
        shown = set(re.findall(r"\{measured\}`([^`]+)`", text))
        asked = {claim.name for claim in found if claim.kind in (*NULLS, "unsettled")}
        assert asked <= shown, page


def test_what_counts_stands_in_one_place(claims):
    for page, found in claims.items():
        text = (ROOT / "book" / f"{page}.md").read_text("utf-8")
        measures = {claim.measure for claim in found if claim.measure is not None}
        assert sum("evidence.Measure(" in cell for cell in code_cells(text)) == bool(measures), page
        assert len({measure.name for measure in measures}) == len(measures), page


def test_no_claim_fails_on_more_than_one_further_block(claims):
    for page, found in claims.items():
        runs = read(ROOT)[page].values()
        assert len(runs) == 5, page
        for claim in found:
            if not claim.pooled:
                blocks = [run["claims"][claim.name] for run in runs]
                assert sum(not keeps(claim, effects) for effects in blocks) <= 1, claim.name


def test_a_pooled_claim_stands_on_the_further_blocks_alone(claims):
    """Else ten seeds, which another machine or first seed has otherwise, decide it: unsettled."""
    for page, found in claims.items():
        runs = read(ROOT)[page].values()
        for claim in found:
            if claim.pooled and claim.kind != "unsettled":
                blocks = [run["claims"][claim.name] for run in runs]
                together = [list(chain(*effects)) for effects in zip(*blocks, strict=True)]
                assert keeps(claim, together), claim.name


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("less than -9 points", "less than −9 points"),
        ("more than 6e-08 times", "more than 6×10⁻⁸ times"),
        ("more than 1e+20 times", "more than 1×10²⁰ times"),
        ("within ±0.01 log2", "within ±0.01 log2"),
        ("", ""),
    ],
)
def test_what_is_asked_is_set_like_what_is_measured(claims, written, shown):
    claim = next(iter(claims.values()))[0]
    assert asked(replace(claim, asked=written)) == shown


@pytest.mark.parametrize(
    ("effect", "low", "high", "said"),
    [
        (14.3, 9.6, 19.7, "14 [10, 20] times"),
        (48300, 281, 6.4e8, "48000 [280, 6.4×10⁸] times"),
        (4.4e-63, 3.8e-66, 1.7e-41, "4.4×10⁻⁶³ [3.8×10⁻⁶⁶, 1.7×10⁻⁴¹] times"),
        (0.0017, -0.012, 0.024, "0.002 [−0.012, 0.024] times"),
    ],
)
def test_no_interval_rounds_its_median_away(effect, low, high, said):
    assert figures(effect, low, high, "times") == said
