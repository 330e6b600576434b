"""Sphinx builder ``slides``: a deck and a handout for each chapter, and a page for the wall.

A chapter's question, predictions, figures and summary come by themselves. The rest it marks with
comments, which no other builder writes: `% slide` before a block puts that on a slide, `% step`
adds a block to the slide before it. Of a paragraph the first line is shown, or the lines whose
numbers follow the word, one after the other; names of claims in their place make a slide of these.
`% wall` puts a block on the page for the wall. What stands between two slides of a section becomes
the notes of the first. Each file is whole: `slides.css`, `slides.js`, fonts and figures are in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

from explorables._shell import WEB, script
from extensions import empty_axes, katex
from extensions.ledger import chapters
from extensions.questions import LETTERS, choices, is_guess, prompt, question
from extensions.slide_parts import (
    bare,
    capital,
    drawn,
    is_solution,
    right_of,
    row,
    sentences,
    split,
    stepped,
)

log = logging.getLogger(__name__)

MARK = re.compile(r"(slide|step|wall)\b(.*)")
GUIDE = "book/instructors"
TRAPS, SUMMARY = "Traps", "Summary"
POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src"
HERE, ROOT = Path(__file__).parent, Path(__file__).parents[1]
CLAIMS = r'\s*\((<a [^>]*href="[^"]*evidence\.html#[^>]*>[^()]*</a>(, )?)+\)'  # in brackets
SAID = (nodes.paragraph, nodes.bullet_list, nodes.enumerated_list, nodes.math_block)


def setup(app: Sphinx) -> None:
    app.add_builder(SlidesBuilder)


@dataclass
class Slide:
    kind: str
    where: list[str]  # the headings above it
    title: str  # HTML, as all that follows
    parts: list[str] = field(default_factory=list)
    notes: list[nodes.Node] = field(default_factory=list)
    before: list[nodes.Node] = field(default_factory=list)  # the notes where nothing follows
    beliefs: list[str] = field(default_factory=list)
    sheet: str = ""  # what a handout has of it


class SlidesBuilder(StandaloneHTMLBuilder):
    name = "slides"
    search = False
    allow_parallel = False  # the chapters are few, and their pictures are kept here

    def get_outdated_docs(self) -> Set[str]:  # type: ignore[override]
        return self.env.found_docs

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if not re.match(r"book/\d", docname):
            return
        self.secnumbers = self.env.toc_secnumbers.get(docname, {})
        self.fignumbers = self.env.toc_fignumbers.get(docname, {})
        self.current_docname, self.imgpath = docname, "_images"
        deck = Deck(self, docname)
        deck.read(next(iter(doctree.findall(nodes.section))), [])
        name, out = Path(docname).name, Path(self.outdir)
        (out / f"{name}.html").write_text(deck.page(), "utf-8")
        (out / "print").mkdir(exist_ok=True)
        (out / f"print/{name}-handout.html").write_text(deck.handout(), "utf-8")
        if deck.wall:
            (out / f"print/{name}-wall.html").write_text(deck.sheet("wall", deck.wall), "utf-8")

    def finish(self) -> None:
        pass

    def html(self, *content: nodes.Node) -> str:
        """Nodes as HTML that leads nowhere and needs no other file."""
        box = nodes.container("", *(node.deepcopy() for node in content))
        text = str(self.render_partial(box)["fragment"]).strip()
        text = re.sub(r'<a class="headerlink".*?</a>', "", text, flags=re.S)
        text = re.sub(CLAIMS, "", text)
        text = re.sub(r"</?a\b[^>]*>", "", text)
        text = re.sub(r'^<div class="docutils container">|</div>$', "", text).strip()
        files = {name: path for path, name in self.images.items()}

        def inside(match: re.Match[str]) -> str:
            path = Path(self.srcdir, files[match[1]])
            return f'src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"'

        return re.sub(r'src="_images/([^"]+)"', inside, text)

    def line(self, content: Iterable[nodes.Node]) -> str:
        """Inline nodes as HTML."""
        return re.sub(r"^<p>|</p>$", "", self.html(nodes.paragraph("", "", *content)))


class Deck:
    """The slides of one chapter."""

    def __init__(self, builder: SlidesBuilder, docname: str) -> None:
        self.builder, self.docname = builder, docname
        here = next(chapter for chapter in chapters(builder.app) if chapter.docname == docname)
        self.claims = {claim.name: claim for claim in here.claims}
        self.beliefs = list(beliefs(builder, docname))
        number = builder.secnumbers.get("", (0,))[0]
        self.chapter = f"{number}. {here.title}"
        self.slides: list[Slide] = []
        self.summary: list[Slide] = []
        self.wall: list[str] = []
        self.mark: tuple[str, list[str]] | None = None
        self.before: nodes.Node | None = None  # the last paragraph of the section so far

    def read(self, section: nodes.Element, where: list[str]) -> None:
        """Make the slides of a section and of those in it."""
        title = next(iter(section.findall(nodes.title))).astext()
        where, self.before = [*where, title], None
        if len(where) == 1:
            self.open(section)
        for node in section.children:
            if isinstance(node, nodes.section):
                self.read(node, where)
            elif isinstance(node, nodes.comment) and (found := MARK.fullmatch(node.astext())):
                word, names = found[1], found[2].split()
                self.mark = (word, names)
                if names and not names[0].isdigit():
                    self.claim(names, where)
            elif not isinstance(node, (nodes.title, nodes.target, addnodes.index)):
                self.take(cast(nodes.Element, node), where)

    def open(self, chapter: nodes.Element) -> None:
        """The first slide: the chapter's title and its question, the bold line below the title."""
        asks = next(iter(chapter.findall(nodes.strong)))
        question_ = f'<p class="question">{self.builder.line(asks.children)}</p>'
        first = Slide("title", [chapter[0].astext()], html.escape(self.chapter), [question_])
        first.beliefs = [belief for belief, _ in self.beliefs]
        self.slides.append(first)

    def take(self, node: nodes.Element, where: list[str]) -> None:
        """Put a block on a slide, or into the notes of the last one."""
        mark, self.mark = self.mark, None
        word, lines = mark or ("", [])
        figure = next(iter(node.findall(nodes.figure)), None)
        if word == "wall":
            self.wall.append(f"<h2>{html.escape(where[-1])}</h2>{self.builder.html(node)}")
        elif isinstance(node, question):
            if is_guess(node) or word:
                self.vote(node, where)
        elif figure is not None and not is_solution(node):
            self.figure(figure, where)
        elif where[-1] == SUMMARY and isinstance(node, nodes.enumerated_list):
            self.summary.append(Slide("summary", where, "To take away", self.block(node, [])))
        elif word == "slide":
            self.start(node, where, lines)
        elif word == "step":
            self.slides[-1].parts += [stepped(part) for part in self.block(node, lines)]
        self.note(node, where)

    def add(self, slide: Slide) -> None:
        slide.before = [self.before] if self.before else []
        self.slides.append(slide)

    def note(self, node: nodes.Element, where: list[str]) -> None:
        """Keep a paragraph, and the solution of an exercise, for the notes of the last slide."""
        last = self.slides[-1]
        if isinstance(node, nodes.paragraph):
            self.before = node
        if is_solution(node):
            if last.kind == "exercise" and not last.notes:
                last.notes += node.findall(nodes.paragraph)
        elif last.where == where and isinstance(node, SAID) and last.kind != "exercise":
            last.notes.append(node)

    def start(self, node: nodes.Element, where: list[str], lines: list[str]) -> None:
        """A slide of a block: its first line is the title, or else the heading above it."""
        kind, title, parts = "text", html.escape(where[-1]), []
        if type(node).__name__.startswith("exercise"):
            kind, title = "exercise", f"Exercise {self.number(node)}{node[0].astext()}"
            parts = [
                self.builder.html(*(part for body in node.children[1:] for part in body.children))
            ]
        else:
            parts = self.block(node, lines)
        if isinstance(node, nodes.paragraph):
            kind = "trap" if TRAPS in where else kind
            first, *rest = parts
            title, parts = re.sub(r"^<p>|</p>$", "", first), [stepped(part) for part in rest]
        slide = Slide(kind, where, title, parts)
        if kind == "trap":
            slide.beliefs = [belief for belief, target in self.beliefs if target == TRAPS]
        self.add(slide)

    def block(self, node: nodes.Element, lines: list[str]) -> list[str]:
        """A block in the parts in which it is shown."""
        if isinstance(node, nodes.paragraph):
            every = split(node)
            return [f"<p>{self.builder.line(every[int(at) - 1])}</p>" for at in lines or ["1"]]
        if isinstance(node, (nodes.enumerated_list, nodes.bullet_list)):
            copy = node.deepcopy()
            for item in copy:
                item["classes"].append("step")  # type: ignore[index]
            return [self.builder.html(copy)]
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
            folded = "tag_hide-input" in node["classes"]
            shown = node.children[folded:]
            first, *rest = (self.builder.html(part) for part in shown)
            return [first, *(stepped(part) for part in rest)]
        return [self.builder.html(node)]

    def vote(self, node: question, where: list[str]) -> None:
        """A question with its options, its answer as the last step."""
        asks = self.builder.html(*next(iter(node.findall(prompt))).children)
        order = node["settings"].get("shown", range(len(choices(node))))
        right, every = right_of(node), choices(node)
        if node["kind"] in ("number", "scale", "curve"):
            options = drawn(node["settings"]) if node["kind"] != "number" else ""
        else:
            items = "".join(
                f'<li{" class=right" if right == [at] else ""}><button type="button"><b>{letter}'
                f"</b> <span>{self.builder.line(every[at].children)}</span></button></li>"
                for letter, at in zip(LETTERS, order, strict=False)
            )
            options = f'<ol class="choices">{items}</ol>'
        parts = [asks, options]
        letters = [LETTERS[list(order).index(at)].upper() for at in right]
        if said := node["said"] or ", ".join(letters):
            of = " ".join(node["options"].get(key, "") for key in ("extreme", "y")).strip()
            head = f"Measured, {html.escape(of)}" if is_guess(node) else "Right"
            parts.append(f'<p class="answer step">{head}: <b>{said}</b></p>')
        title = "Predict first" if is_guess(node) else f"Check yourself {node['number']}"
        sheet = f'<div class="asks">{asks}{options}</div>' if is_guess(node) else ""
        self.add(Slide("predict", where, title, parts, sheet=sheet))

    def figure(self, figure: nodes.figure, where: list[str]) -> None:
        """A figure below the first sentence of its caption; the others are small."""
        caption = next(iter(figure.findall(nodes.caption)))
        parts = [
            part for part in figure.children if not isinstance(part, (nodes.caption, nodes.legend))
        ]
        picture = self.builder.html(*parts)
        if 'data-explorable="lab"' in picture:  # which is taller than a slide
            return
        first, *rest = sentences(self.builder.line(caption.children))
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)
        tall = size is not None and float(size[2]) > 0.62 * float(size[1])
        live = "data-explorable" in picture
        kind = "live" if live else "tall" if tall else "figure"
        foot = f'<p class="rest">{" ".join(rest)}</p>' if rest and not live else ""
        said = [f'<div class="picture">{picture}</div>', foot]
        blank = empty_axes.emptied(figure)
        slide = Slide(
            kind, where, first, said, sheet=f'<div class="draw">{blank}</div>' if blank else ""
        )
        slide.beliefs = [belief for belief, target in self.beliefs if target in figure["names"]]
        self.add(slide)

    def claim(self, names: list[str], where: list[str]) -> None:
        """Claims with what was measured: one with its statement as title, several as rows."""
        self.mark = None
        if unknown := [name for name in names if name not in self.claims]:
            log.warning("no claim is named %s", ", ".join(unknown), location=self.docname)
            return
        found = [self.claims[name] for name in names]
        title = capital(found[0].statement) if len(found) == 1 else html.escape(where[-1])
        rows = [row(claim, len(found) > 1) for claim in found]
        self.add(Slide("claims", where, title, rows))

    def number(self, node: nodes.Element) -> str:
        numbers = self.builder.fignumbers.get("exercise", {})
        return next((".".join(map(str, numbers[i])) for i in node["ids"] if i in numbers), "")

    def page(self) -> str:
        every = [*self.slides, *self.summary]
        for slide, following in pairwise(every):
            slide.notes = slide.notes or slide.before or following.notes
        slides = [self.section(slide, at, len(every)) for at, slide in enumerate(every, 1)]
        names = sorted(set(re.findall(r'data-explorable="([\w-]+)"', "".join(slides))))
        code = (HERE / "slides.js").read_text("utf-8")
        code += "".join(script(WEB / f"{name}.js") for name in names)
        body = f'<main class="stage">{"".join(slides)}</main>'
        return whole(self.chapter, body, f"{(HERE / 'slides.html').read_text('utf-8')}", code)

    def section(self, slide: Slide, at: int, of: int) -> str:
        heading = "h1" if at == 1 else "h2"
        where = " · ".join(html.escape(one) for one in slide.where[1:])
        if slide.kind == "trap":
            where = "What is wrong here?"
        notes = "".join(
            f'<p class="belief">Students say: {html.escape(one)}</p>' for one in slide.beliefs
        )
        notes += self.builder.html(*slide.notes) if slide.notes else ""
        return (
            f'<section class="slide {slide.kind}" tabindex="-1" aria-label="{at} of {of}">'
            f'<p class="where">{where}</p><{heading}>{bare(slide.title)}</{heading}>'
            f'<div class="body">{"".join(slide.parts)}</div>'
            f"<footer><span>{html.escape(self.chapter)}</span><span>{at}</span></footer>"
            f"<template>{notes}</template></section>\n"
        )

    def handout(self) -> str:
        """Two pages: each prediction with the empty axes of the figure that answers it."""
        asked = [slide for slide in self.slides if slide.sheet]
        rows = []
        for slide, answer in pairwise([*asked, self.slides[0]]):
            if slide.kind == "predict":
                drawn_there = answer.kind != "predict" and answer.where == slide.where
                lines = '<div class="draw lines"></div>'
                rows.append(slide.sheet + (answer.sheet if drawn_there else lines))
        half = math.ceil(len(rows) / 2)
        return self.sheet("handout", [self.slides[0].parts[0], *rows[:half]], rows[half:])

    def sheet(self, kind: str, *pages: list[str]) -> str:
        body = "".join(
            f'<section class="sheet {kind}"><p class="where">{html.escape(self.chapter)}</p>'
            + "".join(f'<div class="row">{row}</div>' for row in page)
            + "</section>"
            for page in pages
        )
        return whole(f"{self.chapter}: {kind}", f"<main>{body}</main>")


def whole(title: str, body: str, controls: str = "", code: str = "") -> str:
    """One file with all that it needs."""
    colours = re.findall(
        r"^html.*?\{\n  --figure.*?^\}", (ROOT / "assets/book.css").read_text("utf-8"), re.M | re.S
    )
    styles = [*colours, katex.whole_style(), (WEB / "explorables.css").read_text("utf-8")]
    style = "\n".join([*styles, (HERE / "slides.css").read_text("utf-8")])
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY} \'sha256-{digest}\'">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>\n"
        f"<body>{body}{controls}{f'<script>{code}</script>' if code else ''}</body></html>\n"
    )


def beliefs(builder: SlidesBuilder, docname: str) -> Iterator[tuple[str, str]]:
    """What students of a chapter get wrong, by the guide's table, and the figure that meets it."""
    number = str(builder.secnumbers.get("", (0,))[0])
    for row_ in builder.env.get_doctree(GUIDE).findall(nodes.row):
        cells = list(row_.findall(nodes.entry))
        if len(cells) == 3 and cells[0].astext() == number:
            links = list(cells[2].findall(addnodes.pending_xref))
            figures = [link["reftarget"] for link in links if link["reftarget"].startswith("fig-")]
            traps = [TRAPS] if "traps" in cells[2].astext().lower() else []
            for target in figures + traps or [""]:
                yield cells[1].astext(), target
