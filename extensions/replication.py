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
from extensions.executed import code_cells
from extensions.imports import contents, imported
from lib.evidence import Claim

RECORD = Path("lib/replicated.json")


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

    What its claims ask of the measurements, how they say it, and figures to move are left out.
    """
    tree = ast.parse("\n".join(code_cells(chapter.read_text("utf-8"))))
    digest = hashlib.sha256(ast.unparse(Measurements().visit(tree)).encode())
    still = {
        path
        for path in imported(chapter, root) - {chapter}
        if "explorables" not in path.relative_to(root).with_suffix("").parts
    }
    digest.update(contents(still, root))
    return digest.hexdigest()[:16]


class Measurements(ast.NodeTransformer):
    """Code whose claims are reduced to their names and sides, without figures to move."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        node.names = [alias for alias in node.names if alias.name != "explorables"]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        return None if ast.unparse(node).startswith("explorables.") else node

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
