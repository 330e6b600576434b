"""The variables of all members, stacked: the seed is the leading axis.

A graph of few large variables is traced and run faster than one of many small ones, so variables
whose updates are alike share a stack.  Under XLA, which fuses small operations, each has its own;
with Muon, too, and there it keeps the axes of the variable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from lib.keras_internals import decays

Array = npt.NDArray[Any]


class Stacks:
    """The stacks of a model's variables.

    Attributes:
        variables: stacks (seed, values of the variables in it, one after the other), or, for an
            optimizer that acts on kernels, (seed, ...) of one variable each.
        groups: for each stack the positions in `model.variables` of what it holds.
        trainable: positions of the trainable weights, in the order of the model.
    """

    def __init__(self, model: keras.Model, values: list[Array], *, share: bool) -> None:
        position = {id(v): i for i, v in enumerate(model.variables)}
        self.trainable = [position[id(v)] for v in model.trainable_variables]
        self.shapes = [tuple(v.shape) for v in model.variables]
        kernels = acts_on_kernels(model.optimizer)
        groups: dict[Any, list[int]] = {}
        for i, v in enumerate(model.variables):
            alike = (v.dtype, i in self.trainable, decays(model.optimizer, v))
            groups.setdefault(alike if share and not kernels else i, []).append(i)
        self.groups = list(groups.values())
        self.variables = [
            keras.Variable(
                values[group[0]]
                if kernels
                else np.concatenate([_flat(values[i]) for i in group], axis=1),
                dtype=model.variables[group[0]].dtype,
                trainable=group[0] in self.trainable,
            )
            for group in self.groups
        ]

    def values(self) -> list[tf.Tensor]:
        """Each variable of the model for all members (seed, ...), as a part of the graph."""
        return self._apart([stack.value for stack in self.variables], tf.split, tf.reshape)

    def weights(self) -> list[Array]:
        """Each variable of the model for all members (seed, ...)."""
        arrays = [stack.numpy() for stack in self.variables]
        return self._apart(arrays, _split, np.reshape)

    def _apart(self, stacks: list[Any], split: Any, reshape: Any) -> list[Any]:
        values: list[Any] = [None] * len(self.shapes)
        for group, stack in zip(self.groups, stacks, strict=True):
            sizes = [math.prod(self.shapes[i]) for i in group]
            flat = reshape(stack, (stack.shape[0], -1))
            for i, part in zip(group, split(flat, sizes, axis=1), strict=True):
                values[i] = reshape(part, (-1, *self.shapes[i]))
        return values

    def together(self, k: int, values: Mapping[int, tf.Tensor]) -> tf.Tensor:
        """Stack `k` from the variables (seed, ...) at the positions that it holds."""
        parts = [values[i] for i in self.groups[k]]
        flat = tf.concat([tf.reshape(part, (part.shape[0], -1)) for part in parts], axis=1)
        return tf.reshape(flat, self.variables[k].shape)


def acts_on_kernels(optimizer: keras.Optimizer) -> bool:
    """Whether a step of the optimizer depends on the shape of what it updates."""
    return type(optimizer).__name__ == "Muon"


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)


def _split(array: Array, sizes: list[int], axis: int) -> list[Array]:
    return np.split(array, np.cumsum(sizes)[:-1], axis=axis)
