"""The lines of Keras in book/pytorch.md give what PyTorch wrote down for the lines above them."""

import ast
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tools.torch_vectors import PAGE, VECTORS, pairs

pytestmark = pytest.mark.depends("book/pytorch.md", "tests/torch_vectors.json")

WRITTEN = json.loads(VECTORS.read_text("utf-8"))
INPUTS = WRITTEN["inputs"]
PAIRS = pairs()
X = np.array(INPUTS["x"], "float32")
LABELS = np.array(INPUTS["labels"])
EXACT, RANDOM = 1e-5, 0.03  # relative


def test_the_page_names_the_version_that_wrote():
    version = ".".join(WRITTEN["torch"].split(".")[:2])
    assert f"PyTorch {version} " in PAGE.read_text("utf-8")


def test_all_lines_of_pytorch_were_written_down():
    assert [line for line, _ in PAIRS] == list(WRITTEN["values"])


@pytest.mark.parametrize(("torch_line", "keras_line"), PAIRS)
def test_keras_gives_the_same(torch_line, keras_line):
    found, tolerance = value(keras_line)
    np.testing.assert_allclose(found, WRITTEN["values"][torch_line], rtol=tolerance, atol=1e-7)


@pytest.mark.parametrize(("torch_line", "keras_line"), PAIRS)
def test_each_keyword_is_needed(torch_line, keras_line):
    for shorter in without_each_keyword(keras_line):
        found, tolerance = value(shorter)
        expected = WRITTEN["values"][torch_line]
        assert not np.allclose(found, expected, rtol=tolerance, atol=1e-7), shorter


def without_each_keyword(line):
    tree = ast.parse(line, mode="eval")
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        every = call.keywords
        for one in every:
            call.keywords = [other for other in every if other is not one]
            yield ast.unparse(tree)
        call.keywords = every


def value(line):
    """What a line of Keras comes to on the inputs, and how exactly."""
    keras.utils.set_random_seed(0)
    made = eval(line, {"keras": keras})
    if isinstance(made, keras.optimizers.Optimizer):
        return weights(made), EXACT
    if isinstance(made, tuple):  # an optimizer and a regularizer
        return weights(*made), EXACT
    if isinstance(made, keras.optimizers.schedules.LearningRateSchedule):
        return [float(made(step)) for step in range(9)], EXACT
    if isinstance(made, keras.layers.Dense):
        made.build((None, 64))
        return [np.std(made.kernel), np.std(made.bias)], RANDOM
    if tf.is_tensor(made):
        return [np.std(made)], RANDOM
    if isinstance(made, keras.losses.SparseCategoricalCrossentropy):
        return [float(made(LABELS, X))], EXACT
    if isinstance(made, keras.losses.Loss):
        return [float(made(np.eye(3)[LABELS], X))], EXACT
    if isinstance(made, keras.layers.BatchNormalization):
        return [*np.ravel(made(X, training=True)), *statistics(made)], EXACT
    return np.ravel(made(X)), EXACT


def weights(optimizer, regularizer=None):
    """After the steps."""
    variables = [keras.Variable(w) for w in INPUTS["weights"]]
    for gradients in INPUTS["gradients"]:
        gradients = [tf.constant(gradient) for gradient in gradients]
        if regularizer:
            with tf.GradientTape() as tape:
                penalty = sum(regularizer(variable) for variable in variables)
            pulls = tape.gradient(penalty, [variable.value for variable in variables])
            gradients = [gradient + pull for gradient, pull in zip(gradients, pulls, strict=True)]
        optimizer.apply(gradients, variables)
    return np.concatenate([np.ravel(variable) for variable in variables])


def statistics(normalization):
    """Moving mean and variance, the variance with n - 1 in place of n."""
    start, n = normalization.momentum, len(X)
    moved = normalization.moving_variance - start
    return [*normalization.moving_mean.numpy(), *(start + moved * n / (n - 1)).numpy()]
