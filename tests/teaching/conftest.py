"""A small course of one assignment, for the tests of the teaching kit."""

import pytest

from teaching import authoring

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


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "assignments"
    folder.mkdir()
    monkeypatch.setattr(authoring, "ASSIGNMENTS", folder)
    return Course(folder)
