"""Quizzes: text2qti's plain text to QTI 1.2, which Canvas and others import, and to Moodle XML."""

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from teaching import drawn, moodle
from teaching.build import pack
from teaching.source import AuthoringError

if TYPE_CHECKING:
    from text2qti.quiz import Quiz

QUIZZES = Path(__file__).with_name("quizzes")
PAGES = QUIZZES.parents[1] / "notebooks/questions"  # what the pages ask, from `make notebooks`
# text2qti writes formulas as pictures that only Canvas serves; Canvas, Moodle and others all
# render \(...\) by MathJax.
FORMULA = re.compile(
    rb'&lt;img class="equation_image"(?:(?!&gt;).)*?data-equation-content="([^"]*)"'
    rb"(?:(?!&gt;).)*&gt;",
    re.S,
)
DATE = re.compile(rb"(?<=<imsmd:dateTime>)[^<]*")


def names() -> list[str]:
    """The names of all quizzes, in order; `NN-name-page` has the questions of a chapter's page."""
    return sorted(_files())


def _files() -> dict[str, Path]:
    own = {path.stem: path for path in QUIZZES.glob("[0-9]*.md")}
    return own | {f"{path.stem}-page": path for path in PAGES.glob("[0-9]*.md")}


def export(name: str, out: Path) -> Path:
    """Write a quiz as `out/name.zip`; raises AuthoringError with the file and the line."""
    from text2qti.qti import QTI

    with zipfile.ZipFile(io.BytesIO(QTI(read(name)).zip_bytes())) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    for entry, data in files.items():
        files[entry] = DATE.sub(b"1980-01-01", FORMULA.sub(rb"\\(\1\\)", data))
    return written(out / f"{name}.zip", pack(files))


def export_to_moodle(name: str, out: Path) -> Path:
    """Write a quiz as `out/name.xml`, Moodle XML; raises AuthoringError as `export` does."""
    return written(out / f"{name}.xml", moodle.xml(read(name), name))


def read(name: str) -> "Quiz":
    from text2qti.config import Config
    from text2qti.err import Text2qtiError
    from text2qti.quiz import Quiz

    path = _files().get(name)
    if path is None:
        there = ", ".join(names()) or "none"
        raise AuthoringError(f"no quiz is called {name!r}; in {QUIZZES} there are: {there}")
    try:
        text = path.read_text("utf-8")
        Quiz(drawn.with_first(text), config=Config(), source_name=path.name)  # has its lines
        return Quiz(drawn.in_groups(text), config=Config(), source_name=path.name)
    except (AuthoringError, Text2qtiError) as error:
        told = str(error)
        raise AuthoringError(told if path.name in told else f"{path.name}: {told}") from None


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
