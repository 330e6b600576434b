"""The numbers in the answers to the explorables' tasks, from the references."""

import numpy as np
import pytest
from scipy.stats import norm

from explorables import _clipping, _constraints, _dropout, _race, _schedules, _signal, _slopes

pytestmark = pytest.mark.depends("explorables/**/*")


def decades(first, last):
    """The values of a slider with twenty steps to each power of ten."""
    return [float(f"{10 ** (i / 20):.1e}") for i in range(20 * first, 20 * last + 1)]


def signals(activation, scale, depth):
    line, dots = (f(activation, scale, depth) for f in (_signal.theory, _signal.sample))
    return line.forward[-1], line.backward[0], dots.forward[-1], dots.backward[0]


def test_chapter_2():
    def kept(scale, depth):
        return all(0.01 <= value <= 100 for value in signals("relu", scale, depth)[:2])

    assert [s for s in decades(-1, 2) if kept(s, 50)] == [1.8, 2.0, 2.2]
    shallow = [s for s in decades(-1, 2) if kept(s, 10)]
    assert (shallow[0], shallow[-1]) == (0.89, 5.0)
    assert signals("relu", 2, 50)[0] / signals("relu", 2, 50)[2] == pytest.approx(4, rel=0.1)
    assert signals("tanh", 2, 50)[:2] == pytest.approx((0.56, 7.7), rel=0.02)
    assert signals("tanh", 2, 50)[3] == pytest.approx(6.4, rel=0.02)
    reached = next(s for s in decades(-1, 2) if signals("sigmoid", s, 20)[1] >= 0.01)
    assert reached == 40
    assert signals("sigmoid", 1, 20)[:2] == pytest.approx((0.51, 1.1e-12), rel=0.03)
    assert signals("sigmoid", 40, 20)[:2] == pytest.approx((0.64, 0.01), rel=0.03)


def test_chapter_3():
    def product(activation, x, layers=20, weight=1.0):
        return _slopes.chain(activation, x, layers, weight).products[-1]

    below = [product(name, -0.05) for name in ("relu", "leaky_relu", "elu")]
    assert below == pytest.approx([0, 1e-14, 0.44], rel=0.05)
    assert [product(name, 0.05) for name in ("relu", "leaky_relu", "elu")] == [1, 1, 1]
    z = np.linspace(0, 4, 40001)
    factor = z / (1 + np.exp(z))
    best = z[factor.argmax()]
    assert (factor.max(), best, best * (1 + np.exp(-best))) == pytest.approx(
        (0.278, 1.28, 1.63), rel=5e-3
    )
    weights = np.arange(0.5, 4.01, 0.05)
    most = max(product("sigmoid", x, 50, w) for x in (-4, -2, 0, 2, 4) for w in weights)
    assert -28.6 < np.log10(most) < -27.4
    assert norm.ppf(1 / 1.55) == pytest.approx(0.37, abs=0.005)
    around = [product("gelu", x, 20, 1.55) for x in (0.1, 0.3, 0.35, 0.4)]
    assert around == pytest.approx([0.0088, 0.2, 2.1, 1000], rel=0.05)


def test_chapter_5():
    def turned(*g, c):
        return _clipping.angle(np.array(g), _clipping.by_value(np.array(g), c))

    assert turned(1.6, 1.6, c=1.0) == pytest.approx(0, abs=1e-5)
    assert turned(2.0, 0.0, c=1.0) == pytest.approx(0, abs=1e-5)
    assert turned(2.1, 0.05, c=0.05) == pytest.approx(43.6, abs=0.05)
    assert np.degrees(np.arccos(1 / np.sqrt(100))) == pytest.approx(84, abs=0.5)
    inside = np.array([0.9, 0.9])
    assert _clipping.by_value(inside, 1.0).tolist() == inside.tolist()
    assert _clipping.norm(inside) == pytest.approx(1.27, abs=0.005)


def test_chapter_7():
    def end(surface, rule, rate, beta=0.9):
        start = _race.SURFACES[surface].start
        run = _race.trace(surface, rule, rate, beta, 0.99, start, 100)
        return run[-1, 2] if len(run) == 101 else np.inf

    assert end("ravine", "sgd", 0.018) < 0.1
    assert end("ravine", "sgd", 0.022) == np.inf
    assert end("ravine", "momentum", 0.035) < 0.01
    assert end("ravine", "momentum", 0.04) == np.inf
    first = {
        rate: min(_race.NAMES, key=lambda k: end("ravine", k, rate)) for rate in decades(-3, 0)
    }
    assert {name for rate, name in first.items() if rate <= 0.035} == {"momentum", "nesterov"}
    assert {name for rate, name in first.items() if 0.04 <= rate < 0.18} == {"rmsprop"}
    assert {name for rate, name in first.items() if rate >= 0.18} == {"adam"}
    by_beta = [end("ravine", "momentum", 0.01, beta) for beta in (0.9, 0.82, 0.5)]
    assert by_beta == pytest.approx([7.5e-5, 8.3e-8, 0.063], rel=0.02)
    assert min(end("saddle", "sgd", rate) for rate in decades(-3, 0)) > 0.24
    assert end("saddle", "momentum", 0.02) < 1e-3


def test_chapter_8():
    def end(schedule, peak):
        shape = _schedules.SHAPES[schedule].first
        rows = _schedules.losses(_schedules.rates(schedule, peak, shape))
        return rows[-1] if len(rows) == 1001 else np.array([np.inf, np.inf])

    names = ["constant", "cosine", "warmup", "restarts", "1cycle"]
    ends = [end(name, 0.05 if name == "constant" else 0.1) for name in names]
    assert np.allclose([left for left, _ in ends], 0.0027, rtol=0.05)
    assert [round(noise, 2) for _, noise in ends] == [0.25, 0.11, 0.11, 0.12, 0.13]
    best = {
        name: min(decades(-3, 1), key=lambda peak: end(name, peak).sum())
        for name in ("constant", "cosine", "exponential")
    }
    assert best == {"constant": 0.028, "cosine": 0.079, "exponential": 0.22}
    at_best = [end(name, peak) for name, peak in best.items()]
    assert [round(both.sum(), 3) for both in at_best] == pytest.approx(
        [0.18, 0.11, 0.089], abs=0.006
    )
    assert [left for left, _ in at_best[:2]] == pytest.approx([0.038, 0.009], rel=0.06)
    too_high = [end("constant", 0.28), end("cosine", 0.79), end("exponential", 2.2)]
    assert [both.sum() for both in too_high] == pytest.approx([1.5, 0.23, 0.19], rel=0.04)
    assert np.isinf(end("constant", 2.2).sum())


def test_chapter_9_penalties():
    best = np.array([0.55, 1.3])
    solution = _constraints.solution
    assert solution("L1", best, 0.55)[0] == 0 < solution("L1", best, 0.54)[0]
    assert solution("L1", best, 5.2)[1] == 0 < solution("L1", best, 5.19)[1]
    assert solution("L1", best[::-1], 1.3)[0] == 0 < solution("L1", best[::-1], 1.29)[0]
    assert solution("L1", best[::-1], 2.2)[1] == 0 < solution("L1", best[::-1], 2.19)[1]
    assert (solution("L2", best, 0.5) / best).tolist() == pytest.approx([0.5, 0.8])
    assert solution("L2", best, 6)[0] / best[0] == pytest.approx(0.077, abs=5e-4)
    assert solution("max-norm", best, 1.0) == pytest.approx([0.23, 0.97], abs=0.005)
    assert best / np.linalg.norm(best) == pytest.approx([0.39, 0.92], abs=0.005)


def test_chapter_9_dropout():
    places = _dropout.stored()

    def run(where, rate, passes=200):
        place = places[where]
        weights = place["networks"][place["rates"].index(rate)]
        return _dropout.predict(weights, rate, passes)

    rates = (0.05, 0.1, 0.2, 0.5)
    middle = np.abs(_dropout.GRID) < 0.4
    for rate in rates:
        gap, everywhere = (run(w, rate).exact[middle].mean() for w in ("gap", "everywhere"))
        assert 0.85 < everywhere / gap < 1
        said = _dropout.summary(places["gap"]["x"], run("gap", rate))
        assert said["elsewhere"] < said["at_points"]
    covered = [
        _dropout.summary(places["left"]["x"], run("left", rate))["covered_elsewhere"]
        for rate in rates
    ]
    assert covered[1] < 0.2
    assert covered[3] == 1
    error = [
        np.sqrt(np.mean((run("gap", 0.2, n).spread / run("gap", 0.2, n).exact - 1) ** 2))
        for n in (10, 200)
    ]
    assert error[1] < error[0] / 2
