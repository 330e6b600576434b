"""The package itself: it is cheap to import, and Keras runs on TensorFlow after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.depends("lib/__init__.py")

ROOT = Path(__file__).parents[1]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


REFUSAL = "ImportError: lib needs Keras on TensorFlow, not on {!r}: set KERAS_BACKEND=tensorflow"


@pytest.mark.parametrize("environment", [{}, {"KERAS_BACKEND": ""}], ids=["unset", "empty"])
def test_keras_runs_on_tensorflow_whatever_its_file_says(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "nowhere"}', "utf-8")
    code = "import sys, lib; print({'keras', 'tensorflow'} & {*sys.modules})"
    code += "; import keras; print(keras.config.backend())"
    run = python(code, KERAS_HOME=str(tmp_path), **environment)
    assert run.stdout.split() == ["set()", "tensorflow"], run.stderr


def test_another_backend_is_refused_before_keras_is_imported() -> None:
    run = python("import lib, keras", KERAS_BACKEND="nowhere")
    assert run.stderr.splitlines()[-1].startswith(REFUSAL.format("nowhere"))


def test_keras_on_another_backend_is_refused() -> None:
    # Other backends need packages that are not installed, so Keras only says that it runs on one.
    code = "import keras; keras.src.backend.config._BACKEND = 'nowhere'; import lib"
    run = python(code, KERAS_BACKEND="tensorflow")
    assert run.stderr.splitlines()[-1].startswith(REFUSAL.format("nowhere"))
