"""Claims of the text, checked over seeds.

Each call is one quantitative sentence of the book. It takes measurements by seed, decides, prints
`holds: <statement>`, and leaves its figures in the metadata of the cell's output, where `records`
finds them for the ledger. A claim that does not hold raises `ClaimFailed`.

Every claim comes down to one number per seed, its effect: a measurement, a difference, a ratio or
a rank correlation. It says that the effect lies beyond a bound in the typical seed: in more than
half of all seeds there are, not only of these. The interval is that of the sign test (Thompson
1936). Of ten effects it runs from the second smallest to the second largest, and all of it must
lie beyond the bound: nine seeds of ten. A false claim passes with a probability of at most 2.5 %
(1.1 % with ten seeds), whatever the distribution, ties and outliers included. No rule for a mean
can promise that (Bahadur & Savage 1956). A claim of several comparisons needs each, at no extra
risk (Berger 1982); an equivalence is two one-sided tests (Schuirmann 1987). The data set is fixed:
nothing is claimed about other data.

Thompson, Ann. Math. Stat. 7:122, 1936. Bahadur & Savage, Ann. Math. Stat. 27:1115, 1956. Berger,
Technometrics 24:295, 1982. Schuirmann, J. Pharmacokinet. Biopharm. 15:657, 1987.
"""

import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lib.intervals import MIN_SEEDS, Array, as_column, interval, rounded, spare

__all__ = [
    "Claim", "ClaimFailed", "equal", "glue", "greater", "interval", "ratio", "records", "rounded",
    "seeds", "trend",
]  # fmt: skip


class ClaimFailed(AssertionError):
    """A sentence of the text does not hold on these seeds."""


@dataclass(frozen=True)
class Claim:
    """A line of the ledger; for a claim of several comparisons, the one nearest to its bound."""

    name: str
    statement: str
    kind: str
    asked: str
    effect: float  # median over seeds
    low: float
    high: float
    unit: str
    seeds: int
    first_seed: int
    share: float  # of these seeds, those whose own effect is as asked
    holds: bool


def seeds(n: int) -> range:
    """`n` seeds for an experiment, at least ten, from `BOOK_FIRST_SEED` (0 where unset) on.

    >>> len(seeds(10))
    10
    """
    if n < MIN_SEEDS:
        raise ValueError(f"n is {n}, a claim needs at least {MIN_SEEDS} seeds")
    first = _first_seed()
    return range(first, first + n)


def greater(name: str, statement: str, *sides: ArrayLike, by: float = 0.0, unit: str = "") -> None:
    """Claim that each side is greater than the next one, by more than `by` (in the sides' unit).

    A side holds one measurement per seed, shape (seeds,), the same seeds in the same order on all
    sides, or is a constant, which makes a threshold; True and False count as 1 and 0. Raises
    `ClaimFailed`; ValueError for fewer than ten seeds, unequal lengths, NaN or infinity.

    >>> he, glorot = [0.88, 0.90] * 5, [0.20, 0.31] * 5
    >>> greater("he-trains", "He trains the deep network, Glorot does not", he, glorot, by=0.2)
    holds: He trains the deep network, Glorot does not
    >>> greater("glorot-stays", "with Glorot, accuracy stays below one half", 0.5, glorot)
    holds: with Glorot, accuracy stays below one half
    """
    constant = [np.ndim(side) == 0 for side in sides]
    kind = "ordering" if len(sides) > 2 else "threshold" if any(constant) else "difference"
    comparisons = []
    for i, (a, b) in enumerate(pairwise(_columns(sides))):
        if constant[i + 1]:
            comparisons.append(Comparison(a, above=float(b[0]) + by))
        elif constant[i]:
            comparisons.append(Comparison(b, below=float(a[0]) - by))
        else:
            comparisons.append(Comparison(a - b, above=by))
    _settle(name, statement, kind, unit, comparisons)


def ratio(name: str, statement: str, *sides: ArrayLike, by: float) -> None:
    """Claim that each side is more than `by` times the next one; sides as in `greater`, positive.

    Ratios keep their order under the logarithm, so the decision is the one in log space.

    >>> ratio("sgd-slower", "SGD needs twice the epochs of Adam", [9] * 10, [4, 3] * 5, by=2)
    holds: SGD needs twice the epochs of Adam
    """
    columns = _columns(sides)
    _positive("by", by)
    for i, side in enumerate(columns):
        _positive(f"sides[{i}]", float(side.min()))
    comparisons = [Comparison(a / b, above=by) for a, b in pairwise(columns)]
    _settle(name, statement, "ratio", "times", comparisons)


def equal(name: str, statement: str, *sides: ArrayLike, within: float, unit: str = "") -> None:
    """Claim a null: any two sides differ by less than `within`, either way; sides as in `greater`.

    >>> equal("tie", "the schedules tie", [0.96, 0.97] * 5, [0.97, 0.96] * 5, within=0.02)
    holds: the schedules tie
    """
    _positive("within", within)
    pairs = combinations(_columns(sides), 2)
    comparisons = [Comparison(a - b, above=-within, below=within) for a, b in pairs]
    _settle(name, statement, "equivalence", unit, comparisons)


def trend(
    name: str,
    statement: str,
    values: ArrayLike,
    direction: Literal["increasing", "decreasing"],
    by: float = 0.5,
) -> None:
    """Claim that values, shape (seeds, conditions), go up or down along their ordered conditions.

    The effect is Kendall's tau-a within each seed, from -1 to 1: beyond `by`, 0.5, more than three
    quarters of all pairs of conditions are in order. That each step counts is for `greater` to say.

    >>> trend("depth", "accuracy falls with depth", [[0.9, 0.7, 0.4]] * 10, "decreasing")
    holds: accuracy falls with depth
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[1] < 3:
        raise ValueError(f"values has shape {table.shape}, takes (seeds, 3 or more conditions)")
    if direction not in ("increasing", "decreasing"):
        raise ValueError(f"direction is {direction!r}, takes 'increasing' or 'decreasing'")
    pairs = combinations(_columns(table.T, "values.T"), 2)
    tau = np.mean([np.sign(after - before) for before, after in pairs], axis=0)
    rising = direction == "increasing"
    comparison = Comparison(tau, above=by) if rising else Comparison(tau, below=-by)
    _settle(name, statement, "trend", "tau", [comparison])


def glue(name: str, values: ArrayLike) -> None:
    """Give the prose `rounded(values)`, so that {glue:text}`name` shows it in the built book.

    Returns None, since nbval compares what the last line of a cell returns.
    """
    if os.environ.get("BOOK_BUILD"):
        from myst_nb import glue as give

        give(name, rounded(values), display=False)


def records(notebook: Mapping[str, Any]) -> list[Claim]:
    """The claims in the outputs of an executed notebook (nbformat 4), in their order."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    found = [output.get("metadata", {}).get("claim") for output in outputs]
    return [Claim(**figures) for figures in found if figures]


class Comparison(NamedTuple):
    """An effect by seed, (seeds,), and the bounds between which it is claimed to lie."""

    effect: Array
    above: float = -math.inf
    below: float = math.inf

    def room(self) -> float:
        """Distance of the interval from the nearer bound, negative where it crosses."""
        low, high = interval(self.effect)
        return float(min(low - self.above, self.below - high))


def _settle(
    name: str, statement: str, kind: str, unit: str, comparisons: Sequence[Comparison]
) -> None:
    """Decide, and say and record what came out; of the comparisons the tightest stands for all."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"name is {name!r}, takes lower-case words joined by hyphens")
    if not statement.strip() or "\n" in statement:
        raise ValueError(f"statement is {statement!r}, takes one line of text")
    tightest = min(comparisons, key=Comparison.room)
    effect, above, below = tightest
    low, high = interval(effect)
    asked = f"more than {above:g}" if above > -math.inf else f"less than {below:g}"
    if below == -above:
        asked = f"within ±{below:.3g}"
    claim = Claim(
        name=name,
        statement=statement,
        kind=kind,
        asked=f"{asked} {unit}".rstrip(),
        effect=float(np.median(effect)),
        low=float(low),
        high=float(high),
        unit=unit,
        seeds=len(effect),
        first_seed=_first_seed(),
        share=float(np.mean((effect > above) & (effect < below))),
        holds=bool(tightest.room() > 0),
    )
    if not claim.holds:
        raise ClaimFailed(_figures(claim))
    line = f"holds: {statement}"
    if display := _display():
        # nbval compares the data of an output and passes over its metadata.
        display({"text/plain": line}, raw=True, metadata={"claim": asdict(claim)})
    else:
        print(line)


def _figures(claim: Claim) -> str:
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


def _columns(sides: Sequence[ArrayLike] | Array, label: str = "sides") -> list[Array]:
    """The sides as arrays (seeds,), constants repeated."""
    columns = [as_column(f"{label}[{i}]", side) for i, side in enumerate(sides)]
    lengths = {side.size for side in columns if side.ndim}
    if len(columns) < 2 or not lengths:
        raise ValueError(f"{label} takes two or more, at least one of them with a value per seed")
    if len(lengths) > 1:
        raise ValueError(f"{label} have {sorted(lengths)} values, take the same seeds in each")
    return [np.broadcast_to(side, max(lengths)) for side in columns]


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
