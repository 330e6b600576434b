"""The 1cycle policy against the sentences of the paper, and its SGD against Keras' own."""

import keras
import numpy as np
import pytest

from lib.schedules import CycledSGD, OneCycle

pytestmark = pytest.mark.depends()


def values(schedule: OneCycle, steps: int) -> list[float]:
    return [float(schedule(step)) for step in range(steps + 1)]


def test_two_equal_lines_then_far_below_the_start() -> None:
    """Smith 2018, 4.2: two steps of equal length, the cycle smaller than the training."""
    rates = np.array(values(OneCycle(0.1, 1.0, 100, end=0.0001, cycle=0.9), 100))
    np.testing.assert_allclose(rates[:46], np.linspace(0.1, 1.0, 46), rtol=1e-5)
    np.testing.assert_allclose(rates[45:91], np.linspace(1.0, 0.1, 46), rtol=1e-5)
    np.testing.assert_allclose(rates[90:], np.linspace(0.1, 0.0001, 11), rtol=1e-4)


def test_momentum_falls_while_the_rate_rises_and_stays_where_it_began() -> None:
    momentum = np.array(values(OneCycle(0.95, 0.85, 100), 100))
    np.testing.assert_allclose(momentum[:46], np.linspace(0.95, 0.85, 46), rtol=1e-5)
    np.testing.assert_allclose(momentum[90:], 0.95, rtol=1e-6)


def test_a_cycle_of_all_steps_and_steps_beyond() -> None:
    assert values(OneCycle(0.0, 1.0, 4, cycle=1.0), 6) == [0, 0.5, 1, 0.5, 0, 0, 0]


@pytest.mark.parametrize("settings", [{"steps": 3}, {"steps": 9, "cycle": 0}])
def test_bad_arguments_are_named(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=list(settings)[-1]):
        OneCycle(0.1, 1.0, **settings)  # type: ignore[arg-type]


def test_one_momentum_throughout_is_keras_sgd() -> None:
    constant = OneCycle(0.9, 0.9, 10)
    ours, theirs = keras.Variable([1.0, -2.0]), keras.Variable([1.0, -2.0])
    cycled, plain = CycledSGD(0.1, constant), keras.optimizers.SGD(0.1, momentum=0.9)
    for _ in range(10):
        cycled.apply([3 * ours], [ours])
        plain.apply([3 * theirs], [theirs])
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5)


def test_nesterov_is_refused_and_not_ignored() -> None:
    with pytest.raises(ValueError, match="nesterov"):
        CycledSGD(0.1, OneCycle(0.9, 0.8, 10), nesterov=True)


def test_momentum_follows_its_schedule_inside_fit() -> None:
    x = np.ones((40, 1), "float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    momentum = OneCycle(0.9, 0.1, 10)
    model.compile(CycledSGD(0.01, momentum), "mse")
    model.fit(x, x, batch_size=4, verbose=0)
    weight = velocity = 0.0
    for step in range(10):
        velocity = float(momentum(step)) * velocity - 0.01 * 2 * (weight - 1)
        weight += velocity
    assert model.get_weights()[0].item() == pytest.approx(weight, rel=1e-5)


def test_with_accumulated_gradients_the_momentum_counts_as_the_rate_does() -> None:
    """Keras asks the rate's schedule with the count of batches, and steps at every second one."""
    rate, momentum = OneCycle(0.01, 0.05, 12), OneCycle(0.9, 0.1, 12)
    optimizer = CycledSGD(rate, momentum, gradient_accumulation_steps=2)
    variable = keras.Variable([1.0, -2.0])
    weight, velocity = np.array([1.0, -2.0]), np.zeros(2)
    for batch in range(12):
        optimizer.apply([keras.ops.array([1.0, 3.0])], [variable])
        if batch % 2:
            at = float(momentum(batch)), float(rate(batch))
            velocity = at[0] * velocity - at[1] * np.array([1.0, 3.0])
            weight += velocity
    np.testing.assert_allclose(variable.numpy(), weight, rtol=1e-5)


def test_saved_and_loaded_it_goes_on(tmp_path) -> None:  # type: ignore[no-untyped-def]
    x = np.ones((8, 1), "float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(CycledSGD(OneCycle(0.1, 1.0, 9), OneCycle(0.9, 0.8, 9)), "mse")
    model.fit(x, x, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.iterations.numpy() == 2
    model.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    again.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], again.get_weights()[0], rtol=1e-6)
