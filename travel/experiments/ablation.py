"""Chapter 10: a network that follows six rules of thumb loses one of them at a time."""

from typing import Any

import keras
from keras.optimizers import SGD, Adam

from lib import ensemble
from travel.bench import Array, Bench

RATES = {Adam: (0.001, 0.003, 0.01, 0.03), SGD: (0.01, 0.03, 0.1, 0.3, 1, 3)}
WITHOUT: dict[str, dict[str, Any]] = {
    "relu": {"activation": "sigmoid", "kernels": "glorot_uniform"},
    "he-kernels": {"kernels": "glorot_uniform"},
    "batch-normalization": {"normalized": False},
    "adam": {"optimizer": SGD},
    "dropout": {"dropout": 0.0},
}
UNTUNED = 0.001
EARLY, LATE = 128, 384


def measure(at: Bench) -> dict[str, list[Array]]:
    first = at.first(EARLY * 64)

    def tuned(label: str, **changes: Any) -> Array:
        rates = RATES[changes.get("optimizer", Adam)]
        run = at.tune(label, network(at, **changes), rates, EARLY, 64, on=first)
        return at.accuracy(run)

    complete = tuned("all six")
    change = {name: tuned(f"without {name}", **how) - complete for name, how in WITHOUT.items()}
    best = at.rates["all six"]
    cost = {}
    for updates in (EARLY, LATE):
        runs = at.sweep(network(at), sorted({UNTUNED, best}), updates, 64, on=first)
        cost[updates] = at.accuracy(runs[best]) - at.accuracy(runs[UNTUNED])
    return {
        "ablation-without-tuned-rate": [cost[EARLY]],
        "untuned-rate-catches-up": [cost[EARLY] - cost[LATE]],
        **{f"ablation-without-{name}": [points] for name, points in change.items()},
    }


def network(
    at: Bench,
    activation: str = "relu",
    kernels: str = "he_normal",
    normalized: bool = True,
    dropout: float = 0.2,
    optimizer: Any = Adam,
) -> ensemble.Build:
    """Five hidden layers; the only dropout is below the output."""

    def build() -> keras.Model:
        layers: list[Any] = [keras.Input(at.data.x_train.shape[1:])]
        for _ in range(5):
            layers.append(keras.layers.Dense(32, kernel_initializer=kernels))
            if normalized:
                layers.append(keras.layers.BatchNormalization(momentum=0.9))
            layers.append(keras.layers.Activation(activation))
        layers += [keras.layers.Dropout(dropout), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential(layers)
        model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build
