"""Chapter 6: the layers of an autoencoder, frozen or fine-tuned, where few pictures have labels."""

from dataclasses import replace

import keras
import numpy as np
from keras.optimizers import SGD, Adam
from sklearn.linear_model import LogisticRegression

from travel.bench import Array, Bench
from travel.experiments.new_classes import SIZES, draw, points, train

PRETRAINING = (0.001, 0.003, 0.01, 0.03)


def measure(at: Bench) -> dict[str, list[Array]]:
    found, width = at.data, at.data.x_train.shape[1]

    def autoencoder() -> keras.Model:
        hidden = [keras.layers.Dense(32, "relu", kernel_initializer="he_normal") for _ in range(3)]
        model = keras.Sequential([keras.Input((width,)), *hidden, keras.layers.Dense(width)])
        model.compile(Adam(), "mse")
        return model

    itself = replace(found, y_train=found.x_train, y_valid=found.x_valid)
    run = at.tune("autoencoder", autoencoder, PRETRAINING, 660, on=itself, metric="val_loss")
    learnt, random = run.weights[:6], untrained(at)
    first = at.world.rows * 600 // 1078
    unseen = replace(found, x_train=found.x_train[first:], y_train=found.y_train[first:])
    right: dict[str, list[Array]] = {way: [] for way in ("frozen", "tuned", "random", "scratch")}
    pixels = []
    for size in SIZES:
        frozen = train(at, f"frozen, {size}", unseen, size, learnt, frozen=True)
        tuned = train(at, f"fine-tuned, {size}", unseen, size, frozen)
        twins = train(at, f"random, {size}", unseen, size, random, frozen=True)
        scratch = train(at, f"scratch, {size}", unseen, size)
        for way, weights in zip(right, (frozen, tuned, twins, scratch), strict=True):
            right[way].append(points(unseen, weights))
        if size < 200:
            rows = [draw(unseen, size, seed, size) for seed in at.seeds]
            models = [
                LogisticRegression(max_iter=5000).fit(unseen.x_train[r], unseen.y_train[r])
                for r in rows
            ]
            pixels.append([100 * m.score(unseen.x_test, unseen.y_test) for m in models])
    few = {way: np.mean(values[:2], axis=0) for way, values in right.items()}
    return {
        "unlabelled-pictures-help-few-labels": [few["frozen"] - few["scratch"]],
        "fine-tuned-encoder-leads": [few["tuned"] - few["scratch"]],
        "encoder-leads-random-layers": [np.subtract(right["frozen"], right["random"]).mean(axis=0)],
        "encoder-lead-gone": [right["scratch"][2] - right["frozen"][2]],
        "pixels-lose-nothing-to-encoder": [np.mean(pixels, axis=0) - few["tuned"]],
    }


def untrained(at: Bench) -> list[Array]:
    """Weights of three layers before their first step, (seeds, ...) each."""
    build = at.network(SGD, depth=3, width=32, kernels="he_normal")
    members = []
    for seed in at.seeds:
        keras.utils.set_random_seed(seed)
        members.append(build().get_weights()[:6])
    return [np.array(weight) for weight in zip(*members, strict=True)]
