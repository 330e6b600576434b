"""Explorables on the pages: without the copy of their modules that each output carries along.

The static figure takes the colours and the font of the page like any other figure. The live one
comes from one script a figure, a classic one: modules would not load from a disk. Where nothing
moves, the box with its tasks says so.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from explorables._shell import INLINE, WEB, inlined, packed, script
from extensions.inline_svg import tell_of_stacking, themed
from extensions.latex import tex

FOLDER = "explorables"
ASSETS = Path(__file__).resolve().parents[1] / "assets"
STILL = "The figure above can be moved on the web page of this chapter."


def setup(app: Sphinx) -> None:
    app.add_post_transform(ShareModules)
    app.add_post_transform(StandStill)
    app.add_css_file(f"{FOLDER}/explorables.css")


class ShareModules(SphinxPostTransform):
    default_priority = 910
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        for number, node in enumerate(_explorables(self.document)):
            page = shared(node.astext(), f"x{number}-")
            if self.app.builder.name == "epub":  # which runs no scripts
                page = page[page.index("<svg") : page.rindex("</svg>") + len("</svg>")]
            tell_of_stacking(node.parent)
            # Not of the class text_html, on which the theme lays a grey card in the dark.
            classes = ["output", "explorable-output"]
            node.replace_self(nodes.raw("", page, format="html", classes=classes))


class StandStill(SphinxPostTransform):
    """Say in print and in the EPUB that a figure moves elsewhere; in print keep it in its place."""

    default_priority = 60
    builders = ("latex", "epub")

    def run(self, **kwargs: object) -> None:
        for box in list(self.document.findall(nodes.admonition)):
            if box[0].astext() == "Try it":
                box.insert(1, nodes.paragraph("", STILL))
                at = box.parent.index(box)
                box.parent.insert(at, tex(r"\endgroup"))
                box.parent.insert(at - 1, tex(r"\begingroup\here"))


def shared(output: str, prefix: str) -> str:
    """An explorable's HTML for a page that has the loader; ``prefix`` keeps its ids apart."""
    start, end = INLINE
    output = re.sub(f"{re.escape(start)}.*?{re.escape(end)}", "", output, flags=re.S)
    svg = re.search(r'<svg role="img" aria-label="([^"]*)".*</svg>', output, re.S)
    assert svg, "each explorable has a static figure"
    still = themed(svg[0], html.unescape(svg[1]), prefix)
    return output[: svg.start()] + still + output[svg.end() :]


def write_scripts(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "explorables.css").write_text((WEB / "explorables.css").read_text("utf-8"), "utf-8")
    for module in [*WEB.glob("*.js"), ASSETS / "lab/lab-claims.js"]:
        (folder / module.name).write_text(script(module), "utf-8")
    for data in WEB.glob("data/*.js"):
        (folder / data.name).write_text(packed(data.stem), "utf-8")
    questions = inlined(ASSETS / "questions/questions.js")
    (folder / "questions.js").write_text(f"{{\n{questions}\n}}\n", "utf-8")


def _explorables(document: nodes.document) -> list[nodes.raw]:
    return [node for node in document.findall(nodes.raw) if "data-explorable=" in node.astext()]
