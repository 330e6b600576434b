"""Figures that a reader can move, one function each: `explorables.optimizer_race()` in a cell.

The same object serves a page of the book, JupyterLab and Colab (its modules come along inline), a
PDF (a picture) and a page without JavaScript (the static figure, drawn from the NumPy reference).
"""

from explorables._clipping import clipping
from explorables._constraints import constraints
from explorables._dropout import mc_dropout
from explorables._lab import clinic, lab
from explorables._race import optimizer_race
from explorables._schedules import schedules
from explorables._signal import signal_depth
from explorables._slopes import activation_slopes

__all__ = [
    "activation_slopes",
    "clinic",
    "clipping",
    "constraints",
    "lab",
    "mc_dropout",
    "optimizer_race",
    "schedules",
    "signal_depth",
]
