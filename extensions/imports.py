"""What a Python file, or a chapter, imports from this repository: found, not typed."""

import ast
import functools
from collections.abc import Iterable
from pathlib import Path

from extensions.executed import code_cells


@functools.cache
def imported(path: Path, root: Path) -> set[Path]:
    """A file and those below ``root`` that it imports, and so on."""
    found: set[Path] = set()
    new = [path]
    while new:
        if (path := new.pop()) not in found:
            found.add(path)
            new += imports(path, root)
    return found


@functools.cache
def imports(path: Path, root: Path) -> list[Path]:
    """What one file imports, inside functions as well."""
    code = path.read_text("utf-8")
    if path.suffix == ".md":
        code = "\n".join(code_cells(code))
    names: list[tuple[list[Path], str]] = []
    around = [path.parent, root]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [(around, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folders = [path.parents[node.level - 1]] if node.level else around
            whole = [node.module] if node.module else []
            names += [(folders, ".".join([*whole, alias.name])) for alias in node.names]
    files: set[Path] = set()
    for folders, name in names:
        parts = name.split(".")
        for folder in folders:
            for end in range(1, len(parts) + 1):
                place = folder.joinpath(*parts[:end])
                files |= {place.with_suffix(".py"), place / "__init__.py"}
    return sorted(file for file in files if file.exists() and root in file.parents)


def contents(modules: Iterable[Path], root: Path) -> bytes:
    """Names and bytes of files below ``root``, in the order of their names, to be hashed."""
    parts = (
        f"\0{path.relative_to(root)}\0".encode() + path.read_bytes() for path in sorted(modules)
    )
    return b"".join(parts)
