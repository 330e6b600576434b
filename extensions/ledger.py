"""What the build knows of itself: the ledger of all claims, and how long each chapter ran.

The directives ``claims``, ``replication`` and ``execution-times`` stand for what is filled in when
a page is written, from the executed chapters in the cache. The role ``claim`` links to a claim's
row, ``measured`` gives its figures: median, interval and unit. The role ``running`` says what a
page takes to run: `minutes` or `memory`.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from extensions.claims import alike, asked, count, measured, set_as_text, what_counts
from extensions.executed import cache_folder, code_blocks, executed
from extensions.replication import Replication, fingerprint, replication, summary
from lib.records import Claim, glued, records

log = logging.getLogger(__name__)
N = TypeVar("N", bound=nodes.Node)

SIGNS = {"holds": "✓", "not settled": "?"}
COLUMNS = ("claim", "measured", "asked", "updates", "seeds", "as asked", "held in blocks")


@dataclass(frozen=True)
class Chapter:
    docname: str
    title: str
    claims: list[Claim]
    fingerprint: str
    seconds: float
    memory: float
    glued: dict[str, dict[str, Any]]


class claims(nodes.General, nodes.Element):
    """Placeholder of the ledger."""


class replicated(nodes.General, nodes.Element):
    """Placeholder of what became of the claims on other seeds."""


class execution_times(nodes.General, nodes.Element):
    """Placeholder of the table of times."""


class claim_link(nodes.Inline, nodes.TextElement):
    """Placeholder of a link to a claim's row."""


class claim_figures(nodes.Inline, nodes.TextElement):
    """Placeholder of what a claim measured."""


class running(nodes.Inline, nodes.TextElement):
    """Placeholder of what a page takes to run."""


class Claims(Directive):
    def run(self) -> list[nodes.Node]:
        return [claims()]


class Replicated(Directive):
    def run(self) -> list[nodes.Node]:
        return [replicated()]


class ExecutionTimes(Directive):
    def run(self) -> list[nodes.Node]:
        return [execution_times()]


def setup(app: Sphinx) -> None:
    app.add_directive("claims", Claims)
    app.add_directive("execution-times", ExecutionTimes)
    app.add_directive("replication", Replicated)
    app.add_generic_role("claim", claim_link)
    app.add_generic_role("measured", claim_figures)
    app.add_generic_role("running", running)
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
    names = ("index", "interactive", "again", "evidence", "reproducibility")
    return [page for page in (f"book/{name}" for name in names) if page in env.found_docs]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for literal in doctree.findall(nodes.literal_block):
        word, _, statement = literal.astext().partition(": ")
        if word in ("holds", "not settled"):
            literal["ids"] = [anchor(statement.strip())]
    for place in list(doctree.findall(claims)):
        place.replace_self(ledger(app, docname, chapters(app)))
    for spot in list(doctree.findall(replicated)):
        spot.replace_self(nodes.paragraph("", again(app, chapters(app))))
    if app.builder.name == "html":
        for text in {link.parent for link in doctree.findall(claim_link)}:
            without_brackets(text)
    links = [*doctree.findall(claim_link), *doctree.findall(claim_figures)]
    known = claims_of_the_book(app) if links else {}
    for link in links:
        name = link.astext()
        if name not in known:
            log.warning("no claim is named %r", name, location=link)
            link.replace_self(nodes.Text(name))
        elif isinstance(link, claim_figures):
            link.replace_self(nodes.Text(measured(known[name][1])))
        else:
            link.replace_self(to_row(app, docname, known[name][1]))
    for page, what in with_pages(doctree, docname, running):
        here = next(chapter for chapter in chapters(app) if chapter.docname == page)
        costs, name = takes(here), what.astext()
        if name not in costs:
            log.warning("running: %r is none of %s", name, ", ".join(costs), location=what)
        what.replace_self(nodes.Text(costs.get(name, name)))
    for times in list(doctree.findall(execution_times)):
        if app.builder.format in ("html", "latex"):
            rows: list[list[nodes.Node | str]] = [
                [
                    reference(app, docname, chapter.docname, chapter.title),
                    f"{chapter.seconds:.0f}",
                    f"{chapter.memory / 1000:.1f}",
                ]
                for chapter in chapters(app)
            ]
            times.replace_self(table(("chapter", "seconds", "memory, GB"), rows))
        else:
            times.replace_self([])


def with_pages(doctree: nodes.document, docname: str, kind: type[N]) -> list[tuple[str, N]]:
    """All nodes of a kind with the pages that they stand on, which print has joined to one."""
    joined = doctree.findall(addnodes.start_of_file)
    page = {id(node): file["docname"] for file in joined for node in file.findall(kind)}
    return [(page.get(id(node), docname), node) for node in list(doctree.findall(kind))]


def takes(chapter: Chapter) -> dict[str, str]:
    """What running a page takes, in figures so round that most machines agree."""
    minutes = max(1, round(chapter.seconds / 60))
    return {
        "minutes": "one minute" if minutes == 1 else f"{minutes} minutes",
        "memory": f"{math.ceil(chapter.memory / 500) / 2:g} GB of memory",
    }


def chapters(app: Sphinx) -> list[Chapter]:
    """The executed pages in the order of the book."""
    outcomes = app.env.outcomes  # type: ignore[attr-defined]
    return [
        Chapter(docname, app.env.titles[docname].astext(), *outcomes[docname][1:])
        for docname, _ in pages(app.env)
    ]


def claims_of_the_book(app: Sphinx) -> dict[str, tuple[Chapter, Claim]]:
    """All claims by their names, each with its chapter."""
    return {claim.name: (chapter, claim) for chapter in chapters(app) for claim in chapter.claims}


def remember(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep what the chapters came to with what else is kept of the pages.

    To read it from the executed chapters takes seconds, which a change of prose should not cost.
    Returns the pages to write: all where claims or values are new, since any page may quote them.
    """
    before: dict[str, tuple[Any, ...]] = getattr(env, "outcomes", {})
    found: dict[str, tuple[Any, ...]] = {}
    for docname, path in pages(env):
        cells = [app.config.nb_execution_cache_path, *code_blocks(path.read_text("utf-8"))]
        code = hashlib.sha256("\0".join(cells).encode()).hexdigest()
        if docname in before and before[docname][0] == code:
            found[docname] = before[docname]
        else:
            root = Path(app.srcdir)
            chapter, now = executed(root, path), fingerprint(root, path)
            took = (chapter.seconds, chapter.memory)
            found[docname] = (code, records(chapter.notebook), now, *took, glued(chapter.notebook))
    env.outcomes = found  # type: ignore[attr-defined]
    old, new = ({page: (o[1], o[5]) for page, o in of.items()} for of in (before, found))
    return sorted(env.found_docs) if new != old else []


def pages(env: BuildEnvironment) -> list[tuple[str, Path]]:
    """The pages with code in the order of the book, and their sources."""
    return [
        (docname, Path(env.doc2path(docname)))
        for docname in env.toctree_includes[env.config.root_doc]
        if "kernelspec" in env.metadata[docname]
    ]


def ledger(app: Sphinx, here: str, book: list[Chapter]) -> list[nodes.Node]:
    every = [claim for chapter in book for claim in chapter.claims]
    twice = [name for name, times in Counter(claim.name for claim in every).items() if times > 1]
    if twice:
        raise ExtensionError(f"claims must have names of their own; twice: {', '.join(twice)}")
    said = (count(every), again(app, book))
    out: list[nodes.Node] = [nodes.paragraph("", sentence) for sentence in said]
    for chapter in book:
        if chapter.claims:
            title = reference(app, here, chapter.docname, chapter.title)
            rows = [row(app, here, chapter, claim) for claim in chapter.claims]
            out.append(
                nodes.rubric("", "", title, classes=["ledger-title"], **{"heading-level": 2})
            )
            if said_of_size := what_counts(chapter.claims):
                out.append(nodes.paragraph("", said_of_size))
            out.append(table(COLUMNS, rows, chapter.claims))
    return out


def fate(app: Sphinx, chapter: Chapter, claim: Claim) -> Replication:
    stem = Path(chapter.docname).name
    return replication(Path(app.srcdir), stem, claim, chapter.fingerprint)


def again(app: Sphinx, book: list[Chapter]) -> str:
    every = [(chapter, claim) for chapter in book for claim in chapter.claims]
    alone = [fate(app, chapter, claim) for chapter, claim in every if not claim.pooled]
    return summary(alone, len(every) - len(alone))


def row(app: Sphinx, here: str, chapter: Chapter, claim: Claim) -> list[nodes.Node | str]:
    link = reference(app, here, f"{chapter.docname}#{anchor(claim.statement)}", claim.statement)
    said: nodes.Node = link
    if claim.kind == "unsettled":
        said = nodes.inline("", "not settled: ", link)
    known = fate(app, chapter, claim)
    held = "pooled" if claim.pooled else f"{known.held + 1} of {known.blocks + 1}"
    if known.stale:
        held += " (earlier version)"
    return [
        said,
        measured(claim),
        asked(claim),
        " and ".join(f"{number}" for number in claim.updates),
        f"{claim.seeds} alike" if alike(claim) else str(claim.seeds),
        f"{100 * claim.share:.0f}\u00a0%" if claim.asked else "",
        held if known.blocks else "",
    ]


def without_brackets(text: nodes.Element) -> None:
    """Let marks stand where a text names claims in brackets: " (a, b)"."""
    for first in range(1, len(text) - 1):
        last = first
        while is_claim(text, last) and is_claim(text, last + 2) and text[last + 1].astext() == ", ":
            last += 2
        if not is_claim(text, first) or last + 1 == len(text):
            continue
        before, after = text[first - 1].astext(), text[last + 1].astext()
        if before.endswith(" (") and after.startswith(")"):
            text[first - 1] = nodes.Text(f"{before[:-2]}\u00a0")
            text[last + 1] = nodes.Text(after[1:])
            for between in range(first + 1, last, 2):
                text[between] = nodes.Text("")


def is_claim(text: nodes.Element, place: int) -> bool:
    return place < len(text) and isinstance(text[place], claim_link)


def to_row(app: Sphinx, here: str, claim: Claim) -> nodes.reference:
    """A link to a claim's row: on a page a mark that says its sentence, elsewhere its name."""
    link = reference(app, here, f"book/evidence#{nodes.make_id(claim.name)}", "")
    link += nodes.inline("", claim.name, classes=["std", "std-ref"])  # in print with its page
    if app.builder.name == "html":
        word = "not settled" if claim.kind == "unsettled" else "holds"
        said = nodes.inline("", f" {word}: {set_as_text(claim.statement)}", classes=["claim-word"])
        classes = ["claim-mark", *(["open"] if claim.kind == "unsettled" else [])]
        link[:] = [nodes.inline("", SIGNS[word], classes=classes), said]
    return link


def anchor(statement: str) -> str:
    return nodes.make_id(f"claim {statement}")


def reference(app: Sphinx, here: str, target: str, text: str) -> nodes.reference:
    docname, _, fragment = target.partition("#")
    uri = app.builder.get_relative_uri(here, docname) + ("#" + fragment if fragment else "")
    return nodes.reference("", set_as_text(text), internal=True, refuri=uri)


def table(
    columns: Iterable[str], rows: list[list[nodes.Node | str]], named: Iterable[Claim] = ()
) -> nodes.table:
    columns = tuple(columns)
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=5 if column == 0 else 2) for column in range(len(columns))]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(list(columns))
    body += [_row(cells, claim) for cells, claim in zip_longest(rows, named)]
    group += [head, body]
    classes = ["sortable", "colwidths-given", *(["ledger"] if named else [])]
    return nodes.table("", group, classes=classes)


def _row(cells: list[nodes.Node | str], claim: Claim | None = None) -> nodes.row:
    out = nodes.row(classes=[f"claim-{nodes.make_id(claim.kind)}"] if claim else [])
    for cell in cells:
        text = nodes.paragraph("", cell) if isinstance(cell, str) else nodes.paragraph("", "", cell)
        out += nodes.entry("", text)
    if claim:  # on a target, since LaTeX gives a row no label
        out[0][0].insert(0, nodes.target(ids=[nodes.make_id(claim.name)]))  # type: ignore[index]
    return out
