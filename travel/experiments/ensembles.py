"""Chapter 9: deep ensembles and MC dropout, two ReLU layers on 200 rows, test rows with noise."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
from keras.optimizers import Adam

from lib import data, ensemble
from travel.bench import Array, Bench

ROWS, VALIDATION, BATCH = 200, 359, 25
UPDATES = 40 * ROWS // BATCH
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)


def measure(at: Bench) -> dict[str, list[Array]]:
    x, y = at.data.x_test, at.data.y_test
    noise = np.random.default_rng(data.seed() + 1).normal(size=x.shape).astype("float32")
    few = at.first(ROWS)
    few = replace(few, x_valid=few.x_valid[:VALIDATION], y_valid=few.y_valid[:VALIDATION])
    network = partial(at.network, depth=2, width=64, kernels="he_normal")

    at.tune("single", network(Adam), RATES, UPDATES, BATCH, few, "val_loss")
    fifty = ensemble.fit(
        network(partial(Adam, at.rates["single"])), few, seeds=range(50),
        epochs=at.epochs(UPDATES, BATCH, ROWS), batch_size=BATCH,
    )  # fmt: skip
    found = {}
    for where, rows in {"": x, "-under-noise": x + noise}.items():
        p = fifty.predict(rows)
        groups = p.reshape(10, 5, *p.shape[1:])
        gain = _nll(groups[:, 0], y) - _nll(groups.mean(axis=1), y)
        found[f"deep-ensemble-beats-single{where}"] = [gain]
    if at.convolutional:
        return found

    run = {}
    for dropout in (0.2, 0.5):
        build, label = network(Adam, dropout=dropout), f"dropout {dropout}"
        run[dropout] = at.tune(label, build, RATES, UPDATES, BATCH, few, "val_loss")
    mild = _nll(run[0.2].predict(x + noise), y) - _nll(_mc(run[0.2], x + noise), y)
    half = _ece(_mc(run[0.5], x), y) - _ece(run[0.5].predict(x), y)
    found |= {"mc-dropout-lowers-nll-under-noise": [mild], "mc-dropout-spoils-calibration": [half]}
    return found


def _mc(run: ensemble.Result, x: Array) -> Array:
    """The mean of 30 passes with dropout on, (seeds, rows, classes)."""

    def mean(model: keras.Model) -> Array:
        return np.asarray(np.mean([model(x, training=True) for _ in range(30)], axis=0))

    return np.stack([mean(model) for model in run.models()])


def _nll(p: Array, y: Array) -> Array:
    """NaN gives the label nothing."""
    right = np.nan_to_num(p[:, range(len(y)), y])
    return np.asarray(-np.log(np.maximum(right, 1e-7)).mean(axis=1))


def _ece(p: Array, y: Array) -> Array:
    errors = []
    for member in np.nan_to_num(p):
        sure, right = member.max(axis=1), member.argmax(axis=1) == y
        bins = np.minimum((10 * sure).astype(int), 9)
        gaps = [(right - sure)[bins == b].sum() for b in range(10)]
        errors.append(np.abs(gaps).sum() / len(y))
    return np.array(errors)
