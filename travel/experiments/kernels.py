"""Chapter 2: ReLU networks of 2 and 20 layers with the kernels of Glorot and of He."""

from functools import partial

from keras.optimizers import SGD, Adam

from travel.bench import Array, Bench

RATES = {20: (0.0005, 0.002, 0.01, 0.05, 0.25), 2: (0.002, 0.01, 0.05, 0.25)}


def measure(at: Bench) -> dict[str, list[Array]]:
    relu = partial(at.network, width=64)
    right = {}
    for depth, rates in RATES.items():
        for kernels in ("glorot_uniform", "he_normal"):
            build = relu(partial(SGD, momentum=0.9), depth=depth, kernels=kernels)
            run = at.tune(f"{kernels}, {depth} layers", build, rates, 128, batch_size=64)
            right[kernels, depth] = at.accuracy(run)
    adam = at.accuracy(at.fit(relu(Adam, depth=20), 128, batch_size=64))
    return {
        "default-fails-deep-relu": [right["glorot_uniform", 20]],
        "he-trains-deep-relu": [right["he_normal", 20] - right["glorot_uniform", 20]],
        "shallow-relu-does-not-mind": [right["glorot_uniform", 2] - right["he_normal", 2]],
        "adam-softens-the-default": [adam - right["glorot_uniform", 20]],
    }
