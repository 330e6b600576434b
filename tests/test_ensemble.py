"""Each member of an ensemble against the same model trained by Keras alone on the same batches."""

import io
import logging
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, optimizers, regularizers
from keras.optimizers import schedules

from lib import ensemble
from lib.ensemble import plain, step, training
from lib.schedules import CycledSGD, OneCycle

pytestmark = pytest.mark.depends()

SEEDS, EPOCHS, BATCH = (3, 8, 5), 2, 8
ROWS, WIDTH, CLASSES = 36, 6, 3  # four batches, four rows left over


# A short training, as all of these are, shares stacks.  A long one is compiled, a stack for each
# variable, unless the model draws random numbers or convolves: that trains alike at any length.
LENGTHS = {"long": 0, "short": 10**9}  # updates worth compiling


@pytest.fixture(params=LENGTHS)
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "UPDATES_WORTH_COMPILING", LENGTHS[request.param])


long_and_short = pytest.mark.usefixtures("length")


def table(kind: str = "classes", shape: tuple[int, ...] = (WIDTH,)) -> SimpleNamespace:
    rng = np.random.default_rng(0)
    n = ROWS + 11
    if kind == "tokens":
        x = rng.integers(0, 9, (n, 4)).astype("int32")
    else:
        x = rng.normal(size=(n, *shape)).astype("float32")
    y: Any = rng.integers(0, CLASSES, n).astype("int32")
    if kind == "numbers":
        y = (x.sum(-1, keepdims=True) + rng.normal(size=(n, 1))).astype("float32")
    return SimpleNamespace(x_train=x[:ROWS], y_train=y[:ROWS], x_valid=x[ROWS:], y_valid=y[ROWS:])


def builder(
    *hidden: Callable[[], keras.Layer],
    optimizer: Callable[[], keras.Optimizer] = lambda: optimizers.SGD(0.1),
    shape: tuple[int, ...] = (WIDTH,),
    **compiled: Any,
) -> ensemble.Build:
    """A small classifier; layers and optimizer are made anew for each model."""

    def build() -> keras.Model:
        stack = [make() for make in hidden or (lambda: layers.Dense(5, activation="tanh"),)]
        model = keras.Sequential(
            [keras.Input(shape), *stack, layers.Dense(CLASSES, activation="softmax")]
        )
        settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compiled
        model.compile(optimizer=optimizer(), **settings)
        return model

    return build


def eager(model: keras.Model) -> keras.Model:
    """Run without a graph: for a few steps, faster than tracing."""
    model.run_eagerly = True
    return model


def by_keras(build: ensemble.Build, data: Any, seed: int) -> tuple[keras.Model, dict[str, Any]]:
    """Train by Keras alone, on batches in the documented order of rows."""
    [model], history = plain.fit(
        lambda: eager(build()), data, seeds=[seed], epochs=EPOCHS, batch_size=BATCH
    )
    return model, {name: values[0] for name, values in history.items()}


def by_fit(build: ensemble.Build, data: Any, seed: int) -> tuple[keras.Model, dict[str, Any]]:
    """The same by `fit`, which also averages metrics that are no mean over the batches."""
    keras.utils.set_random_seed(seed)
    model = eager(build())
    generator, steps = np.random.default_rng(seed), ROWS // BATCH
    orders = [generator.permutation(ROWS)[: steps * BATCH] for _ in range(EPOCHS)]
    rows = np.reshape(orders, (-1, BATCH))
    history = model.fit(
        tf.data.Dataset.from_tensor_slices((data.x_train[rows], data.y_train[rows])),
        epochs=EPOCHS,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        validation_data=tf.data.Dataset.from_tensors((data.x_valid, data.y_valid)),
    ).history
    return model, {name: np.array(value) for name, value in history.items()}


def assert_equals_keras(
    build: ensemble.Build,
    data: Any,
    members: tuple[int, ...] = (2,),
    lengths: Iterable[str] = LENGTHS,
    alone: Callable[..., tuple[keras.Model, dict[str, Any]]] = by_keras,
) -> None:
    """Compare the ensembles of all lengths with one training by Keras."""
    results: dict[str, ensemble.Result] = {}
    for length in lengths:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "UPDATES_WORTH_COMPILING", LENGTHS[length])
            results[length] = small(build, data=data)
    for k in members:
        model, history = alone(build, data, SEEDS[k])
        for length, result in results.items():
            for variable, weights in zip(model.variables, result.weights, strict=True):
                what = f"{variable.path}, {length}"
                np.testing.assert_allclose(
                    weights[k], variable.numpy(), rtol=0, atol=1e-5, err_msg=what
                )
            assert set(result.history) == set(history)
            for name, values in history.items():
                what, ours = f"{name}, {length}", result.history[name][k]
                np.testing.assert_allclose(ours, values, atol=1e-5, err_msg=what)


def test_the_plain_version_trains_as_fit_does_on_its_batches() -> None:
    data, build = table(), builder(layers.BatchNormalization, lambda: layers.Dropout(0.5))
    (ours, history), (theirs, expected) = by_keras(build, data, 3), by_fit(build, data, 3)
    assert set(history) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, atol=1e-6)
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)


def adamw_excluding(*names: str) -> keras.Optimizer:
    optimizer = optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=list(names))
    return optimizer


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1),
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda: optimizers.SGD(0.1, weight_decay=0.1),
        lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        lambda: optimizers.Adagrad(0.1),
        lambda: optimizers.Adadelta(1.0),
        lambda: optimizers.Adam(0.01),
        lambda: optimizers.Adam(0.01, amsgrad=True),
        lambda: optimizers.AdamW(0.01, weight_decay=0.5),
        lambda: adamw_excluding("bias"),
        lambda: optimizers.Adamax(0.01),
        lambda: optimizers.Nadam(0.01),
        lambda: optimizers.Ftrl(0.1, l1_regularization_strength=0.01),
        lambda: optimizers.Lion(0.001),
        lambda: optimizers.ScheduleFreeAdamW(0.01, warmup_steps=3),
        lambda: optimizers.ScheduleFreeAdamW(0.01, beta_1=0.8, weight_decay=0.5, clipnorm=0.1),
    ],
    ids="sgd momentum nesterov sgd-decay rmsprop adagrad adadelta adam amsgrad adamw "
    "adamw-but-bias adamax nadam ftrl lion schedule-free schedule-free-decay".split(),
)
def test_optimizer_updates_each_member_as_keras_does(make: Callable[[], Any]) -> None:
    assert_equals_keras(builder(optimizer=make), table())


def muon(*kept: str, **settings: Any) -> keras.Optimizer:
    optimizer = optimizers.Muon(0.02, **settings)
    optimizer.exclude_from_weight_decay(var_names=list(kept))
    return optimizer


@pytest.mark.parametrize(
    "make",
    [
        lambda: muon(),
        lambda: muon(exclude_layers=["last"], rms_rate=None, clipnorm=0.1),
        lambda: muon("bias", weight_decay=0.5, adam_weight_decay=0.3),
        lambda: muon(weight_decay=None, adam_weight_decay=0.3, nesterov=False),
    ],
    ids="default but-last decay adam-decay".split(),
)
def test_muon_orthogonalises_each_kernel_of_each_member(make: Callable[[], Any]) -> None:
    hidden = (
        lambda: layers.Dense(8, activation="tanh"),  # wide, so that all three axes tell apart
        layers.BatchNormalization,
        lambda: layers.Dense(4, name="last"),
    )
    assert_equals_keras(builder(*hidden, optimizer=make), table(), members=(0, 2))


@pytest.mark.parametrize("beta_1", [0.5, 0.9])
def test_schedule_free_training_leaves_the_mean_of_its_iterates(beta_1: float) -> None:
    # What it leaves should be nearer to the last iterate, the smaller beta_1 is, and the mean would
    # have to be put in its place before an evaluation. `fit` has to do so once Keras does not.
    data = table()
    build = builder(optimizer=lambda: optimizers.ScheduleFreeAdamW(0.05, beta_1=beta_1))
    result = small(build, data=data, epochs=1)
    keras.utils.set_random_seed(SEEDS[2])
    model, order = eager(build()), np.random.default_rng(SEEDS[2]).permutation(ROWS)
    iterates = []
    for rows in np.split(order[: ROWS // BATCH * BATCH], ROWS // BATCH):
        model.train_on_batch(data.x_train[rows], data.y_train[rows])
        slots = model.optimizer.variables
        iterates.append([v.numpy() for v in slots if v.name.endswith("momentum")])
    for weights, *values in zip(result.weights, *iterates, strict=True):
        assert np.abs(values[-1] - values[0]).max() > 0.01
        np.testing.assert_allclose(weights[2], np.mean(values, axis=0), atol=1e-5)


@pytest.mark.parametrize("clip", [{"clipnorm": 0.1}, {"global_clipnorm": 0.1}, {"clipvalue": 0.01}])
def test_clipping_acts_on_each_member_alone(clip: dict[str, float]) -> None:
    build = builder(optimizer=lambda: optimizers.SGD(0.5, momentum=0.9, **clip))
    assert_equals_keras(build, table(), members=(0, 1, 2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.ExponentialDecay(0.1, 2, 0.5),
        lambda: schedules.PiecewiseConstantDecay([1, 4], [0.1, 0.05, 0.01]),
        lambda: schedules.PolynomialDecay(0.1, 6),
        lambda: schedules.InverseTimeDecay(0.1, 2, 0.5),
        lambda: schedules.CosineDecay(0.0, 6, warmup_target=0.1, warmup_steps=2),
        lambda: schedules.CosineDecayRestarts(0.1, 3),
    ],
    ids=["exponential", "piecewise", "polynomial", "inverse-time", "cosine", "restarts"],
)
def test_schedule_counts_steps_as_keras_does(make: Callable[[], Any]) -> None:
    # Stacks, shared or not, do not reach a schedule.
    build = builder(optimizer=lambda: optimizers.SGD(make()))
    assert_equals_keras(build, table(), lengths=["long"])


def between(make: Callable[[], keras.Layer]) -> ensemble.Build:
    """A classifier with the layer in the middle, trained with momentum."""
    hidden = (lambda: layers.Dense(5, activation="selu"), make)
    return builder(*hidden, optimizer=lambda: optimizers.SGD(0.1, momentum=0.9))


@pytest.mark.parametrize(
    "make",
    [
        layers.BatchNormalization,
        layers.LayerNormalization,
        layers.PReLU,
        lambda: layers.Dense(4, kernel_regularizer=regularizers.L1L2(0.1, 0.1)),
        lambda: layers.Dense(4, activity_regularizer=regularizers.L2(0.1)),
        lambda: layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.5)),
        lambda: layers.Dense(4, kernel_constraint=keras.constraints.UnitNorm()),
        lambda: layers.Dense(4, bias_constraint=keras.constraints.NonNeg()),
        lambda: layers.Dense(4, trainable=False),
        lambda: layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.1), trainable=False),
        lambda: layers.BatchNormalization(trainable=False),
    ],
    ids="batch-norm layer-norm prelu l1l2 activity-l2 max-norm unit-norm non-neg frozen "
    "frozen-max-norm frozen-batch-norm".split(),
)
def test_layer_trains_as_in_keras(make: Callable[[], keras.Layer]) -> None:
    assert_equals_keras(between(make), table())


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dropout(0.4),
        lambda: layers.AlphaDropout(0.4),
        lambda: layers.GaussianNoise(0.5),
        lambda: layers.GaussianDropout(0.4),
    ],
    ids=["dropout", "alpha-dropout", "noise", "gaussian-dropout"],
)
def test_random_layer_trains_as_in_keras(make: Callable[[], keras.Layer]) -> None:
    assert_equals_keras(between(make), table(), lengths=["long"])  # is not compiled even so


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.SimpleRNN(4),
        lambda: layers.LSTM(4),
        lambda: layers.Conv1D(4, 2),
        lambda: layers.SpatialDropout1D(0.4),
    ],
    ids=["rnn", "lstm", "conv", "spatial-dropout"],
)
def test_layer_over_sequences_trains_as_in_keras(make: Callable[[], keras.Layer]) -> None:
    build = builder(make, layers.Flatten, shape=(5, 2))
    assert_equals_keras(build, table(shape=(5, 2)), lengths=["long"])  # is not compiled even so


def test_embedding_trains_as_in_keras_with_repeated_tokens() -> None:
    build = builder(lambda: layers.Embedding(9, 3), layers.Flatten, shape=(4,))
    assert_equals_keras(build, table("tokens"))


@pytest.mark.parametrize(
    "make", [lambda: optimizers.Adam(0.01), lambda: optimizers.SGD(0.5, clipnorm=0.1)]
)
def test_embedding_trains_as_in_keras_under_nonlinear_updates(make: Callable[[], Any]) -> None:
    # Tokens are distinct: Keras does not sum the gradients of a repeated token before it squares.
    data = table("tokens")
    data.x_train = np.arange(ROWS * 4, dtype="int32").reshape(ROWS, 4)
    build = builder(
        lambda: layers.Embedding(ROWS * 4, 3), layers.Flatten, shape=(4,), optimizer=make
    )
    assert_equals_keras(build, data, lengths=["long"])


def test_regression_with_metrics_and_all_members() -> None:
    def build() -> keras.Model:
        inputs = keras.Input((WIDTH,))
        hidden = layers.Dense(5, activation="relu")(inputs)
        model = keras.Model(inputs, layers.Dense(1)(layers.concatenate([inputs, hidden])))
        metrics = ["mae", keras.metrics.RootMeanSquaredError(name="rmse")]
        model.compile(optimizer="adam", loss="huber", metrics=metrics)
        return model

    assert_equals_keras(build, table("numbers"), members=(0, 1, 2), alone=by_fit)


def test_validation_in_several_passes_equals_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "EVALUATION_ROWS", 4)
    assert_equals_keras(builder(), table(), lengths=["short"])  # validation is not compiled


def small(build: ensemble.Build | None = None, **changes: Any) -> ensemble.Result:
    settings: dict[str, Any] = {"seeds": SEEDS, "epochs": EPOCHS, "batch_size": BATCH} | changes
    data = settings.pop("data", None) or table()
    return ensemble.fit(build or builder(), data, **settings)


def test_model_of_a_member_predicts_and_evaluates_as_the_member() -> None:
    data = table()
    result = small(builder(layers.BatchNormalization), data=data)
    for k in range(len(SEEDS)):
        model = eager(result.model(k))
        loss, accuracy = model.evaluate(data.x_valid, data.y_valid, verbose=0)
        assert loss == pytest.approx(result.history["val_loss"][k, -1], abs=1e-5)
        assert accuracy == pytest.approx(result.history["val_accuracy"][k, -1])
    assert result.model(-1).get_weights()[0] == pytest.approx(result.weights[0][-1])
    with pytest.raises(IndexError):
        result.model(len(SEEDS))


def test_predict_equals_the_model_of_each_member() -> None:
    data = table()
    build = builder(layers.BatchNormalization, lambda: layers.Dropout(0.5))
    result = ensemble.fit(build, data, seeds=SEEDS, epochs=EPOCHS, batch_size=BATCH)
    predicted = result.predict(data.x_valid)
    assert predicted.shape == (len(SEEDS), len(data.x_valid), CLASSES)
    for k in range(len(SEEDS)):
        alone = eager(result.model(k)).predict(data.x_valid, verbose=0)
        np.testing.assert_allclose(predicted[k], alone, rtol=1e-5, atol=1e-7)


def test_best_rate_has_the_best_median_and_nan_is_worst() -> None:
    def run(**history: list[float]) -> Any:
        last = {name: np.array(values)[:, None] for name, values in history.items()}
        return SimpleNamespace(history=last)

    nan = float("nan")
    runs = {
        0.1: run(val_accuracy=[0.5, 0.6, 0.7], val_loss=[0.1, nan, nan]),
        0.3: run(val_accuracy=[0.8, 0.65, 0.1], val_loss=[3, 0.2, 0.3]),
        1.0: run(val_accuracy=[0.9, 0.0, 0.0], val_loss=[0.3, 0.3, 0.4]),
    }
    assert ensemble.best_rate(runs) == 0.3
    assert ensemble.best_rate({k: runs[k] for k in (1.0, 0.1)}, "val_loss") == 1.0
    assert ensemble.best_rate(runs, "val_loss") == 0.3
    assert ensemble.best_rate(runs, mode="min") == 1.0


@pytest.mark.parametrize("metric", ["val_precision", "val_r2_score", "val_mae"])
def test_best_rate_asks_for_the_mode_of_what_it_does_not_know(metric: str) -> None:
    runs: Any = {rate: SimpleNamespace(history={metric: np.full((3, 1), rate)}) for rate in (1, 2)}
    with pytest.raises(ValueError, match=f"mode takes 'max' or 'min' for '{metric}'"):
        ensemble.best_rate(runs, metric)
    assert ensemble.best_rate(runs, metric, mode="max") == 2
    assert ensemble.best_rate(runs, metric, mode="min") == 1


def test_models_of_a_result_are_independent() -> None:
    result = small()
    before = result.weights[0].copy()
    eager(result.model(0)).fit(table().x_train, table().y_train, verbose=0)
    np.testing.assert_array_equal(result.weights[0], before)


def test_start_puts_in_weights_and_leaves_the_others_as_built() -> None:
    kernels = np.random.default_rng(1).normal(size=(3, WIDTH, 5)).astype("float32")

    def start(model: keras.Model, k: int) -> None:
        model.layers[0].kernel.assign(kernels[k])

    def build() -> keras.Model:
        model = builder()()
        start(model, len(built_so_far))
        built_so_far.append(model)
        return model

    built_so_far: list[keras.Model] = []
    started, built = small(start=start), small(build)
    for one, other in zip(started.weights, built.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@long_and_short
def test_a_member_does_not_depend_on_its_company() -> None:
    alone, together = small(seeds=(8,)), small()
    for one, all_ in zip(alone.weights, together.weights, strict=True):
        np.testing.assert_allclose(one[0], all_[1], atol=1e-6)


@long_and_short
@pytest.mark.parametrize("clip", [{}, {"global_clipnorm": 1.0}])
def test_a_diverging_member_leaves_the_others_untouched(clip: dict[str, float]) -> None:
    def poison(model: keras.Model, k: int) -> None:
        if k == 1:
            model.layers[0].kernel.assign(np.full((WIDTH, 5), np.nan))

    build = builder(optimizer=lambda: optimizers.Adam(0.01, **clip))
    sick, sound = small(build, start=poison), small(build)
    assert sick.diverged.tolist() == [False, True, False]
    assert not sound.diverged.any()
    for a, b in zip(sick.weights, sound.weights, strict=True):
        np.testing.assert_array_equal(a[[0, 2]], b[[0, 2]])


@long_and_short
def test_a_loss_that_overflows_is_divergence() -> None:
    def build() -> keras.Model:
        return compiled(net(), optimizer=optimizers.SGD(1e30))

    assert small(build, data=table("numbers")).diverged.all()


@long_and_short
def test_weights_that_overflow_in_the_last_step_are_divergence() -> None:
    def build() -> keras.Model:
        return compiled(net(), optimizer=optimizers.SGD(3e38))

    result = small(build, data=table("numbers"), epochs=1, batch_size=ROWS)
    assert np.isfinite(result.history["loss"]).all()
    assert result.diverged.all()


def test_measure_sees_each_member_before_training_and_after_each_epoch() -> None:
    measure = {
        "kernel": lambda model: model.layers[0].kernel.numpy(),
        "output": lambda model: model(table().x_valid[:2], training=False),
    }
    result = small(measure=measure)
    assert result.measured["kernel"].shape == (3, EPOCHS + 1, WIDTH, 5)
    assert result.measured["output"].shape == (3, EPOCHS + 1, 2, CLASSES)
    np.testing.assert_array_equal(result.measured["kernel"][:, -1], result.weights[0])
    keras.utils.set_random_seed(SEEDS[2])
    first = builder()().layers[0].kernel.numpy()
    np.testing.assert_array_equal(result.measured["kernel"][2, 0], first)


def test_interruption_returns_the_completed_epochs() -> None:
    seen: list[int] = []

    def interrupt(model: keras.Model) -> float:
        seen.append(0)
        if len(seen) > 3 * len(SEEDS):  # in the third epoch
            raise KeyboardInterrupt
        return 0.0

    result = small(epochs=9, measure={"interrupt": interrupt})
    assert result.history["loss"].shape == (3, 2)
    assert result.measured["interrupt"].shape == (3, 3)
    for a, b in zip(result.weights, small(epochs=2).weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_interruption_before_the_first_epoch_is_passed_on() -> None:
    def interrupt(model: keras.Model) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(measure={"interrupt": interrupt})


@keras.saving.register_keras_serializable()
class Counting(layers.Layer):  # type: ignore[misc]
    """Counts how often it is traced (or run)."""

    calls = 0

    def call(self, x: Any) -> Any:
        type(self).calls += 1
        return x


def test_sweep_equals_fit_at_each_rate_and_traces_once() -> None:
    def at(rate: float) -> ensemble.Build:
        hidden = (layers.BatchNormalization, lambda: layers.Dropout(0.3), Counting)
        return builder(*hidden, optimizer=lambda: optimizers.Nadam(rate))

    Counting.calls = 0
    expected = {0.1: small(at(0.1))}
    once, Counting.calls = Counting.calls, 0
    settings: dict[str, Any] = {"seeds": SEEDS, "epochs": EPOCHS, "batch_size": BATCH}
    results = ensemble.sweep(at(0.5), table(), learning_rates=[0.1, 0.01, 0.001], **settings)
    assert Counting.calls == once
    assert list(results) == [0.1, 0.01, 0.001]
    expected[0.001] = small(at(0.001))
    for rate, result in expected.items():
        for a, b in zip(results[rate].weights, result.weights, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-7)


def test_sweep_refuses_rates_it_cannot_set() -> None:
    with pytest.raises(ValueError, match="learning_rates takes distinct positive"):
        ensemble.sweep(builder(), table(), learning_rates=[0.1, 0.1])


@long_and_short
def test_sweep_multiplies_a_schedule() -> None:
    def at(peak: float) -> ensemble.Build:
        decay = schedules.PolynomialDecay(peak, 6, end_learning_rate=0.0)
        momentum = OneCycle(0.9, 0.5, steps=6)
        return builder(optimizer=lambda: CycledSGD(decay, momentum))

    settings: dict[str, Any] = {"seeds": SEEDS, "epochs": EPOCHS, "batch_size": BATCH}
    results = ensemble.sweep(at(1.0), table(), learning_rates=[0.2, 0.05], **settings)
    for rate, result in results.items():
        model, _ = by_keras(at(rate), table(), SEEDS[0])
        for ours, theirs in zip(result.weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours[0], theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"seeds": []}, ValueError, "seeds takes distinct"),
        ({"seeds": [1, 1]}, ValueError, r"seeds takes distinct.*\(1, 1\)"),
        ({"seeds": [-1]}, ValueError, "seeds takes distinct"),
        ({"seeds": [0.5]}, TypeError, "seeds takes integers, got 0.5"),
        ({"epochs": 0}, ValueError, "epochs takes 1 or more, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs takes an integer"),
        ({"batch_size": 0}, ValueError, "batch_size takes from 1 to 36"),
        ({"batch_size": 37}, ValueError, "batch_size takes from 1 to 36"),
    ],
)
def test_bad_argument_is_named(changes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        small(**changes)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("x_train", np.full((ROWS, WIDTH), np.nan), ValueError, "x_train takes finite"),
        ("x_valid", np.full((11, WIDTH), np.inf), ValueError, "x_valid takes finite"),
        ("x_train", np.zeros((ROWS, WIDTH + 1)), ValueError, "x_train takes shape"),
        ("y_train", np.zeros(ROWS - 1, int), ValueError, "y_train takes one entry per row"),
        ("y_valid", np.zeros((11, 2)), ValueError, "y_valid has shape"),
        ("y_train", np.array(["a"] * ROWS), TypeError, "y_train takes numbers"),
    ],
)
def test_bad_data_is_named(name: str, value: Any, error: type[Exception], message: str) -> None:
    data = table()
    setattr(data, name, value)
    with pytest.raises(error, match=message):
        small(data=data)


class OwnStep(keras.Sequential):  # type: ignore[misc]
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def compiled(model: keras.Model, **settings: Any) -> keras.Model:
    model.compile(**({"optimizer": "sgd", "loss": "mse"} | settings))
    return model


def net(kind: type[keras.Sequential] = keras.Sequential) -> keras.Model:
    return kind([keras.Input((WIDTH,)), layers.Dense(1)])


def used() -> keras.Model:
    model = compiled(net())
    model.optimizer.build(model.trainable_variables)
    return model


def two_outputs() -> keras.Model:
    inputs = keras.Input((WIDTH,))
    return compiled(keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)]))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: None, TypeError, "build takes nothing and returns a keras.Model"),
        (net, ValueError, "compiled with an optimizer and a loss"),
        (lambda: compiled(net(), loss=None), ValueError, "compiled with an optimizer and a loss"),
        (lambda: compiled(keras.Sequential([layers.Dense(1)])), ValueError, "keras.Input"),
        (lambda: compiled(net(OwnStep)), ValueError, "train_step"),
        (two_outputs, ValueError, "several inputs or outputs"),
        (lambda: compiled(net(), optimizer="adafactor"), ValueError, "optimizer Adafactor; takes"),
        (lambda: compiled(net(), optimizer=optimizers.SGD(use_ema=True)), ValueError, "use_ema"),
        (
            lambda: compiled(net(), optimizer=optimizers.SGD(gradient_accumulation_steps=2)),
            ValueError,
            "gradient_accumulation_steps",
        ),
        (
            lambda: compiled(net(), optimizer=optimizers.SGD(loss_scale_factor=2.0)),
            ValueError,
            "loss_scale_factor",
        ),
        (used, ValueError, "an optimizer that has been used"),
    ],
)
def test_model_that_cannot_be_stacked_is_refused(
    build: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        small(build, data=table("numbers"))


def test_models_that_differ_between_seeds_are_refused() -> None:
    widths = iter([2, 3, 4])
    with pytest.raises(ValueError, match="other weights under another seed"):
        small(builder(lambda: layers.Dense(next(widths))))


def test_build_that_steps_through_an_iterator_is_refused() -> None:
    rates = iter([0.1, 0.2, 0.3])

    def build() -> keras.Model:
        return compiled(net(), optimizer=optimizers.SGD(next(rates)))

    with pytest.raises(ValueError, match="iterator 'rates', but is not called for every member"):
        small(build, data=table("numbers"))


def test_weights_without_gradient_are_refused() -> None:
    def build() -> keras.Model:
        inputs = keras.Input((WIDTH,))
        stopped = layers.Lambda(tf.stop_gradient)(layers.Dense(3)(inputs))
        model = keras.Model(inputs, layers.Dense(CLASSES)(stopped))
        model.compile(optimizer="sgd", loss=keras.losses.SparseCategoricalCrossentropy(True))
        return model

    with pytest.raises(ValueError, match="does not depend on trainable weight"):
        small(build)


def test_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    # TensorFlow's logger keeps the stderr it was made with, so a handler of our own listens too.
    handler = logging.StreamHandler(messages := io.StringIO())
    tf.get_logger().addHandler(handler)
    image = (lambda: layers.Reshape((2, 3, 1)), lambda: layers.Conv2D(2, 2), layers.Flatten)
    small(builder(*image, lambda: layers.Dropout(0.5), layers.BatchNormalization))
    tf.get_logger().removeHandler(handler)
    assert (messages.getvalue(), *capfd.readouterr()) == ("", "", "")


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.dense(x)


@pytest.mark.parametrize("built", [True, False])
def test_a_subclassed_model_is_refused(built: bool) -> None:
    def build() -> keras.Model:
        model = compiled(Subclassed())
        if built:
            model(np.zeros((1, WIDTH), "float32"))
        return model

    with pytest.raises(ValueError, match="only its own call connects; make it Sequential"):
        small(build, data=table("numbers"))


def test_an_optimizer_that_members_share_is_refused() -> None:
    optimizer = optimizers.SGD(0.1)

    def build() -> keras.Model:
        return compiled(net(), optimizer=optimizer)

    with pytest.raises(ValueError, match="the optimizer of an earlier model; make one in each"):
        small(build, data=table("numbers"))
    result = small(build, data=table("numbers"), seeds=(3,))  # is built once
    with pytest.raises(ValueError, match="an optimizer that has been used"):
        result.model(0)


class Renormalised(layers.Dense):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        self.kernel.assign(self.kernel / keras.ops.norm(self.kernel))
        return super().call(x)


@pytest.mark.parametrize(
    "make",
    [lambda: Renormalised(4), lambda: layers.SpectralNormalization(layers.Dense(4))],
    ids=["own", "spectral"],
)
def test_a_layer_that_assigns_to_a_trainable_weight_is_refused(
    make: Callable[[], keras.Layer],
) -> None:
    with pytest.raises(ValueError, match=r"assigns to trainable weight '.*/kernel' in its call"):
        small(builder(make))


def test_a_layer_that_assigns_to_a_frozen_weight_trains_as_in_keras() -> None:
    assert_equals_keras(builder(lambda: Renormalised(4, trainable=False)), table())


@pytest.mark.parametrize("value", [1e39, 2**31], ids=["float", "int"])
@pytest.mark.parametrize("name", ["x_train", "y_valid"])
@pytest.mark.filterwarnings("error")
def test_data_that_overflow_are_refused(name: str, value: float) -> None:
    data = table("numbers")
    setattr(data, name, np.full(getattr(data, name).shape, value))
    with pytest.raises(ValueError, match=rf"{name} takes finite numbers that fit (float|int)32"):
        small(lambda: compiled(net()), data=data)
