"""Chapter 4: batch, layer, RMS and group normalization, two layers in batches of two rows."""

from functools import partial

from keras.layers import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from keras.optimizers import SGD

from travel.bench import Array, Bench

RATES = (0.0005, 0.002, 0.01, 0.05, 0.2)
KINDS = {
    "batch": partial(BatchNormalization, momentum=0.997),
    "layer": LayerNormalization,
    "RMS": RMSNormalization,
    "8 groups": partial(GroupNormalization, groups=8),
}


def measure(at: Bench) -> dict[str, list[Array]]:
    right = {}
    for name, kind in KINDS.items():
        build = at.network(
            SGD, depth=2, width=64, kernels="he_normal", use_bias=False, normalization=kind
        )
        right[name] = at.accuracy(at.tune(name, build, RATES, 2156, batch_size=2))
    return {
        "bn-fails-in-pairs": [right["layer"] - right["batch"]],
        "layer-norm-does-not-mind-pairs": [right["layer"]],
        "rms-norm-ties-with-layer-norm": [right["layer"] - right["RMS"]],
        "group-norm-does-not-mind-pairs": [right["8 groups"]],
    }
