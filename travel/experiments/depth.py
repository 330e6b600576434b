"""Chapter 1: sigmoid, tanh and ReLU networks of 2, 5 and 20 layers, SGD with momentum."""

from functools import partial

import numpy as np
from keras.optimizers import SGD

from travel.bench import Array, Bench

KERNELS = {"sigmoid": "glorot_uniform", "tanh": "glorot_uniform", "relu": "he_normal"}
HIGH = (0.25, 1, 4)  # as the claim on twenty sigmoid layers says
SIGMOID = (0.01, 0.05, *HIGH)
LOW = (0.002, 0.01, 0.05, 0.25)


def measure(at: Bench) -> dict[str, list[Array]]:
    right = {}
    for activation, kernels in KERNELS.items():
        for depth in (2, 5, 20) if activation == "sigmoid" else (2, 20):
            build = at.network(
                partial(SGD, momentum=0.9), depth=depth, width=64, kernels=kernels,
                activation=activation,
            )  # fmt: skip
            if (activation, depth) == ("sigmoid", 20):
                runs = at.sweep(build, HIGH, 128, batch_size=64).values()
                highest = [run.history["val_accuracy"].max(axis=1) for run in runs]
                right[activation, depth] = 100 * np.max(highest, axis=0)
                continue
            rates = SIGMOID if activation == "sigmoid" else LOW
            run = at.tune(f"{activation}, {depth} layers", build, rates, 128, batch_size=64)
            right[activation, depth] = at.accuracy(run, part="valid")
    deep = (right["tanh", 20], right["relu", 20])
    return {
        "two-sigmoid-layers-learn": [right["sigmoid", 2]],
        "twenty-sigmoid-layers-guess": [right["sigmoid", 20]],
        "depth-stops-sigmoid": [right["sigmoid", 2] - right["sigmoid", 5]],
        "deep-tanh-and-relu-learn": [np.minimum(*deep)],
        "deep-tanh-ahead-of-relu": [deep[0] - deep[1]],
        "shallow-networks-tie": [right["sigmoid", 2] - right["tanh", 2]],
        "shallow-tanh-or-relu": [right["tanh", 2] - right["relu", 2]],
    }
