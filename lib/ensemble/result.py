"""What training leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from lib.ensemble.checks import check_model

Array = npt.NDArray[Any]
Build = Callable[[], keras.Model]


@dataclass(frozen=True)
class Result:
    """What training left behind; the seed is the first axis of every array.

    Attributes:
        seeds: the seeds, in the order of the first axis.
        history: metric to array (seed, epoch), named and averaged as in the `History` of `fit`.
        measured: name to array (seed, 1 + epoch, ...): before training, then after each epoch.
        weights: for each of `model.variables`, in that order, its final values (seed, ...).
        diverged: boolean (seed,): a loss or a final weight of the member is NaN or infinite.
        updates: of the weights, in all epochs.
        seconds: time for "building", "tracing" (with compilation), "training" (with measuring).
    """

    seeds: tuple[int, ...]
    history: dict[str, Array]
    measured: dict[str, Array]
    weights: list[Array]
    diverged: npt.NDArray[np.bool_]
    updates: int
    seconds: dict[str, float]
    build: Build = field(repr=False)

    def model(self, k: int) -> keras.Model:
        """Return member `k` (a position, not a seed) as a new model with a fresh optimizer.

        Raises:
            ValueError: `build` has returned the optimizer of the training, which is used up.
        """
        return load(check_model(self.build(), None), self.weights, range(len(self.seeds))[k])

    def models(self) -> Iterator[keras.Model]:
        """Yield the members one after the other, in one model that is loaded anew each time."""
        model = self.build()
        return (load(model, self.weights, k) for k in range(len(self.seeds)))

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return what each member's model says of the rows x (n, ...), as (seed, n, ...)."""
        x = tf.convert_to_tensor(x)
        return np.stack([model(x, training=False).numpy() for model in self.models()])


def load(model: keras.Model, weights: list[Array], k: int) -> keras.Model:
    """The model with the variables of member `k` of `weights`, each (seed, ...)."""
    for variable, stack in zip(model.variables, weights, strict=True):
        variable.assign(stack[k])
    return model
