"""Chapter 4: five layers with and without batch normalization, gradient descent at high rates."""

from functools import partial

import numpy as np
from keras.layers import BatchNormalization
from keras.optimizers import SGD

from lib import ensemble
from travel.bench import Array, Bench

PLAIN = (0.003, 0.01, 0.03, 0.1, 0.3, 1)
NORMALIZED = (0.03, 0.1, 0.3, 1, 3, 10)


def measure(at: Bench) -> dict[str, list[Array]]:
    plain, normalized = networks(at, depth=5, width=64)
    lead = at.accuracy(at.tune("normalized", normalized, NORMALIZED, 128, batch_size=64))
    lead -= at.accuracy(at.tune("plain", plain, PLAIN, 128, batch_size=64))
    high = at.sweep(normalized, (1, 3, 10), 128, batch_size=64)
    lost = at.sweep(plain, (3,), 128, batch_size=64)[3]
    return {
        "bn-survives-rate-three": [np.minimum(at.accuracy(high[1]), at.accuracy(high[3]))],
        "no-bn-fails-at-rate-three": [lost.diverged.astype(float)],
        "bn-too-fails-at-rate-ten": [at.accuracy(high[10], part="valid")],
        "bn-lead-at-five-layers-is-small": [lead],
    }


def networks(at: Bench, depth: int, width: int) -> tuple[ensemble.Build, ensemble.Build]:
    """ReLU with He's kernels, and the same with batch normalization."""
    he = partial(at.network, SGD, depth=depth, width=width, kernels="he_normal")
    return he(), he(use_bias=False, normalization=partial(BatchNormalization, momentum=0.9))
