"""Make the pages light and closed: one style sheet, one script, icons that are used, no other host.

What the themes bring is gathered from the tags of the pages themselves, in their order. A content
security policy in each page then allows these files and the one script that must stay inline.
"""

import base64
import hashlib
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

STYLE = r'<link[^>]*href="([^"]*_static/[^"]+\.css)[^"]*"[^>]*>\s*'
SCRIPT = r'<script[^>]*src="([^"]*_static/[^"]+\.js)[^"]*"[^>]*></script>\s*'
INLINE = r"<script(?P<kind>[^>]*)>(?P<code>[^<]*)</script>\s*"
UNUSED = (
    "fontawesome.js",
    "sphinx-thebe",
    "sphinx-design",
    "design-tabs",
    "searchtools",
    "language",
)
SETTINGS = "var toggleHintShow='Click to show',toggleHintHide='Click to hide',toggleOpenOnPrint='true',togglebuttonSelector='.toggle, .admonition.dropdown';"  # noqa: E501
# The theme asks of each block of code whether it scrolls, and so for the layout of the whole page.
MEASURES = "e.tabIndex=e.scrollWidth>"
MEASURES_LESS = "e.tabIndex=!e.checkVisibility({contentVisibilityAuto:true})||e.scrollWidth>"
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' {hashes}; object-src 'none'; base-uri 'self'; form-action 'self'"
)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def finish(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = {page: page.read_text("utf-8") for page in out.rglob("*.html")}
    pages = {page: html for page, html in pages.items() if "data-content_root" in html}
    fresh = [html for html in pages.values() if "Content-Security-Policy" not in html]
    if fresh:
        used = r"\bfa-[a-z0-9-]+|-Color[\w-]*"
        classes = {name for html in pages.values() for name in re.findall(used, html)}
        styles, scripts = gather(out, fresh, STYLE), gather(out, fresh, SCRIPT)
        css = only_used("\n".join(relocated(out, path) for path in styles), classes)
        js = SETTINGS + "\n;".join(path.read_text("utf-8") for path in scripts)
        bundles = write(out, ".css", css), write(out, ".js", measuring_less(js))
        subset_fonts(out, css)
        for page, html in pages.items():
            page.write_text(lighten(html, *bundles), encoding="utf-8")
    for pattern in ("**/*.map", "scripts/fontawesome.js*", "sphinx-thebe*", "vendor/**/*.woff2"):
        for file in (out / "_static").glob(pattern):
            file.unlink()


def gather(out: Path, pages: list[str], pattern: str) -> list[Path]:
    """The files that the pages ask for, in their order, without those that no page uses."""
    names: dict[str, None] = {}
    for html in pages:
        for match in re.finditer(pattern, html):
            names[match[1].partition("_static/")[2]] = None
    used = [name for name in names if not any(part in name for part in UNUSED)]
    if len(used) + len(UNUSED) // 3 > len(names):
        raise ExtensionError(f"light: the theme's files have changed: {sorted(names)}")
    return [out / "_static" / name for name in used]


def relocated(out: Path, path: Path) -> str:
    """A style sheet as it must read in `_static`; its imports stand in its place."""
    css = path.read_text("utf-8")
    folder = path.parent.relative_to(out / "_static").as_posix()

    def imported(match: re.Match[str]) -> str:
        return relocated(out, (path.parent / match[1]).resolve())

    css = re.sub(r'@import "([^"]+)";', imported, css)
    css = re.sub(r'@charset "[^"]*";', "", css)
    # Of the three formats of a font the first will do.
    css = re.sub(
        r'(url\([^)]+\.woff2\) ?format\("woff2"\))(?:,url\([^)]+\) ?format\("[a-z]+"\))+',
        r"\1",
        css,
    )
    css = re.sub(r'(fa-[a-z0-9-]+\.woff)2\) format\("woff2"\)', r'\1) format("woff")', css)
    at = "" if folder == "." else f"{folder}/"
    return re.sub(r"url\((?!['\"]?data:)['\"]?([^)'\"]+)['\"]?\)", rf"url({at}\1)", css)


def only_used(css: str, classes: set[str]) -> str:
    """Leave out comments, and rules of icons and of terminal colours that no page shows."""

    def rule(match: re.Match[str]) -> str:
        return (
            match[0]
            if set(re.findall(r"\.(fa-[a-z0-9-]+|-Color[\w-]*)", match[0])) & classes
            else ""
        )

    css = re.sub(r"/\*(?!!).*?\*/", "", css, flags=re.S)
    css = re.sub(
        r'(?<=[}])(?:\.fa-[a-z0-9-]+(?::before)?,?)+\{(?:content|--fa):"[^"]*"\}', rule, css
    )
    css = re.sub(r"\.highlight \.-Color[^{}]*\{[^}]*\}", rule, css)
    return re.sub(r"@font-face\{[^}]*fa-(?:brands|v4)[^}]*\}", "", css)


def measuring_less(js: str) -> str:
    """Have the theme measure what is laid out only, and let the keyboard reach all else.

    `book.js` has it repeated where something comes into view.
    """
    if js.count(MEASURES) != 1:
        raise ExtensionError("light: the theme measures blocks of code in another way")
    return js.replace(MEASURES, MEASURES_LESS)


def subset_fonts(out: Path, css: str) -> None:
    """Keep of the icon fonts what the style sheet still names."""
    codes = {ord(c) for c in re.findall(r'(?:content|--fa): ?"([^"\\])"', css)}
    codes |= {int(c, 16) for c in re.findall(r'(?:content|--fa): ?"\\([0-9a-f]{2,5})"', css)}
    folder = out / "_static/vendor/fontawesome/webfonts"
    for file in folder.glob("*.ttf"):
        font = TTFont(file, recalcTimestamp=False)
        kept = subset.Subsetter(subset.Options(layout_features=[], drop_tables=["GSUB"]))
        kept.populate(unicodes=codes)
        kept.subset(font)
        font.flavor = "woff"
        font.save(file.with_suffix(".woff"))
        file.unlink()


def write(out: Path, suffix: str, text: str) -> str:
    """Write a bundle whose name changes with its content, so that caches may keep it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    for old in (out / "_static").glob(f"bundle-*{suffix}"):
        old.unlink()
    (out / "_static" / f"bundle-{digest}{suffix}").write_text(text, encoding="utf-8")
    return f"_static/bundle-{digest}{suffix}"


def lighten(html: str, css: str, js: str) -> str:
    if "Content-Security-Policy" in html:  # not written anew in this build
        html = re.sub(r"_static/bundle-\w+\.css", css, html)
        return re.sub(r"_static/bundle-\w+\.js", js, html)
    root = re.search(r'data-content_root="([^"]*)"', html)
    assert root, "the theme says where the root is"
    searches = 'id="search-results"' in html
    tools = [
        m[0].strip() for m in re.finditer(SCRIPT, html) if re.search("searchtools|language", m[1])
    ]
    html = re.sub(STYLE, "", html)
    html = re.sub(SCRIPT, "", html)
    html = re.sub(r'<script src="[^"]*searchindex\.js"></script>\s*', "", html)
    html = re.sub(r'<link rel="preload" as="script"[^>]*>\s*', "", html)
    html = re.sub(r'\s*<meta name="viewport"[^>]*/>(?=<meta name="viewport")', "", html)

    def inline(match: re.Match[str]) -> str:
        return match[0] if re.search(r"dataset\.theme|searchInput", match["code"]) else ""

    html = re.sub(INLINE, inline, html)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(m['code'].encode()).digest()).decode()}'"
        for m in re.finditer(INLINE, html)
    )
    head = [
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">',
        f'<link rel="stylesheet" href="{root[1]}{css}">',
        f'<script defer src="{root[1]}{js}"></script>',
    ]
    if searches:
        head += [tool.replace("<script ", "<script defer ") for tool in tools]
        head.append(f'<script defer src="{root[1]}searchindex.js"></script>')
    return html.replace(
        '<meta charset="utf-8" />', '<meta charset="utf-8" />\n' + "\n".join(head), 1
    )
