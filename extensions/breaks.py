"""Where no line ends: before the sign for per cent, and between a formula and its comma."""

import re

from docutils import nodes
from sphinx.application import Sphinx

CODE = (nodes.FixedTextElement, nodes.literal, nodes.math)
SPACE = re.compile(r"(?<=[\d)\]])\s(?=%)")
BEFORE = re.compile(r"[(\[“]+$")
AFTER = re.compile(r"^[,.;:?!)\]”’]+")
SHORT = 30  # letters of TeX: what is longer may have to go on in the next line


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", keep_per_cent)
    app.connect("doctree-resolved", keep_formulas)


def keep_per_cent(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for parent in list(doctree.findall(nodes.TextElement)):
        for at, child in enumerate([] if isinstance(parent, CODE) else parent.children):
            if isinstance(child, nodes.Text) and "%" in child:
                before = parent[at - 1].astext() if at else ""
                parent[at] = nodes.Text(SPACE.sub("\u00a0", before + child)[len(before) :])


def keep_formulas(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Hold a short formula together with the marks that touch it; the style sheet does the rest."""
    if app.builder.name != "html":
        return
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        at = parent.index(formula)
        parts: list[nodes.Node] = [formula]
        for beside, mark in ((at + 1, AFTER), (at - 1, BEFORE)):
            text = parent[beside] if 0 <= beside < len(parent) else None
            if not isinstance(text, nodes.Text) or len(formula.astext()) > SHORT:
                continue
            if found := mark.search(text):
                parent[beside] = nodes.Text(mark.sub("", text))
                parts.insert(len(parts) if beside > at else 0, nodes.Text(found[0]))
        if len(parts) > 1:
            parent[at] = nodes.inline("", "", *parts, classes=["together"])
