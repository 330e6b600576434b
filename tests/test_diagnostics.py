import keras
import numpy as np
import pytest

from lib import data, diagnostics

pytestmark = pytest.mark.depends()

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 5)).astype("float32")
Y = RNG.integers(0, 3, size=32).astype("int32")


def classifier(*layers):
    model = keras.Sequential([keras.Input((5,)), *layers, keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_activations_equal_those_computed_by_hand():
    model = classifier(keras.layers.Dense(4, "relu"))
    kernel, bias = model.layers[0].get_weights()
    hidden = np.maximum(X @ kernel + bias, 0)
    row = diagnostics.activations(model, X).iloc[0]
    assert row["mean"] == pytest.approx(hidden.mean(), rel=1e-5)
    assert row["std"] == pytest.approx(hidden.std(), rel=1e-5)
    assert row["dead"] == (hidden == 0).all(axis=0).mean()
    assert np.isnan(row["saturated"])


def test_a_unit_counts_as_dead_only_when_it_is_zero_for_the_whole_batch():
    model = classifier(keras.layers.Dense(4, "relu"))
    kernel, _ = model.layers[0].get_weights()
    model.layers[0].set_weights([kernel, np.array([-100, -100, -100, 100], "float32")])
    assert diagnostics.activations(model, X)["dead"].iloc[0] == 0.75


@pytest.mark.parametrize(("activation", "edge"), [("sigmoid", 5.0), ("tanh", 3.0)])
def test_saturation_is_nearness_to_either_asymptote(activation, edge):
    model = classifier(keras.layers.Dense(4, activation))
    model.layers[0].set_weights([np.zeros((5, 4)), np.array([-edge, 0, 1, edge])])
    assert diagnostics.activations(model, X)["saturated"].iloc[0] == 0.5


def test_activations_are_those_of_inference():
    model = classifier(keras.layers.Dropout(0.5))
    assert diagnostics.activations(model, X)["std"].iloc[0] == pytest.approx(X.std(), rel=1e-5)


def test_a_functional_model_with_branches_is_described():
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(5, "tanh")(inputs)
    model = keras.Model(inputs, keras.layers.Add()([inputs, hidden]))
    assert len(diagnostics.activations(model, X)) == 2


def shared_layers():
    other = classifier(keras.layers.Dense(4, "tanh"), keras.layers.Dropout(0.5))
    return keras.Sequential([keras.Input((5,)), *other.layers[:-1], keras.layers.Dense(2)])


def shared_base():
    base = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4, "tanh")])
    classifier(base)
    return keras.Sequential([keras.Input((5,)), base, keras.layers.Dense(2)])


def shared_in_a_functional_model():
    base = classifier(keras.layers.Dense(4, "tanh")).layers[0]
    inputs = keras.Input((5,))
    return keras.Model(inputs, keras.layers.Dense(2)(base(inputs)))


@pytest.mark.parametrize("build", [shared_layers, shared_base, shared_in_a_functional_model])
def test_layers_that_another_model_has_called_are_described_in_this_one(build):
    keras.utils.set_random_seed(0)
    model = build()
    table, out = diagnostics.activations(model, X), X
    for layer in model.layers[-len(table) :]:
        out = layer(out, training=False)
        assert table.loc[layer.name, "mean"] == pytest.approx(np.mean(out), rel=1e-5)
        assert table.loc[layer.name, "std"] == pytest.approx(np.std(out), rel=1e-5)


def test_a_layer_called_twice_is_refused_where_its_outputs_would_be_mixed():
    inputs, layer = keras.Input((5,)), keras.layers.Dense(5, name="again")
    model = keras.Model(inputs, layer(layer(inputs)))
    with pytest.raises(TypeError, match="must call each layer once; it calls 'again' 2 times"):
        diagnostics.activations(model, X)
    model.compile("sgd", "mse")
    assert diagnostics.gradient_norms(model, X, X)["gradient"].iloc[0] > 0


def test_gradient_norms_equal_finite_differences():
    model = classifier(keras.layers.Dense(4, "tanh"), keras.layers.BatchNormalization())
    norms = diagnostics.gradient_norms(model, X, Y)["gradient"]
    loss = keras.losses.SparseCategoricalCrossentropy()
    for variable, norm in zip(model.trainable_variables, norms, strict=True):
        value, total = variable.numpy(), 0.0
        for index in np.ndindex(value.shape):
            sides = []
            for step in (1e-2, -1e-2):
                moved = value.copy()
                moved[index] += step
                variable.assign(moved)
                sides.append(float(loss(Y, model(X, training=True))))
            total += ((sides[0] - sides[1]) / 2e-2) ** 2
        variable.assign(value)
        assert norm == pytest.approx(total**0.5, rel=2e-2, abs=2e-4)


def test_gradient_norms_count_the_regulariser_and_leave_the_state_alone():
    model = classifier(
        keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(10.0)),
        keras.layers.BatchNormalization(),
    )
    before = [variable.numpy() for variable in model.variables]
    norms = diagnostics.gradient_norms(model, X, Y)
    assert norms["gradient"].iloc[0] > 15 * norms["weights"].iloc[0]
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_update_ratios_equal_a_step_of_gradient_descent():
    model = classifier(keras.layers.Dense(4, "tanh"))
    model.optimizer.learning_rate = 0.1
    norms = diagnostics.gradient_norms(model, X, Y)
    before = [variable.numpy() for variable in model.trainable_variables]
    model.train_on_batch(X, Y)
    ratios = diagnostics.update_ratios(model, before)
    kernel = norms.index[0]
    expected = 0.1 * norms.loc[kernel, "gradient"] / norms.loc[kernel, "weights"]
    assert ratios[kernel] == pytest.approx(expected, rel=1e-3)


def test_it_describes_a_network_on_digits():
    digits = data.load_digits()
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10, "softmax")])
    assert diagnostics.activations(model, digits.x_train)["mean"].iloc[0] == pytest.approx(0.1)


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: diagnostics.activations("model", X), TypeError, "model must be a Keras model"),
        (
            lambda: diagnostics.activations(keras.Sequential([keras.layers.Dense(1)]), X),
            ValueError,
            "model must be built",
        ),
        (lambda: diagnostics.activations(built_subclass(), X), TypeError, "not subclassed"),
        (lambda: diagnostics.activations(classifier(), X[:, :4]), ValueError, "x must have the sh"),
        (lambda: diagnostics.activations(classifier(), X[0]), ValueError, "x must have the shape"),
        (lambda: diagnostics.activations(classifier(), X[:0]), ValueError, "x must hold at least"),
        (lambda: diagnostics.activations(classifier(), X * np.nan), ValueError, "x must be finite"),
        (
            lambda: diagnostics.gradient_norms(keras.Sequential(classifier().layers), X, Y),
            ValueError,
            "model must be compiled",
        ),
        (lambda: diagnostics.gradient_norms(classifier(), X, Y[:3]), ValueError, "y must have the"),
        (lambda: diagnostics.update_ratios(classifier(), []), ValueError, "before must have the"),
    ],
)
def test_wrong_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def built_subclass():
    model = Subclassed()
    model(X)
    return model
