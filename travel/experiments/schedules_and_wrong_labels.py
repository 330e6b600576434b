"""Chapter 8: a constant rate and cosine decay, with wrong labels and with right ones."""

from dataclasses import replace
from functools import partial

import numpy as np
from keras.optimizers import SGD
from keras.optimizers.schedules import CosineDecay

from lib import data
from travel.bench import Array, Bench

RATES = (0.001, 0.003, 0.01, 0.03, 0.1)


def measure(at: Bench) -> dict[str, list[Array]]:
    rng, labels = np.random.default_rng(data.seed()), at.data.y_train.copy()
    wrong = rng.choice(len(labels), 2 * len(labels) // 5, replace=False)
    labels[wrong] = rng.integers(0, 10, len(wrong))
    sides = {"right": at.data, "noisy": replace(at.data, y_train=labels)}
    steps = at.epochs(335, 16) * (len(labels) // 16)
    right, same = {}, {}
    for name, shape in {"constant": 1.0, "cosine": CosineDecay(1.0, steps)}.items():
        build = at.network(
            partial(SGD, shape, momentum=0.9), depth=2, width=64, kernels="he_normal"
        )
        for kind, on in sides.items():
            run = at.tune(f"{name}, {kind} labels", build, RATES, 335, batch_size=16, on=on)
            right[name, kind] = at.accuracy(run)
        run = at.sweep(build, [0.03], 335, batch_size=16, on=sides["noisy"])[0.03]
        same[name] = at.accuracy(run, part="valid")
    return {
        "noisy-labels-same-rate": [same["cosine"] - same["constant"]],
        "right-labels-tie": [right["cosine", "right"] - right["constant", "right"]],
        "noisy-labels-best-rates": [right["cosine", "noisy"] - right["constant", "noisy"]],
    }
