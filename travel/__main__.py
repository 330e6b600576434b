"""Measure the claims of `plan.json` in their worlds, and write `book/travel.json`.

The plan with its times is printed first. What is done on the present code is kept: an interrupted
run goes on where it was. Usage: python -m travel [--check] [EXPERIMENT...]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tqdm import tqdm

from extensions.travel import RECORD, agree, code, plan, read
from lib import data
from tools.execute import ROOT, finished, stop_at_interrupt
from travel.worlds import WORLDS, seeds

Row = dict[str, Any]
# Seconds of an experiment that was never measured, and how long a world takes against photographs.
GUESS = 90
TIMES = {"digits": 0.4, "small": 0.4, "all photographs": 2, "convolutions": 2}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", nargs="*", help="only these")
    parser.add_argument("--check", action="store_true", help="measure again, compare, keep nothing")
    args = parser.parse_args()
    only = args.experiment
    rows = [row for row in read(ROOT) if planned(row)]
    jobs = sorted(
        {(one["experiment"], world) for one in plan(ROOT) for world in one["worlds"]},
        # Those whose rates others take over come first.
        key=lambda job: (bool(WORLDS[job[1]].rates_of), job),
    )
    done = {
        (row["experiment"], row["world"]) for row in rows if fresh(row, rows) and not args.check
    }
    todo = [job for job in jobs if job not in done and (not only or job[0] in only)]
    seconds = {(row["experiment"], row["world"]): row["seconds"] for row in rows}
    estimate = [seconds.get(job, GUESS * TIMES.get(job[1], 1)) for job in todo]
    for job, guess in zip(todo, estimate, strict=True):
        print(f"{guess:5.0f} s  {job[0]}, {job[1]}")
    cores = os.cpu_count() or 1
    print(
        f"{len(todo)} of {len(jobs)} are to do: some {sum(estimate) / 60 / cores:.0f} minutes on "
        f"{cores} cores",
        flush=True,
    )
    if todo:
        data.load_fashion_mnist()  # once, where it must be downloaded
    stop_at_interrupt()
    failed = 0
    for first in (True, False):
        pool = ThreadPoolExecutor(cores)
        now = [job for job in todo if bool(WORLDS[job[1]].rates_of) != first]
        futures = {pool.submit(measure, *job, rates(rows, *job)): job for job in now}
        bar = tqdm(finished(futures), total=len(now), disable=not (now and sys.stderr.isatty()))
        for future in bar:
            name, world = futures[future]
            try:
                found = future.result()
                if missing := claims(name, world) - {row["claim"] for row in found}:
                    raise LookupError(f"not measured: {', '.join(sorted(missing))}")
            except Exception as error:
                failed += 1
                said = getattr(error, "stderr", None) or str(error)
                tqdm.write(f"failed  {name}, {world}: {said.strip()[-2000:]}")
                continue
            if args.check:
                failed += differing(rows, found)
                continue
            rows = [row for row in rows if (row["experiment"], row["world"]) != (name, world)]
            rows += [row for row in found if planned(row)]
            write(rows)
            tqdm.write(f"done {found[0]['seconds']:5.0f} s  {name}, {world}")
            sys.stdout.flush()
    return bool(failed)


def claims(name: str, world: str) -> set[str]:
    """What the plan asks of an experiment in a world."""
    return {
        one["claim"] for one in plan(ROOT) if one["experiment"] == name and world in one["worlds"]
    }


def differing(rows: list[Row], found: list[Row]) -> int:
    """How many rows are not on record, or not as they were measured again; they are named."""
    known = {(row["claim"], row["world"]): row for row in rows}
    other = [
        row
        for row in filter(planned, found)
        if not ((old := known.get((row["claim"], row["world"]))) and agree(old, row))
    ]
    for row in other:
        tqdm.write(f"differs: {row['claim']}, {row['world']}")
    return len(other)


def planned(row: Row) -> bool:
    """Whether the plan asks for a row."""
    return row["claim"] in claims(row["experiment"], row["world"])


def fresh(row: Row, rows: list[Row]) -> bool:
    """Whether a row is of the present code, on enough seeds, at the rates that it takes over."""
    taken = rates(rows, row["experiment"], row["world"])
    return (
        row["code"] == code(ROOT, row["experiment"], row["world"])
        and len(row["effects"][0]) >= seeds(row["world"])
        and row["rates"] == row["rates"] | taken
    )


def rates(rows: list[Row], name: str, world: str) -> dict[str, float]:
    """The rates that were chosen in the world from which this one takes them over."""
    if not (source := WORLDS[world].rates_of):
        return {}
    found = [r["rates"] for r in rows if (r["experiment"], r["world"]) == (name, source)]
    return found[0] if found else {}


def measure(name: str, world: str, given: dict[str, float]) -> list[Row]:
    """Run an experiment in a process of its own; its rows."""
    if WORLDS[world].rates_of and not given:
        raise LookupError(f"its rates are those of {WORLDS[world].rates_of}, which failed")
    command = [sys.executable, "-m", "travel.measure", name, world, json.dumps(given)]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, check=True
    )
    found: list[Row] = json.loads(ran.stdout.splitlines()[-1])
    return found


def write(rows: list[Row]) -> None:
    """A row a line, in the order of the plan: a change shows as one."""
    order = [(one["claim"], world) for one in plan(ROOT) for world in WORLDS]
    rows = sorted(rows, key=lambda row: order.index((row["claim"], row["world"])))
    new = (ROOT / RECORD).with_suffix(".new")
    new.write_text("[" + ",\n".join(json.dumps(row) for row in rows) + "]\n", "utf-8")
    new.replace(ROOT / RECORD)


if __name__ == "__main__":
    sys.exit(main())
