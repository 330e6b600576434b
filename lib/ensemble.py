"""Train one Keras model under many seeds as one.

A claim about training needs many seeds, and small networks trained one after another spend most
of their time on starting kernels.  Here the seed is the leading axis of every variable: one step
takes the gradients of all members at once (`tf.vectorized_map` over the model's own layers, loss
and metrics inside a `keras.StatelessScope`) and the model's own optimizer applies the stack.

Member k ends with the weights that Keras would give it alone, up to rounding: same initial
weights, batches, dropout masks, moving averages, clipping.  The tests compare with Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule
from tqdm import tqdm

from lib._ensemble_checks import (
    Data,
    check_build,
    check_count,
    check_data,
    check_model,
    check_seeds,
)
from lib._ensemble_converters import register_converters
from lib._ensemble_members import initial_members
from lib._ensemble_stacks import Stacks, decays

Array = npt.NDArray[Any]
Build = Callable[[], keras.Model]
Start = Callable[[keras.Model, int], None]
Measure = Mapping[str, Callable[[keras.Model], npt.ArrayLike]]

EVALUATION_ROWS = 512  # validation rows per forward pass: bounds memory
# Compiling takes about as long as it saves in so many updates of single weights.
UPDATES_WORTH_COMPILING = 300_000_000


@dataclass(frozen=True)
class Result:
    """What training left behind; the seed is the first axis of every array.

    Attributes:
        seeds: the seeds, in the order of the first axis.
        history: metric to array (seed, epoch), named and averaged as in the `History` of `fit`.
        measured: name to array (seed, 1 + epoch, ...): before training, then after each epoch.
        weights: for each of `model.variables`, in that order, its final values (seed, ...).
        diverged: boolean (seed,): a loss or a final weight of the member is NaN or infinite.
        seconds: time for "building", "tracing" (with compilation), "training" (with measuring).
    """

    seeds: tuple[int, ...]
    history: dict[str, Array]
    measured: dict[str, Array]
    weights: list[Array]
    diverged: npt.NDArray[np.bool_]
    seconds: dict[str, float]
    build: Build = field(repr=False)

    def model(self, k: int) -> keras.Model:
        """Return member `k` (a position, not a seed) as a new model with a fresh optimizer.

        Raises:
            ValueError: `build` has returned the optimizer of the training, which is used up.
        """
        return _load(check_model(self.build(), None), self.weights, range(len(self.seeds))[k])

    def models(self) -> Iterator[keras.Model]:
        """Yield the members one after the other, in one model that is loaded anew each time."""
        model = self.build()
        return (_load(model, self.weights, k) for k in range(len(self.seeds)))

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return what each member's model says of the rows x (n, ...), as (seed, n, ...)."""
        x = tf.convert_to_tensor(x)
        return np.stack([model(x, training=False).numpy() for model in self.models()])


def fit(
    build: Build,
    data: Data,
    *,
    seeds: Iterable[int] = range(10),
    epochs: int = 20,
    batch_size: int = 32,
    start: Start | None = None,
    measure: Measure | None = None,
) -> Result:
    """Train the model of `build` once per seed, all seeds as one.

    Member k is built after `keras.utils.set_random_seed(seeds[k])` and takes the order of its
    rows, a new one each epoch, from `np.random.default_rng(seeds[k])`.  Rows that do not fill a
    batch sit out that epoch, as with `tf.data.Dataset.batch(drop_remainder=True)`: a last batch
    of three rows would spoil the statistics of batch normalization.

    Keras squares or clips the gradients of an `Embedding` token by token, even where a token
    occurs twice in a batch; here they are summed first.  Elsewhere the two agree.

    A member that diverges leaves the others untouched.  Ctrl-C returns the completed epochs, if
    there are any.  The global seed is left at that of the last member.

    Args:
        build: takes nothing; returns a compiled model of known input shape, one input, one output.
            Only the random numbers may differ from call to call: not every member is built, the
            weights of most are drawn.  What else tells the members apart belongs in `start`.  The
            optimizer is made in each call, and only it changes trainable weights.
        data: x_train (n, ...), y_train (n, ...), x_valid (m, ...), y_valid (m, ...).
        seeds: distinct integers from 0 to 2**32 - 1.
        epochs: passes over the training rows, at least 1.
        batch_size: rows per step, from 1 to n.
        start: given a member's model as built and its position k, puts in other initial weights.
        measure: functions of a member's model, called before training and after each epoch.

    Raises:
        TypeError, ValueError: an argument, or a part of the compiled model, that does not fit.

    >>> from types import SimpleNamespace
    >>> x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    >>> def build():
    ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    ...     model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    ...     return model
    >>> line = SimpleNamespace(x_train=x, y_train=2 * x, x_valid=x, y_valid=2 * x)
    >>> result = fit(build, line, seeds=range(3), epochs=50, batch_size=16)
    >>> result.history["val_loss"].shape
    (3, 50)
    >>> bool((result.history["val_loss"][:, -1] < 1e-6).all())
    True
    >>> round(result.model(0).predict(np.float32([[0.5]]), verbose=0).item(), 2)
    1.0
    """
    check_count("epochs", epochs)
    ensemble = _Ensemble(build, data, seeds, batch_size, epochs, start)
    return ensemble.train(epochs, measure or {})


def sweep(
    build: Build,
    data: Data,
    *,
    learning_rates: Sequence[float],
    seeds: Iterable[int] = range(10),
    epochs: int = 20,
    batch_size: int = 32,
    start: Start | None = None,
) -> dict[float, Result]:
    """Train as `fit` does once per learning rate, each time from the same start in the same order.

    A rate replaces the one that `build` compiled with; a schedule it multiplies, so compile one
    that peaks at 1.  The model is built and traced once; each result reports these seconds.
    Ctrl-C returns the rates so far, the last with fewer epochs.

    Raises:
        TypeError, ValueError: as `fit`; rates missing, repeated or not positive.
    """
    rates = [float(rate) for rate in learning_rates]
    if not rates or len(set(rates)) < len(rates) or not all(0 < rate < np.inf for rate in rates):
        raise ValueError(f"learning_rates takes distinct positive numbers, got {rates}.")
    check_count("epochs", epochs)
    ensemble = _Ensemble(build, data, seeds, batch_size, epochs * len(rates), start)
    results: dict[float, Result] = {}
    for rate in rates:
        try:
            results[rate] = ensemble.train(epochs, {}, rate)
        except KeyboardInterrupt:
            if not results:
                raise
            break
        if results[rate].history["loss"].shape[1] < epochs:
            break
    return results


def best_rate(runs: Mapping[float, Result], metric: str = "val_accuracy") -> float:
    """Return the learning rate of a sweep whose final `metric` has the best median over the seeds.

    As in Keras' callbacks, best is highest for accuracies and AUC, lowest for all else.  NaN is
    worst.  The first of equals is taken.

    Raises:
        KeyError: the metric is not in the histories.
    """
    sign = 1 if "acc" in metric or "auc" in metric else -1

    def quality(rate: float) -> float:
        final = sign * runs[rate].history[metric][:, -1]
        return float(np.median(np.where(np.isnan(final), -np.inf, final)))

    return max(runs, key=quality)


class _Ensemble:
    """The stacked variables of all members and the two graphs that train and evaluate them."""

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
                start(_load(self.one, values, k), k)
                for variable, stack in zip(self.one.variables, values, strict=True):
                    stack[k] = variable.numpy()
        self.x_train, self.y_train = check_data(data, "train", self.one)
        self.x_valid, self.y_valid = check_data(data, "valid", self.one)
        check_count("batch_size", batch_size, most=len(self.x_train))
        self.steps, self.batch_size = len(self.x_train) // batch_size, batch_size
        # XLA halves the time of a step, but draws other random numbers than Keras gets from
        # TensorFlow, and is slow at convolutions (kernels of more than two axes) on a CPU.
        names, ranks = zip(*((v.name, len(v.shape)) for v in self.one.variables), strict=True)
        weights = len(self.seeds) * sum(math.prod(w.shape) for w in self.one.trainable_weights)
        compiles = (
            self.steps * epochs * weights >= UPDATES_WORTH_COMPILING
            and "seed_generator_state" not in names
            and max(ranks) <= 2
        )
        self.stacks = Stacks(self.one, values, share=not compiles)
        self.optimizer, self.clip = _optimizer(self.one, self.stacks)
        self.metrics = _metrics(self.one, self.x_valid[:1], self.y_valid[:1], len(self.seeds))
        built = time.perf_counter()
        order = self.order([np.random.default_rng(0) for _ in self.seeds])
        train_epoch = tf.function(self._train_epoch, jit_compile=compiles, autograph=False)
        register_converters()
        with _quiet():
            self.train_epoch = train_epoch.get_concrete_function(order)
            self.evaluate = tf.function(self._evaluate, autograph=False).get_concrete_function()
        self.initial = [(v, v.numpy()) for v in self.train_epoch.variables]
        if compiles:
            self.train_epoch(order)  # `train` starts from the initial values
        self.seconds = {"building": built - begun, "tracing": time.perf_counter() - built}

    def train(self, epochs: int, measure: Measure, rate: float | None = None) -> Result:
        start = time.perf_counter()
        for variable, value in self.initial:
            variable.assign(value)
        if rate is not None:
            _set_learning_rate(self.optimizer, rate)
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
            seconds=self.seconds | {"training": time.perf_counter() - start},
            build=self.build,
        )

    def order(self, generators: Sequence[np.random.Generator]) -> tf.Tensor:
        """Rows of the batches of an epoch (step, seed, row)."""
        used = self.steps * self.batch_size
        rows = [g.permutation(len(self.x_train))[:used].reshape(self.steps, -1) for g in generators]
        return tf.constant(np.stack(rows, axis=1), tf.int32)

    def measure(self, measure: Measure, weights: list[Array]) -> dict[str, Array]:
        members = range(len(self.seeds)) if measure else ()
        values = [
            {name: np.asarray(f(model)) for name, f in measure.items()}
            for model in (_load(self.one, weights, k) for k in members)
        ]
        return {name: np.stack([value[name] for value in values]) for name in measure}

    def _train_epoch(self, order: tf.Tensor) -> dict[str, tf.Tensor]:
        def step(i: tf.Tensor, metrics: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            batch = tf.gather(self.x_train, order[i]), tf.gather(self.y_train, order[i])
            gradients, values, metrics = tf.vectorized_map(
                self._gradients, (self.stacks.values(), metrics, *batch), warn=False
            )
            by_position = dict(zip(self.stacks.trainable, gradients, strict=True))
            stacked_gradients = []
            for k, stack in enumerate(self.stacks.variables):
                if stack.trainable:
                    stacked_gradients.append(self.stacks.together(k, by_position))
                else:
                    stack.assign(self.stacks.together(k, dict(enumerate(values))))
            self.optimizer.apply(stacked_gradients)
            self._constrain()
            return i + 1, metrics

        _, metrics = tf.while_loop(lambda i, _: i < self.steps, step, (0, self.metrics))
        return self.results(metrics)

    def _constrain(self) -> None:
        candidates = {i: self.one.variables[i].constraint for i in self.stacks.trainable}
        constraints = {i: constraint for i, constraint in candidates.items() if constraint}
        if not constraints:
            return
        values = dict(enumerate(self.stacks.values()))
        for i, constraint in constraints.items():
            values[i] = tf.vectorized_map(constraint, values[i], warn=False)
        for k, group in enumerate(self.stacks.groups):
            if not constraints.keys().isdisjoint(group):
                self.stacks.variables[k].assign(self.stacks.together(k, values))

    def _evaluate(self) -> dict[str, tf.Tensor]:
        metrics, x, y = self.metrics, self.x_valid, self.y_valid
        passes, rest = divmod(len(x), EVALUATION_ROWS)

        def step(i: tf.Tensor, metrics: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            rows = tf.range(EVALUATION_ROWS) + i * EVALUATION_ROWS
            return i + 1, self._evaluate_rows(tf.gather(x, rows), tf.gather(y, rows), metrics)

        if passes:
            _, metrics = tf.while_loop(lambda i, _: i < passes, step, (0, metrics))
        if rest:
            metrics = self._evaluate_rows(x[-rest:], y[-rest:], metrics)
        return self.results(metrics)

    def _evaluate_rows(
        self, x: tf.Tensor, y: tf.Tensor, metrics: list[tf.Tensor]
    ) -> list[tf.Tensor]:
        def member(inputs: tuple[list[tf.Tensor], list[tf.Tensor]]) -> list[tf.Tensor]:
            return self.forward(*inputs, x, y, training=False)[2]

        metrics = tf.vectorized_map(member, (self.stacks.values(), metrics), warn=False)
        return metrics

    def _gradients(
        self, inputs: tuple[list[tf.Tensor], list[tf.Tensor], tf.Tensor, tf.Tensor]
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
        """Gradients, variables and metrics of one member after a forward pass over its batch."""
        values, metrics, x, y = inputs
        trainable = [values[i] for i in self.stacks.trainable]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trainable)
            loss, values, metrics = self.forward(values, metrics, x, y, training=True)
        gradients = tape.gradient(loss, trainable)
        for i, gradient in zip(self.stacks.trainable, gradients, strict=True):
            if gradient is None:
                path = self.one.variables[i].path
                raise ValueError(f"build: the loss does not depend on trainable weight {path!r}.")
        return self.clip([tf.convert_to_tensor(g) for g in gradients]), values, metrics

    def forward(
        self,
        values: list[tf.Tensor],
        metrics: list[tf.Tensor],
        x: tf.Tensor,
        y: tf.Tensor,
        training: bool,
    ) -> tuple[tf.Tensor, list[tf.Tensor], list[tf.Tensor]]:
        """Loss, variables and metrics of one member (as the `train_step` of Keras for JAX)."""
        variables = self.one.variables + self.one.metrics_variables
        mapping = list(zip(variables, values + metrics, strict=True))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            predicted = self.one(x, training=training)
            loss = self.one.compute_loss(x=x, y=y, y_pred=predicted, training=training)
            self.one.metrics[0].update_state(loss, sample_weight=x.shape[0])
            self.one.compute_metrics(x, y, predicted)
        after = [scope.get_current_value(v) for v in variables]
        for i in self.stacks.trainable:
            if after[i] is not values[i]:
                path = variables[i].path
                raise ValueError(
                    f"build: a layer assigns to trainable weight {path!r} in its call; "
                    "use a constraint, or take the weight out of training."
                )
        return loss, after[: len(values)], after[len(values) :]

    def results(self, metrics: list[tf.Tensor]) -> dict[str, tf.Tensor]:
        def member(values: list[tf.Tensor]) -> dict[str, tf.Tensor]:
            mapping = list(zip(self.one.metrics_variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return dict(self.one.get_metrics_result())

        results: dict[str, tf.Tensor] = tf.vectorized_map(member, metrics, warn=False)
        return results


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


def _load(model: keras.Model, weights: list[Array], k: int) -> keras.Model:
    for variable, stack in zip(model.variables, weights, strict=True):
        variable.assign(stack[k])
    return model


def _join(epochs: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([epoch[name] for epoch in epochs], axis=1) for name in epochs[0]}


def _metrics(model: keras.Model, x: tf.Tensor, y: tf.Tensor, members: int) -> list[tf.Tensor]:
    """Create the variables of the compiled metrics, from a row; return their zeros, stacked."""
    model.compute_metrics(x, y, model(x, training=False))
    model.reset_metrics()
    return [tf.stack([v.value] * members) for v in model.metrics_variables]


def _optimizer(
    model: keras.Model, stacks: Stacks
) -> tuple[keras.Optimizer, Callable[[list[tf.Tensor]], list[tf.Tensor]]]:
    """Build the model's optimizer on the stacked variables; return it and its clipping.

    Clipping by norm looks at a whole variable, so it is taken out and acts on each member.
    """
    optimizer = model.optimizer
    if isinstance(optimizer._learning_rate, LearningRateSchedule):
        optimizer._learning_rate = _Scaled(optimizer._learning_rate)
    if optimizer.weight_decay is not None:
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


class _Scaled(LearningRateSchedule):  # type: ignore[misc]
    """A schedule times a factor that a sweep sets without another trace."""

    def __init__(self, schedule: LearningRateSchedule) -> None:
        self.schedule, self.factor = schedule, keras.Variable(1.0, trainable=False)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        return self.factor * self.schedule(step)


def _set_learning_rate(optimizer: keras.Optimizer, rate: float) -> None:
    if isinstance(optimizer._learning_rate, _Scaled):
        optimizer._learning_rate.factor.assign(rate)
    else:
        optimizer.learning_rate = rate
