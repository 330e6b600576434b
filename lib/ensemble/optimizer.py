"""A model's own optimizer, made to act on the stacked variables of all members."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from lib.ensemble.stacks import Stacks, acts_on_kernels
from lib.keras_internals import decays, schedule, show_kernels


def stacked_optimizer(
    model: keras.Model, stacks: Stacks
) -> tuple[keras.Optimizer, Callable[[list[tf.Tensor]], list[tf.Tensor]]]:
    """Build the model's optimizer on the stacks; return it and its clipping.

    Clipping by norm looks at a whole variable, so it is taken out and acts on the gradients of
    each member. A stack decays if what it holds does. A schedule gets a factor.
    """
    optimizer = model.optimizer
    if isinstance(rate := schedule(optimizer), LearningRateSchedule):
        optimizer.learning_rate = _Scaled(rate)
    if acts_on_kernels(optimizer):
        pairs = zip(stacks.variables, stacks.groups, strict=True)
        show_kernels(optimizer, {id(s): model.variables[group[0]] for s, group in pairs})
    elif optimizer.weight_decay is not None:
        pairs = zip(stacks.groups, stacks.variables, strict=True)
        kept = [s for group, s in pairs if not decays(optimizer, model.variables[group[0]])]
        optimizer.exclude_from_weight_decay(var_list=kept)
    optimizer.build([stack for stack in stacks.variables if stack.trainable])
    norm, global_norm = optimizer.clipnorm, optimizer.global_clipnorm
    optimizer.clipnorm = optimizer.global_clipnorm = None

    def clip(gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        if norm is not None:
            gradients = [tf.clip_by_norm(g, norm) for g in gradients]
        if global_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, global_norm)
        return gradients

    return optimizer, clip


def set_learning_rate(optimizer: keras.Optimizer, rate: float) -> None:
    """Set the rate, or the factor of a schedule, without another trace."""
    if isinstance(scaled := schedule(optimizer), _Scaled):
        scaled.factor.assign(rate)
    else:
        optimizer.learning_rate = rate


class _Scaled(LearningRateSchedule):  # type: ignore[misc]
    """A schedule times a factor."""

    def __init__(self, schedule: LearningRateSchedule) -> None:
        self.schedule, self.factor = schedule, keras.Variable(1.0, trainable=False)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        return self.factor * self.schedule(step)
