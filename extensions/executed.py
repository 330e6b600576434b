"""The cache of executed chapters: where it is, and what it holds of a page.

It has a folder for each state of all that outputs depend on besides a chapter's own code.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Under these names the cache keeps how long a chapter ran, and the MB that it had at most.
SECONDS, MEMORY = "execution_seconds", "peak_megabytes"


@functools.cache
def cache_folder(root: Path) -> Path:
    """The cache of the outputs that the present inputs give, in the book below ``root``."""
    return root / "_build/executed" / _inputs(root)[:16]


def _inputs(root: Path) -> str:
    seeds = [os.environ.get(f"BOOK_{name}_SEED", "") for name in ("FIRST", "DATA")]
    digest = hashlib.sha256(" ".join([sys.version, *seeds]).encode())
    for path in [*library(root), root / "requirements.txt"]:
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def code_blocks(page: str) -> list[str]:
    """The code cells of a chapter's source as they stand there, captions included."""
    return re.findall(r"^`{3,}\{code-cell\}.*?^`{3,}$", page, re.M | re.S)


def code_cells(page: str) -> list[str]:
    """The code of those cells, without their options."""
    options = re.compile(r"\A.*?\n(---\n.*?^---\n|(:[^\n]*\n)+)?", re.M | re.S)
    return [options.sub("", block).rpartition("\n")[0] for block in code_blocks(page)]


def library(root: Path) -> list[Path]:
    """The files, of any kind, of what a chapter imports from the book below ``root``."""
    files = [path for folder in ("lib", "explorables") for path in (root / folder).rglob("*")]
    return sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)


@dataclass(frozen=True)
class Executed:
    """A chapter with its outputs, and the seconds and MB that they took."""

    notebook: NotebookNode
    seconds: float
    memory: float


def executed(root: Path, chapter: Path) -> Executed:
    """What the cache holds of a chapter's source.

    Raises:
        KeyError: this code has not been executed with the present inputs.
    """
    from jupyter_cache import get_cache
    from myst_nb.core.read import myst_nb_reader_plugin

    cache = get_cache(cache_folder(root))
    key, notebook = cache.merge_match_into_notebook(myst_nb_reader_plugin(str(chapter)))
    data = cache.get_cache_record(key).data
    return Executed(notebook, data[SECONDS], data[MEMORY])
