import gzip
import hashlib
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from machine import left_out
from sklearn import datasets

from lib import data

pytestmark = pytest.mark.depends()

BUNDLED = "digits iris wine breast_cancer diabetes".split()


@pytest.mark.parametrize("name", BUNDLED)
def test_the_parts_hold_every_row_once(name):
    loaded = getattr(data, f"load_{name}")()
    bunch = getattr(datasets, f"load_{name}")()
    assert sum(map(len, (loaded.y_train, loaded.y_valid, loaded.y_test))) == len(bunch.target)
    rows = np.concatenate([loaded.x_train, loaded.x_valid, loaded.x_test])
    assert len(np.unique(rows, axis=0)) == len(np.unique(bunch.data, axis=0))


@pytest.mark.parametrize("name", BUNDLED)
def test_the_training_part_alone_is_standardised(name):
    loaded = getattr(data, f"load_{name}")()
    varies = loaded.x_train.std(axis=0) > 0
    np.testing.assert_allclose(loaded.x_train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(loaded.x_train.std(axis=0)[varies], 1, atol=1e-4)
    assert np.abs(loaded.x_test.mean(axis=0)).max() > 1e-3
    assert loaded.x_train.dtype == loaded.x_valid.dtype == loaded.x_test.dtype == np.float32


@pytest.mark.parametrize("name", [n for n in BUNDLED if n != "diabetes"])
def test_classes_are_spread_evenly_over_the_parts(name):
    loaded = getattr(data, f"load_{name}")()
    assert loaded.y_train.dtype == np.int32
    classes = len(loaded.class_names)
    shares = [
        np.bincount(part, minlength=classes) / len(part)
        for part in (loaded.y_train, loaded.y_valid, loaded.y_test)
    ]
    assert np.ptp(shares, axis=0).max() < 0.06


def test_the_target_of_a_regression_is_standardised_by_the_training_part():
    loaded = data.load_diabetes()
    assert loaded.y_train.dtype == np.float32
    assert loaded.y_train.mean() == pytest.approx(0, abs=1e-6)
    assert loaded.y_train.std() == pytest.approx(1, abs=1e-6)


@pytest.fixture
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.delenv("FASHION_MNIST", raising=False)
    monkeypatch.setattr(data, "FASHION_MNIST_FOLDER", str(tmp_path / "debian"))
    cached = partial(keras.utils.get_file, cache_dir=tmp_path / "keras")
    monkeypatch.setattr(keras.utils, "get_file", cached)
    monkeypatch.setattr(data, "FASHION_MNIST_URL", tmp_path.as_uri() + "/")


def small(name, monkeypatch):
    """A file of the IDX format with four rows, known as the published one, as gzipped bytes."""
    axes = 3 if "images" in name else 1
    shape = [4, 28, 28][:axes]
    head = bytes([0, 0, 8, axes]) + np.array(shape, ">i4").tobytes()
    unpacked = head + (np.arange(np.prod(shape)) % 10).astype(np.uint8).tobytes()
    monkeypatch.setitem(data.FASHION_MNIST_MD5, name, hashlib.md5(unpacked).hexdigest())
    return gzip.compress(unpacked)


def test_debians_fashion_mnist_is_the_published_one():
    if not Path(data.FASHION_MNIST_FOLDER).exists():
        left_out("Fashion-MNIST is not installed")
    fashion = data.load_fashion_mnist()
    assert fashion.x_train.shape == (55_000, 28, 28)
    assert fashion.x_valid.shape == (5_000, 28, 28)
    assert fashion.x_test.shape == (10_000, 28, 28)
    assert fashion.x_train.max() == 1
    assert np.bincount(fashion.y_test).tolist() == [1000] * 10
    assert fashion.class_names[fashion.y_test[0]] == "Ankle boot"


@pytest.mark.parametrize("place", ["FASHION_MNIST", "debian", "download"])
def test_fashion_mnist_is_found(place, nothing_installed, tmp_path, monkeypatch):
    folder = tmp_path / ("" if place == "download" else place)
    folder.mkdir(exist_ok=True)
    for name in data.FASHION_MNIST_MD5:
        (folder / f"{name}.gz").write_bytes(small(name, monkeypatch))
    if place == "FASHION_MNIST":
        monkeypatch.setenv(place, str(folder))
    x = data.load_fashion_mnist().x_test
    assert x.shape == (4, 28, 28)
    assert x[0, 0, 9] == np.float32(9 / 255)


def test_a_fashion_mnist_that_cannot_be_had_says_what_to_do(nothing_installed):
    with pytest.raises(RuntimeError, match=r"dataset-fashion-mnist.*FASHION_MNIST.*load_digits"):
        data.load_fashion_mnist()


def test_a_folder_without_fashion_mnist_is_not_passed_over(nothing_installed, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST", "nowhere")
    with pytest.raises(RuntimeError, match=r"nowhere/train-images-idx3-ubyte\.gz"):
        data.load_fashion_mnist()


def test_another_fashion_mnist_is_refused(nothing_installed, tmp_path, monkeypatch):
    for name in data.FASHION_MNIST_MD5:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"not the file"))
    with pytest.raises(RuntimeError, match="not the published file"):
        data.load_fashion_mnist()
