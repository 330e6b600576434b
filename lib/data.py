"""Small data sets, split and standardised the same way each time.

All but Fashion-MNIST come with scikit-learn and need no network.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
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

    Keras downloads it (30 MB) to its cache directory, ``~/.keras`` or ``$KERAS_HOME``; the last
    5000 training pictures become the validation part. Raises ``RuntimeError`` when the files
    cannot be had or are not the published ones.
    """
    import keras

    try:
        for file, md5 in FASHION_MNIST_MD5.items():
            keras.utils.get_file(
                file, FASHION_MNIST_URL + file, file_hash=md5, cache_subdir=FASHION_MNIST_FOLDER
            )
        (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        raise RuntimeError(
            f"Fashion-MNIST is neither in Keras' cache nor to be downloaded ({error}). Connect to "
            "the network, set KERAS_HOME to a directory that holds it, or use load_digits()."
        ) from error
    images = [part.astype(np.float32) / 255 for part in (x[:-5000], x[-5000:], x_test)]
    labels = [y[:-5000], y[-5000:], y_test]
    return _dataset(images, labels, np.int32, FASHION_MNIST_CLASSES)


FASHION_MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FASHION_MNIST_FOLDER = "datasets/fashion-mnist"
FASHION_MNIST_CLASSES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FASHION_MNIST_MD5 = {  # from the data set's README
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


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
