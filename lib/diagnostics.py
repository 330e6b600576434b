"""What goes on inside a network: activations, gradients and updates, layer by layer.

Each function takes a built Keras model and a batch and returns a small table (pandas).
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

Array = npt.NDArray[Any]

ASYMPTOTES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0)}
SATURATION_MARGIN = 0.01


def activations(model: keras.Model, x: Array) -> pd.DataFrame:
    """Mean and spread of each layer's outputs, and how many of them carry no signal.

    Columns: ``mean`` and ``std`` over batch and units; ``saturated``, the share of outputs within
    1 % of the range of an asymptote (NaN for activations that have none: only sigmoid, tanh and
    softsign count); ``dead``, the share of units (entries of the last axis) that are 0 for every
    row of ``x``. The model runs in inference mode.

    Raises ``TypeError`` for a model that is not Sequential or functional or that calls a layer more
    than once, ``ValueError`` for an unbuilt model and for an ``x`` that is empty, not finite or of
    the wrong shape.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="tanh")])
    >>> activations(model, np.zeros((4, 2), "float32")).round(1).values.tolist()
    [[0.0, 0.0, 0.0, 1.0]]
    """
    layers = _layers(model)
    tensors = {layer.name: _output(model, layer) for layer in layers}
    x = _checked_batch(model, x)
    outputs = keras.Model(model.inputs[0], tensors)(x)
    rows = [_describe(layer, np.asarray(outputs[layer.name])) for layer in layers]
    index = pd.Index([layer.name for layer in layers], name="layer")
    return pd.DataFrame(rows, index=index, columns=["mean", "std", "saturated", "dead"])


def gradient_norms(model: keras.Model, x: Array, y: Array) -> pd.DataFrame:
    """Euclidean norms of each trainable variable and of the loss's gradient by it, on one batch.

    Columns: ``weights``, ``gradient``. The loss is the compiled one, regularisers included, in
    training mode; no state of the model changes (moving statistics are put back).

    Raises as ``activations`` does, though not for a layer that is called more than once, and
    ``ValueError`` for a model that is not compiled or a ``y`` of another length than ``x``.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.compile(loss="mse")
    >>> model.set_weights([np.array([[3.0], [4.0]])])
    >>> gradient_norms(model, np.array([[1.0, 0.0]]), np.array([[0.0]])).values.tolist()
    [[5.0, 6.0]]
    """
    if not getattr(model, "compiled", False):
        raise ValueError("model must be compiled: its loss is what is differentiated")
    _layers(model)
    x = _checked_batch(model, x)
    if len(y) != len(x):
        raise ValueError(f"y must have the {len(x)} rows of x; got {len(y)}")
    variables = model.trainable_variables
    state = [variable.numpy() for variable in model.non_trainable_variables]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, tf.convert_to_tensor(y), model(x, training=True))
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    for variable, value in zip(model.non_trainable_variables, state, strict=True):
        variable.assign(value)
    norms = [
        (np.linalg.norm(variable.numpy()), 0.0 if gradient is None else np.linalg.norm(gradient))
        for variable, gradient in zip(variables, gradients, strict=True)
    ]
    return pd.DataFrame(norms, index=_index(variables), columns=["weights", "gradient"])


def update_ratios(model: keras.Model, before: Sequence[Array]) -> pd.Series:
    """How far each trainable variable moved, relative to its norm before.

    ``before`` is ``[variable.numpy() for variable in model.trainable_variables]`` taken earlier.
    A variable that was 0 (a new bias) gives NaN when it has not moved and infinity when it has.

    Raises ``ValueError`` when ``before`` does not fit the model.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.set_weights([np.array([[3.0], [4.0]])])
    >>> float(update_ratios(model, [np.array([[0.0], [4.0]])]).iloc[0])
    0.75
    """
    variables = model.trainable_variables
    got, expected = [np.shape(a) for a in before], [tuple(v.shape) for v in variables]
    if got != expected:
        raise ValueError(f"before must have the shapes {expected}; got {got}")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [
            np.linalg.norm(variable.numpy() - old) / np.linalg.norm(old)
            for variable, old in zip(variables, before, strict=True)
        ]
    return pd.Series(ratios, index=_index(variables), name="update ratio")


def _layers(model: keras.Model) -> list[keras.Layer]:
    if not isinstance(model, (keras.Sequential, keras.Model)) or not hasattr(model, "layers"):
        raise TypeError(f"model must be a Keras model; got {type(model).__name__}")
    if not model.built:
        raise ValueError("model must be built: start it with keras.Input or call it on a batch")
    if not hasattr(_graph(model), "_nodes_by_depth"):
        raise TypeError("model must be Sequential or functional, not subclassed")
    return [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]


def _graph(model: keras.Model) -> Any:
    return model._functional if isinstance(model, keras.Sequential) else model


def _output(model: keras.Model, layer: keras.Layer) -> Any:
    """The symbolic output of a layer in this model: ``layer.output`` may be that in another."""
    nodes = [node for depth in _graph(model)._nodes_by_depth.values() for node in depth]
    calls = [node.outputs for node in nodes if node.operation is layer]
    if len(calls) > 1:
        times = f"it calls {layer.name!r} {len(calls)} times"
        raise TypeError(f"model must call each layer once; {times}")
    (tensors,) = calls
    return tensors[0] if len(tensors) == 1 else tensors


def _checked_batch(model: keras.Model, x: Array) -> Array:
    x = np.asarray(x)
    expected = tuple(model.inputs[0].shape)
    fits = len(x.shape) == len(expected) and all(
        want in (None, got) for want, got in zip(expected[1:], x.shape[1:], strict=True)
    )
    if not fits:
        raise ValueError(f"x must have the shape {expected}; got {x.shape}")
    if not len(x):
        raise ValueError("x must hold at least one row; got an empty batch")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise ValueError("x must be finite; it holds NaN or infinity")
    return x


def _describe(layer: keras.Layer, out: Array) -> tuple[float, float, float, float]:
    low, high = ASYMPTOTES.get(getattr(getattr(layer, "activation", None), "__name__", ""), (0, 0))
    out = out.astype(float)  # a spread beyond 1e19 overflows in single precision
    margin = SATURATION_MARGIN * (high - low)
    saturated = np.mean((out < low + margin) | (out > high - margin)) if margin else np.nan
    dead = np.mean((out == 0).all(axis=tuple(range(out.ndim - 1))))
    with np.errstate(invalid="ignore", over="ignore"):  # an exploded network is worth a look
        return float(out.mean()), float(out.std()), float(saturated), float(dead)


def _index(variables: Sequence[keras.Variable]) -> "pd.Index[str]":
    names: list[str] = [variable.path for variable in variables]
    return pd.Index(names, name="variable")
