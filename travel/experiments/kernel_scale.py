"""Chapter 4: He's kernels and a quarter of them, with and without batch normalization."""

import keras

from travel.bench import Array, Bench
from travel.experiments.normalization import networks

PLAIN = (0.003, 0.01, 0.03, 0.1, 0.3, 1)
SHORT = (1, 3)  # as the claim says
NORMALIZED = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)


def measure(at: Bench) -> dict[str, list[Array]]:
    plain, normalized = networks(at, depth=5, width=64)
    cost = {}
    for name, build, rates in [("plain", plain, SHORT), ("normalized", normalized, NORMALIZED)]:
        he = at.tune(name, build, PLAIN if build is plain else NORMALIZED, 128, batch_size=64)
        short = at.tune(f"{name}, a quarter", build, rates, 128, batch_size=64, start=_shorten)
        cost[name] = at.accuracy(he) - at.accuracy(short)
    return {
        "wrong-scale-fails-without-bn": [cost["plain"]],
        "wrong-scale-forgiven-with-bn": [-cost["normalized"]],
    }


def _shorten(model: keras.Model, member: int) -> None:
    for layer in model.layers[:-1]:
        if isinstance(layer, keras.layers.Dense):
            layer.kernel.assign(layer.kernel / 4)
