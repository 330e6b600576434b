"""Figures that a reader can move: the functions of the package `explorables`."""

from explorables import *  # noqa: F403
