"""Every figure of the executed chapters as SVG, PDF and PNG, a zip a chapter: make figures

A file has the name of its figure's label. `figures.csv` in each zip has captions, alternative texts
and the licence. Needs rsvg-convert.
"""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extensions.executed import executed
from tools.execute import ROOT, chapters

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = ROOT / "_build/figures"
LICENCE = "CC BY 4.0"
COLUMNS = ("name", "caption", "alt", "licence")
ROLE = re.compile(r"\{[\w:]+\}`([^`<]*?)(?: *<[^`]*>)?`")
EPOCH, UNDATED = (1980, 1, 1, 0, 0, 0), {"SOURCE_DATE_EPOCH": "0"}  # same figures, same bytes


@dataclass(frozen=True)
class Figure:
    name: str
    caption: str
    alt: str
    svg: bytes  # empty for a picture of pixels
    png: bytes  # as the page has it; empty for a drawing


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page in chapters():
        found = list(figures(executed(ROOT, page).notebook))
        if found:
            write(found, FOLDER / f"{page.stem}.zip")
            print(f"{FOLDER.relative_to(ROOT)}/{page.stem}.zip: {len(found)} figures")
    return 0


def figures(notebook: NotebookNode) -> Iterator[Figure]:
    """The figures of a page, in their order."""
    for cell in notebook.cells:
        about = cell.metadata.get("mystnb", {})
        data = [output.data for output in cell.get("outputs", []) if "data" in output]
        if "figure" in about and data:
            shown = data[-1]
            live = re.search(r"<svg.*</svg>", shown.get("text/html", ""), re.S)
            svg = shown.get("image/svg+xml", live[0] if live else "")
            pixels = "" if svg else shown["image/png"]
            texts = (about["figure"]["caption"], about["image"]["alt"])
            caption, alt = (" ".join(ROLE.sub(r"\1", text).split()) for text in texts)
            files = (standing(svg).encode(), base64.b64decode(pixels))
            yield Figure(about["figure"]["name"], caption, alt, *files)


def standing(svg: str) -> str:
    """A drawing as a file of its own."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.find("<svg") :], flags=re.S)
    if svg and 'xmlns="' not in svg[: svg.index(">")]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return svg


def write(found: list[Figure], path: Path) -> None:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)

        for one in found:
            rows.writerow([one.name, one.caption, one.alt, LICENCE])
            if one.svg:
                add(f"{one.name}.svg", one.svg)
                add(f"{one.name}.pdf", converted(one.svg, "--format=pdf"))
                add(f"{one.name}.png", converted(one.svg, "--zoom=2", "--background-color=white"))
            else:
                add(f"{one.name}.png", one.png)
        add("figures.csv", table.getvalue().encode("utf-8-sig"))


def converted(svg: bytes, *options: str) -> bytes:
    command = ["rsvg-convert", *options]
    run = subprocess.run(
        command, input=svg, capture_output=True, check=True, env=os.environ | UNDATED
    )
    return run.stdout


if __name__ == "__main__":
    sys.exit(main())
