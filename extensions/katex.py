"""KaTeX' server and files: tested with sphinxcontrib-katex 0.9.11, which `pyproject.toml` pins.

Formulas are rendered when the pages are built. What is put in its place here is internal to that
package; another version fails the build (``check_version``).
"""

import base64
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinxcontrib import katex

from extensions.node import NODE


def setup(app: Sphinx) -> None:
    # Ending the `node` on the PATH would leave the server running.
    katex.NODEJS_BINARY = str(NODE)
    # On a busy machine it takes longer than the 5 s after which it would be left behind.
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KaTeXServer.start_server_process = start_server
    # By default KaTeX prints bad TeX in red and the build goes on.
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True
    app.connect("builder-inited", check_version)
    # Its own step fails when the build has failed, and so hides why.
    [step] = [
        s for s in app.events.listeners["build-finished"] if s.handler is katex.builder_finished
    ]
    app.disconnect(step.id)
    app.connect("build-finished", remove_folder)


def remove_folder(app: Sphinx, error: Exception | None) -> None:
    shutil.rmtree(app._katex_static_path, ignore_errors=True)  # type: ignore[attr-defined]


def start_server(rundir: Path, timeout: float) -> tuple[Any, socket.socket]:
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


def check_version(app: Sphinx) -> None:
    if app.builder.format == "html":
        version = json.loads((_package() / "package.json").read_text())["version"]
        if version != katex.katex_version:
            raise ExtensionError(
                f"package.json must pin katex {katex.katex_version}, which renders the formulas "
                f"(got {version}): with another version's style sheet subscripts break"
            )


def copy_files(app: Sphinx) -> None:
    """Style sheet, fonts and licence."""
    static = Path(app.outdir) / "_static" / "katex"
    shutil.rmtree(static, ignore_errors=True)
    (static / "fonts").mkdir(parents=True)
    for file in ["LICENSE", "dist/katex.min.css"]:
        shutil.copy(_package() / file, static)
    for font in _package().glob("dist/fonts/*.woff2"):
        shutil.copy(font, static / "fonts")


def whole_style() -> str:
    """The style sheet with its fonts in it, for a file that stands alone."""
    css = (_package() / "dist/katex.min.css").read_text("utf-8")

    def inside(match: re.Match[str]) -> str:
        font = base64.b64encode((_package() / "dist" / match[1]).read_bytes()).decode()
        return f'src:url(data:font/woff2;base64,{font}) format("woff2")'

    return re.sub(r"src:url\((fonts/[\w-]+\.woff2)\)[^}]*", inside, css)


def _package() -> Path:
    folder = Path(__file__).parents[1] / "node_modules/katex"
    if not folder.is_dir():
        raise ExtensionError("node_modules/katex is missing: run `make book`, or `npm ci`")
    return folder
