"""Where Keras or TensorFlow keep something elsewhere, `lib` is slower or says so."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from tensorflow.python.ops.parallel_for import pfor
from test_ensemble import BATCH, EPOCHS, SEEDS, builder, table

from lib import ensemble, keras_internals
from lib.ensemble import converters, members, plain, training

pytestmark = pytest.mark.depends()
build = builder(lambda: keras.layers.Dense(5, "relu"), lambda: keras.layers.Dropout(0.5))


def test_what_is_not_there_is_refused_by_its_name() -> None:
    with pytest.raises(RuntimeError, match=r"no SimpleNamespace\._learning_rate; lib was tested"):
        keras_internals.schedule(SimpleNamespace())


def test_without_knowing_the_initializers_all_members_are_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, drawn = members.initial_members(build, SEEDS)

    @contextmanager
    def nothing() -> Iterator[dict[int, Any]]:
        yield {}

    monkeypatch.setattr(keras_internals, "recorded", nothing)
    calls = []
    _, built = members.initial_members(lambda: calls.append(0) or build(), SEEDS)
    assert len(calls) == len(SEEDS)
    for one, other in zip(drawn, built, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_its_converters_the_ensemble_trains_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "UPDATES_WORTH_COMPILING", 0)
    with monkeypatch.context() as patch:
        patch.delattr(pfor, "RegisterPFor")
        importlib.reload(converters)
        assert not converters.register_converters()
        patch.setattr(training, "register_converters", converters.register_converters)
        result = ensemble.fit(build, table(), seeds=SEEDS, epochs=EPOCHS, batch_size=BATCH)
    importlib.reload(converters)
    models, history = plain.fit(build, table(), SEEDS, epochs=EPOCHS, batch_size=BATCH)
    np.testing.assert_allclose(result.history["val_loss"], history["val_loss"], atol=1e-5)
    for k, model in enumerate(models):
        for variable, values in zip(model.variables, result.weights, strict=True):
            np.testing.assert_allclose(values[k], variable.numpy(), atol=1e-5)
