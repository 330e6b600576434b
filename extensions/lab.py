"""The lab on its page: the live figure, links that set it, and the claims that it measures again.

The directive ``live`` shows an explorable that no cell does. The role ``lab`` is a link whose
target is settings of the lab on the same page. The directive ``lab-claims`` lists the claims of
`assets/lab/claims.js`, for its buttons with the bounds of the ledger.
"""

import html
import json
import math
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.nodes import split_explicit_title

import explorables
from extensions.ledger import claims_of_the_book, reference, table
from extensions.live_figures import ASSETS
from lib.records import Claim

CLAIMS = ASSETS / "lab/claims.js"
NAME = re.compile(r'^  "([\w-]+)": \{', re.M)


class lab_link(nodes.Inline, nodes.TextElement):
    """Placeholder of a link that sets the lab."""


class lab_claims(nodes.General, nodes.Element):
    """Placeholder of the claims that the lab measures again."""


class Live(Directive):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        figure = getattr(explorables, self.arguments[0])()
        return [nodes.raw("", figure.html(), format="html", classes=["output"])]


class LabClaims(Directive):
    def run(self) -> list[nodes.Node]:
        return [lab_claims()]


def setup(app: Sphinx) -> None:
    app.add_directive("live", Live)
    app.add_directive("lab-claims", LabClaims)
    app.add_role("lab", lab)
    app.connect("doctree-resolved", fill)


def lab(
    name: str,
    raw: str,
    text: str,
    line: int,
    inliner: Inliner,
    options: Any = (),
    content: Any = (),
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The role: words, and in angle brackets settings as they stand in the lab's address."""
    explicit, title, settings = split_explicit_title(text)
    if not explicit or "=" not in settings:
        raise ExtensionError(f"{raw} names no settings of the lab, as in {{lab}}`He <init=he>`")
    return [lab_link("", title, settings=settings)], []


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for link in list(doctree.findall(lab_link)):
        words = nodes.Text(link.astext())
        uri = f"#{link['settings']}"
        page = app.builder.format == "html" and app.builder.name != "epub"
        link.replace_self(
            nodes.reference("", "", words, refuri=uri, internal=True) if page else words
        )
    for place in list(doctree.findall(lab_claims)):
        place.replace_self(listed(app, docname))


def listed(app: Sphinx, docname: str) -> list[nodes.Node]:
    """A row for each claim, and before the table what gives it buttons."""
    known = claims_of_the_book(app)
    names = measured_again()
    if unknown := set(names) - set(known):
        raise ExtensionError(f"the lab measures what no chapter claims: {', '.join(unknown)}")
    rows: list[list[nodes.Node | str]] = []
    for name in names:
        chapter, claim = known[name]
        link = reference(app, docname, f"book/evidence#{nodes.make_id(name)}", claim.statement)
        rows.append([link, chapter.title, "can be measured in your browser"])
    bounds = {name: bounds_of(known[name][1]) for name in names}
    settings = html.escape(json.dumps(bounds))
    host = f'<div class="explorable" data-explorable="lab-claims" data-settings="{settings}"></div>'
    return [nodes.raw("", host, format="html"), table(("claim", "chapter", "in the lab"), rows)]


def measured_again() -> list[str]:
    """The names of the claims that the lab measures, in the order of the book."""
    source = CLAIMS.read_text("utf-8")
    return NAME.findall(source[source.index("export const CLAIMS") :].partition("\n};")[0])


def bounds_of(claim: Claim) -> list[dict[str, float | None]]:
    """Between what the typical effect of each comparison lies; None where nothing bounds it."""
    return [
        {side: end if math.isfinite(end) else None for side, end in ends.items()}
        for one in claim.comparisons
        for ends in [{"above": one.above, "below": one.below}]
    ]
