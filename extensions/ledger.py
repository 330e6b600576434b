"""What the build knows of itself: the ledger of all claims, and how long each chapter ran.

The directives ``claims`` and ``execution-times`` stand for tables that are filled in when a page
is written, from the executed chapters in the cache; the role ``claim`` links to a claim's row.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from extensions.executed import cache_folder, code_blocks, executed
from lib.evidence import Claim, records

log = logging.getLogger(__name__)

CLAIM_COLUMNS = ("claim", "measured", "95 % interval", "asked", "seeds", "as asked")


@dataclass(frozen=True)
class Chapter:
    docname: str
    title: str
    claims: list[Claim]
    seconds: float


class claims(nodes.General, nodes.Element):
    """Placeholder of the ledger."""


class execution_times(nodes.General, nodes.Element):
    """Placeholder of the table of times."""


class claim_link(nodes.Inline, nodes.TextElement):
    """Placeholder of a link to a claim's row."""


class Claims(Directive):
    def run(self) -> list[nodes.Node]:
        return [claims()]


class ExecutionTimes(Directive):
    def run(self) -> list[nodes.Node]:
        return [execution_times()]


def setup(app: Sphinx) -> None:
    app.add_directive("claims", Claims)
    app.add_directive("execution-times", ExecutionTimes)
    app.add_generic_role("claim", claim_link)
    app.connect("config-inited", read_executed)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", remember)
    app.connect("doctree-resolved", fill)


def read_executed(app: Sphinx, config: Config) -> None:
    """Let the pages take their outputs from the chapters as the present inputs executed them."""
    config.nb_execution_cache_path = str(cache_folder(Path(app.srcdir)))


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """The pages with a table depend on all chapters, so they are read anew each time."""
    pages = ("book/evidence", "book/reproducibility")
    return [page for page in pages if page in env.found_docs]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for literal in doctree.findall(nodes.literal_block):
        if literal.astext().startswith("holds: "):
            literal["ids"] = [anchor(literal.astext().removeprefix("holds: ").strip())]
    for place in list(doctree.findall(claims)):
        place.replace_self(ledger(app, docname, chapters(app)))
    links = list(doctree.findall(claim_link))
    known = {claim.name for chapter in chapters(app) for claim in chapter.claims} if links else ()
    for link in links:
        name = link.astext()
        if name not in known:
            log.warning("no claim is named %r", name, location=link)
        link.replace_self(reference(app, docname, f"book/evidence#{nodes.make_id(name)}", name))
    for spot in list(doctree.findall(execution_times)):
        if app.builder.format == "html":
            rows: list[list[nodes.Node | str]] = [
                [reference(app, docname, chapter.docname, chapter.title), f"{chapter.seconds:.0f}"]
                for chapter in chapters(app)
            ]
            spot.replace_self(table(("chapter", "seconds"), rows))
        else:
            spot.replace_self([])


def chapters(app: Sphinx) -> list[Chapter]:
    """The executed pages in the order of the book."""
    outcomes = app.env.outcomes  # type: ignore[attr-defined]
    return [
        Chapter(docname, app.env.titles[docname].astext(), *outcomes[docname][1:])
        for docname, _ in pages(app.env)
    ]


def remember(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep what the chapters came to with what else is kept of the pages.

    To read it from the executed chapters takes seconds, which a change of prose should not cost.
    """
    known: dict[str, tuple[str, list[Claim], float]] = getattr(env, "outcomes", {})
    env.outcomes = {}  # type: ignore[attr-defined]
    for docname, path in pages(env):
        cells = [app.config.nb_execution_cache_path, *code_blocks(path.read_text("utf-8"))]
        code = hashlib.sha256("\0".join(cells).encode()).hexdigest()
        if docname not in known or known[docname][0] != code:
            chapter = executed(Path(app.srcdir), path)
            known[docname] = (code, records(chapter.notebook), chapter.seconds)
        env.outcomes[docname] = known[docname]  # type: ignore[attr-defined]


def pages(env: BuildEnvironment) -> list[tuple[str, Path]]:
    """The pages with code in the order of the book, and their sources."""
    return [
        (docname, Path(env.doc2path(docname)))
        for docname in env.toctree_includes[env.config.root_doc]
        if "kernelspec" in env.metadata[docname]
    ]


def ledger(app: Sphinx, here: str, book: list[Chapter]) -> list[nodes.Node]:
    every = [claim for chapter in book for claim in chapter.claims]
    names = [claim.name for claim in every]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ExtensionError(f"claims must have names of their own; twice: {', '.join(twice)}")
    nulls = sum(claim.kind == "equivalence" for claim in every)
    unanimous = sum(claim.share == 1 for claim in every)
    counts = (
        f"{len(every)} claims, {nulls} of them nulls. "
        f"{unanimous} hold for every single seed, the others for at least nine in ten."
    )
    out: list[nodes.Node] = [nodes.paragraph("", counts)]
    for chapter in book:
        if chapter.claims:
            title = nodes.paragraph("", "", reference(app, here, chapter.docname, chapter.title))
            out += [
                title,
                table(
                    CLAIM_COLUMNS,
                    [row(app, here, chapter, c) for c in chapter.claims],
                    [c.name for c in chapter.claims],
                ),
            ]
    return out


def row(app: Sphinx, here: str, chapter: Chapter, claim: Claim) -> list[nodes.Node | str]:
    target = f"{chapter.docname}#{anchor(claim.statement)}"
    link = reference(app, here, target, claim.statement)
    interval = f"{claim.low:.3g} to {claim.high:.3g}"
    measured = f"{claim.effect:.3g} {claim.unit}".strip()
    return [link, measured, interval, claim.asked, str(claim.seeds), f"{claim.share:.0%}"]


def anchor(statement: str) -> str:
    return nodes.make_id(f"claim {statement}")


def reference(app: Sphinx, here: str, target: str, text: str) -> nodes.reference:
    docname, _, fragment = target.partition("#")
    uri = app.builder.get_relative_uri(here, docname) + ("#" + fragment if fragment else "")
    return nodes.reference("", text, internal=True, refuri=uri)


def table(
    columns: Iterable[str], rows: list[list[nodes.Node | str]], names: Iterable[str] = ()
) -> nodes.table:
    columns = tuple(columns)
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=5 if column == 0 else 2) for column in range(len(columns))]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(list(columns))
    body += [_row(cells, name) for cells, name in zip_longest(rows, names)]
    group += [head, body]
    return nodes.table("", group, classes=["sortable", "colwidths-given"])


def _row(cells: list[nodes.Node | str], name: str | None = None) -> nodes.row:
    out = nodes.row()
    for cell in cells:
        text = nodes.paragraph("", cell) if isinstance(cell, str) else nodes.paragraph("", "", cell)
        out += nodes.entry("", text)
    if name:  # on a target, since LaTeX gives a row no label
        out[0][0].insert(0, nodes.target(ids=[nodes.make_id(name)]))  # type: ignore[index]
    return out
