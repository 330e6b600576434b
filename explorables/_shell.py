"""What all explorables share: the object that a cell shows, and its modules as one script."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from lib.plots import STYLE

WEB = Path(__file__).resolve().parent / "web"
INLINE = ("<!--explorable-inline-->", "<!--/explorable-inline-->")
IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[^"]+)";\n', re.M)
# Comments, and the spaces before a line.
LEFT_OUT = re.compile(r"^ *(//.*\n|/\*\*(.|\n)*?\*/\n)?", re.M)
EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function\*?) (\w+))", re.M)


@dataclass(frozen=True)
class Explorable:
    """An interactive figure, shown by whatever front end has it as the value of a cell.

    Args:
        name: of the module `web/<name>.js`, which exports `mount(host, settings)`.
        settings: what the module starts with; numbers, texts and lists of them.
        draw: draws the static figure; called once for each way of showing it.
        text: one sentence on what the static figure shows. It must not depend on the machine.
        height: CSS lengths that the live figure takes in a wide column and in a narrow one, in
            px and in cqw (hundredths of the column's width), so that nothing moves on the page.
        data: modules `web/data/<name>.js` that it fetches; a notebook has them with it.
    """

    name: str
    settings: Mapping[str, Any]
    draw: Callable[[], Figure]
    text: str
    height: tuple[str, str]
    data: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": self.text,
        }

    def html(self) -> str:
        """The static figure and, between two comments that a site may cut at, style and script."""
        wide, narrow = self.height
        style = (WEB / "explorables.css").read_text(encoding="utf-8")
        return (
            f'<div class="explorable" data-explorable="{self.name}" '
            f'data-settings="{html.escape(json.dumps(dict(self.settings)))}" '
            f'style="--wide:calc({wide});--narrow:calc({narrow})">'
            f'<div class="xp-still">{self.svg()}</div></div>'
            f"{INLINE[0]}<style>{style}</style>"
            f"{''.join(f'<script>{packed(name)}</script>' for name in self.data)}"
            f'<script type="module">\n{script(WEB / f"{self.name}.js")}</script>{INLINE[1]}'
        )

    def svg(self) -> str:
        metadata = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        svg = self.saved(format="svg", transparent=True, metadata=metadata).decode()
        svg = re.sub(r".*?<svg", "<svg", svg, count=1, flags=re.S)
        # Matplotlib's <style> element would hold for the whole page; comments hold names of parts.
        svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.S)
        svg = re.sub(r' (d|x|y|points|transform)="[^"]*"', _shortened, svg)
        svg = re.sub(r"\s*\n\s*", " ", svg)
        label = f'<svg role="img" aria-label="{html.escape(self.text)}"'
        return re.sub(r' (width|height)="[\d.]+pt"', "", svg.replace("<svg", label, 1), count=2)

    def png(self) -> bytes:
        metadata = {"Software": None}
        return self.saved(format="png", dpi=150, facecolor="white", metadata=metadata)

    def saved(self, **options: Any) -> bytes:
        """The static figure as a file, in the house style, whatever the notebook has set."""
        file = io.BytesIO()
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)  # type: ignore[arg-type]
            self.draw().savefig(file, **options)
        return file.getvalue()


def script(module: Path) -> str:
    """All that brings the figures of a module's name on a page to life; a block of its own."""
    start = (
        f"for (const host of document.querySelectorAll('[data-explorable=\"{module.stem}\"]'))"
        " start(host, mount);"
    )
    parts = f"{_variable(WEB / 'ui/controls.js')}, {_variable(module)}"
    code = inlined(module, WEB / "ui/controls.js")
    return f"{{\n{code}\n(({{ start }}, {{ mount }}) => {{ {start} }})({parts});\n}}\n"


def packed(name: str) -> str:
    """The data of `web/data/<name>.js`, as a script of its own that a page may fetch."""
    data = WEB / f"data/{name}.js"
    variable = f"book{name.capitalize()}"
    return f"{{\n{inlined(data)}\nglobalThis.{variable} = {_variable(data)}.PACKED;\n}}\n"


def inlined(*modules: Path) -> str:
    """Modules and all they import as one script, each in a function of its own, made small.

    Knows `import { a, b } from "./c.js";` on a line, `export const` and functions. No text
    goes over several lines: spaces before a line are left out.
    """
    done: dict[Path, str] = {}

    def add(path: Path) -> None:
        if path in done:
            return
        done[path] = ""  # keeps the order in which modules were finished
        source = LEFT_OUT.sub("", path.read_text(encoding="utf-8"))
        needed = [(names, (path.parent / file).resolve()) for names, file in IMPORT.findall(source)]
        for _, file in needed:
            add(file)
        heads = "".join(
            f"const {{{names.replace(' as ', ': ')}}} = {_variable(file)};\n"
            for names, file in needed
        )
        names = ", ".join(EXPORT.findall(source))
        body = heads + EXPORT.sub("", IMPORT.sub("", source))
        if re.search(r"^(import|export)\b|</script", body, re.M):
            raise ValueError(f"{path.name} imports or exports in a form that cannot be inlined")
        del done[path]
        done[path] = f"const {_variable(path)} = (() => {{\n{body}return {{ {names} }};\n}})();"

    for module in modules:
        add(module)
    return "\n".join(done.values())


def number(value: float, digits: int = 2) -> str:
    """A number as the live figures write it; `number` of `web/ui/numbers.js` does the same.

    >>> [number(x) for x in (0, 0.0123, -1234.5, 1.26e-7, 3e5, float("inf"))]
    ['0', '0.012', '−1200', '1.3×10⁻⁷', '3×10⁵', 'too large']
    """
    if not np.isfinite(value):
        return "too large"
    exact = Decimal(float(value))
    if exact == 0:
        return "0"
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(unit, ROUND_HALF_UP)
    exponent = rounded.adjusted()
    if -4 < exponent < 5:
        text = f"{rounded:f}"
    else:
        raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{rounded.scaleb(-exponent):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = text if -4 < exponent < 5 else f"{text}×10{raised}"
    return text.replace("-", "−")


def check(**conditions: tuple[object, bool, str]) -> None:
    """Raise `ValueError` for the first argument whose value is not what it must be.

    >>> check(rate=(0.1, True, "a number above 0"))
    """
    for name, (value, holds, takes) in conditions.items():
        if not holds:
            raise ValueError(f"{name} is {value!r}, takes {takes}.")


def listed(words: Iterable[str]) -> str:
    """Words as in a sentence.

    >>> listed(["SGD"]), listed(["SGD", "momentum", "Adam"])
    ('SGD', 'SGD, momentum and Adam')
    """
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _variable(file: Path) -> str:
    return "$" + re.sub(r"\W", "_", os.path.relpath(file.with_suffix(""), WEB))


def _shortened(attribute: re.Match[str]) -> str:
    return re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", attribute[0])
