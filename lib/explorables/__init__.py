"""Figures that a reader can move, one function each: `explorables.optimizer_race()` in a cell.

The same object serves a page of the book, JupyterLab and Colab (its modules come along inline), a
PDF (a picture) and a page without JavaScript (the static figure, drawn from the NumPy reference).
"""

from lib.explorables._clipping import clipping
from lib.explorables._constraints import constraints
from lib.explorables._dropout import mc_dropout
from lib.explorables._race import optimizer_race
from lib.explorables._schedules import schedules
from lib.explorables._signal import signal_depth
from lib.explorables._slopes import activation_slopes

__all__ = [
    "activation_slopes",
    "clipping",
    "constraints",
    "mc_dropout",
    "optimizer_race",
    "schedules",
    "signal_depth",
]
