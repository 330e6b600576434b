"""The lab: its arithmetic against Keras in double precision."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from machine import EVERYTHING

from explorables._lab import PRESETS, STORED
from lib import data, diagnostics
from lib.schedules import OneCycle
from tools.lab import LAB, answers, still

pytestmark = pytest.mark.depends("explorables/**/*", "assets/lab/*", "tools/lab.mjs")

ROOT = Path(__file__).parents[1]
HASHES = [
    "",
    "act=sigmoid&depth=3&opt=momentum",
    "act=tanh&depth=2&width=8&opt=nesterov&rate=0.03&init=lecun",
    "act=prelu&depth=2&opt=adagrad&init=he",
    "act=elu&depth=2&opt=rmsprop&rate=0.003&norm=batch",
    "act=selu&depth=3&opt=adam&rate=0.003&norm=layer&init=lecun",
    "act=gelu&depth=2&opt=adamax&rate=0.01&clip=norm&most=0.05&init=pytorch",
    "act=silu&depth=2&opt=nadam&rate=0.003&clip=value&most=0.001&l2=0.01",
    "act=mish&depth=2&opt=adamw&rate=0.003&clip=global&most=0.1&init=scale&scale=3",
    "act=leaky_relu&depth=2&opt=lion&rate=0.0003&sched=cosine",
    "act=relu&depth=2&opt=schedule_free&rate=0.003&norm=batch&l2=0.001",
    "act=relu&depth=3&opt=muon&rate=0.01&norm=layer&batch=32",
    "act=tanh&depth=2&data=moons&batch=32&std=no",
    "act=relu&depth=20&width=32&opt=momentum&rate=0.01&init=he",
]


def lab(*asked):
    """What the lab answers to each question: see tools/lab.mjs."""
    return answers(LAB, asked)


@pytest.fixture(scope="module")
def double():
    """Keras in double precision; its policy is kept from the first layer of the process on."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.fixture(scope="module")
def codes():
    return dict(zip(HASHES, lab(*({"ask": "code", "hash": h} for h in HASHES)), strict=True))


def network(code):
    """The compiled model of a code that the lab gives, and its data; nothing is trained."""
    untrained = code.replace("model.fit(", "dict(batches, ").replace(
        "dict(batches, batches", "dict("
    )
    scope = {}
    exec(untrained.replace("dict(, ", "dict("), scope)
    model = scope["model"]
    rng = np.random.default_rng(1)
    for variable in model.variables:  # scales and slopes that are not all alike
        variable.assign(variable.numpy() + 0.03 * rng.uniform(-1, 1, variable.shape))
    return model, scope["x"].astype(float), scope["y"]


def question(model, hash, x, y, order):
    weights = [w.ravel().tolist() for w in model.get_weights()]
    rows = {"x": x.ravel().tolist(), "y": y.tolist(), "order": [list(map(int, o)) for o in order]}
    return {"ask": "steps", "hash": hash, "weights": weights} | rows


@pytest.mark.parametrize("hash", HASHES)
def test_an_epoch_of_the_lab_is_one_of_the_code_that_it_gives(hash, codes, double):
    model, x, y = network(codes[hash])
    size = 32 if "batch=32" in hash else 64
    order = np.random.default_rng(2).permutation(len(x))[: len(x) // size * size].reshape(-1, size)
    (found,) = lab(question(model, hash, x, y, order))
    rows = order[0]
    if "norm=batch" not in hash:
        seen = diagnostics.activations(model, x[rows])
        acts = [n for n in seen.index if not n.startswith(("dense", "layer_norm", "output"))]
        for name, key in [("std", "spread"), ("dead", "dead"), ("saturated", "saturated")]:
            given = [np.nan if v is None else v for v in found["seen"][0][key]]
            np.testing.assert_allclose(given, seen.loc[acts, name], rtol=1e-5)
    norms = diagnostics.gradient_norms(model, x[rows], y[rows])
    kernels = [name for name in norms.index if name.endswith("kernel")]
    np.testing.assert_allclose(
        found["seen"][0]["gradient"], norms.loc[kernels, "gradient"], rtol=1e-5
    )
    before = [v.numpy() for v in model.trainable_variables]
    losses = []
    for i, rows in enumerate(order):
        losses.append(trained(model, x[rows], y[rows]))
        if i == 0:
            moved = diagnostics.update_ratios(model, before)[kernels]
            np.testing.assert_allclose(found["seen"][0]["update"], moved, rtol=1e-5)
    np.testing.assert_allclose([s["loss"] for s in found["seen"]], losses, rtol=1e-5)
    for ours, theirs in zip(found["weights"], model.get_weights(), strict=True):
        size = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs.ravel(), rtol=1e-5, atol=1e-5 * size)
    probabilities = model(x).numpy()
    assert found["evaluated"]["accuracy"] == pytest.approx(np.mean(probabilities.argmax(1) == y))
    assert found["evaluated"]["loss"] == pytest.approx(
        -np.log(probabilities[np.arange(len(y)), y]).mean(), rel=1e-5
    )


def test_a_weight_that_is_off_by_a_little_is_found(codes, double):
    model, x, y = network(codes[""])
    (found,) = lab(question(model, "rate=0.100003", x, y, [range(64)]))
    trained(model, x[:64], y[:64])
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(found["weights"][0], model.get_weights()[0].ravel(), rtol=1e-5)


def trained(model, x, y):
    """One step of Keras, in the precision of the model; the loss before it."""
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    model.optimizer.apply(gradients, variables)
    return float(loss)


def test_the_digits_are_those_of_the_book():
    digits = data.load_digits()
    for part, (found,) in zip(
        ("train", "valid", "test"), zip(lab({"ask": "digits"})[0]), strict=True
    ):
        x = np.reshape(found["x"], (-1, 64))
        np.testing.assert_allclose(x, getattr(digits, f"x_{part}"), atol=1e-5)
        assert found["y"] == getattr(digits, f"y_{part}").tolist()


def test_the_moons_are_two_half_circles_with_noise():
    from sklearn.datasets import make_moons

    (found,) = lab({"ask": "moons"})
    x, y = np.reshape(found["x"], (-1, 2)), np.array(found["y"])
    theirs, labels = make_moons(4000, noise=0.2, random_state=0)
    for label in (0, 1):
        ours, expected = x[y == label], theirs[labels == label]
        np.testing.assert_allclose(ours.mean(axis=0), expected.mean(axis=0), atol=0.15)
        np.testing.assert_allclose(np.cov(ours.T), np.cov(expected.T), atol=0.1)


def test_schedules_of_the_lab_are_those_of_keras():
    hashes = [f"rate=0.5&sched={name}" for name in ("cosine", "1cycle", "compounding")]
    cosine, cycle, compounding = lab(
        *({"ask": "rates", "hash": h, "steps": 5, "epochs": 4} for h in hashes)
    )
    keras_cosine = keras.optimizers.schedules.CosineDecay(0.5, 20)
    keras_cycle = OneCycle(0.05, 0.5, 20, end=0.0005)
    np.testing.assert_allclose(cosine, [keras_cosine(t) for t in range(20)], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(cycle, [keras_cycle(t) for t in range(20)], rtol=1e-5)
    factors = np.cumprod(np.exp(-0.1 * np.arange(4)))
    np.testing.assert_allclose(compounding, 0.5 * np.repeat(factors, 5))
    (momenta,) = lab({"ask": "momenta", "steps": 5, "epochs": 4})
    keras_momentum = OneCycle(0.95, 0.85, 20)
    np.testing.assert_allclose(momenta, [keras_momentum(t) for t in range(20)], rtol=1e-5)


@pytest.mark.parametrize(
    ("init", "keras_name"),
    [("glorot", "glorot_uniform"), ("he", "he_normal"), ("lecun", "lecun_normal")],
)
def test_kernels_are_drawn_as_keras_draws_them(init, keras_name):
    (starts,) = lab({"ask": "start", "hash": f"init={init}&depth=1&width=128", "seeds": [0, 1]})
    first, second = (np.array(start[0]) for start in starts)
    kernel = keras.initializers.get(keras_name)((64, 128)).numpy().ravel()
    for share in (1, 10, 50, 90, 99):
        spread = kernel.std()
        assert np.percentile(first, share) == pytest.approx(
            np.percentile(kernel, share), abs=0.1 * spread
        )
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05
    assert not np.any(starts[0][1])


HOSTILE = [
    "depth=21", "depth=0", "depth=2.5", "depth=1e1e1", "depth=-3", "depth=", "depth=NaN",
    "act=constructor", "act=__proto__", "act=<img src=x onerror=alert(1)>", "rate=Infinity",
    "rate=1e999", "rate=0x10", "width=64;64", "seeds=1000000", "l2=.", "__proto__=1", "%E0%A4%A",
    "#" * 5000, "depth=20" + "0" * 400, "most=0",
]  # fmt: skip


def test_an_address_can_set_nothing_outside_its_range():
    (usual,) = lab({"ask": "parsed", "hash": ""})
    assert usual["written"] == ""
    for found in lab(*({"ask": "parsed", "hash": f"#{h}"} for h in HOSTILE)):
        assert found == usual
    preset = {"depth": 20, "act": "sigmoid"}
    asked = [{"ask": "parsed", "hash": h, "preset": preset} for h in HOSTILE]
    for found in lab(*asked):
        assert found["read"] == usual["read"] | preset
    (again,) = lab({"ask": "parsed", "hash": "#act=sigmoid&depth=20&rate=0.25&seeds=10"})
    assert again["written"] == "depth=20&act=sigmoid&rate=0.25&seeds=10"


def test_dropout_scales_what_it_keeps():
    hash = "drop=0.5&act=tanh&depth=1&init=he"
    (starts,) = lab({"ask": "start", "hash": hash, "seeds": [3]})
    x, y = np.random.default_rng(0).normal(size=(2, 64)), np.array([1, 2])
    rows = {"x": x.ravel().tolist(), "y": y.tolist(), "order": [[0, 1]] * 2, "weights": starts[0]}
    (found,) = lab({"ask": "steps", "hash": f"{hash}&rate=0.00001&batch=2", **rows})
    first, second = (seen["loss"] for seen in found["seen"])
    assert abs(first - second) > 0.01  # other masks
    kernel = np.reshape(starts[0][0], (64, 64))
    assert found["seen"][0]["spread"][0] == pytest.approx(np.tanh(x @ kernel).std(), rel=1e-6)


# What the answers to the tasks in the chapters say of the validation accuracy of three seeds, in %.
TASKS = {
    "act=sigmoid&depth=2&opt=momentum&rate=1": (95, 98),
    "act=tanh&depth=5&opt=momentum&rate=0.1": (94.5, 96.5),
    "opt=adam&rate=0.003": (94, 97),
    "act=leaky_relu&opt=adam&rate=0.03": (70, 80),
    "opt=adam&rate=0.03&norm=batch": (94.5, 96),
    "init=he&rate=3&norm=batch": (90, 98),
    "init=he&rate=10&norm=batch": (5, 25),
    "init=he&rate=3&norm=layer": (5, 15),
    "init=he&rate=3&norm=batch&batch=2": (5, 15),
    "opt=momentum&rate=0.001": (25, 41),
    "opt=adam&rate=0.001": (92.5, 96),
    "opt=lion&rate=0.001": (92.5, 96),
    "opt=lion&rate=0.03": (5, 15),
    "depth=2&opt=momentum&rate=0.1&noise=0.3&epochs=16&sched=cosine": (79, 84),
    "depth=2&opt=momentum&rate=0.01&noise=0.3&epochs=16": (90, 92.5),
    "depth=2&opt=momentum&rate=0.1&noise=0.3&epochs=16&sched=compounding": (89.5, 92.5),
    "act=relu&init=he&depth=20&rate=0.01": (52, 56),
    "act=sigmoid&norm=batch&depth=20&rate=0.01": (84, 89),
    "act=sigmoid&opt=adam&depth=20&rate=0.01": (5, 15),
}


@pytest.mark.long
def test_what_the_answers_to_the_tasks_say_of_the_lab():
    hashes = list(TASKS) if EVERYTHING else ["opt=adam&rate=0.001"]
    for hash, run in zip(hashes, lab(*({"ask": "run", "hash": h} for h in hashes)), strict=True):
        low, high = TASKS[hash]
        found = [100 * one["accuracy"] for one in run["history"][-1]["valid"]]
        assert len(found) == 3
        assert low <= min(found) <= max(found) <= high, hash


def test_the_still_pictures_are_of_the_runs_that_the_lab_makes():
    stored = json.loads(STORED.read_text("utf-8"))
    assert list(stored) == list(PRESETS)
    names = list(PRESETS) if EVERYTHING else ["fast"]
    asked = [{"ask": "run", "hash": PRESETS[name][0]} for name in names]
    for name, run in zip(names, lab(*asked), strict=True):
        assert still(run) == stored[name]
