"""Claims of the text, checked over seeds.

Each call is one quantitative sentence of the book. It takes measurements by seed, decides, prints
`holds: <statement>`, and leaves its figures in the metadata of the cell's output, where `records`
finds them for the ledger. A claim that does not hold raises `ClaimFailed`.

Every claim comes down to one number per seed, its effect: a measurement, a difference or a ratio.
It says that the effect lies beyond a bound in the typical seed: in more than half of all seeds
there are, not only of these. The interval is that of the sign test (Thompson 1936). Of ten effects
it runs from the second smallest to the second largest, and all of it must lie beyond the bound:
nine seeds of ten. A false claim whose bound was fixed before looking passes with a probability of
at most 2.5 % (1.1 % with ten seeds), whatever the distribution, ties and outliers included. No
rule for a mean can promise that (Bahadur & Savage 1956). A claim of several comparisons needs
each, at no extra risk (Berger 1982); a null is two one-sided tests (Schuirmann 1987). The data set
is fixed: nothing is claimed about other data.

A gain and a null of the same quantity must not be said of the same number. So a chapter states
once, as a `Measure`, from what size on a difference counts. A gain is more than that; a null lies
within half of it. What lies between, or on both sides, is not settled.

Thompson, Ann. Math. Stat. 7:122, 1936. Bahadur & Savage, Ann. Math. Stat. 27:1115, 1956. Berger,
Technometrics 24:295, 1982. Schuirmann, J. Pharmacokinet. Biopharm. 15:657, 1987.
"""

import math
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lib.intervals import MIN_SEEDS, Array, as_column, interval, rounded, spare
from lib.records import Claim, Comparison, Measure, figures_of, plain, records, replicated

__all__ = [
    "Claim", "ClaimFailed", "Comparison", "Measure", "equal", "glue", "greater", "interval",
    "ratio", "records", "rounded", "seeds", "unsettled",
]  # fmt: skip

SEEDS_TO_GIVE_UP = 30
_GLUED = "application/papermill.record/"  # where myst_nb looks for what its roles show
NULLS = ("null", "no loss")


class ClaimFailed(AssertionError):
    """A sentence of the text does not hold on these seeds."""


def seeds(n: int) -> range:
    """`n` seeds for an experiment, at least ten, from `BOOK_FIRST_SEED` (0 where unset) on.

    >>> len(seeds(10))
    10
    """
    if n < MIN_SEEDS:
        raise ValueError(f"n is {n}, a claim needs at least {MIN_SEEDS} seeds")
    first = _first_seed()
    return range(first, first + n)


def greater(
    name: str,
    statement: str,
    *sides: ArrayLike,
    by: float | None = None,
    measure: Measure | None = None,
    unit: str = "",
    baseline: ArrayLike | None = None,
    updates: Any = (),
    pooled: bool = False,
) -> None:
    """Claim that each side is greater than the next one.

    A side holds one measurement per seed, shape (seeds,), the same seeds in the same order on all
    sides, or is a constant, which makes a threshold; True and False count as 1 and 0.

    Args:
        by: how much greater a measured side is than a measured one: the gain of `measure` or more;
            where it is not given, the gain. A negative `by` claims that nothing is lost: at most
            half of the gain.
        measure: what is measured. Two measured sides need one.
        unit: of the measurements, where no `measure` names it.
        baseline: for a threshold, what would be measured if there were nothing to the claim; where
            it is not given, that of `measure`. A value, or one per seed.
        updates: of the weights in the trainings that are compared: what `ensemble.fit` or `sweep`
            returned, an optimizer's `iterations`, or several of them.
        pooled: decide on the seeds of `make replicate` together with these, where ten are too few.

    Raises:
        ClaimFailed: it does not hold.
        ValueError: fewer than ten seeds, unequal lengths, NaN or infinity, a bound that is not
            allowed, or a threshold without a baseline.

    >>> accuracy = Measure("accuracy", gain=0.02, why="seven of 360 digits", baseline=0.1)
    >>> he, glorot = [0.88, 0.90] * 5, [0.20, 0.31] * 5
    >>> greater("he-helps", "He trains the deep network better", he, glorot, measure=accuracy)
    holds: He trains the deep network better
    >>> greater("he-trains", "with He, accuracy passes one half", he, 0.5, measure=accuracy)
    holds: with He, accuracy passes one half
    """
    constant = [np.ndim(side) == 0 for side in sides]
    measured = not all(a or b for a, b in pairwise(constant))
    if measured:
        by = _gain(measure, by)
    elif by is not None:
        raise ValueError("by goes with two measured sides; a threshold is the constant itself")
    null = _baseline(measure, baseline) if any(constant) else None
    kind = "ordering" if len(sides) > 2 else "threshold" if any(constant) else "difference"
    comparisons = []
    for i, (a, b) in enumerate(pairwise(_columns(sides))):
        if constant[i + 1]:
            comparisons.append(_threshold(a, float(b[0]), math.inf, measure, null))
        elif constant[i]:
            comparisons.append(_threshold(b, -math.inf, float(a[0]), measure, null))
        else:
            assert by is not None
            comparisons.append(Comparison(_tuple(a - b), above=by))
            if by < 0:
                kind = "no loss"
    _settle(name, statement, kind, measure or unit, comparisons, updates, pooled)


def ratio(
    name: str,
    statement: str,
    *sides: ArrayLike,
    by: float,
    baseline: ArrayLike | None = None,
    updates: Any = (),
    pooled: bool = False,
) -> None:
    """Claim that each side is more than `by` times the next one, `by` more than 1.

    Arguments as in `greater`, all sides positive; `baseline` is that of the ratio, and goes with a
    constant. Ratios keep their order under the logarithm: the decision is that in log space.

    >>> ratio("sgd-slower", "SGD needs twice the epochs of Adam", [9] * 10, [4, 3] * 5, by=2)
    holds: SGD needs twice the epochs of Adam
    """
    constant = any(np.ndim(side) == 0 for side in sides)
    columns = _columns(sides)
    if not 1 < by < math.inf:
        raise ValueError(f"by is {by:g}, takes more than 1: a ratio that would matter")
    for i, side in enumerate(columns):
        _positive(f"sides[{i}]", float(side.min()))
    null = _baseline(None, baseline) if constant else None
    comparisons = [Comparison(_tuple(a / b), above=by, baseline=null) for a, b in pairwise(columns)]
    _settle(name, statement, "ratio", "times", comparisons, updates, pooled)


def equal(
    name: str,
    statement: str,
    *sides: ArrayLike,
    measure: Measure,
    within: float | None = None,
    baseline: ArrayLike | None = None,
    updates: Any = (),
    pooled: bool = False,
) -> None:
    """Claim a null: any two sides differ by less than half of the measure's gain, either way.

    Arguments and errors as in `greater`. A constant makes it an agreement with a prediction, which
    needs a `baseline`: what would be measured if the prediction were wrong. `within` asks for
    a closer one. What a bounded quantity cannot reach is no margin.

    >>> accuracy = Measure("accuracy", gain=0.04, limits=(0, 1), why="fourteen of 360 digits")
    >>> equal("tie", "the schedules tie", [0.96, 0.97] * 5, [0.97, 0.96] * 5, measure=accuracy)
    holds: the schedules tie
    """
    within = measure.gain / 2 if within is None else within
    _positive("within", within)
    if within > measure.gain / 2:
        raise ValueError(f"within is {within:g}, takes at most half a gain: {measure.gain / 2:g}")
    low, high = measure.limits
    for side in _columns(sides):
        if not low + within <= np.median(side) <= high - within:
            raise ValueError(
                f"sides has a median of {np.median(side):g}, from where {low:g} to {high:g} leaves "
                f"no room for a margin of {within:g}. Compare what is left, as a ratio"
            )
    constant = [np.ndim(side) == 0 for side in sides]
    null = _baseline(measure, baseline) if any(constant) else None
    comparisons = []
    for (a, b), (fixed_a, fixed_b) in zip(
        combinations(_columns(sides), 2), combinations(constant, 2), strict=True
    ):
        expected = None
        if null is not None and fixed_a != fixed_b:
            expected = float(a[0] - null if fixed_a else null - b[0])
        comparisons.append(Comparison(_tuple(a - b), -within, within, expected))
    kind = "agreement" if any(constant) else "null"
    _settle(name, statement, kind, measure, comparisons, updates, pooled)


def unsettled(
    name: str, statement: str, a: ArrayLike, b: ArrayLike, *, measure: Measure, updates: Any = ()
) -> None:
    """Say that thirty seeds did not settle whether a gains over b, loses, or ties with it.

    It raises where they do settle it and those of `make replicate` alone do, too, unless
    `BOOK_FIRST_SEED` chose the seeds: near a bound the verdict is theirs. Where the sides have
    fewer than thirty, those of `make replicate` are taken in; fewer in all raise, too.

    >>> accuracy = Measure("accuracy", gain=0.02, why="seven of 360 digits")
    >>> a, b = [0.95, 0.97, 0.96] * 10, [0.94] * 30
    >>> unsettled("a-or-b", "whether a is ahead of b", a, b, measure=accuracy)
    not settled: whether a is ahead of b
    """
    first, second = _columns([a, b])
    comparison = Comparison(_tuple(first - second))
    pooled = len(first) < SEEDS_TO_GIVE_UP
    _settle(name, statement, "unsettled", measure, [comparison], updates, pooled)


def settled(effects: ArrayLike, gain: float) -> str:
    """The verdict on differences by seed, (seeds,): "gain", "loss", "null", or "" for none.

    >>> settled([0.3] * 10, gain=1), settled([0.7] * 10, gain=1)
    ('null', '')
    """
    low, high = interval(effects)
    if low > gain or high < -gain:
        return "gain" if low > 0 else "loss"
    return "null" if -gain / 2 < low and high < gain / 2 else ""


def glue(name: str, values: ArrayLike, x: ArrayLike | None = None) -> None:
    """Keep a measurement under a name, for the prose and for the questions of the page.

    The prose shows `rounded(values)` of it by {glue:text}`name`; a question compares an answer
    with each seed.

    Args:
        values: one exact number; one a seed, shape (seeds,); or, with `x`, a curve a seed, shape
            (seeds, points), or an exact one, (1, points), which are for questions alone.
        x: where the points of a curve are, (points,).

    Returns None, since nbval compares what the last line of a cell returns.
    """
    if not os.environ.get("BOOK_BUILD"):
        return
    from IPython.display import display

    kept = np.asarray(values, float)
    about: dict[str, Any] = {"name": name, "mime_prefix": _GLUED, "values": plain(kept.tolist())}
    if x is not None:
        at = np.asarray(x, float)
        if kept.shape[1:] != at.shape or 1 < len(kept) < MIN_SEEDS:
            raise ValueError(
                f"values has shape {kept.shape}, takes (seeds, {at.size}) as x has {at.size} points"
            )
        about["x"] = plain(at.tolist())
    text = "" if x is not None else rounded(values)
    display(  # type: ignore[no-untyped-call]
        {f"{_GLUED}text/plain": repr(text)}, metadata={"scrapbook": about}, raw=True
    )


def _settle(
    name: str,
    statement: str,
    kind: str,
    measure: Measure | str,
    comparisons: Sequence[Comparison],
    updates: Any,
    pooled: bool,
) -> None:
    """Decide, and say and record what came out; of the comparisons the tightest stands for all."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"name is {name!r}, takes lower-case words joined by hyphens")
    if not statement.strip() or "\n" in statement:
        raise ValueError(f"statement is {statement!r}, takes one line of text")
    unit = measure if isinstance(measure, str) else measure.unit
    replicating = bool(os.environ.get("BOOK_REPLICATE"))
    own = len(comparisons[0].effects)
    if pooled and not replicating:
        comparisons = _pool(name, comparisons)
    if kind == "unsettled" and isinstance(measure, Measure) and not replicating:
        _insist_on_open(name, comparisons[0].effects, measure.gain, own)
    tightest = min(comparisons, key=Comparison.room)
    low, high = interval(tightest.effects)
    claim = Claim(
        name=name,
        statement=statement,
        kind=kind,
        asked=_asked(tightest, unit),
        effect=float(np.median(tightest.effects)),
        low=float(low),
        high=float(high),
        unit=unit,
        measure=None if isinstance(measure, str) else measure,
        seeds=len(tightest.effects),
        first_seed=_first_seed(),
        share=float(np.mean(np.all([one.kept() for one in comparisons], axis=0))),
        updates=_updates(updates),
        pooled=pooled,
        holds=tightest.room() > 0,
        comparisons=tuple(comparisons),
    )
    if not claim.holds and not replicating:
        raise ClaimFailed(_said(claim))
    word = "not settled" if kind == "unsettled" else "holds" if claim.holds else "fails"
    line = f"{word}: {statement}"
    if display := _display():
        # nbval compares the data of an output and passes over its metadata.
        display({"text/plain": line}, raw=True, metadata={"claim": figures_of(claim)})
    else:
        print(line)


def _pool(name: str, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons, with the effects of the other seeds on which the claim was replicated."""
    others = replicated(name, _first_seed())
    return [
        replace(one, effects=one.effects + tuple(e for effects in others for e in effects[i]))
        for i, one in enumerate(comparisons)
    ]


def _insist_on_open(name: str, effects: Sequence[float], gain: float, own: int) -> None:
    """Raise where all seeds settle it, and those of the record, alike on all machines, do too."""
    if len(effects) < SEEDS_TO_GIVE_UP:
        raise ClaimFailed(f"{name}: {len(effects)} seeds are too few to give up: make replicate")
    verdicts = {settled(some, gain) for some in (effects, effects[own:]) if len(some)}
    if "BOOK_FIRST_SEED" not in os.environ and len(verdicts) == 1 and (verdict := verdicts.pop()):
        raise ClaimFailed(f"{name}: {len(effects)} seeds settle it, as a {verdict}")


def _asked(comparison: Comparison, unit: str) -> str:
    above, below = comparison.above, comparison.below
    if below == -above:
        asked = f"within ±{below:.3g}" if below < math.inf else ""
    else:
        asked = f"more than {above:g}" if above > -math.inf else f"less than {below:g}"
    return f"{asked} {unit}".rstrip() if asked else ""


def _said(claim: Claim) -> str:
    needed = claim.seeds - spare(claim.seeds)
    last_seed = claim.first_seed + claim.seeds - 1
    measured = f"{claim.effect:.4g}, 95 % interval {claim.low:.4g} to {claim.high:.4g}"
    return (
        f"{claim.name}: {claim.statement}\n"
        f"  asked:    {claim.asked}, in at least {needed} of {claim.seeds} seeds\n"
        f"  measured: {measured} {claim.unit}".rstrip()
        + "\n"
        f"  seeds:    {claim.first_seed} to {last_seed}, {claim.share:.0%} of them as asked"
    )


def _threshold(
    side: Array, above: float, below: float, measure: Measure | None, baseline: float | None
) -> Comparison:
    bound = max(above, -below) if below == math.inf else below
    if measure is not None and not measure.limits[0] < bound < measure.limits[1]:
        raise ValueError(f"the bound is {bound:g}, which {measure.name} cannot pass")
    return Comparison(_tuple(side), above, below, baseline)


def _gain(measure: Measure | None, by: float | None) -> float:
    if measure is None:
        raise ValueError("measure is missing: from what size on does a difference count?")
    if by is None:
        return measure.gain
    if by < -measure.gain / 2 or 0 <= by < measure.gain:
        raise ValueError(
            f"by is {by:g}, takes a gain ({measure.gain:g}) or more; to say that nothing is lost, "
            f"minus half of it ({-measure.gain / 2:g}) to 0"
        )
    return by


def _baseline(measure: Measure | None, baseline: ArrayLike | None) -> float:
    if baseline is not None:
        return float(np.median(np.asarray(baseline, dtype=float)))
    if measure is None or measure.baseline is None:
        raise ValueError("baseline is missing: what would be measured if nothing were to be found?")
    return measure.baseline


def _updates(of: Any) -> tuple[int, ...]:
    """The numbers of updates of results, optimizers' `iterations`, or several of them."""
    if isinstance(of, Mapping):
        of = of.values()
    if isinstance(of, Iterable):
        return tuple(sorted({number for one in of for number in _updates(one)}))
    return (int(getattr(of, "updates", of)),)


def _columns(sides: Sequence[ArrayLike] | Array) -> list[Array]:
    """The sides as arrays (seeds,), constants repeated."""
    columns = [as_column(f"sides[{i}]", side) for i, side in enumerate(sides)]
    lengths = {side.size for side in columns if side.ndim}
    if len(columns) < 2 or not lengths:
        raise ValueError("sides takes two or more, at least one of them with a value per seed")
    if len(lengths) > 1:
        raise ValueError(f"sides have {sorted(lengths)} values, take the same seeds in each")
    return [np.broadcast_to(side, max(lengths)) for side in columns]


def _tuple(effects: Array) -> tuple[float, ...]:
    return tuple(float(effect) for effect in effects)


def _positive(label: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{label} has {value:g}, takes what is positive and finite")


def _first_seed() -> int:
    text = os.environ.get("BOOK_FIRST_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"BOOK_FIRST_SEED is {text!r}, takes a whole number from 0 on")
    return int(text)


def _display() -> Any:
    """IPython's `display` where a kernel runs, None in a plain process."""
    ipython = sys.modules.get("IPython")
    return ipython.display.display if ipython and ipython.get_ipython() else None
