"""Explorables: their NumPy references against Keras, their modules against the references."""

import gzip
import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from explorables import _clipping, _constraints, _dropout, _race, _schedules, _signal, _slopes
from explorables._random import uniform
from explorables._shell import INLINE, WEB, inlined, number
from extensions.node import NODE
from lib import explorables
from lib.plots import PALETTE

pytestmark = pytest.mark.depends("explorables/**/*", "assets/*")

ROOT = Path(__file__).parents[1]
ALL = {
    "activation-slopes": explorables.activation_slopes,
    "clinic": explorables.clinic,
    "lab": explorables.lab,
    "mc-dropout": explorables.mc_dropout,
    "signal-depth": explorables.signal_depth,
    "clipping": explorables.clipping,
    "constraints": explorables.constraints,
    "optimizer-race": explorables.optimizer_race,
    "schedules": explorables.schedules,
}
EXTREMES = [
    explorables.optimizer_race(learning_rate=1e300),
    explorables.optimizer_race("rosenbrock", learning_rate=1e-300, start=(1, 1)),
    explorables.clipping((0, 0)),
    explorables.constraints("max-norm", 0, (0, 0)),
    explorables.schedules("constant", 10),
    explorables.schedules("exponential", 1e-300, 1e-4),
    explorables.signal_depth("relu", 100, 50),
    explorables.signal_depth("sigmoid", 0.1, 50),
    explorables.activation_slopes("relu", -4, 50, 4),
    explorables.activation_slopes("selu", 4, 50, 4),
    explorables.mc_dropout(where="left", rate=0.5, passes=2),
]


def vector(module, call, args, expected, tolerance=1e-12):
    """What the function `call` of a module must return, relative to the size of each number."""
    expected = expected.tolist() if isinstance(expected, np.ndarray) else expected
    parts = {"module": module, "call": call, "args": args, "expected": expected}
    return parts | {"tolerance": tolerance}


def number_vectors():
    values = [
        0,
        1,
        -1,
        0.5,
        0.125,
        2.5,
        99.5,
        999,
        0.00099,
        0.000999,
        12345,
        99999,
        123456,
        -3e-9,
        7e20,
    ]
    for value, digits in product(values, (1, 2, 3)):
        yield vector("ui/numbers.js", "number", [value, digits], number(value, digits))


def race_vectors():
    for surface, rule in product(_race.SURFACES, _race.NAMES):
        for rate, beta, rho in [(1e-4, 0.9, 0.99), (0.01, 0.5, 0.9), (0.3, 0.0, 0.999)]:
            start = list(_race.SURFACES[surface].start)
            expected = _race.trace(surface, rule, rate, beta, rho, start, 100)
            settings = {"rate": rate, "beta": beta, "rho": rho}
            # A long stride on a bent surface multiplies a rounding error in each step.
            bent = surface != "ravine" and rate > 0.001
            yield vector(
                "core/optimizers.js", "trace", [surface, rule, settings, start, 100], expected,
                1e-8 if bent else 1e-12,
            )  # fmt: skip


GRADIENTS = [(2.0, 0.9), (-0.3, 1.7), (0.1, 0.2), (0.0, 0.0), (1e200, -3e200), (0.0, -5.0)]


def clipping_vectors():
    for gradient, threshold in product(GRADIENTS, (0.05, 1.0, 1.7)):
        g, module = np.array(gradient), "core/clipping.js"
        value = _clipping.by_value(g, threshold)
        yield vector(module, "byValue", [gradient, threshold], value)
        yield vector(module, "byNorm", [gradient, threshold], _clipping.by_norm(g, threshold))
        yield vector(module, "norm", [gradient], _clipping.norm(g))
        yield vector(module, "angle", [gradient, value.tolist()], _clipping.angle(g, value))
    directions = [-180, -91, -45, 0, 1, 30, 44, 179]
    for length, threshold in product((0.5, 2.2, 1000), (0.4, 1.0)):
        expected = _clipping.turns(length, threshold, directions)
        # Where nothing turns, the sine of 180° and rounding leave other zeros.
        yield vector("core/clipping.js", "turns", [length, threshold, directions], expected, 1e-9)


MINIMA = [(0.55, 1.3), (-2.1, 0.05), (0.0, -1.9), (0.0, 0.0), (1e9, -1e-9)]


def constraints_vectors():
    for norm, minimum, strength in product(_constraints.MOST, MINIMA, (0, 0.05, 1.0, 6.0)):
        expected = _constraints.solution(norm, np.array(minimum), strength)
        module = "core/penalties.js"
        yield vector(module, "solution", [norm, minimum, strength], expected)
        yield vector(module, "path", [norm, minimum, [strength]], [expected.tolist()])
        yield vector(
            module, "radius", [norm, minimum], _constraints.radius(norm, np.array(minimum))
        )


def schedules_vectors():
    for schedule, shape in _schedules.SHAPES.items():
        for peak, form in [(0.001, shape.low), (0.1, shape.first), (1.7, shape.high)]:
            rates = _schedules.rates(schedule, peak, form)
            yield vector("core/rates.js", "rates", [schedule, peak, form], rates)
            yield vector("core/rates.js", "losses", [rates.tolist()], _schedules.losses(rates))
    for peak in (2.2, 10.0, 1e200):
        rates = _schedules.rates("constant", peak, 1)
        yield vector("core/rates.js", "losses", [rates.tolist()], _schedules.losses(rates))


def signal_vectors():
    yield vector("core/random.js", "uniform", [1000, 7], uniform(1000, 7), 0)
    for activation, scale, depth in product(_signal.NAMES, (0.1, 1, 2, 4, 100), (2, 12, 50)):
        # Beyond tanh's edge of chaos a rounding error grows by the root of χ with each layer: by
        # 1e3 over 50 layers at the scale 4, and at the scale 100 until nothing is left to compare.
        chaos = activation == "tanh" and scale > 2
        if chaos and scale == 100 and depth == 50:
            continue
        args = [activation, scale, depth]
        for call, tolerance in [("theory", 1e-12), ("sample", 1e-9 if chaos else 1e-12)]:
            signal = getattr(_signal, call)(*args)
            expected = {"forward": signal.forward.tolist(), "backward": signal.backward.tolist()}
            yield vector("core/signal.js", call, args, expected, tolerance)


def slopes_vectors():
    z = np.linspace(-4, 4, 81)
    for activation, function in _slopes.FUNCTIONS.items():
        # GELU's tail is a difference of two numbers near ½.
        tolerance = 1e-10 if activation == "gelu" else 1e-12
        both = [function(z).tolist(), _slopes.SLOPES[activation](z).tolist()]
        yield vector("core/slopes.js", "curves", [activation, z.tolist()], both, tolerance)
        for x, weight in [(-2.5, 1.0), (0.0, 4.0), (0.4, 1.5), (4.0, 0.5)]:
            args = [activation, x, 50, weight]
            run = {key: value.tolist() for key, value in vars(_slopes.chain(*args)).items()}
            yield vector("core/slopes.js", "chain", args, run, 100 * tolerance)


def dropout_vectors():
    for place in _dropout.stored().values():
        for rate, weights in zip(place["rates"], place["networks"], strict=True):
            for passes in (2, 30, 200):
                run = _dropout.predict(weights, rate, passes)
                lists = {key: value.tolist() for key, value in vars(run).items()}
                yield vector("core/dropout.js", "predict", [weights, rate, passes], lists, 1e-11)
            few = {"mean": lists["mean"], "spread": lists["spread"]}
            expected = _dropout.summary(place["x"], run)
            yield vector("core/dropout.js", "summary", [place["x"], few], expected)


VECTORS = [
    number_vectors, race_vectors, clipping_vectors, constraints_vectors, schedules_vectors,
    signal_vectors, slopes_vectors, dropout_vectors,
]  # fmt: skip


@pytest.mark.parametrize("vectors", VECTORS, ids=lambda vectors: vectors.__name__)
def test_the_modules_compute_what_numpy_does(vectors, tmp_path):
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps(list(vectors()), allow_nan=False), encoding="utf-8")
    run = subprocess.run(
        [NODE, "--test", ROOT / "tests/explorables.test.mjs"],
        env=os.environ | {"VECTORS": str(file)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:]


def test_an_altered_vector_is_found(tmp_path):
    file = tmp_path / "vectors.json"
    altered = vector("core/optimizers.js", "trace", next(race_vectors())["args"], [[1, 2, 3]] * 101)
    file.write_text(json.dumps([altered]), encoding="utf-8")
    run = subprocess.run(
        [NODE, "--test", ROOT / "tests/explorables.test.mjs"],
        env=os.environ | {"VECTORS": str(file)},
        capture_output=True,
    )
    assert run.returncode == 1


@pytest.mark.parametrize("name", ALL)
def test_an_output_is_the_same_in_each_process(name):
    code = (
        "import hashlib, json; from lib import explorables\n"
        f"bundle = explorables.{ALL[name].__name__}()._repr_mimebundle_()\n"
        "print(hashlib.sha256(json.dumps(bundle).encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ALL)
def test_the_static_figure_does_not_depend_on_the_style_that_is_set(name):
    before = ALL[name]()._repr_mimebundle_()
    with mpl.rc_context({"font.size": 30, "figure.facecolor": "none", "axes.grid": False}):
        assert ALL[name]()._repr_mimebundle_() == before
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_gets_the_figure_its_script_a_picture_and_a_sentence(name):
    bundle = ALL[name]()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert bundle["text/plain"] == repr(ALL[name]())
    assert len(bundle["text/plain"]) > 30
    assert not re.search(
        r"0x[0-9a-f]{6}|^import\b|https?://(?!www\.w3\.org)", bundle["text/html"], re.M
    )
    assert bundle["text/html"].count(INLINE[0]) == bundle["text/html"].count(INLINE[1]) == 1


def test_lab_and_clinic_are_at_most_45_kb():
    both = [gzip.compress(inlined(WEB / f"{name}.js").encode()) for name in ("lab", "clinic")]
    assert sum(map(len, both)) <= 45_000


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("lab", "clinic")])
def test_module_and_style_sheet_are_at_most_15_kb(name):
    whole = inlined(WEB / f"{name}.js") + (WEB / "explorables.css").read_text(encoding="utf-8")
    assert len(gzip.compress(whole.encode())) <= 15_000


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_short_enough_to_read(name):
    assert len((WEB / f"{name}.js").read_text(encoding="utf-8").splitlines()) <= 250


def test_colours_are_those_of_the_house():
    css = (WEB / "explorables.css").read_text(encoding="utf-8")
    page = (ROOT / "assets/book.css").read_text(encoding="utf-8")
    assert tuple(re.findall(r"var\(--figure-\d, (#\w+)\)", css)) == PALETTE
    dark = re.findall(r"--figure-\d: (#\w+)", page.partition('data-theme="dark"')[2])
    assert re.findall(r"--c[1-5]: (#\w+)", css) == dark


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("extreme", EXTREMES)
def test_static_figures_of_extreme_settings_can_be_drawn(extreme):
    assert "nan" not in extreme.svg().lower()


KERAS = {
    "sgd": lambda keras, rate: keras.optimizers.SGD(rate),
    "momentum": lambda keras, rate: keras.optimizers.SGD(rate, momentum=0.9),
    "nesterov": lambda keras, rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
    "rmsprop": lambda keras, rate: keras.optimizers.RMSprop(rate, rho=0.99),
    "adam": lambda keras, rate: keras.optimizers.Adam(rate, beta_2=0.99),
}


@pytest.mark.parametrize("surface", _race.SURFACES)
@pytest.mark.parametrize("rule", KERAS)
def test_the_race_is_run_by_keras_rules(rule, surface):
    import keras

    rate = 0.001 if surface == "rosenbrock" else 0.01
    place = _race.SURFACES[surface]
    path = _race.trace(surface, rule, rate, 0.9, 0.99, place.start, 60)
    variable = keras.Variable(np.array(place.start), dtype="float64")
    optimizer = KERAS[rule](keras, rate)
    optimizer.build([variable])
    for row in path[1:]:
        gradient = place.gradient(variable.numpy())
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float64")])
        np.testing.assert_allclose(variable.numpy(), row[:2], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("surface", _race.SURFACES)
def test_gradients_of_the_surfaces_are_those_of_their_values(surface):
    place, step = _race.SURFACES[surface], 1e-6
    for w in np.random.default_rng(0).uniform(-1, 1, (5, 2)):
        shifts = step * np.eye(2)
        slopes = [(place.value(w + s) - place.value(w - s)) / (2 * step) for s in shifts]
        np.testing.assert_allclose(place.gradient(w), slopes, rtol=1e-6, atol=1e-6)
    for minimum in place.minima:
        assert abs(place.value(np.array(minimum, float))) < 1e-12


def test_a_race_that_diverges_ends_without_a_warning():
    run = _race.trace("rosenbrock", "nesterov", 1e300, 0.9, 0.99, (-1.2, 1.0), 500)
    assert np.isfinite(run).all()
    assert len(run) < 10


@pytest.mark.parametrize("wrong", [{"surface": "hill"}, {"learning_rate": 0}, {"start": (9, 9)}])
def test_a_race_names_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.optimizer_race(**wrong)


@pytest.mark.parametrize("gradient", GRADIENTS[:4])
@pytest.mark.parametrize("kind", ["clipvalue", "clipnorm"])
def test_clipping_is_keras_clipping(kind, gradient):
    import keras

    optimizer = keras.optimizers.SGD(1.0, **{kind: 0.7})
    variable = keras.Variable(np.zeros(2), dtype="float64")
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor(gradient, "float64")])
    clip = {"clipvalue": _clipping.by_value, "clipnorm": _clipping.by_norm}[kind]
    np.testing.assert_allclose(-variable.numpy(), clip(np.array(gradient), 0.7), atol=1e-7)


@pytest.mark.parametrize("wrong", [{"gradient": (9, 0)}, {"gradient": (1,)}, {"threshold": 0}])
def test_clipping_names_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.clipping(**wrong)


@pytest.mark.parametrize("norm", ["L1", "L2"])
@pytest.mark.parametrize("minimum", MINIMA[:3])
def test_no_other_weights_have_a_lower_loss_with_keras_penalty(norm, minimum):
    import keras

    penalty = {"L1": keras.regularizers.L1, "L2": keras.regularizers.L2}[norm](0.7)
    best = np.array(minimum)

    def total(w):
        loss = 0.5 * _constraints.CURVATURES @ (w - best) ** 2
        return loss + float(penalty(keras.ops.convert_to_tensor(w, "float64")))

    weights = _constraints.solution(norm, best, 0.7)
    lowest = total(weights)
    for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        for far in (1e-3, 0.1, 1):
            assert total(weights + far * np.array([np.cos(angle), np.sin(angle)])) > lowest


@pytest.mark.parametrize("minimum", MINIMA[:3])
def test_descent_with_keras_max_norm_ends_at_the_solution(minimum):
    import keras

    ball, best, w = keras.constraints.MaxNorm(0.8), np.array(minimum), np.zeros(2)
    for _ in range(200):
        w = w - 0.1 * _constraints.CURVATURES * (w - best)
        w = keras.ops.convert_to_numpy(ball(w[:, None]))[:, 0]
    np.testing.assert_allclose(w, _constraints.solution("max-norm", best, 0.8), atol=1e-6)


@pytest.mark.parametrize("wrong", [{"norm": "L3"}, {"strength": -1}, {"minimum": (3, 0)}])
def test_constraints_name_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.constraints(**wrong)


def keras_schedule(schedule, peak, shape):
    from keras.optimizers import schedules as keras_schedules

    from lib.schedules import OneCycle

    steps = _schedules.STEPS
    if schedule == "step":
        rates = [peak, peak * shape, peak * shape**2]
        # Keras' interval holds its last step.
        return keras_schedules.PiecewiseConstantDecay([steps // 2 - 1, 3 * steps // 4 - 1], rates)
    if schedule == "exponential":
        return keras_schedules.ExponentialDecay(peak, steps, shape)
    if schedule == "power":
        return keras_schedules.InverseTimeDecay(peak, steps, shape)
    if schedule == "cosine":
        return keras_schedules.CosineDecay(peak, steps, alpha=shape)
    if schedule == "restarts":
        first = shape * steps
        return keras_schedules.CosineDecayRestarts(peak, first, t_mul=(1 - shape) / shape)
    if schedule == "warmup":
        first = round(shape * steps)
        return keras_schedules.CosineDecay(
            0.0, steps - first, warmup_target=peak, warmup_steps=first
        )
    return OneCycle(peak / 10, peak, steps, end=peak / 1000, cycle=shape)


@pytest.mark.parametrize("schedule", [name for name in _schedules.SHAPES if name != "constant"])
def test_schedules_are_those_of_keras(schedule):
    shape = _schedules.SHAPES[schedule].first
    expected = keras_schedule(schedule, 0.5, shape)
    rates = _schedules.rates(schedule, 0.5, shape)
    for step in (0, 1, 99, 100, 199, 201, 450, 499, 500, 749, 750, 900, 950, 999):
        assert float(expected(step)) == pytest.approx(rates[step], rel=1e-4, abs=1e-6)


def test_the_expected_loss_is_the_mean_of_runs_with_noise():
    rates = _schedules.rates("cosine", 0.3, 0)
    rng, w = np.random.default_rng(0), np.full((2000, 20), _schedules.START)
    curve = _schedules.losses(rates).sum(axis=1)
    for step, rate in enumerate(rates[:300], start=1):
        w = w - rate * (_schedules.CURVATURES * w + rng.normal(size=w.shape))
        if step % 100 == 0:
            mean = (0.5 * _schedules.CURVATURES * w**2).sum(axis=1).mean()
            assert mean == pytest.approx(curve[step], rel=0.05)


def test_a_constant_rate_ends_on_the_noise_floor():
    rates = _schedules.rates("constant", 0.4, 1)
    floor = (0.4 / (4 - 2 * 0.4 * _schedules.CURVATURES)).sum()
    assert _schedules.losses(rates)[-1].sum() == pytest.approx(floor, rel=1e-6)


@pytest.mark.parametrize("wrong", [{"schedule": "none"}, {"peak": 0}, {"shape": -1}])
def test_schedules_name_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.schedules(**wrong)


@pytest.mark.parametrize(("activation", "scale"), [("relu", 2.0), ("tanh", 1.0), ("sigmoid", 16.0)])
def test_a_signal_passes_through_keras_layers_alike(activation, scale):
    import keras
    import tensorflow as tf

    depth, (kernels, x, delta) = 12, _signal.drawn()
    layers = [keras.layers.Dense(_signal.WIDTH, dtype="float64") for _ in range(depth)]
    phi = keras.activations.get(activation)
    zs, a = [], [tf.constant(x)]
    with tf.GradientTape(persistent=True) as tape:
        for layer, kernel in zip(layers, kernels, strict=False):
            layer.build(x.shape)
            layer.set_weights([kernel * np.sqrt(scale / _signal.WIDTH), np.zeros(_signal.WIDTH)])
            zs.append(layer(a[-1]))
            tape.watch(zs[-1])
            a.append(phi(zs[-1]))
        loss = tf.reduce_sum(zs[-1] * delta)
    errors = [tape.gradient(loss, z) for z in zs]
    found = _signal.sample(activation, scale, depth)
    for values, keras_values in [(found.forward, a), (found.backward, errors)]:
        sizes = [_signal.root_mean_square(v.numpy()) for v in keras_values]
        np.testing.assert_allclose(values, sizes, rtol=1e-6)


@pytest.mark.parametrize("activation", _signal.NAMES)
@pytest.mark.parametrize("q", [1e-6, 0.3, 1.0, 100.0])
def test_moments_are_the_integrals(activation, q):
    def expectation(f):
        density = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
        return np.sum(f(_signal.activate(activation, np.sqrt(q) * nodes)) * density) * step

    step = 1e-4
    nodes = np.arange(-10, 10, step)
    square, slope = _signal.moments(activation, q)
    assert square == pytest.approx(expectation(np.square), rel=1e-7)
    assert slope == pytest.approx(
        expectation(lambda a: _signal.slope(activation, a) ** 2), rel=1e-4
    )


@pytest.mark.parametrize("wrong", [{"activation": "step"}, {"scale": 0}, {"depth": 51}])
def test_a_signal_names_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.signal_depth(**wrong)


@pytest.mark.parametrize("activation", _slopes.NAMES)
def test_functions_and_slopes_are_those_of_keras(activation):
    import keras
    import tensorflow as tf

    z = np.linspace(-4, 4, 40)  # without 0, where four of them have a corner
    with tf.GradientTape() as tape:
        variable = tf.Variable(z)
        values = keras.activations.get(activation)(variable)
    slopes = tape.gradient(values, variable).numpy()
    np.testing.assert_allclose(_slopes.FUNCTIONS[activation](z), values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(_slopes.SLOPES[activation](z), slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("activation", _slopes.NAMES)
def test_the_slope_of_a_chain_is_its_gradient_in_keras(activation):
    import keras
    import tensorflow as tf

    phi = keras.activations.get(activation)
    with tf.GradientTape() as tape:
        x = tf.Variable(-0.7, dtype="float64")
        a = phi(x)
        for _ in range(9):
            a = phi(1.5 * a)
    product = _slopes.chain(activation, -0.7, 10, 1.5).products[-1]
    assert product == pytest.approx(float(tape.gradient(a, x)), rel=1e-6, abs=1e-12)


def test_a_chain_of_large_numbers_stays_finite():
    for activation in _slopes.NAMES:
        for x in (-4, 4):
            assert all(
                np.isfinite(v).all() for v in vars(_slopes.chain(activation, x, 50, 4)).values()
            )


@pytest.mark.parametrize("wrong", [{"activation": "step"}, {"x": 5}, {"layers": 0}, {"weight": 0}])
def test_a_chain_names_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.activation_slopes(**wrong)


def regression(weights, rate):
    """The stored network as a Keras model."""
    import keras

    kernel, bias, output, shift = (np.array(part) for part in weights)
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="float64"),
            keras.layers.Dense(len(kernel), "relu", dtype="float64"),
            keras.layers.Dropout(rate, seed=0, dtype="float64"),
            keras.layers.Dense(1, dtype="float64"),
        ]
    )
    model.set_weights([kernel[None], bias, output[:, None], shift])
    return model


@pytest.mark.parametrize("where", _dropout.stored())
@pytest.mark.parametrize("k", range(4))
def test_passes_are_those_of_keras_dropout(where, k):
    place = _dropout.stored()[where]
    weights, rate = place["networks"][k], place["rates"][k]
    model, run = regression(weights, rate), _dropout.predict(weights, rate, 200)
    inputs = _dropout.GRID[:, None]
    np.testing.assert_allclose(model(inputs)[:, 0], run.predicted, rtol=1e-6, atol=1e-6)
    kept = _dropout.masks(rate, 32)[17] / (1 - rate)
    masked = regression([*weights[:2], weights[2] * kept, weights[3]], rate)
    np.testing.assert_allclose(masked(inputs)[:, 0], run.passes[17], rtol=1e-6, atol=1e-6)
    # Keras draws a mask for each row: the rows are one input, often.
    for n in (5, 30, 55):
        often = model(np.repeat(inputs[n : n + 1], 20_000, axis=0), training=True).numpy()
        assert often.mean() == pytest.approx(run.predicted[n], abs=0.05 * run.exact[n])
        assert often.std() == pytest.approx(run.exact[n], rel=0.05)


def test_stored_networks_fit_their_points():
    for place in _dropout.stored().values():
        for weights in place["networks"]:
            run = _dropout.predict(weights, 0.5, 2, np.array(place["x"]))
            assert np.std(run.predicted - place["y"]) < 0.6 * np.std(place["y"])


def test_networks_of_a_chapter_are_exported_with_five_digits():
    weights = [np.full((1, 4), 1 / 3), np.zeros(4), np.ones((4, 1)), np.zeros(1)]
    place = {"x": np.zeros((3, 1)), "y": np.ones((3, 1)), "networks": {0.5: weights}}
    figure = explorables.mc_dropout({"gap": place}, rate=0.5)
    assert figure.settings["trained"]["gap"]["networks"][0][0] == [0.33333] * 4
    assert json.loads(json.dumps(figure.settings)) == figure.settings
    place["networks"][0.5] = weights[:2]
    with pytest.raises(ValueError, match="networks"):
        explorables.mc_dropout({"gap": place}, rate=0.5)


@pytest.mark.parametrize("wrong", [{"where": "top"}, {"rate": 0.25}, {"passes": 1}])
def test_mc_dropout_names_the_argument_that_is_wrong(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        explorables.mc_dropout(**wrong)


@pytest.mark.parametrize("name", ALL)
def test_no_line_is_hidden_by_its_width(name):
    # Matplotlib before 3.11 cannot draw dashes of no width; a style of "none" draws nothing.
    for axes in ALL[name]().draw().axes:
        assert all(line.get_linewidth() > 0 for line in axes.lines)
