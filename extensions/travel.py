"""The claims in other worlds: `book/travel.json`, which `make travel` writes.

The record holds what was measured: for each claim and world the effects of its comparisons, one a
seed. Whether that is as asked is decided here, by the bounds that the claim has now.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from extensions.claims import comparisons, figures
from extensions.imports import contents, imported
from lib.evidence import NULLS, Claim, settled
from lib.intervals import interval
from lib.records import Comparison
from travel.worlds import WORLDS

RECORD = Path("book/travel.json")
PLAN = Path("travel/plan.json")


@functools.cache
def read(root: Path) -> list[dict[str, Any]]:
    """The rows of the record; none before the first run."""
    path = root / RECORD
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return rows


@functools.cache
def plan(root: Path) -> list[dict[str, Any]]:
    """Which claims are measured, by which experiment, in which worlds, and what they ask."""
    rows: list[dict[str, Any]] = json.loads((root / PLAN).read_text("utf-8"))
    return rows


@functools.cache
def code(root: Path, experiment: str, world: str) -> str:
    """A hash of an experiment, of the modules that it imports, and of the world."""
    path = root / f"travel/experiments/{experiment}.py"
    digest = hashlib.sha256(repr(WORLDS[world]).encode())
    digest.update(contents(imported(path, root), root))
    return digest.hexdigest()[:16]


def verdict(claim: Claim, effects: list[list[float]]) -> str:
    """What becomes of a claim elsewhere: "holds", as asked in the book; "weaker": in the same
    direction; "not settled": the typical seed may lie on either side; or "does not hold".

    Of what the book leaves open it says whether it is a "gain", a "loss" or a "null" there.
    """
    if claim.kind == "unsettled":
        assert claim.measure is not None
        return settled(effects[0], claim.measure.gain) or "not settled"
    there = comparisons(claim, effects)
    if all(one.room() > 0 for one in there):
        return "holds"
    weaker = [relaxed(one, claim.kind) for one in there]
    if all(one.room() > 0 for one in weaker):
        return "weaker"
    ends = [(*interval(one.effects), one) for one in weaker]
    reaches = all(high > one.above and low < one.below for low, high, one in ends)
    return "not settled" if reaches else "does not hold"


def relaxed(one: Comparison, kind: str) -> Comparison:
    """The same direction: more than nothing; of a null, less than a gain; of a threshold, half the
    way to it. What is to stay below a bound has no weaker form."""
    if kind in (*NULLS, "agreement"):
        return replace(one, above=2 * one.above, below=2 * one.below)
    if one.above == -math.inf:
        return one
    if one.baseline is not None:
        return replace(one, above=min(one.above, (one.above + one.baseline) / 2))
    return replace(one, above=1 if kind == "ratio" else 0)


def agree(row: dict[str, Any], again: dict[str, Any]) -> bool:
    """Whether the intervals of what was measured again meet those of a row."""
    for old, new in zip(row["effects"], again["effects"], strict=True):
        (low, high), (first, last) = interval(old), interval(new)
        near = 1e-6 * max(abs(low), abs(high))
        if first > high + near or last < low - near:
            return False
    return True


def fates(root: Path, claims: Iterable[Claim]) -> dict[tuple[str, str], Fate]:
    """By claim and world, what is on record of the claims that the plan holds."""
    known = {claim.name: claim for claim in claims}
    return {
        (row["claim"], row["world"]): Fate(row, known[row["claim"]], root)
        for row in read(root)
        if row["claim"] in known
        # Of an earlier version of the claim, otherwise.
        and len(row["effects"]) == len(known[row["claim"]].comparisons)
    }


class Fate:
    """A row of the record, judged by the present claim.

    Attributes:
        verdict: as `verdict` gives it.
        tightest: the comparison that the figures are of.
        measured: median, interval and unit.
        stale: whether another version of the code measured it.
    """

    def __init__(self, row: dict[str, Any], claim: Claim, root: Path) -> None:
        self.row = row
        self.claim = claim
        self.verdict = verdict(claim, row["effects"])
        there = comparisons(claim, row["effects"])
        self.tightest = min(range(len(there)), key=lambda i: there[i].room())
        effects = there[self.tightest].effects
        self.effect, (self.low, self.high) = float(np.median(effects)), interval(effects)
        self.measured = figures(self.effect, float(self.low), float(self.high), claim.unit)
        self.stale = row["code"] != code(root, row["experiment"], row["world"])
