"""What Keras lacks to train by the 1cycle policy: the cycle, and an SGD whose momentum follows one.

Smith, "A disciplined approach to neural network hyper-parameters: part 1", arXiv:1803.09820, 2018.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from lib.keras_internals import count, index


@keras.saving.register_keras_serializable(package="lib")
class OneCycle(LearningRateSchedule):  # type: ignore[misc]
    """From `start` to `peak` and back in two straight lines of equal length, then on to `end`.

    The two lines take a share `cycle` of the steps; the rest leads from `start` to `end`, and
    later steps stay there. For the momentum, which falls while the rate rises, `peak` is the
    smaller number and `end` is left out, so that the value stays at `start`.

    Smith 2018 (section 4.2) goes far below the starting rate at the end of the training.

    Args:
        start: value at step 0.
        peak: value in the middle of the cycle.
        steps: optimizer steps of the whole training, at least 4.
        end: value at the last step and after it; `start` unless given.
        cycle: share of the steps for both lines, above 0 and at most 1.

    Raises:
        ValueError: `steps` below 4, or `cycle` outside its range.

    >>> rate = OneCycle(0.1, 1.0, steps=100, end=0.001, cycle=0.8)
    >>> [round(float(rate(step)), 3) for step in (0, 20, 40, 60, 80, 100, 120)]
    [0.1, 0.55, 1.0, 0.55, 0.1, 0.001, 0.001]
    """

    def __init__(
        self,
        start: float,
        peak: float,
        steps: int,
        end: float | None = None,
        cycle: float = 0.9,
    ) -> None:
        if steps < 4:
            raise ValueError(f"steps is {steps}, a cycle takes at least 4.")
        if not 0 < cycle <= 1:
            raise ValueError(f"cycle is {cycle}, takes a share above 0 and at most 1.")
        self.start, self.peak, self.steps = start, peak, steps
        self.end, self.cycle = start if end is None else end, cycle

    def __call__(self, step: Any) -> Any:
        half = self.steps * self.cycle / 2
        last = max(self.steps - 2 * half, 1e-6)
        t = keras.ops.cast(step, "float32")
        away = keras.ops.clip(1 - keras.ops.abs(t - half) / half, 0, 1)
        value = self.start + (self.peak - self.start) * away
        return value + (self.end - self.start) * keras.ops.clip((t - 2 * half) / last, 0, 1)

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("start", "peak", "steps", "end", "cycle")}


@keras.saving.register_keras_serializable(package="lib")
class CycledSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """SGD whose momentum is a schedule, read at each step like that of the learning rate.

    Keras reads `SGD.momentum` once, when it traces the step: a callback that sets it later
    changes nothing.

    Args:
        learning_rate: a number or a schedule.
        momentum: a schedule with values from 0 to below 1.

    >>> variable = keras.Variable([1.0])
    >>> optimizer = CycledSGD(0.1, momentum=OneCycle(0.9, 0.8, steps=10))
    >>> optimizer.apply([keras.ops.array([1.0])], [variable])
    >>> round(float(variable.numpy()[0]), 2)
    0.9
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        momentum: LearningRateSchedule,
        **settings: Any,
    ) -> None:
        if settings.get("nesterov"):
            raise ValueError("CycledSGD has no Nesterov form; leave nesterov out.")
        super().__init__(learning_rate, momentum=1.0, **settings)
        self.momentum_schedule = momentum

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        velocity = self.momentums[index(self, variable)]
        momentum = keras.ops.cast(self.momentum_schedule(count(self)), variable.dtype)
        step = keras.ops.cast(learning_rate, variable.dtype) * tf.convert_to_tensor(gradient)
        self.assign(velocity, momentum * velocity - step)
        self.assign_add(variable, velocity)

    def get_config(self) -> dict[str, Any]:
        schedule = keras.optimizers.schedules.serialize(self.momentum_schedule)
        config: dict[str, Any] = super().get_config()
        config.pop("nesterov")
        return config | {"momentum": schedule}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> CycledSGD:
        momentum = keras.optimizers.schedules.deserialize(config["momentum"], custom_objects)
        optimizer: CycledSGD = super().from_config(config | {"momentum": momentum}, custom_objects)
        return optimizer
