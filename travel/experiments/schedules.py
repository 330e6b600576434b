"""Chapter 8: a constant rate and four schedules, at five highest rates."""

from functools import partial

import numpy as np
from keras.optimizers import SGD
from keras.optimizers.schedules import CosineDecay, ExponentialDecay, PolynomialDecay

from lib import ensemble
from lib.schedules import CycledSGD, OneCycle
from travel.bench import Array, Bench
from travel.experiments.batch_size import losses, parted

PEAKS = (0.003, 0.01, 0.03, 0.1, 0.3)


def measure(at: Bench) -> dict[str, list[Array]]:
    steps = at.epochs(160, 64) * (len(at.data.x_train) // 64)
    shapes = {
        "constant": 1.0,
        "exponential": ExponentialDecay(1.0, steps, 0.01),
        "linear": PolynomialDecay(1.0, steps, end_learning_rate=0.0),
        "cosine": CosineDecay(1.0, steps),
    }
    optimizers = {name: partial(SGD, shape, momentum=0.9) for name, shape in shapes.items()}
    cycle, momentum = OneCycle(0.1, 1.0, steps, end=0.001), OneCycle(0.95, 0.85, steps)
    optimizers["1cycle"] = partial(CycledSGD, cycle, momentum)
    runs, tuned = {}, {}
    for name, optimizer in optimizers.items():
        build = at.network(optimizer, depth=2, width=64, kernels="he_normal")
        runs[name] = at.sweep(parted(at, build, 64), PEAKS, 160, batch_size=64)
        best = at.rates.setdefault(name, ensemble.best_rate(runs[name]))
        tuned[name] = at.accuracy(runs[name][best])
    low = {name: at.accuracy(sweep[0.003], part="valid") for name, sweep in runs.items()}
    ends = [losses(sweep[0.003])[:, -1] for sweep in runs.values()]
    found = {
        f"{name}-gains-nothing-at-best-rate": [tuned["constant"] - tuned[name]]
        for name in ("exponential", "linear", "1cycle")
    }
    return found | {
        "decay-survives-high-rate": [at.accuracy(runs["exponential"][0.3], part="valid")],
        "constant-leads-at-low-rate": [
            low["constant"] - low["cosine"],
            low["cosine"] - low["exponential"],
        ],
        "same-peak-differs": [np.max(ends, axis=0) / np.min(ends, axis=0)],
    }
