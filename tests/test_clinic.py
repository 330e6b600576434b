"""The clinic: its patients are ill, can be told apart, and are healed by one treatment alone."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from machine import EVERYTHING

from tools.lab import answers

pytestmark = pytest.mark.depends(
    "explorables/web/**/*", "tests/clinic.mjs", "tests/diagnostician.mjs"
)

ROOT = Path(__file__).parents[1]
KEYS = [
    "kernels", "dead", "high", "low", "inputs", "labels", "twice", "pairs", "schedule", "frozen",
    "dropout",
]  # fmt: skip
SEEDS = range(1000, 1060)  # of visits; the diagnostician was written on seeds below 10
# Visits and treatments take minutes: without ALL=1 one for each cause.
every = pytest.mark.skipif(not EVERYTHING, reason="takes minutes: ALL=1")


def clinic(asked):
    """What the clinic answers to each question: see tests/clinic.mjs."""
    return answers(ROOT / "tests/clinic.mjs", asked)


@pytest.fixture(scope="module")
def visits():
    if EVERYTHING:
        return clinic({"ask": "visit", "seed": seed} for seed in SEEDS)
    return clinic({"ask": "visit", "seed": 999, "cause": cause} for cause in KEYS)


@pytest.fixture(scope="module")
def treatments():
    """Accuracy in health, and after treatments, by cause; with ALL=1 after all of them."""
    asked = [
        {"ask": "treated", "seed": seed, "cause": cause, "by": KEYS if EVERYTHING else [cause]}
        for seed in (range(996, 1000) if EVERYTHING else [999])
        for cause in KEYS
    ]
    return [(q["cause"], found) for q, found in zip(asked, clinic(asked), strict=True)]


def test_the_diagnostician_finds_each_cause_within_the_budget(visits):
    wrong = [v for v in visits if v["named"] != v["cause"]]
    assert not wrong, [(v["cause"], v["named"], v["ordered"]) for v in wrong]
    assert min(v["left"] for v in visits) >= 0


def test_all_patients_are_ill(visits):
    for visit in visits:
        assert (visit["accuracy"] or 0) < 0.8, visit["cause"]


def test_the_right_treatment_heals(treatments):
    for cause, found in treatments:
        assert found["healthy"] > 0.88, cause
        assert found[cause] > found["healthy"] - 0.05, (cause, found)


@every
def test_no_other_treatment_heals(treatments):
    for cause, found in treatments:
        others = {key: found[key] or 0 for key in KEYS if key != cause}  # None: it diverged
        assert max(others.values()) < found["healthy"] - 0.1, (cause, others)


def seen(history):
    """The free curves as numbers: loss and accuracy, in training and validation, by look."""
    looks = history[1:] + history[-1:] * (11 - len(history))
    rows = [[v for part in ("train", "valid") for v in look[part][0].values()] for look in looks]
    losses = np.array([[np.nan if v is None else v for v in row] for row in rows], float)
    losses[:, [0, 2]] = np.log(np.minimum(losses[:, [0, 2]], 1e3))
    return np.nan_to_num(losses, nan=3).ravel()


@every
def test_the_free_curves_alone_do_not_settle_it(visits):
    """A guess has 1 of 11; the nearest of 88 other patients by their curves has more, not all."""
    asked = [
        {"ask": "curves", "seed": seed, "cause": cause}
        for seed in range(2000, 2008)
        for cause in KEYS
    ]
    known = np.array([seen(history) for history in clinic(asked)])
    right = []
    for visit in visits:
        away = np.abs(known - seen(visit["history"])).sum(axis=1)
        right.append(asked[int(away.argmin())]["cause"] == visit["cause"])
    print(f"\nby the curves alone {np.mean(right):.0%}")
    assert np.mean(right) < 0.9


def test_causes_are_equally_likely_and_a_seed_is_a_patient():
    twice = {"ask": "patient", "seed": 7}
    drawn, first, second, other = clinic(
        [{"ask": "drawn", "seeds": list(range(3300))}, twice, twice, {**twice, "seed": 8}]
    )
    counts = Counter(drawn)
    assert sorted(counts) == sorted(KEYS)
    assert min(counts.values()) > 240
    assert max(counts.values()) < 360
    assert first == second != other


def test_tests_leave_the_run_as_it_is_and_yield_often():
    (found,) = clinic([{"ask": "every", "seed": 3, "cause": "pairs"}])
    assert found.pop("same")
    for test, least in [("predictions", 1000), ("small", 1000), ("range", 1000), ("updates", 20)]:
        assert found[test]["yields"] > least
    assert sum(found["predictions"]["value"]["histogram"]) == 256


@pytest.mark.parametrize(("cause", "low", "high"), [("high", 0, 5), ("low", 100, np.inf)])
def test_the_range_test_tells_a_rate_that_is_off(cause, low, high):
    asked = {"ask": "untrained", "cause": cause, "test": "range"}
    for found in clinic(
        {**asked, "seed": seed} for seed in range(3100, 3106 if EVERYTHING else 3102)
    ):
        losses = [np.inf if loss is None else loss for loss in found["losses"]]
        smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
        assert low < found["rates"][smooth.argmin() + 2] / found["own"] < high


def test_learnt_by_heart_two_softmaxes_leave_a_loss():
    asked = {"ask": "untrained", "seed": 3100, "test": "small"}
    twice, labels = clinic({**asked, "cause": cause} for cause in ("twice", "labels"))
    assert min(twice["loss"]) > np.log(np.e + 9) - 1 > 10 * labels["loss"][-1]


@pytest.mark.depends("book/*.md")
def test_causes_and_tests_are_described():
    causes, tests = clinic([{"ask": "causes"}, {"ask": "tests"}])
    assert [cause["key"] for cause in causes] == KEYS
    keys = {test["key"] for test in tests}
    assert {test["cost"] for test in tests} == {1, 2, 3, 4}
    for cause in causes:
        assert set(cause["by"]) <= keys
        assert cause["told"].endswith(".")
        page, anchor = cause["read"].split("#")
        text = (ROOT / page).with_suffix(".md").read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert anchor in {re.sub(r"[^a-z0-9]+", "-", h.lower()).strip("-") for h in headings}
