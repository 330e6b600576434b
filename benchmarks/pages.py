"""Lighthouse on the built pages: `make benchmark`, on a quiet machine.

Prints one JSON line per page: the median performance of five visits on a simulated phone and of
three on a desktop, the other categories, layout shift, and the bound for each. Pages come
compressed from localhost, as from GitHub Pages.
"""

import functools
import gzip
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HTML = HERE.parent / "_build/html"
VISITS = {"mobile": 5, "desktop": 3}
BOUNDS = {"mobile": 95, "desktop": 95, "shift": 0.1, "others": 100}
COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".ipynb", ".xml")


class Server(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in COMPRESSED:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    subprocess.run(["npm", "ci", "--silent", "--prefix", HERE], check=True)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Server, directory=str(HTML))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pages = sys.argv[1:] or sorted(f"book/{page.name}" for page in HTML.glob("book/*.html"))
    missed = 0
    for page in pages:
        line = measure(f"http://127.0.0.1:{server.server_port}/{page}")
        line["missed"] = [name for name, bound in BOUNDS.items() if worse(name, line[name], bound)]
        missed += len(line["missed"])
        print(json.dumps({"page": page} | line), flush=True)
    return bool(missed)


def worse(name: str, value: float, bound: float) -> bool:
    return value >= bound if name == "shift" else value < bound


def measure(url: str) -> dict[str, Any]:
    line: dict[str, Any] = {}
    others: list[float] = []
    for look, visits in VISITS.items():
        reports = [lighthouse(url, look) for _ in range(visits)]
        scores = [report["categories"]["performance"]["score"] for report in reports]
        line[look] = round(100 * statistics.median(scores))
        shifts = [r["audits"]["cumulative-layout-shift"]["numericValue"] for r in reports]
        line["shift"] = round(max([*shifts, line.get("shift", 0.0)]), 3)
        kinds = ("accessibility", "best-practices", "seo")
        others += [report["categories"][kind]["score"] for report in reports for kind in kinds]
        line.setdefault("failed", set()).update(
            name for report in reports for kind in kinds for name in failed(report, kind)
        )
    line["others"] = round(100 * min(others))
    line["failed"] = sorted(line["failed"])
    return line


def failed(report: dict[str, Any], kind: str) -> list[str]:
    weighed = [ref["id"] for ref in report["categories"][kind]["auditRefs"] if ref["weight"]]
    return [name for name in weighed if report["audits"][name]["score"] not in (1, None)]


def lighthouse(url: str, look: str) -> dict[str, Any]:
    command = [
        "node", HERE / "node_modules/lighthouse/cli/index.js", url, "--output=json", "--quiet",
        "--chrome-flags=--headless --no-sandbox --disable-gpu",
        "--only-categories=performance,accessibility,best-practices,seo",
    ]  # fmt: skip
    if look == "desktop":
        command.append("--preset=desktop")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("no Chromium on the PATH (Debian: apt install chromium)")
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CHROME_PATH": chromium},
    )
    if run.returncode:
        raise SystemExit(f"Lighthouse failed on {url}:\n{run.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(run.stdout)
    return report


if __name__ == "__main__":
    sys.exit(main())
