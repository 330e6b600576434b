"""Train and evaluate all members, epoch by epoch, in two graphs that are traced once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

from lib.ensemble.checks import Data, check_build, check_count, check_data, check_seeds
from lib.ensemble.converters import register_converters
from lib.ensemble.members import initial_members
from lib.ensemble.optimizer import set_learning_rate
from lib.ensemble.result import Build, Result, load
from lib.ensemble.stacks import Stacks
from lib.ensemble.step import Steps

Array = npt.NDArray[Any]
Start = Callable[[keras.Model, int], None]
Measure = Mapping[str, Callable[[keras.Model], npt.ArrayLike]]

# Compiling takes about as long as it saves in so many updates of single weights.
UPDATES_WORTH_COMPILING = 300_000_000


class Ensemble:
    """All members, ready to be trained any number of times from their initial weights.

    Args and errors are those of `lib.ensemble.fit`; `epochs` counts those of all trainings.
    """

    def __init__(
        self,
        build: Build,
        data: Data,
        seeds: Iterable[int],
        batch_size: int,
        epochs: int,
        start: Start | None,
    ) -> None:
        begun = time.perf_counter()
        self.build, self.seeds = build, check_seeds(seeds)
        check_build(build)
        # One model is traced; a scope lends it the values of a member.
        self.one, values = initial_members(build, self.seeds)
        if start is not None:
            for k in range(len(self.seeds)):
                start(load(self.one, values, k), k)
                for variable, stack in zip(self.one.variables, values, strict=True):
                    stack[k] = variable.numpy()
        train = check_data(data, "train", self.one)
        valid = check_data(data, "valid", self.one)
        self.rows, self.batch_size = len(train[0]), batch_size
        check_count("batch_size", batch_size, most=self.rows)
        compiles = register_converters() and self.worth_compiling(epochs)
        self.stacks = Stacks(self.one, values, share=not compiles)
        steps = Steps(self.one, self.stacks, train, valid)
        self.optimizer = steps.optimizer
        built = time.perf_counter()
        order = self.order([np.random.default_rng(0) for _ in self.seeds])
        train_epoch = tf.function(steps.train_epoch, jit_compile=compiles, autograph=False)
        with _quiet():
            self.train_epoch = train_epoch.get_concrete_function(order)
            self.evaluate = tf.function(steps.evaluate, autograph=False).get_concrete_function()
        self.initial = [(v, v.numpy()) for v in self.train_epoch.variables]
        if compiles:
            self.train_epoch(order)  # `train` starts from the initial values
        self.seconds = {"building": built - begun, "tracing": time.perf_counter() - built}

    def worth_compiling(self, epochs: int) -> bool:
        """Whether XLA gains time and changes nothing.

        It halves the time of a step, but draws other random numbers than Keras gets from
        TensorFlow, and is slow at convolutions (kernels of more than two axes) on a CPU.
        """
        names, ranks = zip(*((v.name, len(v.shape)) for v in self.one.variables), strict=True)
        weights = len(self.seeds) * sum(math.prod(w.shape) for w in self.one.trainable_weights)
        return (
            self.rows // self.batch_size * epochs * weights >= UPDATES_WORTH_COMPILING
            and "seed_generator_state" not in names
            and max(ranks) <= 2
        )

    def train(self, epochs: int, measure: Measure, rate: float | None = None) -> Result:
        """Train from the initial weights, with another learning rate if one is given."""
        begun = time.perf_counter()
        for variable, value in self.initial:
            variable.assign(value)
        if rate is not None:
            set_learning_rate(self.optimizer, rate)
        generators = [np.random.default_rng(seed) for seed in self.seeds]
        weights = self.stacks.weights()
        history: list[dict[str, Array]] = []
        measured = [self.measure(measure, weights)]
        try:
            for _ in tqdm(range(epochs), disable=None, leave=False, unit="epoch"):
                logs = self.train_epoch(self.order(generators))
                logs |= {f"val_{name}": value for name, value in self.evaluate().items()}
                after = self.stacks.weights()
                measured.append(self.measure(measure, after))
                history.append({name: value.numpy() for name, value in logs.items()})
                weights = after
        except KeyboardInterrupt:
            if not history:
                raise
        stacked = _join(history)
        finite = [np.isfinite(stacked["loss"])] + [np.isfinite(w) for w in weights]
        return Result(
            seeds=self.seeds,
            history=stacked,
            measured=_join(measured[: len(history) + 1]),
            weights=weights,
            diverged=~np.all([f.reshape(len(f), -1).all(1) for f in finite], axis=0),
            updates=len(history) * (self.rows // self.batch_size),
            seconds=self.seconds | {"training": time.perf_counter() - begun},
            build=self.build,
        )

    def order(self, generators: Sequence[np.random.Generator]) -> tf.Tensor:
        """Rows of the batches of an epoch (step, seed, row)."""
        steps = self.rows // self.batch_size
        used = steps * self.batch_size
        rows = [g.permutation(self.rows)[:used].reshape(steps, -1) for g in generators]
        return tf.constant(np.stack(rows, axis=1), tf.int32)

    def measure(self, measure: Measure, weights: list[Array]) -> dict[str, Array]:
        """What each function of a model says of the members, by name, (seed, ...)."""
        members = range(len(self.seeds)) if measure else ()
        values = [
            {name: np.asarray(f(model)) for name, f in measure.items()}
            for model in (load(self.one, weights, k) for k in members)
        ]
        return {name: np.stack([value[name] for value in values]) for name in measure}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow from writing that an op (a convolution's gradient, say) needs a loop."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _join(epochs: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([epoch[name] for epoch in epochs], axis=1) for name in epochs[0]}
