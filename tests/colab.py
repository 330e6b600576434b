"""An environment as Colab has it, for `make test`: Jupyter, TensorFlow, Matplotlib, scikit-learn.

The cell with which a notebook begins on Colab installs `lib` there, from this repository in place
of its public address, and must leave TensorFlow as it is. Copies of the notebooks then wait in an
otherwise empty folder for nbval, which runs them with this environment's kernel.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parents[1]
HERE = ROOT / "_build/colab"
BROUGHT = ["ipykernel", "matplotlib", "scikit-learn", "tensorflow-cpu", "pip"]


def main():
    for folder in (HERE, ROOT / "build"):  # setuptools would pack what an older build left there
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", HERE / "env"], check=True)
    python = HERE / "env/bin/python"
    install = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*install, "--constraint", ROOT / "requirements.txt", *BROUGHT], check=True)
    kernel = [python, "-m", "ipykernel", "install", "--prefix", HERE, "--name", "colab"]
    subprocess.run(kernel, check=True, capture_output=True)
    (HERE / "notebooks").mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(path, HERE / "notebooks")
    before = tensorflow(python)
    run_install_cell(path)
    assert tensorflow(python) == before, "the install cell changed TensorFlow"


def tensorflow(python):
    """Names, sizes and times of TensorFlow's files."""
    package = next((python.parents[1] / "lib").glob("python*/site-packages/tensorflow"))
    return [(file, file.stat().st_size, file.stat().st_mtime) for file in package.rglob("*.so*")]


def run_install_cell(path):
    cell = nbformat.read(path, as_version=4).cells[1]
    assert "google.colab" in cell.source, "the second cell installs lib"
    lines = cell.source.splitlines()
    lines[-1] = f'    %pip install --quiet "{ROOT}"'
    code = 'import sys, types\nsys.modules["google.colab"] = types.ModuleType("google.colab")\n'
    code += "\n".join([*lines, "import lib.ensemble"])
    manager, client = start_new_kernel(kernel_name="colab", cwd=str(HERE / "notebooks"))
    try:
        reply = client.execute_interactive(code, timeout=300, output_hook=lambda message: None)
    finally:
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok":
        sys.exit(f"the install cell failed: {reply['content'].get('evalue')}")


if __name__ == "__main__":
    main()
