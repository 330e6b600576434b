"""What an ensemble refuses: bad arguments, and models that cannot be stacked."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from lib.schedules import CycledSGD

Array = npt.NDArray[Any]

# The state and the updates of these act element by element (clipping aside), so that stacked
# variables can be updated as one; Muon is shown the kernels of the members. Adafactor and Lamb mix
# the elements of a variable, too. An older Keras lacks the last two names.
NAMES = "SGD RMSprop Adagrad Adadelta Adam AdamW Adamax Nadam Ftrl Lion Muon ScheduleFreeAdamW"
FOUND = {name: getattr(keras.optimizers, name) for name in NAMES.split()}
STACKABLE = {name: kind for name, kind in FOUND.items() if kind} | {"CycledSGD": CycledSGD}


class Data(Protocol):
    """Training and validation arrays, rows first."""

    @property
    def x_train(self) -> Array: ...
    @property
    def y_train(self) -> Array: ...
    @property
    def x_valid(self) -> Array: ...
    @property
    def y_valid(self) -> Array: ...


def check_seeds(seeds: Iterable[int]) -> tuple[int, ...]:
    seeds = tuple(seeds)
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError(f"seeds takes integers, got {seed!r}.")
    if not seeds or len(set(seeds)) < len(seeds) or not all(0 <= s < 2**32 for s in seeds):
        raise ValueError(f"seeds takes distinct integers from 0 to 2**32 - 1, got {seeds}.")
    return tuple(int(seed) for seed in seeds)


def check_count(name: str, value: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} takes an integer, got {value!r}.")
    if value < 1 or (most is not None and value > most):
        limit = "1 or more" if most is None else f"from 1 to {most} (the training rows)"
        raise ValueError(f"{name} takes {limit}, got {value}.")


def check_build(build: Callable[[], Any]) -> None:
    """Refuse to step through an iterator, since `build` is not called for every member."""
    if not inspect.isfunction(build):
        return
    outside = inspect.getclosurevars(build)
    for name, value in {**outside.globals, **outside.nonlocals}.items():
        if isinstance(value, Iterator):
            raise ValueError(
                f"build uses the iterator {name!r}, but is not called for every member; "
                "what tells the members apart belongs in start."
            )


def check_model(model: Any, other: keras.Model | None) -> keras.Model:
    """Refuse what the ensemble would train wrongly; `other` is an earlier member."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"build takes nothing and returns a keras.Model, got {model!r}.")
    if not model.compiled or model.loss is None:
        raise ValueError("build must return a model compiled with an optimizer and a loss.")
    optimizer: Any = model.optimizer
    kind, shapes = type(model), [(v.shape, v.dtype) for v in model.variables]
    subclassed = not isinstance(model, keras.Sequential) and not hasattr(model, "inputs")
    refused = {
        "layers that only its own call connects; make it Sequential or functional": subclassed,
        "an unknown input shape; begin with keras.Input": not model.built,
        "no trainable weights": not model.trainable_variables,
        "several inputs or outputs": model.built
        and not subclassed
        and [len(model.inputs), len(model.outputs)] != [1, 1],
        "a train_step or test_step of its own": kind.train_step is not keras.Model.train_step
        or kind.test_step is not keras.Model.test_step,
        f"the optimizer {type(optimizer).__name__}; takes {', '.join(STACKABLE)}": type(optimizer)
        not in STACKABLE.values(),
        "loss_scale_factor": optimizer.loss_scale_factor is not None,
        "gradient_accumulation_steps": optimizer.gradient_accumulation_steps is not None,
        "use_ema": optimizer.use_ema,
        "an optimizer that has been used": optimizer.built,
        "the optimizer of an earlier model; make one in each call": other is not None
        and optimizer is other.optimizer,
        "other weights under another seed": other is not None
        and shapes != [(v.shape, v.dtype) for v in other.variables],
    }
    for what, found in refused.items():
        if found:
            raise ValueError(f"build returned a model with {what}.")
    return model


def check_data(data: Data, part: str, model: keras.Model) -> tuple[tf.Tensor, tf.Tensor]:
    """Check x and y of a part against the model; return them as tensors."""
    tensors = []
    for name in (f"x_{part}", f"y_{part}"):
        array = np.asarray(getattr(data, name))
        if array.dtype.kind not in "fiub":
            raise TypeError(f"data.{name} takes numbers, got dtype {array.dtype}.")
        dtype = np.dtype(np.float32 if array.dtype.kind == "f" else np.int32)
        with np.errstate(over="ignore"):
            cast = array.astype(dtype, copy=False)
        if not np.isfinite(cast).all() or (dtype.kind == "i" and (cast != array).any()):
            raise ValueError(
                f"data.{name} takes finite numbers that fit {dtype}, got NaN, infinity or larger."
            )
        tensors.append(tf.constant(cast))
    x, y = tensors
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"data.y_{part} takes one entry per row: {len(x)} rows, got {len(y)}.")
    if not tf.TensorShape(model.input_shape).is_compatible_with(x.shape):
        raise ValueError(f"data.x_{part} takes shape {model.input_shape}, got {tuple(x.shape)}.")
    output = list(model.output_shape)
    fitting = [tf.TensorShape(shape) for shape in (output, output[:-1], [*output[:-1], 1])]
    if not any(shape.is_compatible_with(y.shape) for shape in fitting):
        raise ValueError(
            f"data.y_{part} has shape {tuple(y.shape)}, the model returns {model.output_shape}."
        )
    return x, y
