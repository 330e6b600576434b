"""What was handed out under earlier editions: a class in mid-term has notebooks with their tests.

`assignments/earlier.json` has hashes of the tests that students saw, by assignment and cell: those
of `same` tasks, and of tasks that were `other` ones. A release adds its own; who changes a task
moves its hashes from `same` to `other`, and says so in CHANGELOG.md.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from teaching import authoring

Known = dict[str, dict[str, list[str]]]


def read(name: str) -> Known:
    """Of an assignment, by `same` and `other`: the hashes of each cell."""
    path = authoring.ASSIGNMENTS / "earlier.json"
    every: dict[str, Known] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {"same": {}, "other": {}} | every.get(name, {})


def fingerprint(source: str) -> str:
    """Of the text of a test, whatever its numbers, which may be those of a variant."""
    text = re.sub(r"\d+(?:\.\d*)?", "#", source.strip())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def remember(names: Iterable[str]) -> None:
    """Add the tests that students see now; those of `other` tasks stay what they were."""
    found: dict[str, Any] = {}
    for name in names:
        known = read(name)
        for cell in authoring.student_notebook(authoring.load(name)).cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade") and not about["solution"]:
                seen = known["same"].setdefault(cell.id, [])
                seen += {fingerprint(cell.source)} - set(seen)
        found[name] = known
    text = json.dumps(found, indent=1)
    (authoring.ASSIGNMENTS / "earlier.json").write_text(f"{text}\n", "utf-8")
