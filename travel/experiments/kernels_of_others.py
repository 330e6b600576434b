"""Chapter 2: kernels for tanh, an old rule for the sigmoid, PyTorch's default for ReLU."""

from functools import partial

import keras
import numpy as np
from keras.initializers import RandomUniform, VarianceScaling
from keras.optimizers import SGD

from lib import ensemble
from travel.bench import Array, Bench

SMALL = (0.0005, 0.002, 0.01, 0.05)
LARGER = (0.002, 0.01, 0.05, 0.25)
OLD = (0.01, 0.05, 0.25, 1)
OLD_RULE = partial(VarianceScaling, 16, "fan_avg", "uniform")
NAMED = (0.002, 0.01, 0.05)  # the three of the sentence


def torch_network(at: Bench, depth: int) -> ensemble.Build:
    def build() -> keras.Model:
        shape = at.data.x_train.shape[1:]
        layers: list[keras.Layer] = [keras.Input(shape)]
        fans = [shape[0]] + [64] * depth
        for i, fan in enumerate(fans):
            layer = keras.layers.Dense(
                64 if i < depth else 10,
                "relu" if i < depth else "softmax",
                kernel_initializer=VarianceScaling(1 / 3, "fan_in", "uniform"),
                bias_initializer=RandomUniform(-(fan**-0.5), fan**-0.5),
            )
            layers.append(layer)
        model = keras.Sequential(layers)
        model.compile(SGD(0.1, 0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


def measure(at: Bench) -> dict[str, list[Array]]:
    network = partial(at.network, partial(SGD, momentum=0.9), width=64)
    sides = {
        "tanh, Glorot": (network(depth=20, activation="tanh"), SMALL),
        "tanh, He": (network(depth=20, activation="tanh", kernels="he_normal"), SMALL),
        "old rule": (network(depth=5, activation="sigmoid", kernels=OLD_RULE), OLD),
        "PyTorch": (torch_network(at, 2), LARGER),
        "Keras": (network(depth=2), LARGER),
    }
    right = {}
    for label, (build, rates) in sides.items():
        right[label] = at.accuracy(at.tune(label, build, rates, 128, batch_size=64))
    deep = at.sweep(torch_network(at, 20), NAMED, 128, batch_size=64)
    highest = np.max([run.history["val_accuracy"] for run in deep.values()], axis=(0, 2))
    return {
        "glorot-trains-deep-tanh": [right["tanh, Glorot"]],
        "he-on-tanh-costs-little": [right["tanh, He"] - right["tanh, Glorot"]],
        "old-rule-trains-five-sigmoids": [right["old rule"]],
        "torch-default-ties-at-two-layers": [right["PyTorch"] - right["Keras"]],
        "torch-default-guesses-at-twenty-layers": [100 * highest],
    }
