"""What `evidence` decides, against SciPy and by simulation; what it prints and leaves behind."""

import dataclasses
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from scipy import stats

from lib import evidence
from lib.evidence import ClaimFailed, Measure

pytestmark = pytest.mark.depends("lib/replicated.json")

ROOT = Path(__file__).parents[1]
TRIALS = 40_000
RISK = 0.025
BETTER = np.linspace(0.60, 0.69, 10)
WORSE = np.linspace(0.40, 0.31, 10)
ANY = Measure("something", gain=1e-9, why="any difference counts", baseline=0.5)


def of(gain, **about):
    """A measure in which a difference of `gain` counts."""
    return Measure("something", gain=gain, why="so much matters", **about)


def holds(claim, *args, **options):
    """Whether `claim` lets the sentence pass."""
    try:
        claim("some-name", "a sentence", *args, **options)
    except ClaimFailed:
        return False
    return True


# ---- the decision, against independent references


@pytest.mark.parametrize("n", [10, 11, 12, 16, 17, 20, 35, 50])
def test_interval_is_that_of_scipys_quantile_test(n):
    values = np.random.default_rng(n).lognormal(size=n)
    expected = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    assert evidence.interval(values) == (expected.low, expected.high)


def test_interval_of_ten_values_is_the_second_and_the_ninth_in_each_column():
    values = np.random.default_rng(0).permuted(np.arange(30.0).reshape(3, 10), axis=1).T
    low, high = evidence.interval(values)
    np.testing.assert_array_equal(low, [1, 11, 21])
    np.testing.assert_array_equal(high, [8, 18, 28])


@pytest.mark.parametrize("n", [10, 13, 20])
def test_a_difference_holds_where_the_one_sided_sign_test_rejects(n):
    for favourable in range(n + 1):
        a = np.where(np.arange(n) < favourable, 1.0, -1.0)
        p = stats.binomtest(favourable, n, 0.5, alternative="greater").pvalue
        assert holds(evidence.greater, a, np.zeros(n), measure=ANY) == (p <= RISK), favourable
        assert holds(evidence.greater, a, 0, measure=ANY) == (p <= RISK), favourable
        assert holds(evidence.greater, 0, -a, measure=ANY) == (p <= RISK), favourable


def test_an_equivalence_holds_where_both_one_sided_sign_tests_reject():
    rng = np.random.default_rng(1)
    verdicts = set()
    for _ in range(300):
        gap = rng.normal(rng.uniform(-1, 1), 0.6, size=10)
        p = max(
            stats.binomtest(int((gap > -1).sum()), 10, alternative="greater").pvalue,
            stats.binomtest(int((gap < 1).sum()), 10, alternative="greater").pvalue,
        )
        verdicts.add(p <= RISK)
        assert holds(evidence.equal, gap, np.zeros(10), measure=of(2)) == (p <= RISK)
    assert verdicts == {True, False}


def test_a_ratio_is_decided_as_its_logarithm():
    rng = np.random.default_rng(3)
    verdicts = set()
    for _ in range(200):
        a, b = rng.lognormal(rng.uniform(2, 5), 1, 10), rng.lognormal(0, 1, 10)
        expected = holds(evidence.greater, np.log(a), np.log(b), measure=of(math.log(5)))
        verdicts.add(expected)
        assert holds(evidence.ratio, a, b, by=5) == expected
    assert verdicts == {True, False}


# ---- the stated risk, by simulation at ten seeds

shape = (10, TRIALS)
NULLS = {  # the median of each lies at 0, or 0 splits it as evenly as its ties allow
    "normal": lambda r: r.normal(size=shape),
    "lognormal": lambda r: r.lognormal(size=shape) - 1,
    "lognormal, mirrored": lambda r: 1 - r.lognormal(size=shape),
    "difference of lognormals": lambda r: r.lognormal(size=shape) - r.lognormal(size=shape),
    "accuracy on 360": lambda r: (
        (r.binomial(360, 0.97, shape) - r.binomial(360, 0.97, shape)) / 360
    ),
    "accuracy on 30, ties": lambda r: r.binomial(30, 0.95, shape) - r.binomial(30, 0.95, shape),
    "ceiling": lambda r: r.binomial(360, 0.995, shape) / 360 - stats.binom.median(360, 0.995) / 360,
    "half of the runs collapse": lambda r: r.normal(np.where(r.random(shape) < 0.5, -9, 9), 1),
    "half of the runs diverge": lambda r: r.integers(2, size=shape) - 0.5,
}


@pytest.mark.parametrize("data", NULLS)
def test_a_false_difference_passes_no_more_often_than_stated(data):
    low, high = evidence.interval(NULLS[data](np.random.default_rng(4)))
    noise = 4 * math.sqrt(0.0107 / TRIALS)
    assert np.mean(low > 0) <= 11 / 1024 + noise
    assert np.mean(high < 0) <= 11 / 1024 + noise


@pytest.mark.parametrize("data", NULLS)
def test_a_difference_at_the_margin_passes_as_a_null_no_more_often_than_stated(data):
    gap = NULLS[data](np.random.default_rng(5))
    margin = 2 * gap.std()
    for centre in (-margin, margin):
        low, high = evidence.interval(gap + centre)
        passes = np.mean((low > -margin) & (high < margin))
        assert passes <= 11 / 1024 + 4 * math.sqrt(0.0107 / TRIALS)


def test_the_risk_is_met_in_claims_made_through_the_public_functions():
    rng = np.random.default_rng(6)
    passes = {"greater": 0, "ordering": 0, "equal": 0, "ratio": 0}
    trials = 3000
    for _ in range(trials):
        a, b = rng.lognormal(size=(2, 10))
        passes["greater"] += holds(evidence.greater, a, b, measure=ANY)
        passes["ordering"] += holds(evidence.greater, a + 9, b + 9, np.zeros(10) + 1, measure=ANY)
        passes["equal"] += holds(evidence.equal, a + 9, b, measure=of(18))
        passes["ratio"] += holds(evidence.ratio, 3 * a, b, by=3)
    assert all(0 < count <= RISK * trials for count in passes.values()), passes


# ---- what each kind of claim accepts and rejects


@pytest.mark.parametrize(
    ("claim", "true", "false", "options"),
    [
        (evidence.greater, (BETTER, WORSE), (WORSE, BETTER), {"measure": of(0.15)}),
        (evidence.greater, (BETTER, 0.5), (0.5, BETTER), {"measure": ANY}),
        (evidence.greater, (0.5, WORSE), (WORSE, 0.5), {"measure": ANY}),
        (evidence.greater, (BETTER, 0.5, WORSE), (WORSE, 0.5, BETTER), {"measure": ANY}),
        (
            evidence.greater,
            (BETTER + 1, BETTER, WORSE),
            (BETTER + 1, WORSE, BETTER),
            {"measure": ANY},
        ),
        (
            evidence.greater,
            (BETTER + 1, BETTER, WORSE),
            (BETTER, BETTER + 1, WORSE),
            {"measure": ANY},
        ),
        (evidence.ratio, (BETTER, WORSE), (WORSE, BETTER), {"by": 1.4}),
        (evidence.ratio, (9 * BETTER, 3 * BETTER, BETTER), (9 * BETTER, BETTER, BETTER), {"by": 2}),
        (
            evidence.equal,
            (BETTER, BETTER + 0.01),
            (BETTER, WORSE),
            {"measure": of(0.04, baseline=0)},
        ),
        (
            evidence.equal,
            (BETTER, BETTER + 0.01),
            (WORSE, BETTER),
            {"measure": of(0.04, baseline=0)},
        ),
        (evidence.equal, (WORSE, 0.35), (BETTER, 0.35), {"measure": of(0.12, baseline=0)}),
        (
            evidence.equal,
            (WORSE, WORSE, WORSE),
            (WORSE, WORSE, BETTER),
            {"measure": of(0.04, baseline=0)},
        ),
        (
            evidence.equal,
            (WORSE, WORSE, WORSE),
            (BETTER, WORSE, WORSE),
            {"measure": of(0.04, baseline=0)},
        ),
        (
            evidence.equal,
            (WORSE,) * 3,
            (WORSE, WORSE + 0.015, WORSE + 0.03),
            {"measure": of(0.04, baseline=0)},
        ),
    ],
)
def test_a_claim_holds_and_fails_when_its_sides_are_turned(claim, true, false, options):
    assert holds(claim, *true, **options)
    assert not holds(claim, *false, **options)


def test_the_margin_counts():
    assert holds(evidence.greater, WORSE + 0.2, WORSE, measure=of(0.199))
    assert not holds(evidence.greater, WORSE + 0.2, WORSE, measure=of(0.201))
    assert holds(evidence.greater, WORSE + 0.2, WORSE, by=0.199, measure=ANY)
    assert not holds(evidence.greater, WORSE + 0.2, WORSE, by=0.201, measure=ANY)
    assert holds(evidence.greater, WORSE, WORSE + 0.2, by=-0.201, measure=of(1))
    assert not holds(evidence.greater, WORSE, WORSE + 0.2, by=-0.199, measure=of(1))
    assert holds(evidence.equal, WORSE + 0.2, WORSE, measure=of(0.402))
    assert not holds(evidence.equal, WORSE + 0.2, WORSE, measure=of(0.398))
    assert not holds(evidence.equal, WORSE + 0.2, WORSE, within=0.199, measure=of(1))


def test_measurements_are_compared_within_each_seed():
    spread = np.arange(10.0)
    assert holds(evidence.greater, spread + 0.1, spread, measure=ANY)
    assert not holds(evidence.greater, spread[::-1] + 0.1, spread, measure=ANY)


def test_constant_differences_need_no_variance():
    assert holds(evidence.greater, np.ones(10), np.zeros(10), measure=of(0.5))
    assert not holds(evidence.greater, np.ones(10), np.ones(10), measure=ANY)
    assert holds(evidence.equal, np.ones(10), np.ones(10), measure=ANY)
    assert not holds(evidence.equal, np.ones(10), np.zeros(10), measure=of(2))


def test_one_odd_seed_in_ten_does_not_decide_and_two_do():
    odd = BETTER.copy()
    odd[3] = -1e6
    assert holds(evidence.greater, odd, WORSE, measure=ANY)
    odd[7] = -1e6
    assert not holds(evidence.greater, odd, WORSE, measure=ANY)


def test_diverged_runs_can_be_the_finding():
    loss = np.array([np.nan] * 9 + [1.0])
    assert holds(evidence.greater, np.isnan(loss), 0.5, baseline=0)
    assert not holds(evidence.greater, 0.5, np.isnan(loss), baseline=1)
    loss[0] = 2.0
    assert not holds(evidence.greater, np.isnan(loss), 0.5, baseline=0)


# ---- what a claim refuses


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: evidence.greater("x", "s", BETTER[:9], 0, measure=ANY),
            r"sides\[0\] has 9 seeds, takes 10",
        ),
        (
            lambda: evidence.greater("x", "s", BETTER, WORSE[:9], measure=ANY),
            r"sides\[1\] has 9 seeds",
        ),
        (
            lambda: evidence.greater("x", "s", BETTER, [0] * 11, measure=ANY),
            r"sides have \[10, 11\] values",
        ),
        (lambda: evidence.greater("x", "s", BETTER, measure=ANY), "sides takes two or more"),
        (lambda: evidence.greater("x", "s", 2, 1, measure=ANY), "at least one of them"),
        (
            lambda: evidence.greater("x", "s", BETTER, [np.nan] * 10, measure=ANY),
            r"sides\[1\] has NaN or inf",
        ),
        (
            lambda: evidence.greater("x", "s", BETTER, -np.inf, measure=ANY),
            r"sides\[1\] has NaN or inf",
        ),
        (
            lambda: evidence.greater("x", "s", np.ones((10, 2)), 0, measure=ANY),
            r"sides\[0\] has shape \(10, 2\)",
        ),
        (lambda: evidence.greater("Not ok", "s", BETTER, 0, measure=ANY), "name is 'Not ok'"),
        (lambda: evidence.greater("ok/not", "s", BETTER, 0, measure=ANY), "name is 'ok/not'"),
        (lambda: evidence.greater("x", "two\nlines", BETTER, 0, measure=ANY), "statement is"),
        (lambda: evidence.greater("x", " ", BETTER, 0, measure=ANY), "statement is"),
        (lambda: evidence.ratio("x", "s", BETTER, WORSE - 0.31, by=2), r"sides\[1\] has 0"),
        (lambda: evidence.ratio("x", "s", BETTER, WORSE, by=1), "by is 1, takes more than 1"),
        (lambda: evidence.equal("x", "s", BETTER, BETTER, measure=ANY, within=0), "within has 0"),
        (
            lambda: evidence.equal("x", "s", BETTER, BETTER, measure=of(2), within=1.1),
            "half a gain",
        ),
        (lambda: evidence.equal("x", "s", BETTER, 0.6, measure=of(2)), "baseline is missing"),
        (
            lambda: evidence.equal("x", "s", BETTER, BETTER, measure=of(0.8, limits=(0, 1))),
            "no room for a margin of 0.4",
        ),
        (lambda: evidence.greater("x", "s", BETTER, WORSE), "measure is missing"),
        (lambda: evidence.greater("x", "s", BETTER, WORSE, by=0.1), "measure is missing"),
        (lambda: evidence.greater("x", "s", BETTER, WORSE, by=0, measure=of(1)), "takes a gain"),
        (lambda: evidence.greater("x", "s", BETTER, WORSE, by=0.9, measure=of(1)), "takes a gain"),
        (lambda: evidence.greater("x", "s", BETTER, WORSE, by=-0.6, measure=of(1)), "minus half"),
        (lambda: evidence.greater("x", "s", BETTER, 0.5), "baseline is missing"),
        (lambda: evidence.greater("x", "s", BETTER, 0.5, measure=of(1)), "baseline is missing"),
        (lambda: evidence.greater("x", "s", BETTER, 0.5, by=1, measure=ANY), "by goes with two"),
        (
            lambda: evidence.greater(
                "x", "s", 1, BETTER, measure=of(0.1, limits=(0, 1), baseline=1)
            ),
            "the bound is 1, which something cannot pass",
        ),
        (lambda: Measure("accuracy", gain=0, why="no difference"), "gain has 0"),
        (lambda: Measure("accuracy", gain=1, why=" "), "the reason of its gain"),
        (lambda: evidence.interval(BETTER[:9]), "values takes 10 or more seeds"),
        (lambda: evidence.interval([np.nan] * 10), "all finite"),
        (lambda: evidence.rounded(BETTER[:9]), "values has 9 seeds"),
        (lambda: evidence.seeds(9), "n is 9, a claim needs at least 10 seeds"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- seeds


def test_seeds_start_at_zero_or_where_the_environment_says(monkeypatch):
    monkeypatch.delenv("BOOK_FIRST_SEED", raising=False)
    assert evidence.seeds(10) == range(10)
    monkeypatch.setenv("BOOK_FIRST_SEED", "1000")
    assert evidence.seeds(12) == range(1000, 1012)


@pytest.mark.parametrize("junk", ["", "ten", "-1", "1.5"])
def test_a_first_seed_that_is_no_whole_number_is_refused(monkeypatch, junk):
    monkeypatch.setenv("BOOK_FIRST_SEED", junk)
    with pytest.raises(ValueError, match="BOOK_FIRST_SEED is"):
        evidence.seeds(10)


# ---- what is said and recorded


@pytest.fixture
def recorded(monkeypatch):
    """Stands in for a kernel's `display`; returns the claims of the outputs it was given."""
    outputs = []

    def display(data, raw, metadata):
        assert raw
        outputs.append({"data": data, "metadata": json.loads(json.dumps(metadata))})

    monkeypatch.setattr(evidence, "_display", lambda: display)
    return lambda: evidence.records({"cells": [{"source": "text"}, {"outputs": outputs}]})


def test_one_line_is_printed_and_nothing_returned(capsys):
    assert evidence.greater("x", "A beats B", BETTER, WORSE, measure=ANY) is None
    assert capsys.readouterr() == ("holds: A beats B\n", "")


def test_a_failed_claim_says_what_was_asked_and_what_came(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_FIRST_SEED", "40")
    gain = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    with pytest.raises(ClaimFailed) as failure:
        evidence.greater(
            "a-beats-b", "A beats B", gain, np.zeros(10), measure=of(0.45, unit="nats")
        )
    assert str(failure.value).splitlines() == [
        "a-beats-b: A beats B",
        "  asked:    more than 0.45 nats, in at least 9 of 10 seeds",
        "  measured: 0.55, 95 % interval 0.2 to 0.9 nats",
        "  seeds:    40 to 49, 60% of them as asked",
    ]
    assert isinstance(failure.value, AssertionError)
    assert capsys.readouterr().out == ""


def test_the_record_of_a_difference(recorded, monkeypatch):
    monkeypatch.setenv("BOOK_FIRST_SEED", "7")
    gain = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    nats = Measure("log loss", gain=0.15, unit="nats", why="it shows", limits=(0, math.inf))
    evidence.greater("a-beats-b", "A beats B", gain, np.zeros(10), measure=nats, updates=[40, 80])
    assert [dataclasses.asdict(claim) for claim in recorded()] == [
        {
            "name": "a-beats-b",
            "statement": "A beats B",
            "kind": "difference",
            "asked": "more than 0.15 nats",
            "effect": 0.55,
            "low": 0.2,
            "high": 0.9,
            "unit": "nats",
            "measure": dataclasses.asdict(nats),
            "seeds": 10,
            "first_seed": 7,
            "share": 0.9,
            "updates": (40, 80),
            "pooled": False,
            "holds": True,
            "comparisons": (
                {"effects": tuple(gain), "above": 0.15, "below": math.inf, "baseline": None},
            ),
        }
    ]


def test_records_name_the_kind_and_the_tightest_comparison(recorded):
    evidence.greater("a", "s", BETTER, 0.5, measure=ANY)
    evidence.greater("b", "s", 0.5, WORSE, measure=ANY)
    evidence.greater("c", "s", BETTER + 5, BETTER, WORSE, measure=of(0.1))
    evidence.ratio("d", "s", 3 * BETTER, BETTER, by=2)
    evidence.equal("e", "s", BETTER, BETTER + 0.01, BETTER - 0.02, measure=of(0.08))
    evidence.equal("f", "s", BETTER, 0.65, measure=of(0.2), baseline=1)
    evidence.greater("g", "s", WORSE, WORSE, by=-0.04, measure=of(0.08))
    evidence.unsettled("h", "s", [1] * 15 + [-1] * 15, [0] * 30, measure=of(1))
    rows = [(claim.kind, claim.asked, round(claim.effect, 3)) for claim in recorded()]
    assert rows == [
        ("threshold", "more than 0.5", 0.645),
        ("threshold", "less than 0.5", 0.355),
        ("ordering", "more than 0.1", 0.29),
        ("ratio", "more than 2 times", 3.0),
        ("null", "within ±0.04", 0.03),
        ("agreement", "within ±0.1", -0.005),
        ("no loss", "more than -0.04", 0.0),
        ("unsettled", "", 0.0),
    ]


def test_the_share_counts_the_seeds_that_keep_to_every_bound(recorded):
    evidence.equal("tie", "they tie", [-5, *[0] * 8, 5], np.zeros(10), measure=of(2))
    one_less = [[1] * 9 + [-1], [-1] + [1] * 9]
    evidence.greater(
        "both", "in order", 2 + np.array(one_less[0]), 1 + np.zeros(10), [-1] * 9 + [2], measure=ANY
    )
    assert [claim.share for claim in recorded()] == [0.8, 0.9]


def test_a_claim_carries_the_updates_of_its_trainings(recorded):
    class Run:
        updates = 128

    evidence.greater("a", "s", BETTER, 0.5, measure=ANY, updates=Run())
    evidence.greater("b", "s", BETTER, 0.5, measure=ANY, updates={0.1: Run(), 0.2: Run()})
    evidence.greater("c", "s", BETTER, 0.5, measure=ANY, updates=[Run(), np.int64(16)])
    assert [claim.updates for claim in recorded()] == [(128,), (128,), (16, 128)]


def test_a_record_survives_json(recorded):
    evidence.greater("x", "s", 0.9, BETTER, 0.5, measure=ANY, baseline=0)
    (claim,) = recorded()
    assert [one.below for one in claim.comparisons] == [0.9, math.inf]
    assert [one.baseline for one in claim.comparisons] == [0, 0]
    assert claim.measure == ANY


# ---- the third verdict, and seeds from elsewhere


def test_what_is_not_settled_says_so(capsys):
    evidence.unsettled("x", "which is ahead", [1, -1] * 15, [0] * 30, measure=of(1))
    assert capsys.readouterr().out == "not settled: which is ahead\n"


@pytest.mark.parametrize(
    ("effects", "verdict"), [(2, "gain"), (-2, "loss"), (0.4, "null"), (-0.4, "null")]
)
def test_what_the_seeds_settle_cannot_be_called_open(effects, verdict):
    with pytest.raises(ClaimFailed, match=f"30 seeds settle it, as a {verdict}"):
        evidence.unsettled("x", "s", [effects] * 30, [0] * 30, measure=of(1))


def test_near_a_bound_other_seeds_may_settle_it(monkeypatch):
    monkeypatch.setenv("BOOK_FIRST_SEED", "1000")
    evidence.unsettled("x", "s", [2] * 30, [0] * 30, measure=of(1))


def test_ten_seeds_are_too_few_to_give_up():
    with pytest.raises(ClaimFailed, match="10 seeds are too few to give up"):
        evidence.unsettled("x", "s", [0.7] * 10, [0] * 10, measure=of(1))


@pytest.fixture
def replicated(monkeypatch, tmp_path):
    """A record of two further blocks, of the seeds 2000 and 3000."""
    blocks = {"2000": [[0.1] * 10], "3000": [[0.2] * 10]}
    runs = {
        first: {"fingerprint": "", "claims": {"some-name": effects}}
        for first, effects in blocks.items()
    }
    path = tmp_path / "replicated.json"
    path.write_text(json.dumps({"01-chapter": runs}))
    monkeypatch.setattr("lib.records.RECORD", path)


def test_a_pooled_claim_rests_on_the_seeds_of_the_record_too(replicated, recorded, monkeypatch):
    wide = [0.9, -0.9] * 5
    zeros = np.zeros(10)
    assert not holds(evidence.equal, wide, zeros, measure=of(0.5))
    assert holds(evidence.equal, wide, zeros, measure=of(0.5), pooled=True)
    assert (recorded()[-1].seeds, recorded()[-1].pooled) == (30, True)
    assert not holds(evidence.equal, wide, zeros, measure=of(0.3), pooled=True)
    monkeypatch.setenv("BOOK_FIRST_SEED", "2000")  # its own block is not counted twice
    assert holds(evidence.equal, [0.2] * 10, zeros, measure=of(0.5), pooled=True)
    assert recorded()[-1].seeds == 20


def test_a_question_stays_open_or_not_by_the_seeds_of_the_record(replicated):
    with pytest.raises(ClaimFailed, match="30 seeds settle it, as a null"):
        evidence.unsettled("some-name", "s", [0.3] * 10, [0] * 10, measure=of(1))
    evidence.unsettled("some-name", "s", [0.3] * 10, [0] * 10, measure=of(0.15))


def test_seeds_that_differ_by_machine_do_not_settle_alone_what_the_record_leaves_open(monkeypatch):
    record = [[[0.1] * 10], [[0.1] * 4 + [0.3] * 6]]
    monkeypatch.setattr(evidence, "replicated", lambda name, first: record)
    own = [0.05] * 10
    assert evidence.settled([*own, *record[0][0], *record[1][0]], gain=0.5) == "null"
    evidence.unsettled("some-name", "s", own, [0] * 10, measure=of(0.5))


def test_a_replication_records_what_fails(recorded, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_REPLICATE", "1")
    evidence.greater("x", "A beats B", WORSE, BETTER, measure=ANY)
    evidence.unsettled("y", "which", WORSE, BETTER, measure=ANY)
    assert [claim.holds for claim in recorded()] == [False, True]
    assert recorded()[0].share == 0


# ---- numbers for the prose


@pytest.mark.parametrize(
    ("centre", "half", "text"),
    [
        (0.8931, 0.012, "0.89"),
        (0.8931, 0.0012, "0.893"),
        (0.8931, 0.006, "0.893"),
        (0.8999, 0.012, "0.90"),
        (0.8931, 0.3, "0.9"),
        (89.31, 1.2, "89"),
        (89.31, 12, "90"),
        (12345, 120, "12300"),
        (1234567, 12000, "1.23×10⁶"),
        (-0.254, 0.02, "−0.25"),
        (0.0004, 0.012, "0.00"),
        (-0.0004, 0.012, "0.00"),
        (0.0004, 0.0001, "4×10⁻⁴"),
        (2.3e-12, 1.2e-12, "2×10⁻¹²"),
        (2.34e-12, 1.2e-14, "2.34×10⁻¹²"),
        (0.5, 0.0099999999, "0.50"),
    ],
)
def test_a_number_is_rounded_to_what_its_interval_supports(centre, half, text):
    values = centre + half * np.array([-3, -1, -0.5, -0.1, 0, 0, 0.1, 0.5, 1, 3])
    assert evidence.rounded(values) == text


def test_a_certain_sign_keeps_one_digit_under_a_wide_interval():
    assert evidence.rounded([1e-13] * 3 + [2e-12] * 4 + [8e-11] * 3) == "2×10⁻¹²"


@pytest.mark.parametrize(
    ("value", "text"),
    [(65, "65"), (1234567, "1234567"), (1 / 3, "0.333333"), (5.6e-11, "5.6×10⁻¹¹"), (-2, "−2")],
)
def test_an_exact_number_is_given_as_it_is(value, text):
    assert evidence.rounded(value) == text
    assert evidence.rounded([value] * 10) == text


# ---- where it runs


def test_neither_keras_nor_notebook_packages_are_needed():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['IPython', 'myst_nb', 'keras', 'scipy']))\n"
        "from lib import evidence\n"
        "evidence.greater('x', 'A beats B', [1] * 10, 0, baseline=0)\n"
        "assert evidence.glue('x', [1] * 10) is None\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("holds: A beats B\n", "")


@pytest.fixture(scope="module")
def executed():
    """A chapter that never measures the same twice, run in a kernel."""
    cells = [
        "import time, numpy as np; from lib import evidence\n"
        "he = np.random.default_rng(time.time_ns()).uniform(0.8, 0.9, size=10)",
        "evidence.greater('he-trains', 'He trains the network', he, 0.5, baseline=0.1)",
        "evidence.glue('he', he)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name="python3")
    return client.execute(env=os.environ | {"BOOK_BUILD": "1"})


def nbval(notebook, path):
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", str(path)]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True)


def test_a_kernel_leaves_the_record_in_the_notebook(executed):
    (claim,) = evidence.records(executed)
    assert (claim.name, claim.kind, claim.seeds) == ("he-trains", "threshold", 10)
    assert 0.8 < claim.low <= claim.effect <= claim.high < 0.9


def test_myst_nb_finds_the_glued_text_and_shows_no_output(executed):
    from myst_nb.ext.glue import extract_glue_data_cell

    cell = nbformat.from_dict(json.loads(json.dumps(executed.cells[2])))
    ((name, output),) = extract_glue_data_cell(cell)
    assert (name, output["data"]["text/plain"][:4]) == ("he", "'0.8")
    assert cell.outputs == []


def test_nbval_accepts_other_figures_and_refuses_another_verdict(executed, tmp_path):
    reference = nbformat.from_dict(json.loads(json.dumps(executed)))
    reference.cells[2].outputs = []
    run = nbval(reference, tmp_path / "same.ipynb")
    assert run.returncode == 0, run.stdout
    reference.cells[1].outputs[0]["data"]["text/plain"] = "holds: something else"
    assert nbval(reference, tmp_path / "other.ipynb").returncode == 1
