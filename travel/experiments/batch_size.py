"""Chapter 8: SGD with batches of 4 to 1024 rows and Adam with 16 and 256, at several rates."""

from functools import partial
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras.optimizers import SGD, Adam

from lib import ensemble
from travel.bench import Array, Bench

ROWS = 1078  # of an epoch in the chapter: after about so many the loss is looked at
RULES = {"SGD": partial(SGD, momentum=0.9), "Adam": Adam}
# The book's updates by batch size; twice as many with 1024 rows, so that they arrive.
UPDATES = {4: 1076, 16: 402, 64: 128, 256: 64, 1024: 36}
MIDDLE = {("SGD", 4): 0.004, ("SGD", 16): 0.016, ("SGD", 64): 0.064, ("SGD", 256): 0.256}
MIDDLE |= {("SGD", 1024): 0.512, ("Adam", 16): 0.008, ("Adam", 256): 0.032}
FACTORS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4)


def measure(at: Bench) -> dict[str, list[Array]]:
    builds, runs = {}, {}
    for name, size in MIDDLE:
        build = at.network(RULES[name], depth=2, width=32, kernels="he_normal")
        builds[name, size] = parted(at, build, size)
        rates = [MIDDLE[name, size] * factor for factor in FACTORS]
        rows = min(size, at.world.rows)
        runs[name, size] = at.sweep(builds[name, size], rates, UPDATES[size], rows)
    # The chapter's goal; elsewhere where 64 rows are after half of their updates, at the best rate.
    paths = [losses(run) for run in runs["SGD", 64].values()]
    reached = float(np.nanmin([np.median(path[:, (path.shape[1] - 1) // 2]) for path in paths]))
    goal = 0.1 if at.world.pictures == "digits" else reached
    steps = {key: np.array([steps_to(goal, run) for run in runs[key].values()]) for key in runs}
    fewest = {key: values.min(axis=0) for key, values in steps.items()}
    critical = 4 * fewest["SGD", 4] / fewest["SGD", 1024]
    found = {
        "batch-steps-fall-in-proportion": [fewest["SGD", 4] / fewest["SGD", 64]],
        "batch-steps-saturate": [fewest["SGD", 256] / fewest["SGD", 1024]],
        "critical-batch-size-here": [critical, critical],
    }
    for name in RULES:
        typical = list(runs[name, 16])[np.median(steps[name, 16], axis=1).argmin()]
        # With twice the updates, as it takes longer.
        kept = at.sweep(builds[name, 256], [typical], 2 * UPDATES[256], 256)[typical]
        key = f"rate-not-tuned-again-{name.lower()}"
        found[key] = [steps_to(goal, kept) / fewest[name, 256]]
    right = []
    for size in (16, 256):
        sweep = runs["SGD", size]
        best = at.rates.setdefault(f"SGD, {size} rows", ensemble.best_rate(sweep))
        right.append(at.accuracy(sweep[best]))
    return found | {"batch-size-generalises-alike-sgd": [right[0] - right[1]]}


class Part(keras.metrics.Metric):  # type: ignore[misc]
    """Mean loss of the steps of an epoch from `first` to before `end`."""

    def __init__(self, first: int, end: int) -> None:
        super().__init__(name=f"loss_to_{end}")
        self.first, self.end = first, end
        self.step = self.add_variable((), "zeros", name="step")
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, y: Any, predicted: Any, sample_weight: Any = None) -> None:
        loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, predicted))
        inside = keras.ops.logical_and(self.step >= self.first, self.step < self.end)
        self.total.assign_add(keras.ops.where(inside, loss, 0.0))
        self.step.assign_add(1.0)

    def result(self) -> Any:
        return self.total / (self.end - self.first)


def parted(at: Bench, build: ensemble.Build, size: int) -> ensemble.Build:
    """The same, which also notes the loss of each part of an epoch, of about ROWS rows."""
    steps = at.world.rows // min(size, at.world.rows)
    parts = min(steps, max(1, round(at.world.rows / ROWS)))
    ends = [round(steps * k / parts) for k in range(parts + 1)]

    def new() -> keras.Model:
        model = build()
        notes = [Part(first, end) for first, end in pairwise(ends)]
        model.compile(model.optimizer, model.loss, metrics=["accuracy", *notes])
        return model

    return new


def losses(run: ensemble.Result) -> Array:
    """Training loss of each part of each epoch, one after the other, (seeds, parts)."""
    ends = sorted(int(name[8:]) for name in run.history if name.startswith("loss_to_"))
    parts = [run.history[f"loss_to_{end}"] for end in ends]
    return np.stack(parts, axis=2).reshape(len(run.seeds), -1)


def steps_to(goal: float, run: ensemble.Result) -> Array:
    """Steps to the goal by seed, as in the chapter; all steps of the run if never."""
    path = losses(run)
    middles = (np.arange(path.shape[1]) + 0.5) * run.updates / path.shape[1]
    found = np.full(len(path), float(run.updates))
    for seed, row in enumerate(path):
        if (row < goal).any():
            k = int((row < goal).argmax())
            two = [k, max(k - 1, 0)]
            found[seed] = np.interp(np.log(goal), np.log(row[two]), middles[two])
    return found
