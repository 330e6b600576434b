"""Write `notebooks/` from those that were built.

A chapter's files stay where they differ by measured numbers alone: another processor rounds
otherwise. Without `notebooks/` all are written anew.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from extensions.breaks import unbroken
from extensions.claims import measured
from extensions.executed import executed
from lib.records import records
from tools.execute import ROOT

BUILT = ROOT / "_build/notebook"
NOTEBOOKS = ROOT / "notebooks"
NUMBER = r"[−\d.×⁻⁰¹²³⁴-⁹]+"
FIGURES = rf"{NUMBER}(?: \[{NUMBER}, {NUMBER}\])?"  # as printed
IN_PROSE = FIGURES.replace(", ", ",\u00a0")
BY_THE_WAY = {  # what else may differ: claims as data, the time of a run, a question's answer
    r'(?m)^( +"(?:effect|high|low|share)": )[-+.\de]+,$': r"\1…,",
    r"(running takes )(?:one minute|\d+ minutes) and [\d.]+( GB of memory)": r"\1…\2",
    r"(?m)^=   .*$": "=",
}


def files(folder: Path) -> list[Path]:
    """What is in one of the two folders: with solutions, without, and questions."""
    found = [*folder.rglob("*.ipynb"), *folder.glob("questions/*.md")]
    return sorted(path.relative_to(folder) for path in found)


def is_committed(path: Path) -> bool:
    """Whether a built file is the one in `notebooks/`, but for numbers that were measured."""
    if not (NOTEBOOKS / path).exists():
        return False
    new, old = ((folder / path).read_text("utf-8") for folder in (BUILT, NOTEBOOKS))
    if new == old:
        return True
    for pattern, same in BY_THE_WAY.items():
        new, old = re.sub(pattern, same, new), re.sub(pattern, same, old)
    written = in_json if path.suffix == ".ipynb" else str
    return bool(re.fullmatch(with_other_numbers(new, path.stem, written), old))


def in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def with_other_numbers(text: str, stem: str, written: Callable[[str], str]) -> str:
    """A pattern for a text in which any numbers may stand where those of the page were glued, and
    any figures where those of its claims are."""
    others = {re.escape(written(number)): pattern for number, pattern in shown(stem)}
    if not others:
        return re.escape(text)
    any_of_them = "|".join(map(re.escape, others))
    found = re.compile(rf"(?<![\w.])(?:{any_of_them})(?![\w.])")
    return found.sub(lambda number: others[number[0]], re.escape(text))


def shown(stem: str) -> list[tuple[str, str]]:
    """What the page says of its measurements, the longest first, each with a pattern for others."""
    notebook = executed(ROOT, ROOT / f"book/{stem}.md").notebook
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output for output in outputs if "scrapbook" in output.get("metadata", {})]
    texts = {
        output["data"]["application/papermill.record/text/plain"].strip("'\"") for output in found
    }
    patterns = dict.fromkeys(texts - {""}, NUMBER)  # of curves
    figures = [measured(replace(claim, unit="")) for claim in records(notebook)]
    patterns |= dict.fromkeys(figures, FIGURES) | dict.fromkeys(map(unbroken, figures), IN_PROSE)
    return sorted(patterns.items(), key=lambda item: len(item[0]), reverse=True)


def main() -> None:
    built = files(BUILT)
    changed = {path.stem for path in built if not is_committed(path)}
    for path in set(files(NOTEBOOKS)) - set(built):
        (NOTEBOOKS / path).unlink()
    for path in built:
        if path.stem in changed:
            (NOTEBOOKS / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(BUILT / path, NOTEBOOKS / path)


if __name__ == "__main__":
    main()
