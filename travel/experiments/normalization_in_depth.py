"""Chapter 4: twenty layers with and without batch normalization; error signals through fifty."""

import numpy as np

from travel.bench import Array, Bench
from travel.experiments.normalization import networks

PLAIN = (0.01, 0.02, 0.05, 0.1)
NORMALIZED = (0.03, 0.1, 0.3, 1)


def measure(at: Bench) -> dict[str, list[Array]]:
    plain, normalized = networks(at, depth=20, width=32)
    best = at.tune("plain", plain, PLAIN, 672, batch_size=64)
    ours = at.tune("normalized", normalized, NORMALIZED, 672, batch_size=64)
    tried = at.sweep(plain, PLAIN, 672, batch_size=64)
    gap = 100 * ours.history["val_accuracy"]
    gap = gap - 100 * np.max([run.history["val_accuracy"] for run in tried.values()], axis=0)
    few, rate = at.first(128 * 64), at.rates["normalized"]
    early = at.sweep(normalized, [rate], 128, batch_size=64, on=few)[rate]
    others = at.sweep(plain, PLAIN, 128, batch_size=64, on=few).values()
    sooner = at.accuracy(early, part="valid")
    sooner -= np.max([at.accuracy(run, part="valid") for run in others], axis=0)
    x = at.data.x_train[:64]
    first = {d: np.array([_first_over_last(x, d, seed) for seed in at.seeds]) for d in (5, 50)}
    growth = (first[50] / first[5]) ** (1 / 45)
    return {
        "bn-trains-twenty-layers-sooner": [sooner],
        "plain-twenty-layers-catch-up": [gap[:, at.epochs(320, 64) - 1] - gap[:, -1]],
        "bn-trains-twenty-layers-better": [at.accuracy(ours) - at.accuracy(best)],
        "bn-lengthens-error-signal-as-derived": [growth - (1 - 1 / np.pi) ** -0.5],
    }


def _first_over_last(a: Array, depth: int, seed: int) -> float:
    """Length of the error signal, first of normalized hidden layers over last."""
    rng = np.random.default_rng(seed)
    layers, lengths = [], []
    for _ in range(depth):
        kernel = rng.normal(0, (2 / a.shape[1]) ** 0.5, (a.shape[1], 64))
        z = a @ kernel
        deviation = np.sqrt(z.var(axis=0) + 1e-3)
        hat = (z - z.mean(axis=0)) / deviation
        a = np.maximum(hat, 0)
        layers.append((kernel, hat, deviation))
    delta = rng.normal(size=a.shape)
    for kernel, hat, deviation in reversed(layers):
        delta = delta * (hat > 0)
        delta = (delta - delta.mean(axis=0) - hat * (delta * hat).mean(axis=0)) / deviation
        lengths.append(np.linalg.norm(delta))
        delta = delta @ kernel.T
    return float(lengths[-1] / lengths[0])
