"""Chapter 7: SGD and Adam, each at its own rate."""

from keras.optimizers import SGD, Adam

from travel.bench import Array, Bench

SIDES = {
    "SGD": (SGD, (0.01, 0.03, 0.1, 0.3, 1, 3)),
    "Adam": (Adam, (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)),
}


def measure(at: Bench) -> dict[str, list[Array]]:
    right = {}
    for name, (optimizer, rates) in SIDES.items():
        build = at.network(optimizer, depth=2, width=64, kernels="he_normal")
        right[name] = at.accuracy(at.tune(name, build, rates, 160, batch_size=64))
    return {"tuned-sgd-ties-with-adam": [right["SGD"] - right["Adam"]]}
