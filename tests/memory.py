"""What has passed on the same content does not run again.

The marker `depends` names the files that a test depends on, as globs from the root; the names of
its parameters may stand in braces, and `#code` behind chapters and notebooks that count without
their prose. To these come what is found: its module, the conftests above it, whatever these import
from this repository, and the data beside a doctest. Their bytes, the lock and the versions of
Python and Chromium make a key, and what passes leaves a file of that name in `_build/passed`.
Failed and skipped tests leave none; tests without the marker always run, and with ALL=1 all do.
A marked test that opens another file of the repository fails, so that no key forgets one.
"""

import functools
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from machine import EVERYTHING, chromium

from extensions.executed import code_blocks
from extensions.imports import imported

ROOT = Path(__file__).parents[1]
PASSED = ROOT / "_build/passed"
CODE = "#code"
ALWAYS = ("requirements.txt", "pyproject.toml")
OUTSIDE = tuple(
    f"{ROOT}/{name}/"
    for name in ".git .venv node_modules _build/passed _build/colab _build/versions".split()
)
MONTH = 30 * 24 * 3600
KEY, FILES, PASSING, REMEMBERED = (pytest.StashKey() for _ in range(4))
opened: set[str] = set()


def key(item):
    """The key of a marked test and the files behind it; None where there is no mark."""
    markers = list(item.iter_markers("depends"))
    if not markers and not isinstance(item, pytest.DoctestItem):
        return None
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    patterns = [pattern.format_map(parameters) for mark in markers for pattern in mark.args]
    conftests = [folder / "conftest.py" for folder in item.path.parents if ROOT in folder.parents]
    # A conftest names this module in a string, where no import is found.
    roots = [item.path, Path(__file__), *(path for path in conftests if path.exists())]
    files = {path for root in roots for path in imported(root, ROOT)}
    files |= {ROOT / name for name in ALWAYS}
    if isinstance(item, pytest.DoctestItem):
        files.update(item.path.parent.glob("*.json"))
    chapters = {pattern for pattern in patterns if pattern.endswith(CODE)}
    files.update(*(matching(pattern) for pattern in patterns if pattern not in chapters))
    code = set().union(*(matching(pattern.removesuffix(CODE)) for pattern in chapters)) - files
    digest = hashlib.sha256("\0".join([item.nodeid, versions(), *patterns]).encode())
    for path in sorted(files | code):
        known = content_of_code(path) if path in code else content(path)
        digest.update(f"\0{path.relative_to(ROOT)}\0{known}".encode())
    return digest.hexdigest(), files | code


@functools.cache
def matching(pattern):
    files = {
        path for path in ROOT.glob(pattern) if path.is_file() and "__pycache__" not in path.parts
    }
    if not files and not pattern.startswith("_build/"):
        raise pytest.UsageError(f"depends: no file is called {pattern}")
    return files


@functools.cache
def content(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def content_of_code(path):
    """Of a chapter its code cells; of a notebook also what they printed, and its kernel."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        notebook = json.loads(text)
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        text = json.dumps([notebook["metadata"]["kernelspec"], code])
    else:
        text = "\0".join(code_blocks(text))
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def versions():
    """Of Python and of Chromium; asked once, by the process that starts the workers."""
    if "CHROMIUM_VERSION" not in os.environ:
        found = [chromium(), "--version"]
        asked = subprocess.run(found, capture_output=True, text=True) if found[0] else None
        os.environ["CHROMIUM_VERSION"] = asked.stdout.strip() if asked else "none"
    return f"{sys.version} {os.environ['CHROMIUM_VERSION']}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    kept, remembered = [], []
    for item in items:
        if (found := key(item)) is not None:
            item.stash[KEY], item.stash[FILES] = found
            mark = PASSED / found[0]
            if mark.exists() and not EVERYTHING:
                os.utime(mark)
                remembered.append(item)
                continue
        kept.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=remembered)
    config.stash[REMEMBERED] = len(remembered)


@sys.addaudithook
def _note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])


def strangers(files):
    """Files of this repository that were opened, without these."""
    paths = {os.path.abspath(path) for path in opened}
    inside = {p for p in paths if p.startswith(f"{ROOT}/") and not p.startswith(OUTSIDE)}
    read = {Path(p) for p in inside if os.path.isfile(p) and "__pycache__" not in p}
    return sorted(str(path.relative_to(ROOT)) for path in read - files)


def pytest_runtest_setup(item):
    opened.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if KEY in item.stash:
        if report.when == "call" and report.passed and (read := strangers(item.stash[FILES])):
            report.outcome = "failed"
            report.longrepr = f"name in the marker `depends` of this test: {', '.join(read)}"
        item.stash[PASSING] = item.stash.get(PASSING, True) and report.passed
        if report.when == "teardown" and item.stash[PASSING]:
            PASSED.mkdir(parents=True, exist_ok=True)
            (PASSED / item.stash[KEY]).touch()
    return report


def pytest_sessionfinish(session):
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["remembered"] = session.config.stash.get(REMEMBERED, 0)
    elif PASSED.exists():
        for mark in PASSED.iterdir():
            if mark.stat().st_mtime < time.time() - MONTH:
                mark.unlink(missing_ok=True)


@pytest.hookimpl(optionalhook=True)  # it is xdist's
def pytest_testnodedown(node):
    node.config.stash[REMEMBERED] = getattr(node, "workeroutput", {}).get("remembered", 0)


def pytest_terminal_summary(terminalreporter, config):
    """Say what did not run, and why."""
    if remembered := config.stash.get(REMEMBERED, 0):
        terminalreporter.line(f"{remembered} passed before on the same content (ALL=1 runs them)")
    reasons = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, number in reasons.items():
        terminalreporter.line(f"left out: {number} tests: {reason}")
