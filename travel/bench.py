"""How networks are trained in a world."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from lib import data, ensemble
from travel.world import World

Array = npt.NDArray[Any]
CHANNELS = 8
PARTS = ("x_train", "x_valid", "x_test")


class Bench:
    """A world made ready to train in: its data, and the rates that were chosen in it.

    Attributes:
        data: `x_*` of shape (n, pixels) for dense layers, (n, height, width, 1) for convolutional
            ones, standardised; `y_*` of shape (n,).
        rates: the chosen rates by label. Those given are taken as they are.
        updates: of the trainings so far.
    """

    seeds = range(10)

    def __init__(self, world: World, rates: dict[str, float] | None = None) -> None:
        self.world = world
        self.data = _pictures(world)
        self.rates = dict(rates or {})
        self.updates: set[int] = set()

    @property
    def convolutional(self) -> bool:
        return self.world.layers == "convolutional"

    def network(
        self,
        optimizer: Callable[[], Any],
        *,
        depth: int,
        width: int,
        kernels: Any = "glorot_uniform",
        activation: Any = "relu",
        normalization: Callable[[], keras.Layer] | None = None,
        dropout: float = 0,
        classes: int | None = None,
        **dense: Any,
    ) -> ensemble.Build:
        """A builder: hidden layers of a kernel, normalization, activation and dropout; a softmax.

        Args:
            optimizer: makes a new one; a rate that is swept may be any.
            depth, width: of dense layers. There are half as many convolutional ones, of 8 channels
                and 3x3, the first two with a stride of 2.
            kernels, activation: a name, or what makes a new initializer or layer.
            dense: further options of each hidden layer, makers or plain values.
        """

        def new(option: Any) -> Any:
            return option() if callable(option) else option

        def build() -> keras.Model:
            options = {"kernel_initializer": kernels, **dense}
            layers: list[keras.Layer] = [keras.Input(self.data.x_train.shape[1:])]
            for i in range((depth + 1) // 2 if self.convolutional else depth):
                mine = {key: new(option) for key, option in options.items()}
                if self.convolutional:
                    stride = 2 if i < 2 else 1
                    layers.append(keras.layers.Conv2D(CHANNELS, 3, stride, "same", **mine))
                else:
                    layers.append(keras.layers.Dense(width, **mine))
                if normalization is not None:
                    layers.append(normalization())
                shape = activation() if callable(activation) else None
                layers.append(shape or keras.layers.Activation(activation))
                if dropout:
                    layers.append(keras.layers.Dropout(dropout))
            if self.convolutional:
                layers.append(keras.layers.Flatten())
            layers.append(keras.layers.Dense(classes or len(self.world.classes), "softmax"))
            model = keras.Sequential(layers)
            model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

        return build

    def epochs(self, updates: float, batch_size: int = 32, rows: int | None = None) -> int:
        """How many epochs come nearest to the book's number of updates, at least one."""
        each = (rows or self.world.rows) // batch_size
        return max(1, round(self.world.pace * updates / each))

    def fit(
        self,
        build: ensemble.Build,
        updates: float,
        batch_size: int = 32,
        on: Any = None,
        **more: Any,
    ) -> ensemble.Result:
        """`ensemble.fit` for about so many updates, on the data of the world or on others."""
        on = on or self.data
        epochs = self.epochs(updates, batch_size, len(on.x_train))
        result = ensemble.fit(
            build, on, seeds=self.seeds, epochs=epochs, batch_size=batch_size, **more
        )
        self.updates.add(result.updates)
        return result

    def sweep(
        self,
        build: ensemble.Build,
        rates: Sequence[float],
        updates: float,
        batch_size: int = 32,
        on: Any = None,
        **more: Any,
    ) -> dict[float, ensemble.Result]:
        """`ensemble.sweep` for about so many updates."""
        on = on or self.data
        epochs = self.epochs(updates, batch_size, len(on.x_train))
        runs = ensemble.sweep(
            build,
            on,
            learning_rates=rates,
            seeds=self.seeds,
            epochs=epochs,
            batch_size=batch_size,
            **more,
        )
        self.updates |= {run.updates for run in runs.values()}
        return runs

    def tune(
        self,
        label: str,
        build: ensemble.Build,
        rates: Sequence[float],
        updates: float,
        batch_size: int = 32,
        on: Any = None,
        metric: str = "val_accuracy",
        **more: Any,
    ) -> ensemble.Result:
        """The run at the rate of the best median of `metric`; it is kept in `rates[label]`."""
        if label in self.rates:
            rates = [self.rates[label]]
        runs = self.sweep(build, rates, updates, batch_size, on, **more)
        self.rates[label] = ensemble.best_rate(runs, metric)
        return runs[self.rates[label]]

    def first(self, rows: int) -> data.Dataset:
        """The data with no more than so many training rows."""
        x, y = self.data.x_train[:rows], self.data.y_train[:rows]
        return replace(self.data, x_train=x, y_train=y)

    def accuracy(self, result: ensemble.Result, on: Any = None, part: str = "test") -> Array:
        """Share of a part that is named rightly, in points, (seeds,); NaN names nothing."""
        on = on or self.data
        said = result.predict(getattr(on, f"x_{part}"))
        right = (said.argmax(-1) == getattr(on, f"y_{part}")) & np.isfinite(said).all(-1)
        return np.asarray(100 * right.mean(axis=1))


def _pictures(world: World) -> data.Dataset:
    """The parts of a world, cut to its rows, standardised by its training pixels together."""
    if world.pictures == "digits":
        found = data.load_digits()
    else:
        found = data.load_fashion_mnist()
        sizes = {"train": world.rows, "valid": world.validation, "test": world.test}
        parts: dict[str, Any] = {}
        for part, size in sizes.items():
            x, y = getattr(found, f"x_{part}"), getattr(found, f"y_{part}")
            kept = np.flatnonzero(np.isin(y, world.classes))[:size]
            parts[f"x_{part}"] = _shrunk(x[kept], world.side)
            parts[f"y_{part}"] = np.searchsorted(world.classes, y[kept]).astype(np.int32)
        found = replace(found, **parts)
        mean, deviation = found.x_train.mean(), found.x_train.std()
        found = _shaped(found, lambda x: (x - mean) / deviation)
    if world.wrong:
        rng = np.random.default_rng(data.seed())
        y = found.y_train.copy()
        hit = rng.random(len(y)) < world.wrong
        y[hit] = rng.integers(len(world.classes), size=hit.sum())
        found = replace(found, y_train=y)
    shape = (world.side, world.side, 1) if world.layers == "convolutional" else (-1,)
    return _shaped(found, lambda x: x.reshape(len(x), *shape))


def _shaped(found: data.Dataset, change: Callable[[Array], Array]) -> data.Dataset:
    changed: dict[str, Any] = {part: change(getattr(found, part)) for part in PARTS}
    return replace(found, **changed)


def _shrunk(x: Array, side: int) -> Array:
    """Square pictures (n, 28, 28) of fewer pixels: framed, then means over squares."""
    if side == x.shape[1]:
        return x
    square = -(-x.shape[1] // side)
    frame = side * square - x.shape[1]
    x = np.pad(x, ((0, 0), *[(frame // 2, frame - frame // 2)] * 2))
    return np.asarray(x.reshape(len(x), side, square, side, square).mean(axis=(2, 4)))
