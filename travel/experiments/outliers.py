"""Chapter 5: spoilt targets and clipping; here the right half of a picture, told from the left."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers import SGD, Adam

from lib import data, ensemble
from travel.bench import PARTS, Array, Bench

Rates = tuple[float, ...]
LOW: Rates = (0.000003, 0.00001, 0.00003, 0.0001, 0.0003, 0.001)
CLEAN: Rates = (0.0003, 0.001, 0.003, 0.01, 0.03)
HIGH: Rates = (0.003, 0.01, 0.03, 0.1, 0.3, 1)
TEN: Rates = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
ADAM: Rates = (0.000003, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)


def measure(at: Bench) -> dict[str, list[Array]]:
    clean = _halves(at)
    y = clean.y_train.copy()
    y[np.random.default_rng(data.seed()).choice(len(y), round(len(y) * 5 / 265), False)] *= 100
    spoilt = replace(clean, y_train=y)
    plain = partial(_regression, clean.x_train.shape[1:])
    clipped = partial(plain, global_clipnorm=1.0)

    def error(label: str, build: ensemble.Build, rates: Rates, on: data.Dataset = spoilt) -> Array:
        """Mean absolute test error; for NaN a hundred deviations, what a spoilt row may be off."""
        run = at.tune(label, build, rates, 320, 16, on, metric="val_absolute_loss")
        off = np.abs(run.predict(clean.x_test)[:, :, 0] - clean.y_test).mean(axis=1)
        return np.asarray(np.nan_to_num(off, nan=100, posinf=100))

    by_plain, by_clipping = error("plain", plain, LOW), error("clipped at 1", clipped, HIGH)
    by_ten = error("clipped at 10", partial(plain, global_clipnorm=10.0), TEN)
    by_huber = error("Huber", partial(plain, loss=keras.losses.Huber(delta=1.0)), HIGH)
    adam = error("Adam", partial(plain, optimizer=Adam), ADAM)
    adam_clipped = error("Adam, clipped", partial(clipped, optimizer=Adam), ADAM)
    clean_plain = error("clean", plain, CLEAN, clean)
    clean_clipped = error("clean, clipped", clipped, HIGH, clean)
    lost = at.sweep(plain, (0.3,), 320, 16, spoilt)[0.3].diverged
    runs = at.sweep(clipped, (0.001, 0.01, 0.1, 0.3), 320, 16, spoilt).values()
    norms = [_norms(at.seeds, plain, on) for on in (clean, spoilt)]
    clean_ninetieth, ninetieth = (np.quantile(one, 0.9, axis=1) for one in norms)
    return {
        "unclipped-outliers-nan": [lost.astype(float)],
        "clipped-outliers-finite": [np.any([run.diverged for run in runs], axis=0).astype(float)],
        "clipping-rescues-outlier-regression": [by_plain - by_clipping],
        "clean-data-need-no-clipping": [clean_clipped - clean_plain],
        "aggressive-clipping-beats-lower-rate": [by_plain - by_ten],
        "robust-loss-not-behind-clipping": [by_clipping - by_huber],
        "adam-spoilt-needs-clipping": [adam - adam_clipped],
        "threshold-one-clips-most": [np.min([(one > 1).mean(axis=1) for one in norms], axis=0)],
        "percentile-inside-outliers": [ninetieth / clean_ninetieth],
    }


def _halves(at: Bench) -> data.Dataset:
    """Left halves, (n, pixels), and the mean of the right ones, standardised, (n,)."""
    side, found = at.world.side, {}
    for part in PARTS:
        x = getattr(at.data, part).reshape(-1, side, side)
        found[part] = x[:, :, : side // 2].reshape(len(x), -1)
        found[part.replace("x", "y", 1)] = x[:, :, side // 2 :].mean(axis=(1, 2))
    mean, deviation = found["y_train"].mean(), found["y_train"].std()
    found |= {name: (y - mean) / deviation for name, y in found.items() if name[0] == "y"}
    return replace(at.data, **found)


def _regression(
    shape: tuple[int, ...],
    optimizer: Callable[..., Any] = SGD,
    loss: Any = "mse",
    **clipping: float,
) -> keras.Model:
    hidden = [keras.layers.Dense(64, "relu", kernel_initializer="he_normal") for _ in range(2)]
    model = keras.Sequential([keras.Input(shape), *hidden, keras.layers.Dense(1)])
    model.compile(
        optimizer(**clipping), loss, metrics=[keras.metrics.MeanAbsoluteError("absolute_loss")]
    )
    return model


def _norms(seeds: range, new: ensemble.Build, on: data.Dataset) -> Array:
    """Norm of each of 64 steps, clipped at 1 at the rate 0.01, before clipping, (seeds, 64)."""
    model, norms = new(), []
    model.optimizer.build(model.trainable_variables)

    def one(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients, norm = tf.clip_by_global_norm(gradients, 1.0)
        model.optimizer.apply(gradients, model.trainable_variables)
        return norm

    step = tf.function(one, jit_compile=True)
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model.set_weights(new().get_weights())
        rng, rows = np.random.default_rng(seed), len(on.x_train)
        order = [rng.permutation(rows)[: rows // 16 * 16] for _ in range(-(-64 * 16 // rows))]
        batches = np.concatenate(order)[: 64 * 16].reshape(64, 16)
        norms.append([float(step(on.x_train[b], on.y_train[b, None])) for b in batches])
    return np.array(norms)
