"""Run one experiment in one world; the last line of the output is its rows as JSON.

Usage: python -m travel.measure EXPERIMENT WORLD [RATES]
"""

import importlib
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from extensions.travel import code
from lib.intervals import interval
from travel.bench import Bench
from travel.world import World
from travel.worlds import WORLDS, seeds

ROOT = Path(__file__).parents[1]
VERSIONS = (keras, np, tf)


class Counting(Bench):
    """A bench that keeps on how many rows its networks were trained."""

    def __init__(self, world: World, rates: dict[str, float], seeds: range) -> None:
        super().__init__(world, rates)
        self.rows: set[int] = set()
        self.seeds = seeds

    def fit(
        self, build: Any, updates: float, batch_size: int = 32, on: Any = None, **more: Any
    ) -> Any:
        self.rows.add(len((on or self.data).x_train))
        return super().fit(build, updates, batch_size, on, **more)

    def sweep(
        self,
        build: Any,
        rates: Any,
        updates: float,
        batch_size: int = 32,
        on: Any = None,
        **more: Any,
    ) -> Any:
        self.rows.add(len((on or self.data).x_train))
        return super().sweep(build, rates, updates, batch_size, on, **more)


def main(name: str, world: str, rates: str = "{}") -> None:
    print(json.dumps(rows(name, world, json.loads(rates))))


def rows(name: str, world: str, rates: dict[str, float]) -> list[dict[str, Any]]:
    """What an experiment measures in a world, with the rates that it takes over."""
    bench = Counting(WORLDS[world], rates, range(seeds(world)))
    start = time.perf_counter()
    found = importlib.import_module(f"travel.experiments.{name}").measure(bench)
    for sides in found.values():
        for one in sides:
            interval(one)  # which takes no NaN and no fewer than ten
    seconds = round(time.perf_counter() - start)
    return [
        {
            "claim": claim,
            "world": world,
            "experiment": name,
            "effects": [[float(f"{e:.6g}") for e in np.atleast_1d(one)] for one in sides],
            "rates": bench.rates,
            "rows": sorted(bench.rows),
            "updates": sorted(bench.updates),
            "device": f"{device()}, {platform.machine()}",
            "versions": {one.__name__: one.__version__ for one in VERSIONS},
            "seconds": seconds,
            "code": code(ROOT, name, world),
        }
        for claim, sides in found.items()
    ]


def device() -> str:
    return "GPU" if tf.config.list_physical_devices("GPU") else "CPU"


if __name__ == "__main__":
    main(*sys.argv[1:])
