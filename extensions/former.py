"""Addresses of places before these were reworded: `former.json`, from a name to the one before.

Who links to the earlier one still lands (`tests/anchors.txt`).
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

FORMER: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", keep, priority=900)  # when claims have become lines


def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name == "html":
        for node in doctree.findall(nodes.Element):
            node["ids"] += [FORMER[name] for name in node["ids"] if name in FORMER]
