"""What the ledger says of claims, in words and figures."""

import re
from dataclasses import replace

import numpy as np

from lib.evidence import NULLS, Claim, Comparison
from lib.intervals import rounded, spread

MOST_LETTERS = 40
SKEWED = 5  # times the median, which the digits of such an interval would hide


def count(every: list[Claim]) -> str:
    """How many claims there are, of which kinds, and in how many seeds they hold."""
    open_ones = sum(claim.kind == "unsettled" for claim in every)
    settled = [claim for claim in every if claim.kind != "unsettled"]
    nulls = sum(claim.kind in NULLS for claim in settled)
    agreements = sum(claim.kind == "agreement" for claim in settled)
    shares = [claim.share for claim in settled]
    others = min((share for share in shares if share < 1), default=1.0)
    return (
        f"{len(settled)} claims on {measurements(settled)} measurements, {nulls} of them nulls and "
        f"{agreements} agreements with a prediction. {shares.count(1)} claims hold in every single "
        f"seed, the others in {100 * others:.0f}\u00a0% of their seeds or more. "
        f"Not settled by thirty seeds or more: {open_ones}."
    )


def measurements(every: list[Claim]) -> int:
    """How many of the claims rest on numbers of their own: what is the same up to a factor and a
    constant is one measurement."""
    return len({claim.name if key is None else key for claim in every for key in [shape(claim)]})


def shape(claim: Claim) -> tuple[float, ...] | None:
    """What the effects of claims on one measurement have in common; None if seeds are alike."""
    if len(claim.comparisons) > 1 or alike(claim):
        return None
    effects = np.array(claim.comparisons[0].effects)
    if effects.min() > 0 and effects.max() > 1e6 * np.median(effects):
        effects = np.log(effects)  # or the largest hides all others
    scaled = (effects - effects.mean()) / np.ptp(effects)
    return tuple(np.round(scaled * np.sign(scaled[np.abs(scaled).argmax()]), 3).tolist())


def alike(claim: Claim) -> bool:
    """Whether no seed differs from another, so that all of them are one."""
    return all(len(set(one.effects)) == 1 for one in claim.comparisons)


def what_counts(every: list[Claim]) -> str:
    """From what size on a difference counts in a chapter; nothing where none of its claims says."""
    known = {claim.measure.name: claim.measure for claim in every if claim.measure is not None}
    said = [f"{m.name}, {m.gain:g} {m.unit}".rstrip() + f" ({m.why})" for m in known.values()]
    return f"A difference counts from here on: {'; '.join(said)}." if said else ""


def comparisons(claim: Claim, effects: list[list[float]]) -> list[Comparison]:
    """What a claim asks, of effects that were measured elsewhere, by comparison."""
    pairs = zip(claim.comparisons, effects, strict=True)
    return [replace(one, effects=tuple(found)) for one, found in pairs]


def measured(claim: Claim) -> str:
    """Median, interval and unit."""
    if alike(claim):
        return f"{rounded(float(f'{claim.effect:.4g}'))} {claim.unit}".rstrip()
    return figures(claim.effect, claim.low, claim.high, claim.unit)


def asked(claim: Claim) -> str:
    """What the claim asks of the measured, its numbers set as all others."""
    return set_as_text(claim.asked)


def set_as_text(numbers: str) -> str:
    """With minus signs and powers of ten."""
    up = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    text = re.sub(r"(?<![\w.])-(?=\d)", "−", numbers)
    return re.sub(r"(?<=\d)e([-+]\d+)", lambda e: f"×10{str(int(e[1])).translate(up)}", text)


def figures(effect: float, low: float, high: float, unit: str) -> str:
    """A median with its interval and unit, in few letters."""
    said = spread(effect, low, high)
    skewed = low > 0 and SKEWED * effect < high
    if skewed or len(said) > MOST_LETTERS:  # then each number has two digits of its own
        one, *ends = (f"{float(f'{x:.2g}'):g}" for x in (effect, low, high))
        said = set_as_text(f"{one} [{', '.join(ends)}]")
    return f"{said} {unit}".rstrip()
