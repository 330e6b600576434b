"""Ten seeds as an ensemble against ten `fit` calls: `make benchmark`, on a quiet machine.

Prints one JSON line per network: seconds, ratio, and the ratio asked for. Both sides build and
compile ten models, train 20 epochs in batches of 32 on digits (an incomplete batch is dropped)
and evaluate the validation part after each epoch.
"""

# ruff: isort: skip_file
import json
import time
from functools import partial

from lib import data, ensemble  # before keras: quiets TensorFlow

import keras
import numpy as np
import tensorflow as tf

SEEDS, EPOCHS, BATCH = range(10), 20, 32
NETWORKS = {  # depth, batch normalization, dropout rate, ratio asked for
    "5x100": (5, False, 0.0, 10),
    "20x100+BN": (20, True, 0.0, 5),
    "5x100+dropout": (5, False, 0.2, 5),
}


def main() -> None:
    digits = data.load_digits()
    for name, (*architecture, asked) in NETWORKS.items():
        build = partial(network, *architecture)
        start = time.perf_counter()
        result = ensemble.fit(build, digits, seeds=SEEDS, epochs=EPOCHS, batch_size=BATCH)
        together = time.perf_counter() - start
        start = time.perf_counter()
        accuracy = [fit(build, digits, seed) for seed in SEEDS]
        apart = time.perf_counter() - start
        line = {
            "network": name,
            "ensemble_seconds": round(together, 2),
            "fit_seconds": round(apart, 2),
            "ratio": round(apart / together, 1),
            "asked": asked,
            "ensemble_accuracy": round(float(result.history["val_accuracy"][:, -1].mean()), 3),
            "fit_accuracy": round(float(np.mean(accuracy)), 3),
        }
        line |= {part: round(seconds, 2) for part, seconds in result.seconds.items()}
        print(json.dumps(line), flush=True)


def network(depth: int, normalized: bool, dropout: float) -> keras.Model:
    layers: list[keras.Layer] = [keras.Input((64,))]
    for _ in range(depth):
        layers.append(keras.layers.Dense(100, "relu", kernel_initializer="he_normal"))
        if normalized:
            layers.append(keras.layers.BatchNormalization())
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    model = keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(build: ensemble.Build, digits: data.Dataset, seed: int) -> float:
    """Validation accuracy of one seed, trained by Keras."""
    keras.utils.set_random_seed(seed)
    model = build()
    train = tf.data.Dataset.from_tensor_slices((digits.x_train, digits.y_train))
    valid = tf.data.Dataset.from_tensor_slices((digits.x_valid, digits.y_valid))
    history = model.fit(
        train.shuffle(len(digits.x_train), seed=seed).batch(BATCH, drop_remainder=True),
        validation_data=valid.batch(BATCH),
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
    )
    return float(history.history["val_accuracy"][-1])


if __name__ == "__main__":
    main()
