"""Chapter 7: Adam without decay, with decoupled weight decay and with an L2 penalty."""

from itertools import combinations

import keras
from keras.optimizers import Adam

from lib import ensemble
from travel.bench import Array, Bench

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
KINDS = {"none": (0,), "decoupled": (0.1, 1, 3), "L2": (0.001, 0.01, 0.1)}


def measure(at: Bench) -> dict[str, list[Array]]:
    right = {}
    for kind, strengths in KINDS.items():
        runs = {
            strength: at.tune(
                f"{kind}, {strength}", network(at, kind, strength), RATES, 160, batch_size=64
            )
            for strength in strengths
        }
        right[kind] = at.accuracy(runs[ensemble.best_rate(runs)])
    return {"decays-tie-on-digits": [a - b for a, b in combinations(right.values(), 2)]}


def network(at: Bench, kind: str, strength: float) -> ensemble.Build:
    def dense(units: int, activation: str, kernels: str) -> keras.Layer:
        penalty = keras.regularizers.L2(strength / 2) if kind == "L2" else None
        return keras.layers.Dense(
            units, activation, kernel_initializer=kernels, kernel_regularizer=penalty
        )

    def build() -> keras.Model:
        optimizer = Adam(weight_decay=strength if kind == "decoupled" else None)
        if kind == "decoupled":
            optimizer.exclude_from_weight_decay(var_names=["bias"])
        hidden = [dense(64, "relu", "he_normal") for _ in range(2)]
        output = dense(10, "softmax", "glorot_uniform")
        model = keras.Sequential([keras.Input(at.data.x_train.shape[1:]), *hidden, output])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build
