"""Chapter 3: ReLU units that are 0 for every training row, after Adam and after going on."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras.optimizers import SGD, Adam

from travel.bench import Array, Bench

GENTLE = (0.0001, 0.0003, 0.001, 0.003, 0.01)  # no faster than in the chapter


def below_zero(weights: list[Array], x: Array, slope: float) -> Array:
    """Is a hidden unit below 0 for every row?  (seeds, hidden units); no unit of NaN is."""
    units, a = [], x
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = a @ kernel + bias[:, None]
        a = np.maximum(z, slope * z)
        units.append((z <= 0).all(axis=1))
    return np.concatenate(units, axis=1)


def measure(at: Bench) -> dict[str, list[Array]]:
    def network(optimizer: Callable[[], Any], activation: str = "relu") -> Any:
        kernels = "he_normal"
        return at.network(optimizer, depth=5, width=64, kernels=kernels, activation=activation)

    x = at.data.x_train
    fast = at.fit(network(partial(Adam, 0.03)), 128, batch_size=64)
    slow = at.fit(network(partial(Adam, 0.003)), 128, batch_size=64)
    dead = below_zero(fast.weights, x, slope=0)

    def start(model: keras.Model, k: int) -> None:
        model.set_weights([weight[k] for weight in fast.weights])

    right, after = {}, {}
    for activation in ("relu", "leaky_relu"):
        build = network(partial(SGD, momentum=0.9), activation)
        run = at.tune(f"on with {activation}", build, GENTLE, 128, batch_size=64, start=start)
        right[activation] = at.accuracy(run, part="valid")
        after[activation] = run.weights
    back = (dead & ~below_zero(after["relu"], x, slope=0)).sum(axis=1)
    return {
        "adam-fast-kills-units": [dead.mean(axis=1)],
        "lower-rate-kills-few": [below_zero(slow.weights, x, slope=0).mean(axis=1)],
        "accuracy-survives-silent-units": [at.accuracy(fast, part="valid")],
        # Where none is dead, none comes back.
        "dead-units-stay-dead": [back / np.maximum(dead.sum(axis=1), 1)],
        "revival-wins-nothing": [right["relu"] - right["leaky_relu"]],
    }
