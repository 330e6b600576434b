"""A test that passed is left out next time, and none is whose content changed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.depends()
SMALL = """
from pathlib import Path
import helper, pytest
HERE = Path(__file__).parent

@pytest.mark.depends("data/{name}.txt")
@pytest.mark.parametrize("name", ["one", "two"])
def test_reads_its_file(name):
    assert helper.read(name) != "bad"

@pytest.mark.depends()
def test_skips():
    pytest.skip("no reason")

def test_has_no_mark():
    pass
"""
HELPER = """
from pathlib import Path

def read(name):
    from deep import folder
    return (folder / f"{name}.txt").read_text()
"""
PAGE = "Some prose.\n\n```{code-cell} ipython3\n1 + 1\n```\n"


@pytest.fixture
def small(tmp_path):
    """A project of four tests, with the real memory."""
    files = {
        "requirements.txt": "a lock", "pyproject.toml": "",
        "data/one.txt": "1", "data/two.txt": "2",
        "tests/test_small.py": SMALL, "tests/helper.py": HELPER,
        "tests/conftest.py": "pytest_plugins = ['memory']\n",
        "tests/deep.py": "from pathlib import Path\nfolder = Path(__file__).parents[1] / 'data'\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "extensions").mkdir()
    for name in (
        "tests/memory.py",
        "tests/machine.py",
        "extensions/executed.py",
        "extensions/imports.py",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def passing(folder, *options, **environment):
    """Run the tests of a folder; returns the names of those that passed, and what was printed."""
    environment = {"CHROMIUM_VERSION": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment
    markers = ["-o", "markers=depends(*globs): files"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", *markers, *options, "tests"],
        cwd=folder, capture_output=True, text=True, env=os.environ | environment,
    )  # fmt: skip
    return set(re.findall(r"::test_(\S+) PASSED", run.stdout)), run.stdout + run.stderr


EVERY = {"reads_its_file[one]", "reads_its_file[two]", "has_no_mark"}
UNMARKED = {"has_no_mark"}


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "xdist"])
def test_what_passed_is_left_out_and_what_skipped_is_not(small, workers):
    if workers:
        first = passing(small, *workers)[1]
        assert "3 passed, 1 skipped" in first
    else:
        assert passing(small)[0] == EVERY
    again = passing(small, *workers)[1]
    assert "1 passed, 1 skipped" in again
    assert "2 passed before on the same content" in again
    assert "left out: 1 tests: no reason" in again


@pytest.mark.parametrize(
    ("changed", "runs"),
    [
        ("data/one.txt", {"reads_its_file[one]"}),
        ("tests/test_small.py", EVERY),
        ("tests/conftest.py", EVERY),
        ("tests/memory.py", EVERY),
        ("tests/deep.py", EVERY),  # imported by a module that the test imports, in a function
        ("requirements.txt", EVERY),
    ],
)
def test_a_change_makes_run_what_depends_on_it(small, changed, runs):
    passing(small)
    with open(small / changed, "a") as file:
        file.write("\n# changed" if changed.endswith(".py") else "changed")
    assert passing(small)[0] == runs | UNMARKED
    assert passing(small)[0] == UNMARKED


def test_of_a_chapter_the_code_alone_may_count(small):
    chapter = small / "data/page.md"
    chapter.write_text(PAGE)
    text = SMALL.replace("depends()", 'depends("data/*.md#code")').replace("pytest.skip", "open")
    text = text.replace('"no reason"', 'HERE.parent / "data/page.md"')
    (small / "tests/test_small.py").write_text(text)
    assert passing(small)[0] == EVERY | {"skips"}
    for changed, runs in [("prose", UNMARKED), ("1 + 1", UNMARKED | {"skips"})]:
        chapter.write_text(chapter.read_text().replace(changed, "2"))
        assert passing(small)[0] == runs


def test_versions_and_all_make_everything_run(small):
    passing(small)
    assert passing(small, CHROMIUM_VERSION="2")[0] == EVERY
    assert passing(small, ALL="1")[0] == EVERY


def test_a_failure_is_not_remembered_and_a_break_is_seen(small):
    passing(small)
    (small / "data/one.txt").write_text("bad")
    for _ in range(2):
        assert "1 failed" in passing(small)[1]
    (small / "data/one.txt").write_text("1")
    assert passing(small)[0] == UNMARKED


def test_a_file_that_the_marker_forgets_fails_the_test(small):
    text = SMALL.replace('"data/{name}.txt"', '"data/one.txt"')
    (small / "tests/test_small.py").write_text(text)
    printed = passing(small)[1]
    assert "1 failed" in printed
    assert "name in the marker `depends` of this test: data/two.txt" in printed


def test_a_pattern_without_files_is_an_error(small):
    (small / "tests/test_small.py").write_text(SMALL.replace("data/{name}.txt", "date/{name}.txt"))
    assert "no file is called date/one.txt" in passing(small)[1]


REMEMBER = """
import sys
import pytest
sys.path.insert(0, "tests")
import memory

class Collected:
    def pytest_collection_finish(self, session):
        for item in session.items:
            memory.PASSED.mkdir(parents=True, exist_ok=True)
            (memory.PASSED / item.stash[memory.KEY]).touch()
            print("collected", item.name)

pytest.main(["--collect-only", "-q", "tests/test_colab.py"], plugins=[Collected()])
"""


@pytest.mark.depends(
    "tests/*.*", "tests/practice/*", "lib/**/*", "explorables/**/*", "extensions/**/*", "tools/*",
    "notebooks/*.ipynb#code",
)  # fmt: skip
def test_nbval_runs_a_notebook_whenever_it_the_library_or_the_lock_changed(tmp_path):
    """Not for its prose, which nbval does not read."""
    for folder in ("tests", "lib", "explorables", "notebooks", "extensions", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "teaching", "blank", "questions")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    def collected():
        run = subprocess.run(
            [sys.executable, "-c", REMEMBER], cwd=tmp_path, capture_output=True, text=True,
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
        return set(re.findall(r"^collected test_a_notebook_\S+\[(\S+)\]$", run.stdout, re.M))

    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert collected() == names
    assert collected() == set()
    one = min(names)
    path = tmp_path / f"notebooks/{one}.ipynb"
    for part, runs in [("source", {one}), ("outputs", {one}), ("prose", set())]:
        notebook = json.loads(path.read_text("utf-8"))
        code = next(cell for cell in notebook["cells"] if cell.get("outputs"))
        if part == "prose":
            notebook["cells"][0]["source"].append("And so on.")
        elif part == "source":
            code["source"].append("\n")
        else:
            code["outputs"].pop()
        path.write_text(json.dumps(notebook), "utf-8")
        assert collected() == runs
    for changed in ("lib/data.py", "requirements.txt"):
        with open(tmp_path / changed, "a") as file:
            file.write("\n")
        assert collected() == names
