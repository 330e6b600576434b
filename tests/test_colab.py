"""Every notebook runs as on Colab, and prints what is committed: strict nbval, an empty folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import colab

NOTEBOOKS = colab.ROOT / "notebooks"
NAMES = sorted((path.stem for path in NOTEBOOKS.glob("*.ipynb")), reverse=True)
CONFIG = Path(__file__).with_name("nbval.cfg")
pytestmark = pytest.mark.depends(
    "lib/**/*", "explorables/**/*", "tools/colab.txt", "tests/nbval.cfg"
)


@pytest.fixture(scope="module", autouse=True)
def environment():
    subprocess.run(
        [sys.executable, "-m", "tools.colab"], check=True, capture_output=True, cwd=colab.ROOT
    )


@pytest.mark.long
@pytest.mark.depends("notebooks/{name}.ipynb#code")  # what nbval reads
@pytest.mark.parametrize("name", NAMES or ["none"])
def test_a_notebook_prints_what_is_committed(name, tmp_path):
    shutil.copy(NOTEBOOKS / f"{name}.ipynb", tmp_path)
    options = ["--nbval", "--nbval-kernel-name", "colab", "--nbval-sanitize-with", CONFIG]
    options += ["-c", os.devnull, "--rootdir", tmp_path, "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, tmp_path / f"{name}.ipynb"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    cells = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4).cells
    assert f"{sum(cell.cell_type == 'code' for cell in cells)} passed" in run.stdout


@pytest.mark.depends("notebooks/*.ipynb#code")
def test_lib_is_installed_and_not_taken_from_here(tmp_path):
    command = [colab.PYTHON, "-c", "import lib; print(lib.__file__)"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.startswith(str(colab.HERE))
