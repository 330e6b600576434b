"""What stands around the pages: descriptions, notebooks, the lost page, the map of the site."""

import html
import os
import re
import shutil
import textwrap
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config


def setup(app: Sphinx) -> None:
    app.connect("config-inited", set_version)
    app.connect("html-page-context", describe, priority=900)


def set_version(app: Sphinx, config: Config) -> None:
    """Say at the foot of each page, and on the title of the PDF, which version this is.

    What is published has the commit and its date besides, in `BOOK_STAMP`: `make site`.
    """
    project = tomllib.loads(Path(app.srcdir, "pyproject.toml").read_text("utf-8"))["project"]
    config.version = project["version"]
    config.release = f"{config.version}{os.environ.get('BOOK_STAMP', '')}"
    config.html_theme_options["extra_footer"] = f"Version {config.release}"


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """What a search engine or a message shows of a page: the chapter's question, say."""
    kinds = (nodes.strong, nodes.paragraph)
    texts = [node.astext() for kind in kinds for node in doctree.findall(kind)] if doctree else []
    first = next((text for text in texts if len(text) > 40), app.config.project)
    first = textwrap.shorten(first.replace("\n", " "), 155, placeholder="…")
    title = re.sub("<[^>]+>", "", context.get("title", "")) or app.config.project
    tags = {"og:title": title, "og:description": first, "og:type": "book"}
    if app.config.html_baseurl:  # a picture needs a whole address
        tags["og:image"] = f"{app.config.html_baseurl}_static/card.png"
    lines = [f'<meta name="description" content="{html.escape(first)}" />']
    lines += [f'<meta property="{k}" content="{html.escape(v)}" />' for k, v in tags.items()]
    context["metatags"] = context.get("metatags", "") + "\n".join(lines)


def copy_notebooks(app: Sphinx) -> None:
    source = Path(app.srcdir) / "notebooks"
    shutil.copytree(source, Path(app.outdir) / "notebooks", dirs_exist_ok=True)


def write_lost_page(app: Sphinx) -> None:
    """404.html, which is served under any address that does not exist."""
    lost = (Path(app.srcdir) / "assets/404.html").read_text("utf-8")
    root = urlsplit(app.config.html_baseurl).path or "/"
    (Path(app.outdir) / "404.html").write_text(lost.replace("ROOT/", root), "utf-8")


def write_site_map(app: Sphinx) -> None:
    if base := app.config.html_baseurl:
        pages = sorted(app.env.found_docs)
        urls = "".join(f"<url><loc>{base}{page}.html</loc></url>\n" for page in pages)
        (Path(app.outdir) / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
            "utf-8",
        )
