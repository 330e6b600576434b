"""A small assignment in the authors' format, and notebooks handed in for it."""

import copy
import json

from teaching import authoring

NAME = "99-small"
SOURCE = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
assignment:
  title: He initialisation
  chapter: 02-xavier-and-he-initialization
  objectives: [derive the standard deviation]
  prerequisites: [NumPy arrays]
  minutes: 30
  difficulty: 1
---

# He initialisation

```{code-cell} ipython3
:locked: setup
import numpy as np
import keras
from numpy.testing import assert_allclose
keras.utils.set_random_seed(0)

def double(x):
    return 2 * x
```

```{code-cell} ipython3
:exercise: he-std
def he_std(fan_in):
    ### BEGIN SOLUTION
    return np.sqrt(2.0 / fan_in)
    ### END SOLUTION
```

```{code-cell} ipython3
:check: he-std
:points: 2
np.testing.assert_allclose(he_std(50), 0.2, rtol=1e-6)
### BEGIN HIDDEN TESTS
assert_allclose(he_std(512), double(1 / 32), rtol=1e-6)
### END HIDDEN TESTS
```

```{code-cell} ipython3
:exercise: rms
def activation_rms(x, depth=3, width=64):
    ### BEGIN SOLUTION
    out = []
    for _ in range(depth):
        init = keras.initializers.RandomNormal(stddev=he_std(x.shape[-1]))
        x = keras.layers.Dense(width, activation="relu", kernel_initializer=init)(x)
        out.append(float(keras.ops.sqrt(keras.ops.mean(x * x))))
    return out
    ### END SOLUTION
```

```{code-cell} ipython3
:check: rms-shape
:points: 1
_x = keras.random.normal((64, 256), seed=1)
_r = activation_rms(_x, depth=3)
assert len(_r) == 3, "one number per layer"
```

```{code-cell} ipython3
:check: rms-kept
:points: 3
_r = activation_rms(_x)
### BEGIN HIDDEN TESTS
assert all(0.4 < v < 2.5 for v in _r), f"drifts from {min(_r)} to {max(_r)}"
assert np.std(np.log(_r)) > 1e-6
### END HIDDEN TESTS
```

Why is there a 2 in the formula?

+++ {"answer": "why-two", "points": 2}

### BEGIN SOLUTION
ReLU halves the second moment.

Rubric: 2 points for the half.
### END SOLUTION
"""
HE = "def he_std(fan_in):\n    return np.sqrt(2.0 / fan_in)"
WRONG = "def he_std(fan_in):\n    return 0.0"
RMS = """\
def activation_rms(x, depth=3, width=64):
    out = []
    for _ in range(depth):
        init = keras.initializers.RandomNormal(stddev=he_std(x.shape[-1]))
        x = keras.layers.Dense(width, activation="relu", kernel_initializer=init)(x)
        out.append(float(keras.ops.sqrt(keras.ops.mean(x * x))))
    return out"""
GOOD = {"he-std": HE, "rms": RMS, "why-two": "Half of it is lost."}


def load(folder, source=SOURCE):
    """The assignment, read by the authors' module from a folder of its own."""
    (folder / f"{NAME}.md").write_text(source, "utf-8")
    before, authoring.ASSIGNMENTS = authoring.ASSIGNMENTS, folder
    try:
        return authoring.load(NAME)
    finally:
        authoring.ASSIGNMENTS = before


def notebook(assignment, **cells):
    """A notebook as plain JSON, with cells replaced (`he_std` for `he-std`)."""
    cells = GOOD | {name.replace("_", "-"): source for name, source in cells.items()}
    return json.loads(json.dumps(authoring.answered(assignment, cells)))


def write(path, notebook):
    path.write_text(json.dumps(notebook), "utf-8")
    return path


def cell(notebook, id_):
    return next(c for c in notebook["cells"] if c["id"] == id_)


def code(source, id_="mine"):
    """A code cell that the student adds."""
    return {
        "cell_type": "code", "id": id_, "metadata": {}, "source": source, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


def without_ids(notebook):
    notebook = copy.deepcopy(notebook)
    for c in notebook["cells"]:
        c["metadata"] = {}
        del c["id"]
    notebook["nbformat_minor"] = 4
    return notebook


def scores(result):
    """Points of the checks, in order."""
    return [task["score"] for task in result["tasks"] if task["outcome"] != "by hand"]


def outcomes(result):
    return [task["outcome"] for task in result["tasks"] if task["outcome"] != "by hand"]
