"""Chapter 8: a third of the rate of the lowest loss of a range test, kept and as a peak."""

from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers import SGD

from lib.callbacks import RangeTest
from lib.schedules import CycledSGD, OneCycle
from travel.bench import Array, Bench


def measure(at: Bench) -> dict[str, list[Array]]:
    third = float(np.median(lowest(at))) / 3
    steps = at.epochs(160, 64) * (len(at.data.x_train) // 64)
    cycle, momentum = OneCycle(0.1, 1.0, steps, end=0.001), OneCycle(0.95, 0.85, steps)
    right = []
    for optimizer in (partial(SGD, momentum=0.9), partial(CycledSGD, cycle, momentum)):
        build = at.network(optimizer, depth=2, width=64, kernels="he_normal")
        run = at.sweep(build, [third], 160, batch_size=64)[third]
        right.append(at.accuracy(run, part="valid"))
    return {"range-test-third-works": right[:1], "range-test-third-as-peak": right[1:]}


def lowest(at: Bench) -> list[float]:
    """The rate of the lowest loss by seed."""
    build = at.network(partial(SGD, 0.01, momentum=0.9), depth=2, width=64, kernels="he_normal")
    model, found = build(), []
    rows = tf.data.Dataset.from_tensor_slices((at.data.x_train, at.data.y_train))
    for seed in at.seeds:
        keras.utils.set_random_seed(seed)
        model.set_weights(build().get_weights())
        test = RangeTest(low=1e-3, high=10.0, steps=100)
        stream = rows.shuffle(len(rows), seed=seed).batch(64, drop_remainder=True).repeat()
        model.fit(stream, steps_per_epoch=100, verbose=0, shuffle=False, callbacks=[test])
        found.append(float(test.rates[np.argmin(test.losses)]))
    return found
