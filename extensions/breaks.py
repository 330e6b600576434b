"""Where no line ends: before the sign for per cent, within a number or an interval, and between a
formula and its comma."""

import re

from docutils import nodes
from sphinx.application import Sphinx

CODE = (nodes.FixedTextElement, nodes.literal, nodes.math)
SPACE = re.compile(r"(?<=[\d)\]])\s(?=%)|(?<=\d) (?=\d{3}(?!\d))|(?<=,) (?=[−\d.×⁻⁰¹²³⁴-⁹]+\])")
BEFORE = re.compile(r"[(\[“]+$")
AFTER = re.compile(r"^[,.;:?!)\]”’]+")
SHORT = 30  # letters of TeX: what is longer may have to go on in the next line


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", keep_numbers)
    app.connect("doctree-resolved", keep_formulas)


def keep_numbers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for parent in list(doctree.findall(nodes.TextElement)):
        for at, child in enumerate([] if isinstance(parent, CODE) else parent.children):
            if isinstance(child, nodes.Text):
                before = parent[at - 1].astext() if at else ""
                parent[at] = nodes.Text(unbroken(before + child)[len(before) :])


def unbroken(text: str) -> str:
    return SPACE.sub("\u00a0", text)


def keep_formulas(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Hold a short formula together with the marks that touch it; the style sheet does the rest."""
    if app.builder.name != "html":
        return
    for formula in list(doctree.findall(nodes.math)):
        if len(formula.astext()) > SHORT:
            continue
        parent = formula.parent
        at = parent.index(formula)
        parts = [*taken(parent, at - 1, BEFORE), formula, *taken(parent, at + 1, AFTER)]
        if len(parts) > 1:
            parent[at] = nodes.inline("", "", *parts, classes=["together"])


def taken(parent: nodes.Element, at: int, marks: re.Pattern[str]) -> list[nodes.Text]:
    """Marks off the text at a place of an element, if there are a text and marks."""
    text = parent[at] if 0 <= at < len(parent) else None
    found = marks.search(text) if isinstance(text, nodes.Text) else None
    if not found:
        return []
    parent[at] = nodes.Text(marks.sub("", found.string))
    return [nodes.Text(found[0])]
