"""What a claim is, and how the output of a notebook and the record of replication hold it."""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.intervals import Array, interval

RECORD = Path(__file__).with_name("replicated.json")  # written by `make replicate`


@dataclass(frozen=True)
class Measure:
    """A quantity that claims compare, and from what size on a difference in it counts.

    Args:
        name: "test accuracy".
        gain: the smallest difference that is called one, in the unit of the measurements. It is
            fixed before looking; a null keeps within half of it.
        why: what such a difference is to a reader.
        unit: of the measurements, "points".
        limits: the lowest and the highest value that the quantity can have.
        baseline: what an untrained network has of it, or a guess.

    >>> Measure("accuracy", gain=2, unit="points", limits=(0, 100), why="seven of 360 digits")
    Measure(name='accuracy', gain=2, why='seven of 360 digits', unit='points', ...
    """

    name: str
    gain: float
    why: str
    unit: str = ""
    limits: tuple[float, float] = (-math.inf, math.inf)
    baseline: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.gain < math.inf:
            raise ValueError(f"gain has {self.gain:g}, takes what is positive and finite")
        if not (self.name.strip() and self.why.strip()):
            raise ValueError("a measure takes a name, and the reason of its gain")


@dataclass(frozen=True)
class Comparison:
    """An effect by seed and the bounds between which it is claimed to lie.

    `baseline` is the effect that would be seen if there were nothing to the claim; None where two
    measured sides are compared, since there the sides can be turned.
    """

    effects: tuple[float, ...]
    above: float = -math.inf
    below: float = math.inf
    baseline: float | None = None

    def room(self) -> float:
        """Distance of the interval from the nearer bound, negative where it crosses."""
        low, high = interval(self.effects)
        return float(min(low - self.above, self.below - high))

    def kept(self) -> Array:
        """Whether each seed's own effect lies between the bounds, (seeds,)."""
        effects = np.asarray(self.effects)
        return np.asarray((effects > self.above) & (effects < self.below))


@dataclass(frozen=True)
class Claim:
    """A line of the ledger. Of several comparisons, the figures are of the tightest."""

    name: str
    statement: str
    kind: str  # difference, ordering, threshold, ratio, agreement, null, no loss or unsettled
    asked: str
    effect: float  # median over seeds
    low: float
    high: float
    unit: str
    measure: Measure | None
    seeds: int
    first_seed: int
    share: float  # of these seeds, those in which every comparison is as asked
    updates: tuple[int, ...]  # of the trainings that were compared
    pooled: bool  # with the seeds of `make replicate`
    holds: bool
    comparisons: tuple[Comparison, ...]


def records(notebook: Mapping[str, Any]) -> list[Claim]:
    """The claims in the outputs of an executed notebook (nbformat 4), in their order."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    found = [output.get("metadata", {}).get("claim") for output in outputs]
    return [_claim(figures) for figures in found if figures]


def _claim(figures: Mapping[str, Any]) -> Claim:
    """A claim from what `figures_of` made of it."""

    def known(values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if value is not None}

    measure = figures["measure"]
    comparisons = tuple(
        Comparison(**known(one) | {"effects": tuple(one["effects"])})
        for one in figures["comparisons"]
    )
    if measure is not None:
        low, high = measure["limits"]
        limits = (-math.inf if low is None else low, math.inf if high is None else high)
        measure = Measure(**known(measure) | {"limits": limits})
    return Claim(
        **dict(figures)
        | {"measure": measure, "updates": tuple(figures["updates"]), "comparisons": comparisons}
    )


def figures_of(claim: Claim) -> dict[str, Any]:
    """A claim as JSON has it."""
    figures: dict[str, Any] = plain(asdict(claim))
    return figures


def plain(value: Any) -> Any:
    """What JSON can hold: numbers to six digits, None where one is not finite."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def glued(notebook: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What `evidence.glue` kept in the outputs of an executed notebook: name to "values" and,
    of a curve, "x"."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    found = [output.get("metadata", {}).get("scrapbook") for output in outputs]
    return {about["name"]: about for about in found if about}


def replicated(name: str, first_seed: int) -> list[list[list[float]]]:
    """The effects of a claim on each block of other seeds: by block, by comparison, by seed."""
    return [
        run["claims"][name]
        for runs in _record(RECORD).values()
        for first, run in runs.items()
        if name in run["claims"] and int(first) != first_seed
    ]


@functools.cache
def _record(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record
