"""The cards that links show before they are followed: what stands behind each link into the book.

A section gives its title and its first paragraph, a claim its row of the ledger, all else itself.
There is a script of data a page, which `assets/preview.js` asks for when a link leads there.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from html import unescape
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote

FOLDER = "previews"
# Settings of the lab, as in #init=he, are no place.
LINK = re.compile(r'<a class="[^"]*\breference internal\b[^"]*" href="([^"#]*)#([^"=]+)"')
HEADING = re.compile(r"<(h[1-6])\b.*?</\1>", re.S)
WHOLE = ("figure", "div", "dt", "li", "p")
DROPPED = (
    r'<a class="headerlink".*?</a>',
    r'<span class="backrefs">.*?</span>',
    r'<span class="label">.*?</span>(?=\s*<span class="backrefs">|\s*<p>)',
    r'(?<=<div) class="citation"| role="[a-z-]*(?:entry|item)"| tabindex="\d"',
)


def write(root: Path, pages: dict[Path, str]) -> None:
    """Write what the links of all pages lead to; `root` is the folder of the site."""
    texts = {path.relative_to(root).as_posix(): html for path, html in pages.items()}
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for page, anchor in sorted(targets(texts)):
        if card := behind(texts[page], anchor):
            found[page.removesuffix(".html")][anchor] = card
    for page, cards in found.items():
        path = root / FOLDER / f"{page}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = json.dumps(cards, ensure_ascii=False)
        path.write_text(f'(window.previews ??= {{}})["{page}"] = {data};', "utf-8")


def targets(texts: dict[str, str]) -> set[tuple[str, str]]:
    """The pages and places that the text of a page links to."""
    found = set()
    for page, html in texts.items():
        article = html[html.find("<article") : html.find("</article>")]
        for to, anchor in LINK.findall(article):
            target = normpath(f"{page}/../{to}") if to else page
            if target in texts:
                found.add((target, unquote(unescape(anchor))))
    return found


def behind(html: str, anchor: str) -> str:
    """What a card shows of the place in a page; "" where that is nothing to be shown."""
    at = html.find(f' id="{anchor}"')
    if at < 0:
        return ""
    start = html.rindex("<", 0, at)
    name = html[start + 1 : at].split()[0]
    if name == "span" and (row := html.rfind("<tr", 0, at)) > html.rfind("</tr>", 0, at):
        return plain(in_words(html, row))
    if name == "figure":
        figure = element(html, start)
        drawn = re.search(r'<svg class="figure".*?</svg>|<img[^>]*>', figure, re.S)
        caption = element(figure, figure.index("<figcaption")) if "<figcaption" in figure else ""
        return plain((drawn[0] if drawn else "") + caption)
    if name == "dt":
        said = element(html, start) + element(html, html.index("<dd", at))
        return f"<dl>{plain(said)}</dl>"
    if name in WHOLE and "exercise" not in html[start:at]:
        return plain(element(html, start))
    heading = HEADING.search(html, at)
    beginning = html.find("<p>", at)
    parts = [heading[0]] if heading and heading.start() < beginning else []
    title = re.sub(r"</?h\d[^>]*>", "", parts[0]) if parts else ""
    return plain(f"<p><strong>{title}</strong></p>" * bool(title) + element(html, beginning))


def in_words(html: str, row: int) -> str:
    """A row of a table: its first cell, and the others with the headings of their columns."""
    heads = re.findall(r"<th\b.*?</th>", html[html.rfind("<thead", 0, row) : row], re.S)
    cells = re.findall(r"<td\b.*?</td>", element(html, row), re.S)
    first, *others = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]
    named = zip([re.sub(r"<[^>]+>", " ", head).strip() for head in heads[1:]], others, strict=False)
    return f"<p>{first}</p><p>{'; '.join(f'{head}: {cell}' for head, cell in named if cell)}</p>"


def element(html: str, start: int) -> str:
    """The element whose tag begins at a place."""
    match = re.match(r"<(\w+)", html[start : start + 20])
    assert match, html[start : start + 20]
    depth = 0
    for tag in re.compile(rf"<(/?){match[1]}\b").finditer(html, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return html[start : html.index(">", tag.start()) + 1]
    raise ValueError(f"{match[0]} does not end")


def plain(html: str) -> str:
    """Without links, and with no id that the page may have, too."""
    for pattern in DROPPED:
        html = re.sub(pattern, "", html, flags=re.S)
    html = re.sub(r"<a\b[^>]*>", "<span>", html).replace("</a>", "</span>")
    html = re.sub(r' id="(?=[fx]\d)|(?<=url\(#)|(?<= href="#)', lambda m: f"{m[0]}preview-", html)
    html = re.sub(r' id="(?!preview-)[^"]*"', "", html)
    return re.sub(r"\s+", " ", html).strip()
