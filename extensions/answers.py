"""What the build has measured says of each question, and whether its right answer follows from it.

A page, the print and a notebook show the same; what a page needs besides, to judge an answer and to
draw a guess, stands in `settings` of the question.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from extensions.questions import Wrong, choices, question
from lib.evidence import Comparison, rounded
from lib.intervals import Array
from lib.records import plain

Glued = Mapping[str, Mapping[str, Any]]  # as `lib.records.glued` has it
Options = Mapping[str, Any]
Settings = dict[str, Any]


def answer(node: question, glued: Glued) -> None:
    """Give a question its `settings`, and `said`: the right answer in words, where it is not marked
    among the choices.

    Raises:
        Wrong: nothing of that name was measured, or the answer does not follow from it.
    """
    options, kind = node["options"], node["kind"]
    found = {"name": node["name"], "kind": kind}
    found |= {key: options[key] for key in ("unit", "y") if key in options}
    node["said"] = ""
    if kind in ("one", "several"):
        node["settings"] = found | {"right": node["right"]}
        return
    names = options.get("measured") or options.get("order") or [options["number"]]
    values = [measured(glued, name) for name in names]
    if kind == "curve":
        found |= curve(options, values[0], glued[names[0]].get("x"))
    elif kind == "which":
        found |= {"values": plain(together(values).tolist()), "extreme": options["extreme"]}
    elif kind == "order":
        ascending(names, values)
        found["shown"] = shuffled(node["name"], len(names))
    else:
        needs(values[0].ndim <= 1, f"{names[0]} is a curve")
        exact = np.ptp(values[0]) < 1e-6 * np.abs(values[0]).max()
        number = rounded(float(f"{np.median(values[0]):.4g}") if exact else values[0])
        node["said"] = f"{number} {options.get('unit', '')}".rstrip()
        judge = {"scale": scale, "parts": parts, "number": number_of}[kind]
        found |= judge(node, values[0])
    node["settings"] = found


def curve(options: Options, values: Array, x: list[float] | None) -> Settings:
    needs(x is not None, "what it measures is not glued with its x, so it is no curve")
    needs(5 <= len(x or ()) <= 9, "takes a curve of five to nine points")
    log = options["x"].startswith("log ")
    label = options["x"].removeprefix("log ")
    return axis(options["range"]) | {
        "values": plain(values.tolist()),
        "x": x,
        "xLog": log,
        "xLabel": label,
    }


def scale(node: question, values: Array) -> Settings:
    found = axis(node["options"]["range"])
    low, high = found["range"]
    inside = (low <= values) & (values <= high)
    needs(bool(np.all(inside)), "what it measures has values beyond the range")
    return found | {"values": plain(np.atleast_1d(values).tolist())}


def parts(node: question, values: Array) -> Settings:
    cuts = [float(cut) for cut in node["options"]["cuts"]]
    needs(cuts == sorted(cuts), "the cuts do not ascend")
    return {"values": plain(np.atleast_1d(values).tolist()), "cuts": cuts}


def number_of(node: question, values: Array) -> Settings:
    right = float(np.median(values))
    room = tolerance(node["options"]["tolerance"], right)
    known = [wrong(choice.astext(), right, room) for choice in choices(node)]
    return {"right": right, "room": room, "wrong": known}


def needs(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)


def measured(glued: Glued, name: str) -> Array:
    if name not in glued:
        raise Wrong(f"nothing is glued as {name!r}")
    return np.array(glued[name]["values"], dtype=float)


def axis(ends: list[str]) -> Settings:
    """Two ends and, where a third word says so, a logarithmic scale."""
    low, high = (float(end) for end in ends[:2])
    needs(low < high and ends[2:] in ([], ["log"]), "range takes two ends, and perhaps log")
    return {"range": [low, high], "log": ends[2:] == ["log"]}


def together(values: Iterable[Array]) -> Array:
    """Quantities by seed, (quantities, seeds)."""
    stacked = [np.atleast_1d(one) for one in values]
    needs(len({one.shape for one in stacked}) == 1, "the quantities have not the same seeds")
    return np.stack(stacked)


def ascending(names: list[str], values: list[Array]) -> None:
    """Insist that each quantity is greater than the one before it, as a claim would have it."""
    stacked = together(values)
    for (low, below), (high, above) in pairwise(zip(names, stacked, strict=True)):
        gaps = above - below
        holds = Comparison(tuple(gaps), above=0).room() > 0 if len(gaps) > 1 else gaps[0] > 0
        needs(bool(holds), f"{low} is not below {high} in nine of ten seeds")


def shuffled(name: str, n: int) -> list[int]:
    """In which order the page shows items whose right order is 0, 1, ...; never in that one."""
    chance = random.Random(hashlib.sha256(name.encode()).digest())
    order = list(range(n))
    while order == sorted(order):
        chance.shuffle(order)
    return order


def tolerance(text: str, right: float) -> float:
    share = text.removesuffix("%")
    return abs(right) * float(share) / 100 if share != text else float(text)


def wrong(text: str, right: float, room: float) -> float:
    """A number that has feedback of its own, and must not be taken for the right one."""
    value = float(text.replace("−", "-").replace("\u202f", "").split()[0])
    if math.isclose(value, right, rel_tol=0, abs_tol=2 * room):
        raise Wrong(f"the wrong answer {value:g} is too near to the right one, {right:g}")
    return value
