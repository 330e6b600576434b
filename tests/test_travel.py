"""The claims in other worlds: the plan, the record, what becomes of a claim, and some rows anew."""

import math
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from docutils.nodes import make_id
from machine import EVERYTHING, left_out, photographs

from extensions import imports
from extensions.executed import executed
from extensions.travel import agree, code, fates, plan, read, verdict
from extensions.travel_pages import cell
from lib.evidence import NULLS, Claim, Comparison, Measure, records

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build/html"
EXPERIMENTS = sorted({one["experiment"] for one in plan(ROOT)})
TURN = date.today().toordinal() % -(-len(EXPERIMENTS) // 3)
TODAY = EXPERIMENTS if EVERYTHING else EXPERIMENTS[3 * TURN :][:3]
NOT_ON_PICTURES = {  # what chapter 10 cites that is not of pictures: made data, untrained networks
    "first-epochs-must-be-short",
    "he-breaks-selu",
    "rare-tokens-need-adam",
    "sigmoid-below-one-at-nine-scales",
}


@pytest.fixture(scope="module")
def claims():
    pages = sorted({f"book/{one['chapter']}.md" for one in plan(ROOT)})
    every = [records(executed(ROOT, ROOT / page).notebook) for page in pages]
    return {claim.name: claim for page in every for claim in page}


def test_the_plan_asks_what_the_book_asks(claims):
    for one in plan(ROOT):
        claim = claims[one["claim"]]
        asked = [
            [None if math.isinf(bound) else bound for bound in (side.above, side.below)]
            for side in claim.comparisons
        ]
        # What follows the bounds is a baseline, often measured, which differs by machine.
        assert [bounds[:2] for bounds in one["bounds"]] == asked, claim.name
        assert one["kind"] == claim.kind, claim.name


def test_the_plan_is_wide_enough():
    settled = [one for one in plan(ROOT) if one["kind"] != "unsettled"]
    chapters = Counter(one["chapter"][:2] for one in settled)
    assert all(chapters[f"{number:02}"] >= 5 for number in range(1, 10))
    assert len(settled) >= 60
    assert sum(one["kind"] in NULLS for one in settled) >= 15
    assert sum("all photographs" in one["worlds"] for one in settled) >= 15
    assert sum("convolutions" in one["worlds"] for one in settled) >= 12


def test_every_row_of_the_plan_is_on_record_and_of_the_present_code(claims):
    planned = {(one["claim"], world) for one in plan(ROOT) for world in one["worlds"]}
    rows = {(row["claim"], row["world"]): row for row in read(ROOT)}
    assert planned <= set(rows)
    for (name, world), row in rows.items():
        assert len(row["effects"]) == len(claims[name].comparisons), name
        assert min(len(one) for one in row["effects"]) >= 10, name
        assert row["code"] == code(ROOT, row["experiment"], world), (
            f"{row['experiment']} was measured with an earlier version: make travel"
        )


@pytest.mark.depends("book/travel.json", "travel/**/*", "lib/**/*", "extensions/*.py")
@pytest.mark.parametrize("experiment", TODAY)
def test_the_record_is_what_is_measured(experiment):
    if not photographs():
        left_out("Fashion-MNIST is not installed")
    from travel.measure import rows
    from travel.worlds import WORLDS

    found = [row for row in read(ROOT) if row["experiment"] == experiment]
    small = {row["world"] for row in found if row["world"].startswith("small")}
    assert small
    for world in small:
        source = WORLDS[world].rates_of
        given = next(row["rates"] for row in found if row["world"] == source)
        again = {row["claim"]: row for row in rows(experiment, world, given)}
        for row in found:
            if row["world"] == world:
                assert agree(row, again[row["claim"]]), (row["claim"], world)


def test_an_experiment_is_a_file_and_the_reverse():
    files = (ROOT / "travel/experiments").glob("[a-z]*.py")
    assert sorted(path.stem for path in files) == EXPERIMENTS


GAIN = Measure("accuracy", gain=2, unit="points", why="seven of 360")


def claim(kind, *comparisons, measure=GAIN):
    return Claim(
        "a", "a", kind, "", 0, 0, 0, "", measure, 10, 0, 1, (), False, True, comparisons
    )  # fmt: skip


TEN = tuple(float(i) for i in range(10))


@pytest.mark.parametrize(
    ("kind", "bounds", "effects", "becomes"),
    [
        ("difference", {"above": 2}, 3, "holds"),
        ("difference", {"above": 2}, 1, "weaker"),
        ("difference", {"above": 2}, -1, "does not hold"),
        ("threshold", {"above": 80, "baseline": 10}, 70, "weaker"),
        ("threshold", {"above": 80, "baseline": 10}, 40, "does not hold"),
        ("threshold", {"below": 15, "baseline": 90}, 10, "holds"),
        ("threshold", {"below": 15, "baseline": 90}, 16, "does not hold"),
        ("ratio", {"above": 10}, 3, "weaker"),
        ("ratio", {"above": 10}, 0.9, "does not hold"),
        ("null", {"above": -1, "below": 1}, -0.5, "holds"),
        ("null", {"above": -1, "below": 1}, 1.5, "weaker"),
        ("null", {"above": -1, "below": 1}, 2.5, "does not hold"),
        ("no loss", {"above": -1}, 5, "holds"),
        ("no loss", {"above": -1}, -1.5, "weaker"),
        ("no loss", {"above": -1}, -2.5, "does not hold"),
        ("unsettled", {}, 3, "gain"),
        ("unsettled", {}, 1.5, "not settled"),
    ],
)
def test_what_becomes_of_a_claim(kind, bounds, effects, becomes):
    one = Comparison((), **bounds)
    assert verdict(claim(kind, one), [[effects] * 10]) == becomes


def test_seeds_on_both_sides_leave_it_open():
    one = Comparison((), above=2)
    assert verdict(claim("difference", one), [[-1] * 3 + [1] * 7]) == "not settled"
    assert verdict(claim("difference", one), [[-1] * 7 + [1] * 3]) == "not settled"


def test_between_two_bounds_none_is_made_stricter():
    between = claim(
        "ordering",
        Comparison((), below=400, baseline=1078),
        Comparison((), above=100, baseline=1078),
    )
    assert verdict(between, [[120] * 10] * 2) == "holds"
    assert verdict(between, [[90] * 5 + [120] * 5] * 2) == "not settled"


def test_a_claim_of_several_comparisons_needs_each():
    both = claim("ordering", Comparison((), above=2), Comparison((), above=2))
    assert verdict(both, [[3] * 10, [3] * 10]) == "holds"
    assert verdict(both, [[3] * 10, [1] * 10]) == "weaker"


def test_what_is_measured_again_must_lie_where_it_lay():
    row = {"effects": [TEN]}
    assert agree(row, {"effects": [[4.0] * 10]})
    assert agree(row, {"effects": [[float(i) for i in range(6, 16)]]})
    assert not agree(row, {"effects": [[8.5] * 10]})


@pytest.fixture
def copy(tmp_path):
    for name in ("travel/bench.py", "travel/world.py", "lib/data.py", "lib/schedules.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "travel/experiments").mkdir()
    (tmp_path / "travel/experiments/own.py").write_text("from travel.bench import Bench\n")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("travel/experiments/own.py", True),
        ("travel/bench.py", True),
        ("lib/data.py", True),
        ("lib/schedules.py", False),
    ],
)
def test_a_row_is_of_its_experiment_and_of_what_that_imports(copy, file, changes):
    def now():
        code.cache_clear()
        return code(copy, "own", "photographs")

    before = now()
    assert before != code(copy, "own", "digits")
    with (copy / file).open("a") as changed:
        changed.write("# changed\n")
    imports.imported.cache_clear()
    imports.imports.cache_clear()
    assert (now() != before) == changes


def test_all_that_chapter_10_rests_on_is_in_the_plan():
    text = (ROOT / "book/10-practical-guidelines.md").read_text("utf-8")
    cited = set(re.findall(r"\{claim\}`([^`]+)`", text))
    assert cited - {one["claim"] for one in plan(ROOT)} == NOT_ON_PICTURES


@pytest.mark.parametrize("field", ["claim", "world", "rates", "rows", "updates", "device"])
def test_a_row_says_how_it_was_measured(field):
    assert read(ROOT)
    assert all(field in row for row in read(ROOT))


def test_claims_are_planned_once():
    assert max(Counter(one["claim"] for one in plan(ROOT)).values()) == 1


def test_what_does_not_hold_elsewhere_is_marked_where_it_is_claimed(claims):
    table = (HTML / "book/travel.html").read_text("utf-8")
    known = fates(ROOT, claims.values())
    for one in plan(ROOT):
        name, page = one["claim"], (HTML / f"book/{one['chapter']}.html").read_text("utf-8")
        there = [(world, known.get((name, world))) for world in ("photographs", "convolutions")]
        lost = [
            f"{world}: {fate.verdict}" for world, fate in there if fate and fate.verdict != "holds"
        ]
        mark = re.search(f'href="travel.html#{make_id(name)}">([^<]+)</a>', page)
        if one["kind"] == "unsettled" or not lost:
            assert mark is None, name
        else:
            assert mark, name
            assert mark[1] == "; ".join(lost)
        assert f'id="{make_id(name)}"' in table, name


def test_the_table_says_what_is_of_an_earlier_version(claims, monkeypatch):
    assert "(earlier version)" not in {cell(one) for one in fates(ROOT, claims.values()).values()}
    monkeypatch.setattr("extensions.travel.code", lambda *_: "other")
    every = fates(ROOT, claims.values()).values()
    assert all(cell(one).endswith(" (earlier version)") for one in every)


def test_the_first_page_tells_how_many_travelled():
    text = (HTML / "book/index.html").read_text("utf-8")
    assert re.search(r"Of [1-9]\d+ claims [1-9]\d* hold as asked", text)
