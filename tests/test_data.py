import numpy as np
import pytest
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


def test_a_fashion_mnist_that_cannot_be_had_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FASHION_MNIST_URL", (tmp_path / "nowhere/").as_uri())
    monkeypatch.setattr(data, "FASHION_MNIST_FOLDER", str(tmp_path / "cache"))
    with pytest.raises(RuntimeError, match=r"KERAS_HOME.*load_digits"):
        data.load_fashion_mnist()


def test_a_corrupt_fashion_mnist_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FASHION_MNIST_URL", tmp_path.as_uri() + "/")
    monkeypatch.setattr(data, "FASHION_MNIST_FOLDER", str(tmp_path / "cache"))
    for file in data.FASHION_MNIST_MD5:
        (tmp_path / file).write_bytes(b"not the file")
    with pytest.raises(RuntimeError, match=r"corrupted.*load_digits"):
        data.load_fashion_mnist()
