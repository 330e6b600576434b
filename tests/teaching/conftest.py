"""A small course of one assignment, and the sandbox, for the tests of the teaching kit."""

import functools
import shutil
import subprocess
from pathlib import Path

import pytest
from machine import left_out

from teaching import authoring
from teaching import sandbox as sandboxing
from teaching.sandbox import Limits, Sandbox, SandboxMissing

NAME = "01-small"
SOURCE = '''\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
assignment:
  title: Small & quick
  chapter: 01-vanishing-and-exploding-gradients
  objectives: [halve, explain]
  prerequisites: [none]
  minutes: 5
  difficulty: 1
  variants:
    divisor: [2, 4, 8, 16]
---

# Small

```{code-cell} ipython3
:locked: setup

import numpy as np
```

## Task 1: divide by {{divisor}}

```{code-cell} ipython3
:exercise: divide

def divide(x):
    """`x` divided by {{divisor}}."""
    ### BEGIN SOLUTION
    return np.asarray(x) / {{divisor}}
    ### END SOLUTION
```

```{code-cell} ipython3
:check: divide
:points: 2

assert divide({{divisor}}) == 1
### BEGIN HIDDEN TESTS
x = np.random.default_rng({{seed}}).normal(size=9)
np.testing.assert_allclose(divide(x), x / {{divisor}})
### END HIDDEN TESTS
```

```{code-cell} ipython3
:check: divide-negative
:points: 1.5

assert divide(-{{divisor}}) == -1
```

## Task 2: why?

+++ {"answer": "why", "points": 2}

### BEGIN SOLUTION
Because it is <b>small</b>.

Rubric: 1 point for the size,
1 point for the reason.
### END SOLUTION

+++

## Task 3: a picture

```{code-cell} ipython3
:answer: picture
:points: 1

### BEGIN SOLUTION
print("a picture")
# Rubric: 1 point for any picture.
### END SOLUTION
```
'''


class Course:
    """Where the assignment lies; ``write`` replaces a part of it, which must be there once."""

    name = NAME

    def __init__(self, folder):
        self.folder = folder
        self.write("", "")

    def write(self, old, new):
        assert not old or SOURCE.count(old) == 1
        text = SOURCE.replace(old, new) if old else SOURCE
        (self.folder / f"{NAME}.md").write_text(text, "utf-8")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    files = (
        "_config.yml", "teaching/*.py", "teaching/templates/*", "teaching/quizzes/*", "lib/**/*",
        "teaching/assignments/earlier.json", "assets/book.css",
    )  # fmt: skip
    for item in items:
        if item.path.is_relative_to(here):
            own = "{name}" if item.module.__name__ == "test_assignments" else "*"
            assignments = f"teaching/assignments/{own}.md", f"teaching/assignments/wrong/{own}.yml"
            item.add_marker(pytest.mark.depends(*files, *assignments))


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "assignments"
    folder.mkdir()
    monkeypatch.setattr(authoring, "ASSIGNMENTS", folder)
    return Course(folder)


@functools.cache
def no_sandbox():
    """What SandboxMissing says here, or nothing; where bubblewrap works, it costs no TensorFlow."""
    namespaces = "unshare --user --pid --mount --ipc --net true".split()  # a job enters these
    try:
        if shutil.which("bwrap"):
            command = [*sandboxing._bubblewrap(Limits()), *namespaces]
            if subprocess.run(command, capture_output=True).returncode == 0:
                return ""
        with Sandbox():  # has the last word
            return ""
    except SandboxMissing as error:
        return f"no sandbox: {error}"


@pytest.fixture(scope="session")
def bubblewrap():
    """For a test that starts sandboxes itself."""
    if reason := no_sandbox():
        left_out(reason)


@pytest.fixture(scope="session")
def preloaded(bubblewrap):
    """One process with TensorFlow for all tests; each job of it is forked anew."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(preloaded):
    """The preloaded sandbox, without a limit of time that a busy machine could reach.

    A test of one gives the limits that its next job keeps.
    """
    preloaded.limits = Limits(cell=600.0, total=3600.0)
    return preloaded
