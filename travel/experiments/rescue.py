"""Chapter 1: Adam and skip connections for 5 and 20 sigmoid layers, skips for ReLU too."""

from functools import partial

import keras
from keras.optimizers import SGD, Adam

from lib import ensemble
from travel.bench import Array, Bench

HIGH = (0.05, 0.25, 1, 4)
LOW = (0.00005, 0.00015, 0.0005, 0.002, 0.01, 0.05, 0.25)
WIDTH = 64


def with_skips(at: Bench, activation: str, kernels: str, scale: float) -> ensemble.Build:
    def build() -> keras.Model:
        h = inputs = keras.Input(at.data.x_train.shape[1:])
        for _ in range(20):
            out = keras.layers.Dense(WIDTH, activation, kernel_initializer=kernels)(h)
            if h.shape == out.shape:  # not round the first layer where the pixels are more
                out = keras.layers.Add()([h, keras.layers.Rescaling(scale)(out)])
            h = out
        model = keras.Model(inputs, keras.layers.Dense(10, "softmax")(h))
        model.compile(SGD(0.1, 0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


def measure(at: Bench) -> dict[str, list[Array]]:
    sigmoid = partial(at.network, width=WIDTH, activation="sigmoid")
    sgd = partial(SGD, momentum=0.9)
    sides = {
        "sigmoid, 5 layers": (sigmoid(sgd, depth=5), HIGH),
        "sigmoid, 20 layers": (sigmoid(sgd, depth=20), HIGH),
        "ReLU": (at.network(sgd, depth=20, width=WIDTH, kernels="he_normal"), LOW),
        "sigmoid, skips": (with_skips(at, "sigmoid", "glorot_uniform", 1), LOW),
        "ReLU, skips": (with_skips(at, "relu", "he_normal", 20**-0.5), LOW),
    }
    right = {}
    for label, (build, rates) in sides.items():
        run = at.tune(label, build, rates, 128, batch_size=64)
        right[label] = at.accuracy(run, part="valid")
    twenty = at.fit(sigmoid(Adam, depth=20), 48, batch_size=64)
    five = at.fit(sigmoid(partial(Adam, 0.01), depth=5), 128, batch_size=64)
    return {
        "adam-does-not-rescue": [100 * twenty.history["val_accuracy"].max(axis=1)],
        "adam-trains-five-sigmoid-layers": [
            at.accuracy(five, part="valid") - right["sigmoid, 5 layers"]
        ],
        "skips-train-sigmoids": [right["sigmoid, skips"] - right["sigmoid, 20 layers"]],
        "skips-help-relu": [right["ReLU, skips"] - right["ReLU"]],
    }
