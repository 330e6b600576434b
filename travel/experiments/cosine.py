"""Chapter 8: a constant rate and cosine decay, each at its best highest rate."""

from functools import partial

from keras.optimizers import SGD
from keras.optimizers.schedules import CosineDecay

from travel.bench import Array, Bench

PEAKS = (0.003, 0.01, 0.03, 0.1, 0.3)


def measure(at: Bench) -> dict[str, list[Array]]:
    steps = at.epochs(160, 64) * (len(at.data.x_train) // 64)
    right = {}
    for name, shape in {"constant": 1.0, "cosine": CosineDecay(1.0, steps)}.items():
        build = at.network(
            partial(SGD, shape, momentum=0.9), depth=2, width=64, kernels="he_normal"
        )
        right[name] = at.accuracy(at.tune(name, build, PEAKS, 160, batch_size=64))
    return {"schedules-tie-at-best-rate": [right["constant"] - right["cosine"]]}
