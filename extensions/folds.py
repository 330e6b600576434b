"""The bars over code that a page folds away: named for what they fold."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CLAIMS = re.compile(r"evidence\.(greater|ratio|equal|unsettled)\(")


def setup(app: Sphinx) -> None:
    app.add_post_transform(NameFolds)


class NameFolds(SphinxPostTransform):
    default_priority = 198  # just before the bars are made
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        for cell in self.document.findall(nodes.container):
            if cell.get("hide_mode"):
                cell["prompt_show"] = cell["prompt_hide"] = name(cell)


def name(cell: nodes.container) -> str:
    code = cell.astext()
    if "tag_solution" in cell["classes"]:
        return "Solution"
    if any(cell.findall(nodes.figure)):
        return "Code of the figure"
    if "evidence.Measure(" in code:
        return "What counts as a difference"
    return "Code of the claims" if CLAIMS.search(code) else "Code"
