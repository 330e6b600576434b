"""Close a page: it loads one style sheet and one script, both from here, and says so.

The content security policy allows these files and, by their hashes, the scripts that stay inline.
"""

import base64
import hashlib
import re

from extensions import search, theme
from extensions.bundle import SCRIPT, STYLE

INLINE = r"<script(?P<attributes>[^>]*)>(?P<code>[^<]*)</script>\s*"
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' {hashes}; object-src 'none'; base-uri 'self'; form-action 'self'"
)


def is_closed(html: str) -> bool:
    """Whether an earlier build has closed the page, which was not written anew."""
    return "Content-Security-Policy" in html


def close(html: str, css: str, js: str) -> str:
    """A page that loads these two bundles, named from the root of the site."""
    if is_closed(html):
        html = re.sub(r"_static/bundle-\w+\.css", css, html)
        return re.sub(r"_static/bundle-\w+\.js", js, html)
    root = re.search(r'data-content_root="([^"]*)"', html)
    assert root, "the theme says where the root is"
    scripts = [f'<script defer src="{root[1]}{js}"></script>']
    if 'id="search-results"' in html:
        language, results = (f"_static/{name}" for name in theme.SEARCH)
        for name in (language, search.INDEX, results):
            scripts.append(f'<script defer src="{root[1]}{name}"></script>')
    html = re.sub(STYLE, "", html)
    html = re.sub(SCRIPT, "", html)
    html = re.sub(r'<script src="[^"]*searchindex\.js"></script>\s*', "", html)
    html = re.sub(r'<link rel="preload" as="script"[^>]*>\s*', "", html)
    html = re.sub(r'\s*<meta name="viewport"[^>]*/>(?=<meta name="viewport")', "", html)
    html = re.sub(INLINE, lambda m: m[0] if theme.keeps(m["code"]) else "", html)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(m['code'].encode()).digest()).decode()}'"
        for m in re.finditer(INLINE, html)
    )
    head = [
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">',
        f'<link rel="stylesheet" href="{root[1]}{css}">',
        *scripts,
    ]
    charset = '<meta charset="utf-8" />'
    return html.replace(charset, "\n".join([charset, *head]), 1)
