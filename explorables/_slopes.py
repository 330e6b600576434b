"""Activation functions and the slope of a chain of them: the reference of `web/core/slopes.js`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from explorables._shell import Explorable, check, listed, number
from lib.plots import DASHES, INK, MUTED, PALETTE, label_lines

Array = npt.NDArray[np.float64]
NAMES = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
LEAK = 0.2  # slope of Keras' string "leaky_relu" below zero
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772  # of SELU
MOST = 50  # layers
FAR = 8.0  # from here on the normal distribution function is 0 or 1, to 15 digits


@dataclass(frozen=True)
class Chain:
    """One unit a layer: each array has the shape (layers,)."""

    z: Array  # pre-activations, the input first
    slopes: Array  # φ′(z)
    products: Array  # slope of the output of each layer by the input


def activation_slopes(
    activation: str = "elu", x: float = -2.0, layers: int = 20, weight: float = 1.0
) -> Explorable:
    """An activation function, its slope, and the product of slopes through a chain of units.

    The reader drags the input; each layer is one unit, with one weight between two of them.

    Args:
        activation: a key of `NAMES`, which are those of Keras.
        x: the input, which is the pre-activation of layer 1; from −4 to 4.
        layers: from 1 to 50.
        weight: between two layers, from 0.5 to 4.

    Raises:
        ValueError: an argument outside its range.

    >>> print(activation_slopes("relu", x=1, layers=20))
    ReLU, input 1, 20 layers: the slope of the chain is 1.
    """
    check(
        activation=(activation, activation in NAMES, f"one of {listed(NAMES)}"),
        x=(x, -4 <= x <= 4, "a number from −4 to 4"),
        layers=(layers, layers in range(1, MOST + 1), f"a whole number from 1 to {MOST}"),
        weight=(weight, 0.5 <= weight <= 4, "a number from 0.5 to 4"),
    )
    run = chain(activation, x, layers, weight)
    return Explorable(
        name="activation-slopes",
        settings={"activation": activation, "x": x, "layers": layers, "weight": weight},
        draw=lambda: draw(activation, run),
        text=f"{NAMES[activation]}, input {number(x)}, {layers} layers: "
        f"the slope of the chain is {number(run.products[-1])}.",
        height=("32cqw + 122px", "132.1cqw + 194px"),
    )


def chain(activation: str, x: float, layers: int, weight: float) -> Chain:
    """Pre-activations z, slopes φ′(z), and the slopes of φ(w φ(… w φ(x))) by x.

    >>> chain("tanh", 0, 3, 2.0).products.tolist()
    [1.0, 2.0, 4.0]
    """
    z, product, rows = float(x), 1.0, []
    for layer in range(layers):
        slope = float(SLOPES[activation](np.array(z)))
        product = product * slope * (weight if layer else 1)
        rows.append((z, slope, product))
        z = weight * float(FUNCTIONS[activation](np.array(z)))
    return Chain(*np.array(rows).T)


def draw(activation: str, run: Chain) -> Figure:
    """The function with its slope, and the chain's slope layer by layer."""
    figure = Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2)
    z = np.linspace(-4, 4, 401)
    for k, (values, label) in enumerate(
        [(FUNCTIONS[activation](z), "function"), (SLOPES[activation](z), "slope")]
    ):
        left.plot(z, values, color=PALETTE[k], ls=DASHES[k], label=label)
    left.plot(run.z, run.slopes, "o", ms=5, color=PALETTE[1], mec="white", mew=0.5)
    left.plot(run.z[0], FUNCTIONS[activation](run.z[:1]), "o", color=INK, mfc="white", ms=8, mew=2)
    left.set(xlim=(-4, 4), ylim=(-2, 4), xticks=[-4, -2, 0, 2, 4], title=NAMES[activation])
    left.set(xlabel="pre-activation z")
    layers = 1 + np.arange(len(run.z))
    right.axhline(1, color=MUTED, lw=0.8, ls="-")
    sizes = np.where(run.products == 0, np.nan, np.abs(run.products))
    right.semilogy(layers, sizes, "o-", ms=3, color=PALETTE[1])
    end = np.clip(np.abs(run.products[-1:]), 1e-6, 1e6)  # the label stays beside the axes
    right.plot(layers[-1:], end, ls="none", color=PALETTE[1], label=number(run.products[-1]))
    right.set(xlim=(0, MOST), ylim=(1e-6, 1e6), yticks=[1e-6, 1e-3, 1, 1e3, 1e6], xlabel="layer")
    right.set(title="product of slopes")
    for axes in (left, right):
        label_lines(axes)
    return figure


def normal_cdf(z: Array) -> Array:
    """Φ(z), of any shape, as a series of positive terms, to 15 digits after the point.

    >>> [round(float(v), 6) for v in normal_cdf(np.array([-1.0, 0.0, 2.0, 50.0]))]
    [0.158655, 0.5, 0.97725, 1.0]
    """
    near = np.clip(z, -FAR, FAR)
    square = near * near
    term = total = near
    for k in range(1, 120):
        term = term * square / (2 * k + 1)
        total = total + term
    middle = 0.5 + density(near) * total
    return np.where(z <= -FAR, 0.0, np.where(z >= FAR, 1.0, middle))


def density(z: Array) -> Array:
    height: Array = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return height


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-np.maximum(z, -700)))


def softplus(z: Array) -> Array:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def silu_slope(z: Array) -> Array:
    s = sigmoid(z)
    return s * (1 + z * (1 - s))


def mish_slope(z: Array) -> Array:
    t: Array = np.tanh(softplus(z))
    return t + z * (1 - t * t) * sigmoid(z)


def elu(z: Array) -> Array:
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_slope(z: Array) -> Array:
    return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))


def selu_slope(z: Array) -> Array:
    return LAMBDA * np.where(z > 0, 1.0, ALPHA * np.exp(np.minimum(z, 0)))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.maximum(z, LEAK * z),
    "elu": elu,
    "selu": lambda z: LAMBDA * np.where(z > 0, z, ALPHA * np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * normal_cdf(z),
    "silu": lambda z: z * sigmoid(z),
    "mish": lambda z: z * np.tanh(softplus(z)),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}
SLOPES: dict[str, Callable[[Array], Array]] = {
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1.0, LEAK),
    "elu": elu_slope,
    "selu": selu_slope,
    "gelu": lambda z: normal_cdf(z) + z * density(z),
    "silu": silu_slope,
    "mish": mish_slope,
    "tanh": lambda z: 1 - np.tanh(z) * np.tanh(z),
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
}
