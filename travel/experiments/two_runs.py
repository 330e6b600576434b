"""Reproducibility: one run of a network of width 28 against one of width 16, from 50 seeds."""

from functools import partial

import numpy as np
from keras.optimizers import SGD

from travel.bench import Array, Bench

RATES = (0.0015, 0.005, 0.015, 0.05, 0.15)


def measure(at: Bench) -> dict[str, list[Array]]:
    at.seeds = range(50)
    right = {}
    for width in (16, 28):
        build = at.network(partial(SGD, momentum=0.9), depth=2, width=width)
        run = at.tune(f"width {width}", build, RATES, 330)
        right[width] = run.history["val_accuracy"][:, -1]
    against = np.round(right[28][:, None] - right[16], 6)
    share = np.mean(against > 0, axis=1) + np.mean(against == 0, axis=1) / 2
    return {"repro-worse-can-win": [share, share]}
