"""A figure without what it shows: its axes, to be drawn into on a handout."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from docutils import nodes

from extensions.inline_svg import themed
from lib.palette import INK

SVG = "{http://www.w3.org/2000/svg}"


def emptied(figure: nodes.figure) -> str:
    """The axes of a figure as an element of a page; "" for one without, or made of pixels."""
    paths = [raw["drawing"] for raw in figure.findall(nodes.raw) if "drawing" in raw]
    if not paths:
        return ""
    tree = ET.fromstring(Path(paths[0]).read_text("utf-8"))
    if tree.find(f".//{SVG}image") is not None:
        return ""
    for axes in tree.iter(f"{SVG}g"):
        if axes.get("id", "").startswith("axes_"):
            drawn = re.findall(r"[\d.]+", next(axes.iter(f"{SVG}path")).get("d", ""))
            top = min(map(float, drawn[1::2]))
            for part in [part for part in axes if not is_frame(part, top)]:
                axes.remove(part)
    svg = re.sub(r"(</?)ns\d+:|xmlns:ns\d+=", r"\1", ET.tostring(tree, "unicode"))
    return themed(svg, "Axes to draw into.", f"e{Path(paths[0]).stem}-")


def is_frame(part: ET.Element, top: float) -> bool:
    """Whether it is an axis, a spine, or a title, in ink above the top of the axes."""
    kind, first = part.get("id", ""), next(iter(part), ET.Element(""))
    if kind.startswith("patch_"):
        return "clip-path" not in first.attrib
    if kind.startswith("text_"):
        return float(first.get("y", "inf")) < top and INK in first.get("style", "")
    return kind.startswith("matplotlib.axis_")
