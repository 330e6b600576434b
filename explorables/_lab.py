"""Networks to train in the page: what `web/lab.js` shows, with a run of each preset for print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from explorables._shell import Explorable, check, listed
from lib.plots import INK, PALETTE

STORED = Path(__file__).with_name("lab.json")
PRESETS = {  # settings as in the lab's address (web/core/lab/settings.js), and those in view
    "deep": ("depth=10&width=32&opt=momentum&rate=0.01", ["init", "act", "norm"]),
    "sigmoid": ("depth=5&act=sigmoid&opt=momentum&rate=1", ["act", "depth", "init"]),
    "silent": ("act=relu&opt=adam&rate=0.03", ["act", "rate", "norm"]),
    "fast": ("init=he&rate=3", ["norm", "rate", "batch"]),
    "optimizers": ("opt=sgd&rate=0.001", ["opt", "rate", "epochs"]),
    "noise": ("depth=2&opt=momentum&rate=0.1&noise=0.3&epochs=16", ["sched", "rate", "noise"]),
    "patient": ("depth=20&act=sigmoid&opt=sgd&rate=0.01", ["act", "init", "norm", "opt", "rate"]),
}


def lab(preset: str = "deep") -> Explorable:
    """Dense networks of 1 to 20 hidden layers, trained in the page on the book's digits.

    The arithmetic is that of Keras, in double precision: tests hold an epoch of each optimizer
    against it. The random numbers are the lab's own.

    Args:
        preset: where it stands at first, a key of `PRESETS`.

    Raises:
        ValueError: no such preset.

    >>> print(lab("fast"))
    The lab, a network with init=he&rate=3: three seeds, at the end a validation accuracy of 10 %.
    """
    check(preset=(preset, preset in PRESETS, f"one of {listed(PRESETS)}"))
    settings, controls = PRESETS[preset]
    run = json.loads(STORED.read_text("utf-8"))[preset]
    wide, narrow = (-(-len(controls) // columns) for columns in (3, 2))  # rows in view
    last = 100 * np.median(run["accuracy"][-1])
    return Explorable(
        name="lab",
        settings={"preset": settings, "controls": controls},
        draw=lambda: draw(run),
        text=f"The lab, a network with {settings}: three seeds, at the end a validation "
        f"accuracy of {last:.0f} %.",
        height=(f"84cqw + {208 + 70 * wide}px", f"308cqw + {441 + 52 * narrow}px"),
        data=("digits",),
    )


def clinic() -> Explorable:
    """Networks that do not learn: a reader orders tests, names the cause, and treats.

    >>> print(clinic())
    The clinic, a network that does not learn: three seeds, and tests to order.
    """
    run = json.loads(STORED.read_text("utf-8"))["patient"]
    return Explorable(
        name="clinic",
        settings={},
        draw=lambda: draw(run),
        text="The clinic, a network that does not learn: three seeds, and tests to order.",
        height=("34cqw + 505px", "136cqw + 735px"),
        data=("digits",),
    )


def draw(run: dict[str, Any]) -> Figure:
    """Validation accuracy by epoch, and the gradients of the kernels at the end; bands of seeds."""
    figure = Figure(figsize=(7, 2.9))
    left, right = figure.subplots(1, 2)
    panels = [
        (left, run["epoch"], run["accuracy"], INK, "epoch", "validation accuracy"),
        (right, range(1, 1 + len(run["gradient"])), run["gradient"], PALETTE[2], "layer",
         "norm of the gradient"),
    ]  # fmt: skip
    for ax, x, rows, colour, name, title in panels:
        values = np.array(rows, float)
        ax.fill_between(x, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.16, lw=0)
        ax.plot(x, np.median(values, axis=1), color=colour, ls="-")
        ax.set(xlabel=name, title=title)
    left.set(ylim=(0, 1))
    right.set_yscale("log")
    return figure
