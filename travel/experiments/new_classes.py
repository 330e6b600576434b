"""Chapter 6: layers that name classes 0 to 4, frozen or fine-tuned, on 5 to 9; raw pixels."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras.optimizers import SGD
from sklearn.datasets import load_digits

from lib.data import Dataset
from travel.bench import Array, Bench

SIZES = (20, 50, 200)
ROWS = 600
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
PRETRAINING = (0.003, 0.01, 0.03, 0.1)
Momentum = partial(SGD, momentum=0.9)


def measure(at: Bench) -> dict[str, list[Array]]:
    old, new = task(at.data, 0), task(at.data, 5)
    source = at.network(Momentum, depth=3, width=32, kernels="he_normal", classes=5)
    kept = at.tune("0 to 4", source, PRETRAINING, 160, on=old).weights[:6]
    right: dict[str, list[Array]] = {"scratch": [], "frozen": [], "fine-tuned": []}
    for size in SIZES:
        frozen = train(at, f"frozen, {size}", new, size, kept, frozen=True)
        tuned = train(at, f"fine-tuned, {size}", new, size, frozen)
        scratch = train(at, f"scratch, {size}", new, size)
        for way, weights in zip(right, (scratch, frozen, tuned), strict=True):
            right[way].append(points(new, weights))
    harm = {way: np.subtract(right["scratch"], values) for way, values in right.items()}
    return {
        "frozen-layers-harm-new-digits": [harm["frozen"].mean(axis=0)],
        "fine-tuning-harms-new-digits": [harm["fine-tuned"][:2].mean(axis=0)],
        "fine-tuning-wins-nothing-new-digits": [harm["fine-tuned"][2]],
        "raw-pixels-spoil-pretrained": [spoilt(at)],
    }


def task(found: Dataset, first: int) -> Dataset:
    """Five classes from the first one on, numbered from 0."""
    arrays: dict[str, Any] = {}
    for part in ("train", "valid", "test"):
        x, y = getattr(found, f"x_{part}"), getattr(found, f"y_{part}")
        kept = (y >= first) & (y < first + 5)
        arrays |= {f"x_{part}": x[kept], f"y_{part}": y[kept] - first}
    return replace(found, **arrays)


def train(
    at: Bench, label: str, new: Dataset, size: int, kept: list[Array] | None = None, *,
    frozen: bool = False,
) -> list[Array]:  # fmt: skip
    """Weights of ten networks that begin with those kept; their inputs are rows of a table."""
    kept, classes = kept or [], np.unique(new.y_train)
    below = 6 if frozen else 0

    def build() -> keras.Model:
        width = 32 if frozen else new.x_train.shape[1]
        table = keras.layers.Embedding(ROWS + len(new.y_valid), width, trainable=False)
        hidden = [
            keras.layers.Dense(32, "relu", kernel_initializer="he_normal")
            for _ in range(0 if frozen else 3)
        ]
        output = keras.layers.Dense(len(classes), "softmax")
        model = keras.Sequential([keras.Input((), dtype="int32"), table, *hidden, output])
        model.compile(Momentum(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def start(model: keras.Model, member: int) -> None:
        mine = [weight[member] for weight in kept]
        rows = draw(new, size, at.seeds[member], ROWS)
        table = relu_layers(mine[:below], np.vstack([new.x_train[rows], new.x_valid]))
        values = [table, *mine[below:]]
        model.set_weights(values + model.get_weights()[len(values) :])

    numbers = np.arange(ROWS + len(new.y_valid))
    numbered = replace(
        new, x_train=numbers[:ROWS], y_train=np.resize(classes, ROWS), x_valid=numbers[ROWS:]
    )
    rates = [at.rates[label]] if label in at.rates else RATES
    runs = at.sweep(build, rates, 150, 20, on=numbered, start=start)
    # By the mean, as in the chapter: a rate at which some networks collapse is none.
    means = {rate: run.history["val_accuracy"][:, -1].mean() for rate, run in runs.items()}
    at.rates[label] = max(means, key=lambda rate: float(means[rate]))
    return [*kept[:below], *runs[at.rates[label]].weights[1:]]


def draw(new: Dataset, size: int, seed: int, rows: int) -> Array:
    """Row numbers of `size` different examples, the classes in turn."""
    rng = np.random.default_rng(seed)
    classes = np.unique(new.y_train)
    known = [rng.permutation(np.flatnonzero(new.y_train == c)) for c in classes]
    return np.resize(np.transpose([r[: size // len(classes)] for r in known]), rows)


def relu_layers(weights: list[Array], x: Array) -> Array:
    for kernel, bias in zip(weights[0::2], weights[1::2], strict=True):
        x = np.maximum(x @ kernel + bias, 0)
    return x


def points(new: Dataset, weights: list[Array]) -> Array:
    """Test accuracy in percent, (seeds,)."""
    logits = [
        relu_layers(list(m[:6]), new.x_test) @ m[6] + m[7] for m in zip(*weights, strict=True)
    ]
    right = (np.argmax(logits, axis=-1) == new.y_test) & np.isfinite(logits).all(axis=-1)
    return np.asarray(100 * right.mean(axis=1))


def spoilt(at: Bench) -> Array:
    """What raw pixels cost a network that names ten classes, also in pictures moved sideways."""
    known, side = at.world.rows * 600 // 1078, at.world.side
    x, y = at.data.x_train[:known].reshape(-1, side, side), at.data.y_train[:known]
    copies = [np.roll(x, round(side / 8) * way, axis=2) for way in (0, -1, 1)]
    x_copies = np.concatenate(copies).reshape(3 * known, -1)
    build = at.network(Momentum, depth=3, width=32, kernels="he_normal")
    on = replace(at.data, x_train=x_copies, y_train=np.tile(y, 3))
    run = at.tune("ten classes", build, PRETRAINING, 560, on=on)
    standardised, raw, names = all_pictures(at)
    right, right_raw = (
        at.accuracy(run, SimpleNamespace(x_test=x.astype("float32"), y_test=names))
        for x in (standardised, raw)
    )
    return right - right_raw


def all_pictures(at: Bench) -> tuple[Any, Any, Any]:
    """Those of the three parts, standardised and as in the file (to 16 or 255); their classes."""
    if at.world.pictures == "digits":
        raw, names = load_digits(return_X_y=True)
        deviation = raw.std(axis=0)
        return (raw - raw.mean(axis=0)) / np.where(deviation > 0, deviation, 1), raw, names
    found = at.data
    x = np.concatenate([found.x_train, found.x_valid, found.x_test])
    names = np.concatenate([found.y_train, found.y_valid, found.y_test])
    return x, 255 * (x - x.min()) / (x.max() - x.min()), names
