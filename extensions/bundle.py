"""One style sheet and one script, with what pages use of the files that the themes bring.

Which files these are is read from the tags of the pages themselves, in their order.
"""

import hashlib
import json
import re
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

from extensions import theme
from extensions.node import NODE

STYLE = r'<link[^>]*href="[^"]*_static/(?P<name>[^"]+\.css)[^"]*"[^>]*>\s*'
SCRIPT = r'<script[^>]*src="[^"]*_static/(?P<name>[^"]+\.js)[^"]*"[^>]*></script>\s*'


def write(static: Path, fresh: list[str], pages: list[str]) -> tuple[str, str]:
    """Write both bundles; return their names, from the root of the site.

    `fresh` are the pages written in this build, which still name their files; `pages` are all.
    """
    styles, scripts = gather(static, fresh, STYLE), gather(static, fresh, SCRIPT)
    css = used("\n".join(relocated(static, path) for path in styles), pages, static)
    subset_fonts(static, css)
    js = theme.SETTINGS + "\n;".join(path.read_text("utf-8") for path in scripts)
    return named(static, ".css", css), named(static, ".js", theme.measuring_less(js))


def gather(static: Path, pages: list[str], pattern: str) -> list[Path]:
    """The files that the pages ask for, in their order, without those that are dropped."""
    names = {match["name"]: None for html in pages for match in re.finditer(pattern, html)}
    return [static / name for name in names if theme.wanted(name)]


def relocated(static: Path, path: Path) -> str:
    """A style sheet as it must read in `_static`; its imports stand in its place."""
    css = path.read_text("utf-8")
    folder = path.parent.relative_to(static).as_posix()

    def imported(match: re.Match[str]) -> str:
        return relocated(static, (path.parent / match[1]).resolve())

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


def used(css: str, pages: list[str], static: Path) -> str:
    """The rules that match something on a page, or something that a script can make (PurgeCSS)."""
    css = re.sub(r"/\*(?!!).*?\*/", "", css, flags=re.S)
    words = {
        word
        for html in pages
        for tag in set(re.findall(r"<[a-z][^<>]*>", html))
        for word in re.findall(r"[\w-]+", tag)
    }
    # Bootstrap's script names all that it could do, of which the theme uses little.
    unread = ("bundle-*.js", "scripts/bootstrap.js", *theme.DROPPED)
    paths = [p for p in sorted(static.rglob("*.js")) if not any(map(p.match, unread))]
    scripts = [path.read_text("utf-8") for path in paths]
    purged = subprocess.run(
        [NODE, Path(__file__).with_name("purge.mjs").resolve()],
        input=json.dumps({"css": css, "content": [" ".join(sorted(words)), *scripts]}),
        capture_output=True,
        text=True,
    )
    if purged.returncode:
        raise ExtensionError(f"PurgeCSS failed: {purged.stderr}")
    # No page shows these two fonts.
    return re.sub(r"@font-face\s*\{[^}]*fa-(?:brands|v4)[^}]*\}", "", purged.stdout)


def subset_fonts(static: Path, css: str) -> None:
    """Keep of the icon fonts what the style sheet still names."""
    files = list((static / "vendor/fontawesome/webfonts").glob("*.ttf"))
    if not files:
        return
    from fontTools import subset  # wanted in a build from scratch alone
    from fontTools.ttLib import TTFont

    codes = {ord(c) for c in re.findall(r'(?:content|--fa): ?"([^"\\])"', css)}
    codes |= {int(c, 16) for c in re.findall(r'(?:content|--fa): ?"\\([0-9a-f]{2,5})"', css)}
    for file in files:
        font = TTFont(file, recalcTimestamp=False)
        kept = subset.Subsetter(subset.Options(layout_features=[], drop_tables=["GSUB"]))
        kept.populate(unicodes=codes)
        kept.subset(font)
        font.flavor = "woff"
        font.save(file.with_suffix(".woff"))
        file.unlink()


def named(static: Path, suffix: str, text: str) -> str:
    """Write a bundle whose name changes with its content, so that caches may keep it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    for old in static.glob(f"bundle-*{suffix}"):
        old.unlink()
    (static / f"bundle-{digest}{suffix}").write_text(text, encoding="utf-8")
    return f"_static/bundle-{digest}{suffix}"
