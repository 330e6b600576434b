"""How long a page takes to read: the role ``reading`` and the cards of chapters say it in minutes.

Counted is what is in view: words, displayed formulas and lines of code. Folded code, exercises and
questions have times of their own.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

from extensions.ledger import with_pages
from extensions.questions import question
from extensions.search import is_apart, without_formulas

WORDS = 200  # a minute: prose of a textbook
FORMULA = 20  # seconds for one that stands by itself
LINE = 4  # seconds for a line of code
FOLDED = {"tag_hide-input", "tag_hide-cell", "tag_remove-input", "tag_remove-cell"}


class reading(nodes.Inline, nodes.TextElement):
    """Placeholder of the minutes."""


def setup(app: Sphinx) -> None:
    app.add_generic_role("reading", reading)
    app.connect("doctree-resolved", fill)


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for page, place in with_pages(doctree, docname, reading):
        place.replace_self(nodes.Text(f"{minutes(app.env.get_doctree(page))} minutes"))


def minutes(doctree: nodes.document) -> int:
    """To the next five."""
    words, formulas, lines = count(doctree)
    exact = words / WORDS + formulas * FORMULA / 60 + lines * LINE / 60
    return 5 * max(1, round(exact / 5))


def count(block: nodes.Element) -> tuple[int, int, int]:
    """Words, displayed formulas and lines of code that are in view."""
    if isinstance(block, question) or (is_apart(block) and not isinstance(block, nodes.section)):
        return 0, 0, 0
    if isinstance(block, nodes.math_block):
        return 0, 1, 0
    if isinstance(block, nodes.literal_block):
        return 0, 0, len([line for line in block.astext().splitlines() if line.strip()])
    if isinstance(block, nodes.TextElement):
        return len(without_formulas(block).split()), 0, 0
    parts = [count(child) for child in seen(block)]
    return tuple(map(sum, zip((0, 0, 0), *parts, strict=True)))  # type: ignore[return-value]


def seen(block: nodes.Element) -> list[nodes.Element]:
    """The blocks in a block, of a cell what it shows."""
    children = [child for child in block.children if isinstance(child, nodes.Element)]
    element = block.get("nb_element")
    if element == "cell_code" and FOLDED & set(block["classes"]):
        return [child for child in children if child.get("nb_element") != "cell_code_source"]
    return children[:1] if element == "mime_bundle" else children
