"""The first page and the page of interactive figures: what they take from the chapters.

The directive ``living-figure`` stands for the interactive figure of a chapter, live here, too, and
has what to do with it; ``shown-claim`` for a claim as its chapter shows it; ``launch`` for links
that open the notebooks where the repository has an address. The role ``book`` counts: `claims`,
`seeds`, `worlds`, `figures` that move; or says the `version`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from extensions.claim_lines import line
from extensions.ledger import claims_of_the_book, pages, reference
from extensions.travel import read

log = logging.getLogger(__name__)

MOVED = re.compile(r"^explorables\.(?!lab)\w+\(", re.M)  # the lab has a page of its own
TESTED = "small"  # the worlds that tests measure again


class living_figure(nodes.General, nodes.Element):
    """Placeholder of an interactive figure."""


class shown_claim(nodes.General, nodes.Element):
    """Placeholder of a claim with its figures."""


class launch(nodes.General, nodes.Element):
    """Placeholder of links to where the notebooks run."""


class book(nodes.Inline, nodes.TextElement):
    """Placeholder of what the build counts."""


class LivingFigure(Directive):
    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        place = living_figure(figure=self.arguments[0])
        self.state.nested_parse(self.content, self.content_offset, place)
        return [place]


class ShownClaim(Directive):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [shown_claim(claim=self.arguments[0])]


class Launch(Directive):
    def run(self) -> list[nodes.Node]:
        return [launch()]


def setup(app: Sphinx) -> None:
    app.add_directive("living-figure", LivingFigure)
    app.add_directive("shown-claim", ShownClaim)
    app.add_directive("launch", Launch)
    app.add_generic_role("book", book)
    app.add_post_transform(PlaceFigures)
    app.connect("doctree-resolved", fill)


class PlaceFigures(SphinxPostTransform):
    """Copy figures from their chapters, before an output's form is chosen; in print leave them."""

    default_priority = 1

    def run(self, **kwargs: object) -> None:
        for place in list(self.document.findall(living_figure)):
            page = self.app.builder.name == "html"
            shown = copied(self.env, place["figure"]) + place.children
            place.replace_self(nodes.container("", *shown, classes=["living"]) if page else [])


def copied(env: BuildEnvironment, name: str) -> list[nodes.Node]:
    """What the cell of a chapter's figure shows."""
    docname, label, _ = env.domaindata["std"]["labels"].get(name, ("", "", ""))
    for figure in env.get_doctree(docname).findall(nodes.figure) if docname else ():
        if label in figure["ids"]:
            return [child.deepcopy() for child in figure if not isinstance(child, nodes.caption)]
    raise ExtensionError(f"living-figure: no figure is named {name!r}")


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for count in list(doctree.findall(book)):
        name, known = count.astext(), counts(app)
        if name not in known:
            log.warning("book: %r is none of %s", name, ", ".join(known), location=count)
        count.replace_self(nodes.Text(str(known.get(name, name))))
    for place in list(doctree.findall(shown_claim)):
        place.replace_self(shown(app, docname, place["claim"]))
    for spot in list(doctree.findall(launch)):
        spot.replace_self(launches(app.config.html_theme_options))


def counts(app: Sphinx) -> dict[str, str | int]:
    every = [claim for _, claim in claims_of_the_book(app).values()]
    measured = {row["world"] for row in read(Path(app.srcdir))}
    worlds = [name for name in measured if name != "digits" and not name.startswith(TESTED)]
    return {
        "claims": len(every),
        "seeds": max(claim.seeds for claim in every),
        "worlds": len(worlds),
        "figures": sum(interactive(path) for _, path in pages(app.env)),
        "version": str(app.config.version),
    }


def interactive(page: Path) -> int:
    """How many figures of a page a reader can move."""
    return len(MOVED.findall(page.read_text("utf-8")))


def shown(app: Sphinx, here: str, name: str) -> list[nodes.Node]:
    known = claims_of_the_book(app)
    if name not in known:
        raise ExtensionError(f"shown-claim: no claim is named {name!r}")
    chapter, claim = known[name]
    if app.builder.format != "html":
        return [nodes.paragraph("", f"holds: {claim.statement}")]
    item = line(app, here, "", claim)
    item["ids"] = []
    place = reference(app, here, chapter.docname, chapter.title)
    said = nodes.paragraph("", "From ", place, classes=["context"])
    return [nodes.bullet_list("", item, classes=["claims"]), said]


def launches(options: dict[str, Any]) -> list[nodes.Node]:
    """Links that open the notebooks in Colab and Binder; none without an address on GitHub."""
    repository, branch = options.get("repository_url", ""), options.get("repository_branch")
    if not repository.startswith("https://github.com/"):
        return []
    where = repository.removeprefix("https://github.com/").removesuffix(".git")
    targets = {
        "All notebooks in Colab": f"https://colab.research.google.com/github/{where}",
        "All notebooks on Binder": f"https://mybinder.org/v2/gh/{where}/{branch}?urlpath=lab/tree/notebooks",
    }
    links = [nodes.reference("", text, refuri=uri) for text, uri in targets.items()]
    return [nodes.paragraph("", "", links[0], nodes.Text(", "), links[1])]
