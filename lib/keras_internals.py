"""What `lib` takes from inside Keras, in one place: tested with Keras 3.7 to 3.15 on TensorFlow.

Where a version keeps one of these elsewhere, its use is refused by name, or what it speeds up is
done the slow way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf


def schedule(optimizer: keras.Optimizer) -> Callable[..., Any] | None:
    """The schedule (or another callable) of the learning rate; None where it is a number."""
    rate = _found(optimizer, "_learning_rate")
    return rate if callable(rate) else None


def count(optimizer: keras.Optimizer) -> keras.Variable:
    """The count that the schedule of the learning rate is asked with, 0 before the first batch.

    It is that of batches. Where gradients are accumulated, `iterations` counts the updates.
    """
    variable: keras.Variable = _found(optimizer, "_iterations")
    return variable


def decays(optimizer: keras.Optimizer, variable: keras.Variable) -> bool:
    """Whether the optimizer's weight decay acts on the variable."""
    if optimizer.weight_decay is None:
        return False
    return bool(_found(optimizer, "_use_weight_decay")(variable.value))


def index(optimizer: keras.Optimizer, variable: Any) -> int:
    """Place of a variable in the lists of the optimizer's slots."""
    return int(_found(optimizer, "_get_variable_index")(variable))


def show_kernels(muon: Any, variables: Mapping[int, keras.Variable]) -> None:
    """Let Muon update stacks (seed, ...) as it would the variables, given by the stacks' ids.

    Kind and decay of a step are decided by the variable, its length by the shape of one kernel.
    Muon orthogonalises the last two axes.
    """
    takes_adam, decays = _found(muon, "_should_use_adamw"), _found(muon, "_use_weight_decay")
    scaled = _found(muon, "lr_adjust")
    muon._should_use_adamw = lambda stack: takes_adam(variables[id(stack)])
    muon._use_weight_decay = lambda stack: decays(variables[id(stack)])
    muon.lr_adjust = lambda steps: tf.vectorized_map(scaled, steps, warn=False)


@contextmanager
def recorded() -> Iterator[dict[int, Any]]:
    """Note with which initializer each variable starts, under the id of the variable.

    The dictionary stays empty where Keras has no such method.
    """
    initializers: dict[int, Any] = {}
    initialize = getattr(keras.Variable, "_initialize_with_initializer", None)
    if initialize is None:
        yield initializers
        return

    def noted(variable: keras.Variable, initializer: Any) -> None:
        initializers[id(variable)] = initializer
        initialize(variable, initializer)

    keras.Variable._initialize_with_initializer = noted
    try:
        yield initializers
    finally:
        keras.Variable._initialize_with_initializer = initialize


def default_seed() -> int:
    """The seed that Keras takes where none is given (`keras.src.random.make_default_seed`)."""
    return random.randint(1, int(1e9))


def _found(owner: Any, name: str) -> Any:
    if not hasattr(owner, name):
        raise RuntimeError(
            f"Keras {keras.__version__} has no {type(owner).__name__}.{name}; "
            "lib was tested with 3.7 to 3.15."
        )
    return getattr(owner, name)
