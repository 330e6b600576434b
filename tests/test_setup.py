"""Setting up says first, and in seconds, what is missing; in CI that is a failure."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.depends("tools/setup.sh", "package-lock.json")
FILES = ("requirements.txt", "pyproject.toml", "package-lock.json")
COMMANDS = "bash cat cmp cp dirname env grep head id ls python3 uname"


@pytest.fixture
def bare(tmp_path):
    """A copy that is set up, on a machine without Chromium, bubblewrap, TeX and apt-get."""
    for name in ("bin", "home", "book/tools", "book/.venv/bin", "book/node_modules"):
        (tmp_path / name).mkdir(parents=True)
    for name in COMMANDS.split():
        os.symlink(shutil.which(name), tmp_path / "bin" / name)
    book = tmp_path / "book"
    for name in ("tools/setup.sh", *FILES):
        shutil.copy(ROOT / name, book / name)
    python = tmp_path / "bin/python3"
    os.symlink(python, book / ".venv/bin/python")
    version = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    lock = [(ROOT / name).read_text() for name in FILES[:2]]
    (book / ".venv/ready").write_text("".join([version, *lock]))
    shutil.copy(ROOT / FILES[2], book / "node_modules/ready")

    def setup(what="test", **environment):
        environment |= {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}
        run = subprocess.run(
            [book / "tools/setup.sh", what],
            env=environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return run.returncode, run.stdout + run.stderr

    return setup


def test_what_is_missing_is_named_with_what_is_left_out(bare):
    code, text = bare()
    assert code == 0, text
    for missing, left_out in [
        ("Chromium", "pages"),
        ("bubblewrap", "grading"),
        ("TeX", "PDF"),
        ("Firefox", "second browser"),
    ]:
        line = next(line for line in text.splitlines() if line.startswith(f"missing: {missing}"))
        assert left_out in line.partition("left out")[2]


def test_the_library_of_playwrights_node_is_looked_for(bare, tmp_path):
    """A small Debian lacks it; here Python finds no library at all."""
    assert "libatomic" not in bare()[1]
    (tmp_path / "ctypes.py").write_text("def CDLL(name): raise OSError(name)\n")
    code, text = bare(PYTHONPATH=str(tmp_path))
    assert code == 0, text
    assert (
        "missing: libatomic (apt-get install libatomic1); left out: the tests of the pages" in text
    )


def test_in_ci_it_is_a_failure(bare):
    code, text = bare(CI="true")
    assert (code, text.splitlines()[-1]) == (1, "CI is set: nothing may be missing")


def test_the_pdf_is_refused_without_tex(bare):
    code, text = bare("pdf")
    assert code == 1
    assert "apt-get install --no-install-recommends fonts-dejavu-extra" in text


def test_a_python_that_cannot_run_the_book_is_one_clear_line(bare):
    code, text = bare(PYTHON="python3.14")
    assert code == 1
    assert text.count("\n") == 1
    assert "3.11, 3.12 and 3.13" in text
    assert "is missing" in text
