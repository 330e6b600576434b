"""Chapter 4: five layers with and without batch normalization, gradient descent at high rates."""

from functools import partial

import numpy as np
from keras.layers import BatchNormalization
from keras.optimizers import SGD

from travel.bench import Array, Bench

PLAIN = (0.003, 0.01, 0.03, 0.1, 0.3, 1)
NORMALIZED = (0.03, 0.1, 0.3, 1, 3, 10)


def measure(at: Bench) -> dict[str, list[Array]]:
    plain = at.network(SGD, depth=5, width=64, kernels="he_normal")
    normalized = at.network(
        SGD, depth=5, width=64, kernels="he_normal", use_bias=False,
        normalization=partial(BatchNormalization, momentum=0.9),
    )  # fmt: skip
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
