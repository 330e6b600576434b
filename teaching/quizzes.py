"""Quizzes: text2qti's plain text to QTI 1.2, which Canvas and others import."""

import io
import re
import zipfile
from pathlib import Path

from teaching.build import pack
from teaching.source import AuthoringError

QUIZZES = Path(__file__).with_name("quizzes")
# text2qti writes formulas as pictures that only Canvas serves; Canvas, Moodle and others all
# render \(...\) by MathJax.
FORMULA = re.compile(
    rb'&lt;img class="equation_image"(?:(?!&gt;).)*?data-equation-content="([^"]*)"'
    rb"(?:(?!&gt;).)*&gt;",
    re.S,
)
DATE = re.compile(rb"(?<=<imsmd:dateTime>)[^<]*")


def names() -> list[str]:
    """The names of all quizzes, in order."""
    return sorted(path.stem for path in QUIZZES.glob("[0-9]*.md"))


def export(name: str, out: Path) -> Path:
    """Write a quiz as `out/name.zip`; raises AuthoringError with the file and the line."""
    from text2qti.config import Config
    from text2qti.err import Text2qtiError
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    if name not in names():
        there = ", ".join(names()) or "none"
        raise AuthoringError(f"no quiz is called {name!r}; in {QUIZZES} there are: {there}")
    path = QUIZZES / f"{name}.md"
    try:
        quiz = Quiz(path.read_text("utf-8"), config=Config(), source_name=path.name)
    except Text2qtiError as error:
        text = str(error)
        raise AuthoringError(text if path.name in text else f"{path.name}: {text}") from None
    with zipfile.ZipFile(io.BytesIO(QTI(quiz).zip_bytes())) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    for entry, data in files.items():
        files[entry] = DATE.sub(b"1980-01-01", FORMULA.sub(rb"\\(\1\\)", data))
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}.zip"
    target.write_bytes(pack(files))
    return target
