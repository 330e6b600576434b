"""Initial values of all members, of which two are built and the others drawn.

To build a Keras model takes several times as long as to draw its initial weights.  So each
random weight of a further member comes from the first member's initializer with another seed.
What Keras would do is copied, not assumed: the second member is built and must agree; if it does
not (a `build` that draws on its own, say), all are built.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from lib import keras_internals
from lib.ensemble.checks import check_model

Array = npt.NDArray[Any]
MOST_DRAWS = 1000


def initial_members(
    build: Callable[[], Any], seeds: tuple[int, ...]
) -> tuple[keras.Model, list[Array]]:
    """Return the first member's model and, for each variable, the initial values (seed, ...).

    The global seed is left where building the last member would leave it.
    """
    keras.utils.set_random_seed(seeds[0])
    with keras_internals.recorded() as initializers:
        one = check_model(build(), None)
    draws = _default_seeds(seeds[0], until=random.getstate())
    members = [[v.numpy() for v in one.variables]]
    for seed in seeds[1:2]:
        keras.utils.set_random_seed(seed)
        members.append([v.numpy() for v in check_model(build(), one).variables])

    def drawn(seed: int) -> list[Array]:
        keras.utils.set_random_seed(seed)
        others = dict(zip(draws, (keras_internals.default_seed() for _ in draws), strict=True))
        pairs = zip(one.variables, members[0], strict=True)
        return [_redrawn(v, value, initializers.get(id(v)), others) for v, value in pairs]

    copies = len(seeds) > 2 and bool(draws)
    copies = copies and all(map(np.array_equal, drawn(seeds[1]), members[1]))
    for seed in seeds[2:]:
        if copies:
            members.append(drawn(seed))
        else:
            keras.utils.set_random_seed(seed)
            members.append([v.numpy() for v in check_model(build(), one).variables])
    return one, [np.stack(values) for values in zip(*members, strict=True)]


def _default_seeds(seed: int, until: Any) -> list[int]:
    """What was drawn between setting the global seed and the state `until`, if only that was."""
    random.seed(seed)
    draws: list[int] = []
    while random.getstate() != until:
        if len(draws) == MOST_DRAWS:
            return []
        draws.append(keras_internals.default_seed())
    return draws


def _redrawn(
    variable: keras.Variable, value: Array, initializer: Any, seeds: dict[int, int]
) -> Array:
    """The value that a variable has under other default seeds."""
    if variable.name == "seed_generator_state":
        return np.array([seeds.get(int(value[0]), value[0]), value[1]], value.dtype)
    seed = getattr(initializer, "seed", None)
    if not isinstance(seed, int) or seed not in seeds:
        return value
    other = copy.copy(initializer)
    other.seed = seeds[seed]
    return np.asarray(other(variable.shape, dtype=variable.dtype))
