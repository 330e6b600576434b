"""Chapter 4: batch normalization behind ReLU, its averages taken anew, and with dropout."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
from keras.layers import BatchNormalization, ReLU
from keras.optimizers import SGD

from lib import data
from travel.bench import Array, Bench

RATES = (0.03, 0.1, 0.3, 1, 3, 10)
FEW_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)
NORM = partial(BatchNormalization, momentum=0.9)


def measure(at: Bench) -> dict[str, list[Array]]:
    network = partial(at.network, SGD, width=64, kernels="he_normal")
    normalized = network(depth=5, normalization=NORM, use_bias=False)
    behind = network(depth=5, normalization=ReLU, activation=NORM)
    before = at.tune("before ReLU", normalized, RATES, 128, batch_size=64)
    after = at.tune("after ReLU", behind, RATES, 128, batch_size=64)
    few, right = _with_wrong_labels(at), {}
    for name, dropout in [("normalized", 0), ("both", 0.3)]:
        build = network(depth=2, normalization=NORM, use_bias=False, dropout=dropout)
        right[name] = at.accuracy(at.tune(name, build, FEW_RATES, 240, batch_size=16, on=few))
    moderate = at.sweep(normalized, (0.3,), 128, batch_size=64)[0.3]
    retaken = np.array([_retaken(model, at.data) for model in moderate.models()])
    return {
        "bn-after-activation-loses-nothing": [at.accuracy(after) - at.accuracy(before)],
        "bn-averages-can-be-retaken": [retaken - at.accuracy(moderate)],
        "bn-does-not-replace-dropout": [right["both"] - right["normalized"]],
    }


def _with_wrong_labels(at: Bench) -> data.Dataset:
    """The first 200 rows, 40 of them with a wrong label."""
    wrong = np.random.default_rng(data.seed()).choice(200, 40, replace=False)
    offset = np.random.default_rng(data.seed() + 1).integers(1, 10, 40)
    few = at.first(200)
    y = few.y_train.copy()
    y[wrong] = (y[wrong] + offset) % 10
    return replace(few, y_train=y)


def _retaken(model: keras.Model, on: data.Dataset) -> float:
    """Test accuracy with the averages of the training rows in inference, layer by layer."""
    for layer in model.layers:
        if isinstance(layer, BatchNormalization):
            z = np.array(keras.Model(model.inputs[0], layer.input)(on.x_train))
            layer.moving_mean.assign(z.mean(axis=0))
            layer.moving_variance.assign(z.var(axis=0))
    said = np.array(model(on.x_test)).argmax(axis=1)
    return float(100 * np.mean(said == on.y_test))
