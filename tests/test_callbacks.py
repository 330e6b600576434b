"""The range test: the loss of each batch, a growing rate, and nothing left changed."""

import warnings
from typing import Any

import keras
import numpy as np
import pytest

from lib.callbacks import RangeTest

pytestmark = pytest.mark.depends()


def compiled(optimizer: keras.Optimizer) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(optimizer, "mse")
    return model


X = np.linspace(1, 2, 12, dtype="float32")[:, None]


def test_each_batch_has_its_own_loss_and_rate() -> None:
    test = RangeTest(0.001, 0.1, steps=6)
    model = compiled(keras.optimizers.SGD(0.5))
    model.fit(X, X, batch_size=4, epochs=3, shuffle=False, verbose=0, callbacks=[test])
    np.testing.assert_allclose(test.rates, np.geomspace(0.001, 0.1, 6))
    weight, expected = 0.0, []
    for step, rate in enumerate(test.rates):
        x = X[step % 3 * 4 : step % 3 * 4 + 4, 0]
        expected.append(np.mean((weight * x - x) ** 2))
        weight -= rate * np.mean(2 * (weight * x - x) * x)
    np.testing.assert_allclose(test.losses, expected, rtol=1e-4)


def test_all_is_put_back() -> None:
    model = compiled(keras.optimizers.Adam(0.5))
    model.fit(X, X, verbose=0)
    before = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
    model.fit(X, X, batch_size=4, epochs=9, verbose=0, callbacks=[RangeTest(0.01, 1, steps=9)])
    for variable, value in zip([*model.variables, *model.optimizer.variables], before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_it_stops_where_the_loss_rises() -> None:
    test = RangeTest(1.0, 1e6, steps=30)
    model = compiled(keras.optimizers.SGD())
    model.fit(X, X, batch_size=4, epochs=30, verbose=0, callbacks=[test])
    assert len(test.losses) < 10
    assert test.losses[-1] > 4 * test.losses.min()
    assert len(test.rates) == len(test.losses)


def test_it_warns_where_the_batches_end_before_the_rates() -> None:
    test = RangeTest(0.001, 0.1, steps=9)
    model = compiled(keras.optimizers.SGD(0.5))
    with pytest.warns(UserWarning, match="3 of 9 rates, up to 0.0032: .*9 batches"):
        model.fit(X, X, batch_size=4, verbose=0, callbacks=[test])
    assert len(test.losses) == 3
    assert not model.get_weights()[0].any()


@pytest.mark.parametrize("settings", [(0.001, 0.1, 9), (1.0, 1e6, 30)], ids=["all", "stopped"])
def test_a_whole_test_does_not_warn(settings: tuple[float, float, int]) -> None:
    model = compiled(keras.optimizers.SGD())
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(X, X, batch_size=4, epochs=30, verbose=0, callbacks=[RangeTest(*settings)])


def test_a_rate_in_any_class_of_variable_is_plain() -> None:
    test = RangeTest(0.001, 0.1, steps=3)
    model = compiled(keras.optimizers.SGD(0.5))
    # The optimizers of Keras 3.5 hold their rate in the base class.
    model.optimizer._learning_rate = keras.Variable.__base__(0.5, trainable=False)
    model.fit(X, X, batch_size=4, verbose=0, callbacks=[test])
    assert len(test.losses) == 3


@pytest.mark.parametrize(("low", "high", "steps"), [(0, 1, 9), (1, 0.1, 9), (0.1, 1, 1)])
def test_bad_arguments_are_refused(low: float, high: float, steps: int) -> None:
    with pytest.raises(ValueError, match=r"grow from low|at least 2"):
        RangeTest(low, high, steps)


@pytest.mark.parametrize(
    "rate", [keras.optimizers.schedules.CosineDecay(0.1, 9), lambda: 0.1], ids=["class", "function"]
)
def test_a_schedule_is_refused(rate: Any) -> None:
    model = compiled(keras.optimizers.SGD(rate))
    with pytest.raises(ValueError, match="compile with a number"):
        model.fit(X, X, verbose=0, callbacks=[RangeTest()])
