"""Train the networks that the explorable of MC dropout shows: `explorables/mc_dropout.json`.

One hidden layer, one seed: three places of the training points, four dropout rates.
Usage: python -m tools.mc_dropout
"""

import json
import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from explorables._dropout import STORED, exported

RATES = [0.05, 0.1, 0.2, 0.5]
INTERVALS: dict[str, list[tuple[float, float]]] = {
    "gap": [(-1.5, -0.5), (0.5, 1.5)],
    "left": [(-1.5, 0)],
    "everywhere": [(-1.5, 1.5)],
}


def main() -> None:
    keras.utils.set_random_seed(0)
    model = regression()
    model.optimizer.build(model.trainable_variables)
    variables = model.variables + model.optimizer.variables
    start = [variable.numpy() for variable in variables]
    trained = {}
    for where, intervals in INTERVALS.items():
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        trained[where] = exported(train(model, *points(intervals)))
    text = json.dumps(trained, separators=(",", ": "))
    text = re.sub(r'([{,])"', r'\1\n"', text).replace("]],[[", "]],\n[[")  # a network a line
    STORED.write_text(text + "\n", "utf-8")


def regression() -> Any:
    """A network for each rate, side by side: they share no weight."""
    inputs, outputs = keras.Input((1,)), []
    for rate in RATES:
        corners = keras.initializers.RandomUniform(-2, 2)
        hidden = keras.layers.Dense(
            32, "relu", kernel_initializer="he_normal", bias_initializer=corners
        )
        dropped = keras.layers.Dropout(rate)(hidden(inputs))
        outputs.append(keras.layers.Dense(1)(dropped))
    model = keras.Model(inputs, keras.layers.Concatenate()(outputs))
    decay = keras.optimizers.schedules.CosineDecay(0.01, 2000)
    model.compile(keras.optimizers.Adam(decay), "mse", steps_per_execution=100)
    return model


def points(intervals: list[tuple[float, float]]) -> tuple[Any, Any]:
    """Forty points of a noisy sine: x and y, (40, 1) each."""
    count = 40 // len(intervals)
    x = np.concatenate([np.linspace(a, b, count) for a, b in intervals])
    y = np.sin(2 * x) + np.random.default_rng(0).normal(0, 0.1, 40)
    return x[:, None].astype("float32"), y[:, None].astype("float32")


def train(model: Any, x: Any, y: Any) -> dict[str, Any]:
    rows = tf.data.Dataset.from_tensor_slices((x, np.repeat(y, len(RATES), axis=1)))
    rows = rows.cache().shuffle(40, seed=0).repeat(1000).batch(20)
    model.fit(rows, shuffle=False, verbose=0)
    dense = [part for part in model.layers if isinstance(part, keras.layers.Dense)]
    hidden, output = dense[: len(RATES)], dense[len(RATES) :]
    networks = {
        rate: [*hidden[k].get_weights(), *output[k].get_weights()] for k, rate in enumerate(RATES)
    }
    return {"x": x, "y": y, "networks": networks}


if __name__ == "__main__":
    main()
