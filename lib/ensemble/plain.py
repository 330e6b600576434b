"""What `lib.ensemble.fit` does, one seed after the other: the tests hold it against this."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from lib.ensemble.checks import Data
from lib.ensemble.result import Build


def fit(
    build: Build,
    data: Data,
    seeds: Iterable[int] = range(10),
    epochs: int = 20,
    batch_size: int = 32,
) -> tuple[list[keras.Model], dict[str, npt.NDArray[Any]]]:
    """Return the trained models and the history: metric to array (seed, epoch).

    A training metric is the mean over the batches of the epoch.
    """
    models, histories = [], []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = build()
        generator = np.random.default_rng(seed)
        history = []
        for _ in range(epochs):
            order, batches = generator.permutation(len(data.x_train)), []
            for first in range(0, len(order) - batch_size + 1, batch_size):
                rows = order[first : first + batch_size]
                x, y = data.x_train[rows], data.y_train[rows]
                model.reset_metrics()  # as newer Keras does by itself
                batches.append(model.train_on_batch(x, y, return_dict=True))
            logs = {name: np.mean([b[name] for b in batches]) for name in batches[0]}
            valid = data.x_valid, data.y_valid
            scores = model.evaluate(*valid, verbose=0, return_dict=True)
            history.append(logs | {f"val_{name}": scores[name] for name in scores})
        models.append(model)
        histories.append(history)
    names = histories[0][0]
    columns = [[[epoch[name] for epoch in run] for run in histories] for name in names]
    return models, dict(zip(names, map(np.array, columns), strict=True))
