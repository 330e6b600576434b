"""Chapter 7: seven optimizers, at one learning rate for all and at a rate for each."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, Lion, Muon, RMSprop

from lib import ensemble
from travel.bench import Array, Bench
from travel.experiments.batch_size import losses, parted

FROM_ZERO = partial(Adagrad, initial_accumulator_value=0.0)
PLAIN = {"weight_decay": None, "adam_weight_decay": None, "exclude_layers": ["output"]}
# The chapter's highest rates are kept, and lower ones tried than there.
OPTIMIZERS = {
    "SGD": (SGD, (0.001, 0.01, 0.03, 0.1, 0.3, 1, 3)),
    "momentum": (partial(SGD, momentum=0.9), (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)),
    "AdaGrad": (FROM_ZERO, (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)),
    "RMSprop": (RMSprop, (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)),
    "Adam": (Adam, (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)),
    "Lion": (Lion, (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)),
    "Muon": (partial(Muon, **PLAIN), (0.0003, 0.001, 0.003, 0.01, 0.03)),
}
FIVE = ("SGD", "momentum", "AdaGrad", "RMSprop", "Adam")


def measure(at: Bench) -> dict[str, list[Array]]:
    final: dict[str, dict[float, Array]] = {}
    tuned, right = {}, {}
    for name, (optimizer, rates) in OPTIMIZERS.items():
        build = parted(at, network(at, optimizer), 64)
        runs = at.sweep(build, rates, 160, batch_size=64)
        best = at.rates.setdefault(name, ensemble.best_rate(runs))
        final[name] = {rate: loss(run) for rate, run in runs.items()}
        tuned[name], right[name] = final[name][best], at.accuracy(runs[best])
    lowest = {name: np.min(list(ends.values()), axis=0) for name, ends in final.items()}
    lowest_at = {n: np.array([*e])[np.argmin([*e.values()], axis=0)] for n, e in final.items()}
    low = [final[name][0.001] / lowest[name] for name in FIVE]
    high = [final[name][OPTIMIZERS[name][1][-1]] / lowest[name] for name in (*FIVE, "Lion")]
    shared = [final[name][0.001] for name in ("SGD", "momentum", "Adam")]
    worst = np.max([tuned[name] for name in FIVE], axis=0)
    found = {
        "shared-rate-ranks": [shared[0] / shared[1], shared[1] / shared[2]],
        "tuned-rates-all-fit": [worst],
        "tuned-lion-not-ahead": [tuned["Lion"] - worst],
        "sgd-wants-larger-rates": [lowest_at["SGD"] / lowest_at["Adam"]],
        "one-thousandth-costs": [np.min(low, axis=0)],
        "a-high-rate-costs": [np.min(high, axis=0)],
        "momentum-needs-lower-rate": [final["momentum"][1] / final["SGD"][1]],
        "tuned-muon-ties-with-adam": [right["Muon"] - right["Adam"]],
    }
    for name in ("momentum", "AdaGrad", "RMSprop"):
        found[f"tuned-sgd-ties-with-{name.lower()}"] = [right["SGD"] - right[name]]
    return found


def network(at: Bench, optimizer: Callable[[], Any]) -> ensemble.Build:
    def build() -> keras.Model:
        hidden = [keras.layers.Dense(64, "relu", kernel_initializer="he_normal") for _ in range(2)]
        output = keras.layers.Dense(10, "softmax", name="output")
        model = keras.Sequential([keras.Input(at.data.x_train.shape[1:]), *hidden, output])
        model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


def loss(run: ensemble.Result) -> Array:
    """Training loss of the last part of the last epoch; 10, as in the chapter: diverged."""
    return np.asarray(np.minimum(np.nan_to_num(losses(run)[:, -1], nan=10), 10))
