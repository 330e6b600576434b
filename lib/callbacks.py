"""What Keras' callbacks lack: the learning rate range test."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from lib.keras_internals import schedule


class RangeTest(keras.callbacks.Callback):  # type: ignore[misc]
    """Raise the learning rate from batch to batch and keep the loss of each: `fit` with it once.

    The rate grows by one factor a batch, from `low` to `high` in `steps` batches. Training stops
    there, or where the loss is NaN or above `stop` times the lowest so far; where `fit` has no more
    batches before that, a warning says so. Weights, optimizer and learning rate are put back as
    they were.

    After `fit`, `rates` and `losses` hold one number per batch, arrays of shape (batches,). A loss
    is that of its batch alone, which `fit` reports only as a mean over the epoch so far; batches
    of one size are assumed.

    Smith, "Cyclical learning rates for training neural networks", WACV 2017, raises the rate
    linearly and looks at the accuracy; the growth by a factor came later.

    Raises:
        ValueError: rates not increasing from above 0; fewer than 2 steps; an optimizer whose
            learning rate is a schedule.
    """

    def __init__(
        self, low: float = 1e-4, high: float = 10.0, steps: int = 100, stop: float = 4.0
    ) -> None:
        super().__init__()
        if not 0 < low < high:
            raise ValueError(f"rates grow from low to high, got {low} and {high}.")
        if steps < 2:
            raise ValueError(f"steps is {steps}, takes at least 2.")
        self.grid, self.stop = np.geomspace(low, high, steps), stop
        self.rates: npt.NDArray[np.float64] = np.array([])
        self.losses: npt.NDArray[np.float64] = np.array([])

    def on_train_begin(self, logs: Any = None) -> None:
        optimizer = self.model.optimizer
        if schedule(optimizer) is not None:
            raise ValueError("RangeTest sets the rate itself: compile with a number, no schedule.")
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self.saved = [(v, v.numpy()) for v in [*self.model.variables, *optimizer.variables]]
        self.rates, self.losses, self.done = np.array([]), np.array([]), False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.mean, self.batches = 0.0, 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = self.grid[len(self.losses)]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        total, self.mean = self.mean * self.batches, logs["loss"]
        self.batches += 1
        loss = self.mean * self.batches - total
        self.rates = self.grid[: len(self.losses) + 1]
        self.losses = np.append(self.losses, loss)
        if len(self.losses) == len(self.grid) or not loss < self.stop * self.losses.min():
            self.done = self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        for variable, value in self.saved:
            variable.assign(value)
        if not self.done:
            tried, steps = len(self.rates), len(self.grid)
            warnings.warn(
                f"RangeTest tried {tried} of {steps} rates, up to {self.grid[tried - 1]:.2g}: fit "
                f"ended before. It takes {steps} batches, over several epochs if need be.",
                stacklevel=2,
            )
