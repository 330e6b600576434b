"""No line begins with the sign for per cent: the space between a number and it does not break."""

import re

from docutils import nodes
from sphinx.application import Sphinx

CODE = (nodes.FixedTextElement, nodes.literal, nodes.math)
SPACE = re.compile(r"(?<=[\d)\]])\s(?=%)")


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", keep_together)


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for parent in list(doctree.findall(nodes.TextElement)):
        for at, child in enumerate([] if isinstance(parent, CODE) else parent.children):
            if isinstance(child, nodes.Text) and "%" in child:
                before = parent[at - 1].astext() if at else ""
                parent[at] = nodes.Text(SPACE.sub("\u00a0", before + child)[len(before) :])
