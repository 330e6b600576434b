"""Chapter 3: which activation, in chains of 5 and of 20 layers, each with its own scale."""

from functools import partial
from typing import Any

import keras
import numpy as np
from keras.initializers import VarianceScaling
from keras.optimizers import SGD

from lib import ensemble
from travel.bench import Array, Bench

SHALLOW = ("relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish")
RATES = {5: (0.001, 0.004, 0.02, 0.1), 20: (0.0006, 0.002, 0.006, 0.02)}
BATCH = 64


def scale(name: str) -> float:
    """One over the mean square of what the activation makes of a standard normal number."""
    xi = np.linspace(-8, 8, 4001)
    weight = np.exp(-(xi**2) / 2)
    square = np.array(keras.activations.get(name)(xi)) ** 2
    return float(weight.sum() / (weight @ square))


def chain(at: Bench, depth: int, name: str) -> ensemble.Build:
    activation: Any = keras.layers.PReLU if name == "prelu" else name
    kernels = partial(VarianceScaling, scale("relu" if name == "prelu" else name), "fan_in")
    sgd = partial(SGD, momentum=0.9)
    return at.network(sgd, depth=depth, width=32, kernels=kernels, activation=activation)


def measure(at: Bench) -> dict[str, list[Array]]:
    def best(depth: int, name: str, updates: int) -> Array:
        label = f"{name}, {depth} layers, {updates} updates"
        on = at.first(updates * BATCH)
        run = at.tune(label, chain(at, depth, name), RATES[depth], updates, BATCH, on)
        return at.accuracy(run, part="valid")

    def sooner(name: str) -> Array:
        rate = at.rates[f"{name}, 5 layers, 128 updates"]
        run = at.sweep(chain(at, 5, name), [rate], 16, BATCH, at.first(16 * BATCH))[rate]
        return at.accuracy(run, part="valid")

    shallow = {name: best(5, name, 128) for name in SHALLOW}
    apart = [np.abs(points - shallow["relu"]) for points in shallow.values()]
    deep = {
        (name, updates): best(20, name, updates)
        for name in ("relu", "gelu", "selu")
        for updates in (128, 512)
    }
    made_up = []
    for name in ("relu", "gelu"):
        before, after = (deep["selu", updates] - deep[name, updates] for updates in (128, 512))
        led = before > 0  # without a lead there is nothing to make up: 0
        made_up.append(np.where(led, 1 - after / np.where(led, before, 1), 0))
    return {
        "shallow-choice-hardly-matters": [np.max(apart, axis=0)],
        "deep-selu-beats-relu": [deep["selu", 128] - deep["relu", 128]],
        "deep-gelu-far-below-selu": [deep["selu", 128] - deep["gelu", 128]],
        "deep-choice-evens-out": [100 * np.min(made_up, axis=0)],
        "elu-learns-sooner": [sooner("elu") - sooner("relu")],
    }
