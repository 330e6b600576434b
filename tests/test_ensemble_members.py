"""The members' initial values against those of models that are all built."""

import itertools
import os
import random
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import pytest
from keras import initializers, layers

from lib.ensemble.members import initial_members

pytestmark = pytest.mark.depends()

SEEDS = (4, 0, 7, 2**32 - 1)


def compiled(*hidden: keras.Layer) -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), *hidden, layers.Dense(3)])
    model.compile(optimizer="sgd", loss="mse")
    return model


def shared() -> keras.Model:
    he = initializers.HeNormal()
    return compiled(layers.Dense(6, kernel_initializer=he), layers.Dense(6, kernel_initializer=he))


def scaled() -> keras.Model:
    model = compiled(layers.Dense(6))
    model.layers[0].kernel.assign(3 * model.layers[0].kernel)
    return model


def from_numpy() -> keras.Model:
    model = compiled(layers.Dense(6))
    model.layers[0].kernel.assign(np.random.normal(size=(6, 6)))
    return model


def drawn_by_python() -> keras.Model:
    model = compiled(layers.Dense(6))
    model.layers[0].bias.assign([random.random()] * 6)
    return model


def by_function() -> keras.Model:
    normal = initializers.RandomNormal()
    return compiled(layers.Dense(6, kernel_initializer=lambda shape, dtype: normal(shape, dtype)))


def reseeded() -> keras.Model:
    keras.utils.set_random_seed(3)
    return compiled(layers.Dense(6))


BUILDERS: list[Callable[[], keras.Model]] = [
    lambda: compiled(
        layers.Dense(6, kernel_initializer="he_normal", bias_initializer="ones"),
        layers.BatchNormalization(),
        layers.PReLU(),
        layers.Dropout(0.5),
        layers.GaussianNoise(0.1, seed=3),
    ),
    lambda: compiled(layers.Reshape((2, 3)), layers.GRU(4, dropout=0.1), layers.Dense(4)),
    lambda: compiled(layers.Dense(6, kernel_initializer=initializers.HeUniform(seed=5))),
    lambda: compiled(layers.Dense(6, kernel_initializer="truncated_normal", dtype="float64")),
    shared,
    scaled,
    from_numpy,
    drawn_by_python,
    by_function,
    reseeded,
]


@pytest.mark.parametrize("build", BUILDERS)
def test_members_start_as_if_each_were_built(build: Callable[[], keras.Model]) -> None:
    one, stacks = initial_members(build, SEEDS)
    state = random.getstate()
    for k, seed in enumerate(SEEDS):
        keras.utils.set_random_seed(seed)
        for stack, variable in zip(stacks, build().variables, strict=True):
            np.testing.assert_array_equal(stack[k], variable.numpy())
    assert random.getstate() == state
    for stack, variable in zip(stacks, one.variables, strict=True):
        np.testing.assert_array_equal(stack[0], variable.numpy())


@pytest.mark.parametrize(("build", "times"), [(BUILDERS[0], 2), (from_numpy, 4), (scaled, 4)])
def test_two_members_are_built_where_the_others_can_be_drawn(
    build: Callable[[], keras.Model], times: int
) -> None:
    count = itertools.count(1)
    initial_members(lambda: (next(count), build())[1], SEEDS)
    assert next(count) == times + 1


def test_builds_come_in_the_order_of_the_seeds() -> None:
    values = iter([1.0, 2.0, 3.0, 4.0])

    def build() -> keras.Model:
        model = compiled()
        model.layers[0].bias.assign([next(values)] * 3)
        return model

    _, (_, bias) = initial_members(build, SEEDS)
    np.testing.assert_array_equal(bias[:, 0], [1, 2, 3, 4])
