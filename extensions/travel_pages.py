"""What the record of other worlds shows on the pages.

The directive ``travel-table`` stands for a table of claims and worlds, with the names of worlds as
its columns; ``travel-counts`` for how many claims came to what in the world that it names, and
``travel-figure`` for all effects at once. The role ``travelled`` gives the figures of a claim in a
world: ``claim, world``. Beside a claim that does not hold elsewhere a mark links to its row.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from extensions.claims import asked, measured
from extensions.ledger import anchor, chapters, reference, table, with_pages
from extensions.travel import Fate, fates, read
from lib.evidence import NULLS, Claim

log = logging.getLogger(__name__)

PAGE = "book/travel"
VERDICTS = ("does not hold", "not settled", "weaker", "holds")
MARKED = ("photographs", "convolutions")  # the worlds that the marks in the chapters tell of
LEVEL = (*NULLS, "agreement")
TICKS = (-100, -10, -1, 0, 1, 10, 100)
FIGURE = "_build/jupyter_execute/travel.svg"  # where the figures of the chapters are, too


class travel_table(nodes.General, nodes.Element):
    """Placeholder of the table of claims and worlds."""


class travel_counts(nodes.General, nodes.Element):
    """Placeholder of a sentence that counts."""


class travelled(nodes.Inline, nodes.TextElement):
    """Placeholder of what a claim measured elsewhere."""


class TravelTable(Directive):
    has_content = True

    def run(self) -> list[nodes.Node]:
        return [travel_table(worlds=[known_world(self, name) for name in self.content])]


class TravelCounts(Directive):
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        return [travel_counts(world=known_world(self, self.arguments[0]))]


class TravelFigure(Directive):
    option_spec = {"alt": str, "name": str}  # noqa: RUF012
    has_content = True

    def run(self) -> list[nodes.Node]:
        path = Path(self.state.document.settings.env.srcdir, FIGURE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()  # it is drawn when all pages are read
        caption = nodes.caption("", "\n".join(self.content))
        image = nodes.image(uri=f"/{FIGURE}", alt=self.options["alt"])
        return [nodes.figure("", image, caption, ids=[self.options["name"]])]


def known_world(directive: Directive, name: str) -> str:
    """The name of a world of the record; others end the directive."""
    worlds = {row["world"] for row in read(Path(directive.state.document.settings.env.srcdir))}
    if name not in worlds:
        raise directive.error(f"{name!r} is none of {', '.join(sorted(worlds))}")
    return name


def setup(app: Sphinx) -> None:
    app.add_directive("travel-table", TravelTable)
    app.add_directive("travel-counts", TravelCounts)
    app.add_directive("travel-figure", TravelFigure)
    app.add_generic_role("travelled", travelled)
    app.connect("env-updated", to_write, priority=900)  # when the ledger knows what was measured
    app.connect("build-finished", keep)
    app.connect("doctree-resolved", fill)


def to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages that say what came of all claims; where the record is new, each that is marked."""
    if PAGE not in env.found_docs:
        return []
    draw(app)
    coded = [name for name in env.found_docs if "kernelspec" in env.metadata.get(name, {})]
    return [PAGE, "book/index", *(coded if record(app) != written(app).read_text("utf-8") else ())]


def keep(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        written(app).write_text(record(app), "utf-8")


def record(app: Sphinx) -> str:
    return hashlib.sha256(str(read(Path(app.srcdir))).encode()).hexdigest()


def written(app: Sphinx) -> Path:
    """A file that holds of which record the pages of this builder are."""
    path = Path(app.doctreedir, f"travel-{app.builder.name}")
    path.touch()
    return path


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(travel_table)):
        place.replace_self(travels(app, docname, place["worlds"]))
    for spot in list(doctree.findall(travel_counts)):
        spot.replace_self(nodes.paragraph("", said(known(app), spot["world"])))
    for link in list(doctree.findall(travelled)):
        claim, _, world = link.astext().partition(", ")
        if (claim, world) not in known(app):
            log.warning("nothing is on record of %r", link.astext(), location=link)
            link.replace_self(nodes.Text(link.astext()))
        else:
            link.replace_self(nodes.Text(known(app)[claim, world].measured))
    mark(app, doctree, docname)


@functools.cache
def known(app: Sphinx) -> dict[tuple[str, str], Fate]:
    every = [claim for chapter in chapters(app) for claim in chapter.claims]
    return fates(Path(app.srcdir), every)


def travels(app: Sphinx, here: str, worlds: list[str]) -> nodes.table:
    """The claims that were measured in the first world, by what became of them there."""
    found, whole = known(app), worlds[0] == MARKED[0]
    there = [
        (VERDICTS.index(fate.verdict) if fate.verdict in VERDICTS else -1, number, claim)
        for number, chapter in enumerate(chapters(app))
        for claim in chapter.claims
        if (fate := found.get((claim.name, worlds[0])))
    ]
    places = sorted(there, key=lambda place: place[:2])
    rows: list[list[nodes.Node | str]] = []
    for _, number, claim in places:
        link = reference(app, here, f"book/evidence#{nodes.make_id(claim.name)}", claim.statement)
        fates_there = [found.get((claim.name, world)) for world in worlds]
        cells = [cell(fate) if fate else "" for fate in fates_there]
        first = [chapter_name(app, number), asked(claim), measured(claim)] if whole else []
        rows.append([link, *first, *cells])
    columns = ("claim", *(("chapter", "asked", "in the book") if whole else ()), *worlds)
    # The marks lead to the rows of the whole table.
    out = table(columns, rows, [claim for *_, claim in places] if whole else [])
    out["classes"].append("travel")
    return out


def chapter_name(app: Sphinx, number: int) -> str:
    return Path(chapters(app)[number].docname).name[:2].lstrip("0")


def cell(fate: Fate) -> str:
    stale = " (earlier version)" if fate.stale else ""
    return f"{fate.verdict}: {fate.measured}{stale}"


def said(found: dict[tuple[str, str], Fate], world: str) -> str:
    """How many claims came to what in a world."""
    there = [fate for (_, where), fate in found.items() if where == world]
    of = Counter(fate.verdict for fate in there if fate.claim.kind != "unsettled")
    nulls = [fate for fate in there if fate.claim.kind in NULLS]
    kept = sum(fate.verdict == "holds" for fate in nulls)
    return (
        f"Of {of.total()} claims {of['holds']} hold as asked, {of['weaker']} more in the same "
        f"direction; {of['does not hold']} do not hold and {of['not settled']} are not settled. "
        f"Of {len(nulls)} nulls among them {kept} hold."
    )


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say beside the line of a claim in which worlds it does not hold."""
    for page, literal in with_pages(doctree, docname, nodes.literal_block):
        line = (page, *literal["ids"][:1])
        if line in marks(app):
            claim, text = marks(app)[line]
            link = reference(app, docname, f"{PAGE}#{nodes.make_id(claim.name)}", text)
            place = literal.parent.index(literal) + 1
            literal.parent.insert(place, nodes.paragraph("", "", link, classes=["elsewhere"]))


@functools.cache
def marks(app: Sphinx) -> dict[tuple[str, ...], tuple[Claim, str]]:
    """By page and anchor, the claims that do not hold elsewhere, and what is said of them."""
    found = known(app)
    out: dict[tuple[str, ...], tuple[Claim, str]] = {}
    for chapter in chapters(app):
        for claim in chapter.claims:
            there = [(world, found.get((claim.name, world))) for world in MARKED]
            said = [f"{world}: {f.verdict}" for world, f in there if f and f.verdict != "holds"]
            if said and claim.kind != "unsettled":
                out[chapter.docname, anchor(claim.statement)] = (claim, "; ".join(said))
    return out


def draw(app: Sphinx) -> None:
    """Draw all effects, those of the book against those on photographs, each over its bound."""
    there = [fate for (_, world), fate in known(app).items() if world == MARKED[0]]
    points = [
        (fate.claim.kind in LEVEL, fate.verdict, *points_of(fate))
        for fate in there
        if fate.claim.kind != "unsettled"
    ]
    picture = Path(app.srcdir, FIGURE)
    drawn = picture.with_suffix(".points")
    if drawn.exists() and drawn.read_text("utf-8") == repr(points) and picture.stat().st_size:
        return
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, StrMethodFormatter

    from lib import plots
    from lib.widths import in_two_widths

    plots.use_house_style()
    figure = Figure(figsize=(7.2, 4.2), facecolor="none")
    axes = figure.subplots(1, 2)
    looks: dict[str, dict[str, Any]] = {
        outcome: {"marker": marker, "color": plots.PALETTE[colour], "ls": "none", "ms": 5}
        for outcome, marker, colour in zip(reversed(VERDICTS), "os^X", (1, 4, 3, 0), strict=True)
    }
    for level, verdict, x, y, low, high in points:
        ends = [[y - low], [high - y]]
        axes[int(level)].errorbar(x, y, ends, elinewidth=1, alpha=0.8, **looks[verdict])
    for panel, ax in enumerate(axes):
        ax.set(xscale="symlog", yscale="symlog", xlabel="on digits", ylabel="on photographs")
        ax.set_facecolor("none")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(FixedLocator(TICKS))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        for way in (ax.axhline, ax.axvline):
            for bound in (-1, 1) if panel else (1,):
                way(bound, color=plots.MUTED, ls=":", lw=1)
    axes[0].set_title("Gains and thresholds:\neffect / asked")
    axes[1].set_title("Nulls:\neffect / margin")
    keys = [Line2D([], [], label=outcome, **look) for outcome, look in looks.items()]
    figure.legend(handles=keys, loc="outside lower center", ncols=2)
    picture.write_text(in_two_widths(figure), "utf-8")
    drawn.write_text(repr(points), "utf-8")


def points_of(fate: Fate) -> tuple[float, float, float, float]:
    """The effect in the book, and elsewhere with its interval: 0 is nothing, 1 what is asked."""
    wanted = fate.claim.comparisons[fate.tightest]
    bound = wanted.above if wanted.above > -math.inf else wanted.below
    ratio = fate.claim.kind == "ratio" and wanted.baseline is None
    nothing = float(ratio) if wanted.baseline is None else wanted.baseline
    level = fate.claim.kind in LEVEL
    if -math.inf < wanted.above < nothing:  # one of two bounds, on the far side of nothing
        nothing = 0

    def scale(effect: float) -> float:
        if level:
            return effect / abs(bound)
        if ratio:
            return math.log(effect) / math.log(bound)
        return (effect - nothing) / (bound - nothing)

    low, high = sorted((scale(float(fate.low)), scale(float(fate.high))))
    return scale(float(np.median(wanted.effects))), scale(fate.effect), low, high
