"""Train one Keras model under many seeds as one.

A claim about training needs many seeds, and small networks trained one after another spend most
of their time on starting kernels.  Here the seed is the leading axis of every variable: one step
takes the gradients of all members at once (`tf.vectorized_map` over the model's own layers, loss
and metrics inside a `keras.StatelessScope`) and the model's own optimizer applies the stack.

Member k ends with the weights that Keras would give it alone, up to rounding: same initial
weights, batches, dropout masks, moving averages, clipping.  The tests compare with Keras.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from lib.ensemble.checks import Data, check_count
from lib.ensemble.result import Build, Result
from lib.ensemble.training import Ensemble, Measure, Start

__all__ = ["Build", "Measure", "Result", "Start", "best_rate", "fit", "sweep"]


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

    Muon orthogonalises the kernels of each member alone.  `ScheduleFreeAdamW` is that of Keras
    3.15, which on TensorFlow takes the gradient at the mean of its iterates, whatever `beta_1` is,
    and leaves this mean in the weights: there is nothing to swap before an evaluation.

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

    >>> import keras
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
    ensemble = Ensemble(build, data, seeds, batch_size, epochs, start)
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
    ensemble = Ensemble(build, data, seeds, batch_size, epochs * len(rates), start)
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


def best_rate(
    runs: Mapping[float, Result],
    metric: str = "val_accuracy",
    mode: Literal["max", "min"] | None = None,
) -> float:
    """Return the learning rate of a sweep whose final `metric` has the best median over the seeds.

    Best is `mode`, which may be left out for accuracies and AUC (the highest) and for losses (the
    lowest).  NaN is worst.  The first of equals is taken.

    Raises:
        KeyError: the metric is not in the histories.
        ValueError: another metric, and no mode.
    """
    if mode is None:
        known: dict[str, Literal["max", "min"]] = {"acc": "max", "auc": "max", "loss": "min"}
        mode = next((best for name, best in known.items() if name in metric), None)
    if mode not in ("max", "min"):
        raise ValueError(f"mode takes 'max' or 'min' for {metric!r}, got {mode!r}.")
    sign = 1 if mode == "max" else -1

    def quality(rate: float) -> float:
        final = sign * runs[rate].history[metric][:, -1]
        return float(np.median(np.where(np.isnan(final), -np.inf, final)))

    return max(runs, key=quality)
