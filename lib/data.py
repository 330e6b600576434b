"""Small data sets, split and standardised the same way each time.

All but Fashion-MNIST come with scikit-learn and need no network.
"""

import gzip
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """Arrays for training, validation and test.

    ``x_*`` is float32 of shape (n, features), or (n, height, width) for pictures. ``y_*`` has
    shape (n,): int32 class indices for classification, float32 for regression.
    """

    x_train: Array
    y_train: Array
    x_valid: Array
    y_valid: Array
    x_test: Array
    y_test: Array
    class_names: tuple[str, ...] = ()


def seed() -> int:
    """The seed of what is drawn once: splits, wrong labels. `BOOK_DATA_SEED`, 0 where unset.

    >>> seed()
    0
    """
    return int(os.environ.get("BOOK_DATA_SEED", "0"))


def load_digits() -> Dataset:
    """1797 handwritten digits of 8x8 pixels in 10 classes: the test part of Optdigits (UCI).

    >>> digits = load_digits()
    >>> digits.x_train.shape, digits.x_valid.shape, digits.x_test.shape
    ((1078, 64), (359, 64), (360, 64))
    """
    return _classification(datasets.load_digits(), held_out=0.2)


def load_iris() -> Dataset:
    """150 flowers in 3 classes, 4 lengths in cm (Fisher, 1936): 105 / 22 / 23.

    >>> load_iris().class_names
    ('setosa', 'versicolor', 'virginica')
    """
    return _classification(datasets.load_iris(), held_out=0.15)


def load_wine() -> Dataset:
    """178 wines in 3 classes, 13 chemical measurements (UCI).

    >>> load_wine().x_train.shape
    (106, 13)
    """
    return _classification(datasets.load_wine(), held_out=0.2)


def load_breast_cancer() -> Dataset:
    """569 tumours in 2 classes, 30 measurements (Street, Wolberg & Mangasarian, 1993; UCI).

    >>> load_breast_cancer().class_names
    ('malignant', 'benign')
    """
    return _classification(datasets.load_breast_cancer(), held_out=0.2)


def load_diabetes() -> Dataset:
    """442 patients, 10 measurements, disease progression after a year (Efron et al., 2004).

    The target is standardised too, with mean and deviation of the training part.

    >>> load_diabetes().y_train.shape
    (265,)
    """
    bunch = datasets.load_diabetes(scaled=False)
    x, y = _split(bunch.data, bunch.target, held_out=0.2)
    y = [part.ravel() for part in _standardise([part[:, None] for part in y])]
    return _dataset(_standardise(x), y, np.float32)


def load_fashion_mnist() -> Dataset:
    """70 000 pictures of clothes, 28x28 pixels in [0, 1], 10 classes (Xiao et al., 2017).

    The four gzipped files are those in ``$FASHION_MNIST``; where it is not set, those of Debian's
    package dataset-fashion-mnist, or of Keras' cache, into which they are downloaded (30 MB). The
    last 5000 training pictures become the validation part. Raises ``RuntimeError`` when a file
    cannot be had or is not the published one.
    """
    try:
        x, y, x_test, y_test = map(_fashion_mnist, FASHION_MNIST_MD5)
    except Exception as error:
        raise RuntimeError(
            f"Fashion-MNIST cannot be had ({error}). Connect to the network, install Debian's "
            "dataset-fashion-mnist, set FASHION_MNIST to a folder with the four gzipped files, or "
            "use load_digits()."
        ) from error
    images = [part.astype(np.float32) / 255 for part in (x[:-5000], x[-5000:], x_test)]
    labels = [y[:-5000], y[-5000:], y_test]
    return _dataset(images, labels, np.int32, FASHION_MNIST_CLASSES)


FASHION_MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FASHION_MNIST_FOLDER = "/usr/share/datasets/fashion-mnist"
FASHION_MNIST_CLASSES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FASHION_MNIST_MD5 = {  # of the unpacked bytes: Debian packs the files anew
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}


def _fashion_mnist(name: str) -> Array:
    """The bytes of one file in the IDX format, as (n, ...)."""
    file = f"{name}.gz"
    path = Path(os.environ.get("FASHION_MNIST", FASHION_MNIST_FOLDER), file)
    if not path.exists() and "FASHION_MNIST" not in os.environ:
        import keras

        url = FASHION_MNIST_URL + file
        path = Path(keras.utils.get_file(file, url, cache_subdir="datasets/fashion-mnist"))
    unpacked = gzip.decompress(path.read_bytes())
    if hashlib.md5(unpacked).hexdigest() != FASHION_MNIST_MD5[name]:
        raise ValueError(f"{path} is not the published file")
    axes = unpacked[3]
    shape = np.frombuffer(unpacked, ">i4", axes, offset=4)
    return np.frombuffer(unpacked, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _classification(bunch: Any, held_out: float) -> Dataset:
    x, y = _split(bunch.data, bunch.target, held_out, stratify=True)
    return _dataset(_standardise(x), y, np.int32, bunch.target_names.tolist())


def _split(
    x: Array, y: Array, held_out: float, stratify: bool = False
) -> tuple[list[Array], list[Array]]:
    """Set ``held_out`` of the rows aside for validation, as many for test."""
    x_train, x_rest, y_train, y_rest = train_test_split(
        x, y, test_size=2 * held_out, random_state=42 + seed(), stratify=y if stratify else None
    )
    x_valid, x_test, y_valid, y_test = train_test_split(
        x_rest,
        y_rest,
        test_size=0.5,
        random_state=42 + seed(),
        stratify=y_rest if stratify else None,
    )
    return [x_train, x_valid, x_test], [y_train, y_valid, y_test]


def _standardise(parts: list[Array]) -> list[Array]:
    """Subtract the mean and divide by the deviation of the first part, the training part."""
    scaler = StandardScaler().fit(parts[0])
    return [scaler.transform(part) for part in parts]


def _dataset(x: list[Array], y: list[Array], y_type: type, classes: Iterable[str] = ()) -> Dataset:
    x = [part.astype(np.float32) for part in x]
    y = [part.astype(y_type) for part in y]
    return Dataset(x[0], y[0], x[1], y[1], x[2], y[2], tuple(classes))
