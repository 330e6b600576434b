"""Chapter 9: 200 pictures as they are, or also moved to each side by an eighth of their width."""

from types import SimpleNamespace

import numpy as np
from keras.optimizers import Adam
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from lib import data
from travel.bench import Array, Bench

RATES = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)
MOVES = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


def measure(at: Bench) -> dict[str, list[Array]]:
    found = pictures(at)
    build = at.network(Adam, depth=2, width=64, kernels="he_normal")
    trained = {"once": MOVES[:1], "augmented": MOVES}
    still: dict[str, Array] = {}
    moved: dict[str, Array] = {}
    for name, moves in trained.items():
        on = SimpleNamespace(
            x_train=shifted(found.x_train, moves), y_train=np.tile(found.y_train, len(moves)),
            x_valid=shifted(found.x_valid, MOVES[:1]), y_valid=found.y_valid,
        )  # fmt: skip
        run = at.tune(name, build, RATES, 640, 25, on=on, metric="val_loss")
        for into, test in ((still, MOVES[:1]), (moved, MOVES[1:])):
            y = np.tile(found.y_test, len(test))
            part = SimpleNamespace(x_test=shifted(found.x_test, test), y_test=y)
            into[name] = at.accuracy(run, part)
    return {
        "augmentation-teaches-shifts": [moved["augmented"] - moved["once"]],
        "augmentation-on-still-digits": [still["augmented"] - still["once"]],
    }


def pictures(at: Bench) -> SimpleNamespace:
    """Pixels from 0 to 1, (n, side, side); 200 rows to train on."""
    if at.world.pictures == "digits":
        x, y = (load_digits().images / 16).astype("float32"), load_digits().target
        seed = data.seed()
        x_train, x, y_train, y = train_test_split(x, y, train_size=200, random_state=seed)
        x_valid, x_test, y_valid, y_test = train_test_split(x, y, train_size=400, random_state=seed)
        return SimpleNamespace(
            x_train=x_train, y_train=y_train, x_valid=x_valid, y_valid=y_valid,
            x_test=x_test, y_test=y_test,
        )  # fmt: skip
    few, low, high = at.first(200), at.data.x_train.min(), at.data.x_train.max()
    shape = (-1, at.world.side, at.world.side)
    arrays = {}
    for part in ("train", "valid", "test"):
        x = getattr(few, f"x_{part}")
        arrays[f"x_{part}"] = ((x - low) / (high - low)).reshape(shape)
        arrays[f"y_{part}"] = getattr(few, f"y_{part}")
    return SimpleNamespace(**arrays)


def shifted(images: Array, moves: list[tuple[int, int]]) -> Array:
    """The pictures moved down and right in each of the ways, (moves x n, pixels)."""
    side = images.shape[1]
    step = round(side / 8)
    padded = np.pad(images, ((0, 0), (step, step), (step, step)))
    copies = []
    for down, right in moves:
        top, left = step * (1 - down), step * (1 - right)
        copies.append(padded[:, top : top + side, left : left + side])
    return np.concatenate(copies).reshape(-1, side * side)
