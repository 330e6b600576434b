"""The map of the book: each chapter with its title, its question and one of its figures.

The directive ``chapter-map`` takes the names of figures, one a line; the rest it finds in the
chapters that they stand in.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.util import logging

from extensions.front import interactive
from extensions.inline_svg import themed
from extensions.questions import asked
from extensions.reading import minutes

log = logging.getLogger(__name__)


class chapter_map(nodes.General, nodes.Element):
    """Placeholder of the map."""


class ChapterMap(Directive):
    has_content = True

    def run(self) -> list[nodes.Node]:
        return [chapter_map(figures=list(self.content))]


def setup(app: Sphinx) -> None:
    app.add_directive("chapter-map", ChapterMap)
    app.connect("doctree-resolved", fill)


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    labels = app.env.domaindata["std"]["labels"]
    for place in list(doctree.findall(chapter_map)):
        cards: list[nodes.Node] = []
        for number, figure in enumerate(place["figures"], 1):
            if figure not in labels:
                log.warning("chapter-map: no figure is named %r", figure)
                continue
            chapter, label, _ = labels[figure]
            cards.append(card(app, docname, chapter, label, number))
        place.replace_self(nodes.container("", *cards, classes=["chapter-map"]))


def card(app: Sphinx, here: str, chapter: str, label: str, number: int) -> nodes.Node:
    """A link with the chapter's title, its question and, in HTML, its figure."""
    doctree, source = app.env.get_doctree(chapter), Path(app.env.doc2path(chapter))
    question = next(iter(doctree.findall(nodes.strong))).astext()
    title = f"{number}. {app.env.titles[chapter].astext()}"
    uri = app.builder.get_relative_uri(here, chapter)
    link = nodes.reference("", "", nodes.strong("", title), internal=True, refuri=uri)
    text = nodes.paragraph("", "", link, nodes.Text(" " + question))
    said = [f"{minutes(doctree)} minutes"]
    said += ["a figure to move"] if interactive(source) else []
    line = nodes.paragraph("", ", ".join(said), classes=["card-line"])
    out = nodes.container("", text, line, classes=["chapter-card"])
    if app.builder.name == "html":
        figure = next(f for f in doctree.findall(nodes.figure) if label in f["ids"])
        image = next(iter(figure.findall(nodes.image)))
        path = Path(app.srcdir, image["uri"].lstrip("/"))
        svg = themed(path.read_text("utf-8"), "", f"map{number}-")
        svg = svg.replace('role="img" aria-label=""', 'aria-hidden="true"', 1)
        svg = re.sub(r"<text\b.*?</text>", "", svg)  # too small to be read
        href = html.escape(uri)
        out.insert(
            0,
            nodes.raw(
                "", f'<a href="{href}" tabindex="-1" aria-hidden="true">{svg}</a>', format="html"
            ),
        )
        if names := asked(source):
            count = f"<span>{len(names)} questions</span>"
            known = f'<div class="progress-line" data-asked="{" ".join(names)}">{count}</div>'
            out.append(nodes.raw("", known, format="html"))
    return out
