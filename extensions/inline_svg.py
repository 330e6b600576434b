"""Put the SVG figures of code cells into the page itself, in the page's own colours and font.

Matplotlib's ink becomes ``currentColor`` and the house palette becomes style sheet variables, so
that a figure is native in light and in dark. It comes in two widths, of which a screen shows one.
Each figure must have an ``alt`` text.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from matplotlib.path import Path as Line
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from lib.palette import INK, MUTED, PALETTE

log = logging.getLogger(__name__)

MAX_SCALE = 1.1  # of a figure's nominal size, where the column is wide enough
POINT = r"([ML]) (-?[\d.]+) (-?[\d.]+)"
STRAIGHT = re.compile(rf'(?<= d="){POINT}(?:\s+{POINT}){{9,}}')


def setup(app: Sphinx) -> None:
    app.add_post_transform(CheckAlt)
    app.add_post_transform(InlineFigures)


class CheckAlt(SphinxPostTransform):
    """Warn of a picture without an ``alt`` text, or with one that says nothing new."""

    default_priority = 900

    def run(self, **kwargs: object) -> None:
        for image in self.document.findall(nodes.image):
            figure = image.parent if isinstance(image.parent, nodes.figure) else None
            caption = next(iter(figure.findall(nodes.caption)), None) if figure else None
            alt = image.get("alt", "").strip()
            if not alt:
                problem = "has no alt text (mystnb: image: alt)"
            elif Path(image["uri"]).name in alt:
                problem = "has a file name for its alt text"
            elif caption is not None and alt == caption.astext().strip():
                problem = "repeats its caption as its alt text"
            else:
                continue
            log.warning("figure %s", problem, location=image if image.line else self.env.docname)


class InlineFigures(SphinxPostTransform):
    """Replace each SVG image that a code cell made by the SVG itself."""

    default_priority = 910
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        if self.app.builder.name == "epub":
            return  # where a figure is a file
        images = [
            image
            for image in self.document.findall(nodes.image)
            if image["uri"].endswith(".svg") and "jupyter_execute" in image["uri"]
        ]
        for number, image in enumerate(images):
            path = Path(self.env.srcdir, image["uri"].lstrip("/"))
            drawn, alt = path.read_text(encoding="utf-8"), image.get("alt", "")
            svg = themed(drawn, alt, f"f{number}-")
            narrow = re.search("(?<=<metadata>)<svg.*?</svg>", drawn, re.S)
            if narrow and self.app.builder.name == "html":  # a slide is as wide as it is
                phone = themed(narrow[0], alt, f"n{number}-")
                svg += phone.replace('class="figure"', 'class="figure narrow"', 1)
                tell_of_stacking(image.parent)
            image.replace_self(nodes.raw("", svg, format="html", drawing=str(path)))


def tell_of_stacking(figure: nodes.Element) -> None:
    """Mark a figure whose caption says left or right, which on a phone is above or below."""
    caption = " ".join(text.astext() for text in figure.findall(nodes.caption))
    if re.search(r"\b(Left|Right)\b|\(left\)", caption):
        figure["classes"].append("stacked")


def themed(svg: str, alt: str, prefix: str) -> str:
    """A stand-alone Matplotlib SVG as an element of a page; ``prefix`` keeps its ids apart."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    # Matplotlib repeats the rule of its <style> element; inline it would hold for the whole page.
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.S)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}", svg).replace("xlink:href", "href")
    colours = {INK: "currentColor", MUTED: "var(--figure-muted)"}
    colours |= {colour: f"var(--figure-{i})" for i, colour in enumerate(PALETTE, 1)}
    for colour, variable in colours.items():
        svg = svg.replace(colour, variable)
    svg = svg.replace("'DejaVu Sans'", "var(--pst-font-family-base)")
    svg = STRAIGHT.sub(lambda points: with_fewer_points(points[0]), svg)
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\.\d\d)\d+", r"\1", tag[0]), svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size, "Matplotlib writes a viewBox"
    width, height = float(size[1]), float(size[2])
    head = (
        f'<svg class="figure" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{html.escape(alt)}" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * 96 / 72 * MAX_SCALE:.0f}" height="{height * 96 / 72 * MAX_SCALE:.0f}">'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1)


def with_fewer_points(lines: str) -> str:
    """The `d` of a path of straight lines, less points that nobody would see to be missing.

    Matplotlib leaves out such points (1/9 of a point beside the line) of plain lines alone; a
    contour or a filled shape keeps a thousand.
    """
    kinds, *xy = zip(*re.findall(POINT, lines), strict=True)
    points = [(float(x), float(y)) for x, y in zip(*xy, strict=True)]
    codes = {"M": Line.MOVETO, "L": Line.LINETO}
    letters = {code: letter for letter, code in codes.items()}
    left = Line(points, [codes[kind] for kind in kinds]).cleaned(simplify=True)
    return " ".join(
        f"{letters[code]} {x:g} {y:g}" for (x, y), code in left.iter_segments() if code in letters
    )
