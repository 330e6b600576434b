"""The claims on other seeds: `lib/replicated.json`, which `make replicate` writes.

Each chapter was executed on five further blocks of seeds, with its data drawn anew in each. Of
every run the record keeps what was measured, and a fingerprint of the code that measured it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extensions.claims import comparisons
from extensions.executed import code_blocks, code_cells
from extensions.imports import contents, imported
from lib.evidence import Claim

RECORD = Path("lib/replicated.json")
DRAWING = {"explorables", "plots", "palette", "widths"}  # modules
DRAWS = {"ax", "axes", "fig", "plots", "plt"}  # names of what draws


@dataclass(frozen=True)
class Replication:
    """How a claim fared on the further blocks."""

    blocks: int
    held: int
    stale: bool  # measured with an earlier version of the chapter, or of what it imports


@functools.cache
def read(root: Path) -> dict[str, Any]:
    """The record: chapter to first seed to its run's "fingerprint" and "claims".

    A claim is its name, and the effects of its comparisons, one a seed.
    """
    record: dict[str, Any] = json.loads((root / RECORD).read_text("utf-8"))
    return record


def replication(root: Path, chapter: str, claim: Claim, now: str) -> Replication:
    """What became of the claim of a chapter, as far as it was replicated.

    The record holds what was measured. Whether that is as asked is decided here, by the bounds
    that the claim has now. `now` is the present fingerprint of the chapter.
    """
    runs = [run for run in read(root).get(chapter, {}).values() if claim.name in run["claims"]]
    held = sum(keeps(claim, run["claims"][claim.name]) for run in runs)
    stale = any(run["fingerprint"] != now for run in runs)
    return Replication(len(runs), held, stale)


def keeps(claim: Claim, effects: list[list[float]]) -> bool:
    """Whether the effects of one block, by comparison, are as the claim asks."""
    if len(effects) != len(claim.comparisons):
        return False  # of an earlier version
    return all(one.room() > 0 for one in comparisons(claim, effects))


def fingerprint(root: Path, chapter: Path) -> str:
    """A hash of what a chapter measures, and of the modules that it imports.

    What its claims ask of the measurements, how they say it, and what only draws are left out.
    """
    digest = hashlib.sha256(ast.unparse(Measurements().visit(measuring(chapter))).encode())
    used = {
        path
        for path in imported(chapter, root) - {chapter}
        if DRAWING.isdisjoint(path.relative_to(root).with_suffix("").parts)
    }
    digest.update(contents(used, root))
    return digest.hexdigest()[:16]


def measuring(chapter: Path) -> ast.Module:
    """The code of a chapter; of cells that make a figure only what other cells need."""
    page = chapter.read_text("utf-8")
    cells = [ast.parse(cell) for cell in code_cells(page)]
    figures = ["\n  figure:\n" in block for block in code_blocks(page)]
    needed = {
        node.id
        for cell, figure in zip(cells, figures, strict=True)
        if not figure
        for node in ast.walk(cell)
        if isinstance(node, ast.Name)
    }
    for cell, figure in reversed(list(zip(cells, figures, strict=True))):
        if figure:
            for statement in reversed(cell.body):
                names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
                if DRAWS.isdisjoint(name.id for name in names) and changes(statement) & needed:
                    needed |= {name.id for name in names}
                else:
                    cell.body.remove(statement)
    return ast.Module([statement for cell in cells for statement in cell.body], [])


def changes(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose entries it sets or appends to."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        target: ast.AST = node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value
        elif not isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
    return found


class Measurements(ast.NodeTransformer):
    """Code whose claims are reduced to their names and sides, without figures to move and words."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Assert(node.test)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        node.names = [alias for alias in node.names if alias.name != "explorables"]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        words = isinstance(node.value, ast.Constant)
        return None if words or ast.unparse(node).startswith("explorables.") else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not ast.unparse(node.func).startswith("evidence."):
            return node
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in ("greater", "ratio", "equal", "unsettled"):
            claimed = ast.Name("claimed", ast.Load())
            return ast.Call(claimed, [node.args[0], *node.args[2:]], [])
        return ast.Constant(None) if name in ("glue", "Measure") else node


def summary(fates: Iterable[Replication], pooled: int) -> str:
    """How many claims held on how many blocks, those of the build among them.

    Args:
        fates: of the claims that each block decides by itself.
        pooled: how many are decided on all seeds together.
    """
    known = [one for one in fates if one.blocks]
    if not known:
        return "No claim has been replicated on other seeds yet."
    blocks = max(one.blocks for one in known)
    lost = [one.blocks - one.held for one in known]
    often = sum(times > 1 for times in lost)
    return (
        f"On {blocks + 1} blocks of ten seeds, {blocks} of them with other splits and other wrong "
        f"labels, {lost.count(0)} of {len(known)} claims held each time, {lost.count(1)} all but "
        f"once, and {often or 'none'} failed more often. "
        f"Decided on the seeds of all blocks together: {pooled} more."
    )
