"""Addresses of places are kept: whoever links to one from elsewhere finds it in the next version.

A place that has to go is taken out of `anchors.txt` by hand; `python tests/test_anchors.py` adds
the new ones.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

HTML = Path(__file__).parents[1] / "_build/html"
KNOWN = Path(__file__).with_name("anchors.txt")
PLACED = re.compile(r'<(?!input|label|script|button)[a-z]\w*\b[^<>]*? id="([^"]+)"')
OURS = re.compile(r"(?!id\d+$|ask-.*-(asks|title)$)[a-z][\w-]*$")


def places():
    """The names of places in the text of each page, by page."""
    found = defaultdict(set)
    for page in sorted(HTML.glob("book/*.html")):
        html = page.read_text("utf-8")
        article = html[html.index("<article") : html.index("</article>")]
        article = re.sub(r"<(svg|math)\b.*?</\1>", "", article, flags=re.S)
        found[page.name] = {name for name in PLACED.findall(article) if OURS.match(name)}
    return found


def known():
    found = defaultdict(set)
    for line in KNOWN.read_text("utf-8").splitlines():
        page, _, name = line.partition("#")
        found[page].add(name)
    return found


@pytest.mark.depends("_build/html/book/*.html", "tests/anchors.txt")
def test_no_place_is_lost():
    here = places()
    lost = [f"{page}#{name}" for page, names in known().items() for name in names - here[page]]
    assert sorted(lost) == []


if __name__ == "__main__":
    both = (known(), places())
    every = {(page, name) for found in both for page in found for name in found[page]}
    KNOWN.write_text("".join(f"{page}#{name}\n" for page, name in sorted(every)), "utf-8")
