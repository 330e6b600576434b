"""How high a section will be, which the browser takes for its height until it lays it out.

A good guess keeps the scroll bar still. A low one lets what is in the section, once its place is
asked for, lie over the next one. It is counted on the page as written, in lines of prose on a
phone; `book.css` makes pixels of them.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

MARK = re.compile(r'<(/?)(section|details|svg)\b(?:[^>]* width="(\d+)" height="(\d+)")?[^>]*>')
CODE = re.compile(r"<pre\b.*?</pre>", re.S)
MATHML = re.compile(r"<math\b.*?</math>", re.S)  # the letters of a formula a second time
LETTERS = 42  # of prose in a line
BESIDES: dict[re.Pattern[str], float] = {  # lines that a thing takes besides those of its letters
    re.compile(r"<(?:p|li|dd|tr|figcaption|summary|label|input|button|pre)\b"): 1.2,
    re.compile(r"<h[1-6]\b"): 4,
    re.compile(r'class="[^"]*question-plot'): 12,
}
PICTURE = 13  # lines that are as high as a figure is wide


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", write)


def write(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if app.builder.name == "html" and doctree:
        context["body"] = with_heights(context["body"])


def with_heights(body: str) -> str:
    """Give each section below the title its lines, as the property `--lines`."""
    heights: dict[int, float] = {}
    depth, folded, last, start = 0, 0, 0, 0
    for mark in MARK.finditer(body):
        closes, tag, width, height = mark.groups()
        if depth > 1 and not folded:
            heights[start] += lines(body[last : mark.start()])
            if width and "narrow" in mark[0]:
                heights[start] += PICTURE * int(height) / int(width)
        if tag == "section":
            depth += -1 if closes else 1
            if depth == 2 and not closes:
                start = mark.start()
                heights[start] = 0.0
        else:
            folded += -1 if closes else 1
        last = mark.end()
    for start in sorted(heights, reverse=True):
        at = start + len("<section")
        body = f'{body[:at]} style="--lines: {heights[start]:.0f}"{body[at:]}'
    return body


def lines(html: str) -> float:
    """Of a piece of a page without sections, folds and pictures in it."""
    code: int = sum(block.count("\n") for block in CODE.findall(html))
    prose = MATHML.sub("", CODE.sub("", html))
    letters = len(re.sub(r"<[^>]*>", "", prose))
    besides = sum(high * len(thing.findall(prose)) for thing, high in BESIDES.items())
    return 0.7 * code + letters / LETTERS + besides
