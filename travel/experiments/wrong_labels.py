"""Chapter 9: two ReLU layers on 200 rows, 40 of them with a wrong label, regularized or not."""

from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
from keras.constraints import MaxNorm
from keras.optimizers import Adam
from keras.regularizers import L2

from lib import data, ensemble
from travel.bench import Array, Bench

ROWS, WRONG, VALIDATION, BATCH = 200, 40, 359, 25
UPDATES = 40 * ROWS // BATCH
LOW = (0.00004, 0.00008, 0.00015, 0.0003, 0.0006, 0.001, 0.003)
HIGH = (0.0001, 0.0003, 0.001, 0.003)
WAYS: dict[str, dict[str, dict[str, Any]]] = {
    "none": {"none": {}},
    "smoothing": {f"smoothing {s}": {"smoothing": s} for s in (0.05, 0.1)},
    "dropout": {f"dropout {p}": {"dropout": p} for p in (0.2, 0.5)},
    "L2": {f"L2 {s}": {"kernel_regularizer": partial(L2, s)} for s in (0.01, 0.03)},
    "max-norm": {f"norm {c}": {"kernel_constraint": partial(MaxNorm, c)} for c in (0.5, 1.0)},
}


def measure(at: Bench) -> dict[str, list[Array]]:
    noisy, run = _noisy(at), {}
    for way, strengths in WAYS.items():
        rates = LOW if way in ("none", "smoothing") else HIGH
        trials = [
            at.tune(label, _network(at, **one), rates, UPDATES, BATCH, noisy, "val_log_loss")
            for label, one in strengths.items()
        ]
        run[way] = min(trials, key=lambda r: float(np.median(r.history["val_log_loss"][:, -1])))
    right = {way: at.accuracy(run[way]) for way in run}
    nll = {way: _nll(at, run[way].predict(at.data.x_test)) for way in run}
    half = at.sweep(_network(at, dropout=0.5), (0.001, 0.003), UPDATES, BATCH, noisy)
    slow, fast = (at.accuracy(half[rate]) for rate in (0.001, 0.003))

    now = {"nll": lambda model: _nll(at, model(at.data.x_test).numpy())}
    plain = at.fit(_network(at, rate=0.003), UPDATES, BATCH, noisy, measure=now)
    curves, test = plain.history["val_log_loss"], plain.measured["nll"]
    early = np.array([test[k, 1 + _stopped(curve)] for k, curve in enumerate(curves)])
    controlled = np.minimum(right["L2"], right["max-norm"])
    return {
        "validation-loss-turns-early": [1 + curves.argmin(axis=1)],
        "early-stopping-lowers-nll": [test[:, -1] - early],
        "early-stopping-against-tuned-rate": [nll["none"] - early],
        "dropout-raises-accuracy-on-noisy-labels": [right["dropout"] - right["none"]],
        "weight-control-raises-accuracy-on-noisy-labels": [controlled - right["none"]],
        "l2-lowers-nll-on-noisy-labels": [nll["none"] - nll["L2"]],
        "max-norm-lowers-nll-on-noisy-labels": [nll["none"] - nll["max-norm"]],
        "label-smoothing-no-accuracy-on-noisy-labels": [right["none"] - right["smoothing"]],
        "half-dropout-at-default-rate-no-gain": [right["none"] - slow],
        "half-dropout-needs-larger-rate": [fast - slow],
    }


def _noisy(at: Bench) -> data.Dataset:
    """Few rows, their labels one-hot, some of them wrong."""
    first, rng = at.first(ROWS), np.random.default_rng(data.seed())
    wrong, y, hot = rng.choice(ROWS, WRONG, replace=False), first.y_train.copy(), np.eye(10)
    y[wrong] = (y[wrong] + rng.integers(1, 10, WRONG)) % 10
    x_valid, y_valid = first.x_valid[:VALIDATION], first.y_valid[:VALIDATION]
    return replace(first, y_train=hot[y], x_valid=x_valid, y_valid=hot[y_valid])


def _network(
    at: Bench, *, rate: float = 0.001, smoothing: float = 0, **settings: Any
) -> ensemble.Build:
    new = partial(Adam, rate)
    plain = at.network(new, depth=2, width=64, kernels="he_normal", **settings)

    def build() -> keras.Model:
        model, loss = plain(), keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
        model.compile(new(), loss, metrics=[keras.metrics.CategoricalCrossentropy("log_loss")])
        return model

    return build


def _nll(at: Bench, p: Array) -> Array:
    """Of the test part, (...,), for p (..., rows, classes); NaN gives the label nothing."""
    y = at.data.y_test
    return np.asarray(-np.log(np.maximum(np.nan_to_num(p[..., range(len(y)), y]), 1e-7)).mean(-1))


def _stopped(curve: Array, patience: int = 5) -> int:
    """Epoch, from 0, whose weights EarlyStopping restores."""
    best = 0
    for epoch, value in enumerate(curve):
        if value < curve[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best
