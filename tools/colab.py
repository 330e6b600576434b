"""An environment as Colab has it, with the versions of colab.txt, and `lib` as a reader gets it.

The cell with which a notebook begins on Colab installs `lib` there, from this repository in place
of its public address, and must leave TensorFlow as it is.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel

from extensions.executed import library

ROOT = Path(__file__).parents[1]
HERE = ROOT / "_build/colab"
PYTHON = HERE / "env/bin/python"
VERSIONS = Path(__file__).with_name("colab.txt")
os.environ["JUPYTER_PATH"] = str(HERE / "share/jupyter")  # where the kernel `colab` is declared


def environment():
    """Make what is missing or out of date; only one process at a time does."""
    HERE.mkdir(parents=True, exist_ok=True)
    with open(HERE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make("ready", sys.version + VERSIONS.read_text(), bring_packages)
        digest = hashlib.sha256()
        for path in [*library(ROOT), ROOT / "pyproject.toml"]:
            digest.update(f"{path}\0".encode() + path.read_bytes())
        make("installed", digest.hexdigest(), install_lib)


def make(stamp, state, how):
    path = HERE / stamp
    if not path.exists() or path.read_text() != state:
        how()
        path.write_text(state)


def bring_packages():
    shutil.rmtree(HERE / "env", ignore_errors=True)
    (HERE / "installed").unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", HERE / "env"], check=True)
    install = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", PYTHON]
    subprocess.run([*install, "--requirement", VERSIONS], check=True)
    kernel = [PYTHON, "-m", "ipykernel", "install", "--prefix", HERE, "--name", "colab"]
    subprocess.run(kernel, check=True, capture_output=True)


def install_lib():
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # setuptools would pack an older build
    gone = ["uv", "pip", "uninstall", "--quiet", "--python", PYTHON, "training-deep-networks"]
    subprocess.run(gone, check=True, capture_output=True)
    before = tensorflow()
    notebook = min((ROOT / "notebooks").glob("*.ipynb"))
    cell = nbformat.read(notebook, as_version=4).cells[1]
    assert "google.colab" in cell.source, "the second cell installs lib"
    lines = cell.source.splitlines()
    lines[-1] = f'    %pip install --quiet "{ROOT}"'
    code = 'import sys, types\nsys.modules["google.colab"] = types.ModuleType("google.colab")\n'
    code += "\n".join([*lines, "import lib.ensemble"])
    manager, client = start_new_kernel(kernel_name="colab", cwd=str(HERE))
    try:
        reply = client.execute_interactive(code, timeout=300, output_hook=lambda message: None)
    finally:
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"the install cell failed: {reply['content'].get('evalue')}")
    if tensorflow() != before:
        raise RuntimeError("the install cell changed TensorFlow")


def tensorflow():
    """Names, sizes and times of TensorFlow's files."""
    package = next((HERE / "env/lib").glob("python*/site-packages/tensorflow"))
    return [(file, file.stat().st_size, file.stat().st_mtime) for file in package.rglob("*.so*")]


if __name__ == "__main__":
    environment()
