"""The tables of a class, as spreadsheets read and write them, and no cell of them a formula."""

import codecs
import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from teaching.store import visible, write
from teaching.submissions import Line

# Where a spreadsheet that takes another sign for the separator may see a cell begin.
FORMULA = re.compile(r"(?:^|(?<=[;\n\r\t]))(?=[^\S\n\r\t]*[=+@\-＝＋＠－])|^(?=[\t\r])")


class TableError(ValueError):
    """A table cannot be read; the message names the file and what to do."""


def write_tables(
    out: Path, title: str, tasks: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    """Write `grades.csv`, `moodle.csv` and `canvas.csv`.

    `tasks` are the assignment's as dicts; a record is a submission with its result, `total`, `max`,
    `waiting`, the number of its answers without points, `roster`, its id in the roster, and
    `stranger`, whether it is missing there: its number may be another's, and it is in no table to
    import.
    """
    grades, moodle, canvas = [], [], []
    for r in records:
        scores = [_number(task["score"]) for task in r["tasks"]]
        notes = [*r["notes"], *([f"{r['waiting']} to grade by hand"] if r["waiting"] else [])]
        late, total, most = "late" if r["late"] else "", _number(r["total"]), _number(r["max"])
        grades.append(
            [r["student"], r["name"], r["roster"], r["status"], late, *scores, total, most,
             "; ".join(r["flags"]), "; ".join(notes)]
        )  # fmt: skip
        why = r["tasks"][0]["message"] + "\n" if r["status"] == "failed" else ""
        comments = why + "\n".join(
            f"{task['id']}: {_number(task['score']) or '?'} of {task['points']:g}"
            + (f". {task['comment']}" if task.get("comment") else "")
            for task in r["tasks"]
        )
        if r["waiting"] or r["stranger"]:  # an empty grade could take back one that is there
            continue
        if r["lms"] == "moodle" and r["lms_id"]:
            moodle.append([f"Participant {r['lms_id']}", r["name"], total, most, "-", comments])
        elif r["lms"] == "canvas" and r["lms_id"].isdecimal():
            canvas.append([r["name"], r["lms_id"], "", "", total])
    ids = [task["id"] for task in tasks]
    columns = [*"student name roster status late".split(), *ids, *"total max flags notes".split()]
    write_table(out / "grades.csv", columns, grades)
    columns = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
    columns = [*columns, "Feedback comments"]
    write_table(out / "moodle.csv", columns, moodle, bom=False, unguarded={4})
    full = _number(sum(task["points"] for task in tasks))
    canvas = [["Points Possible", "", "", "", full], *canvas]
    columns = ["Student", "ID", "SIS Login ID", "Section", title]
    write_table(out / "canvas.csv", columns, canvas, bom=False)


def essence(text: str) -> str:
    """What a spreadsheet leaves of a text: it may change spaces, line ends and a first quote."""
    return " ".join(guard(visible(text)).split()).lstrip("'")


def write_table(
    path: Path,
    columns: list[str],
    rows: list[list[str]],
    bom: bool = True,
    unguarded: Collection[int] = (),
) -> None:
    """Write a table in which no cell is a formula, but in the columns `unguarded`.

    Excel takes the BOM for UTF-8's sign.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (cell if i in unguarded else guard(cell) for i, cell in enumerate(row))
        cells = (re.sub("\r\n?", "\n", cell) for cell in cells)  # csv does not quote a lone one
        writer.writerow(cells)
    write(path, "\ufeff" * bom + stream.getvalue())


def write_files(out: Path, lines: list[Line]) -> None:
    """Write `files.csv`: what became of each file of the export."""
    rows = [[line.file, line.student, line.outcome, line.why] for line in lines]
    write_table(out / "files.csv", ["file", "student", "outcome", "why"], rows)


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]], list[int]]:
    """The columns of a table, in small letters, its rows, and the line in which each ends.

    Raises TableError where it is neither UTF-8 nor UTF-16 with its mark, and where a row has more
    cells than the first.
    """
    content = path.read_bytes()
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(f"{path}: save it as CSV UTF-8, or as Unicode text") from None
    header, _, below = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?\r?', header)  # by Excel
    header = below.partition("\n")[0] if said else header
    delimiter = ";" if ";" in header else "\t" if "\t" in header else ","
    delimiter = said[1] if said else delimiter
    reader = csv.reader(io.StringIO(below if said else text, newline=""), delimiter=delimiter)
    try:
        columns = [column.strip().lower() for column in next(reader, [])]
        rows, lines = [], []
        for row in filter(any, reader):
            line = reader.line_num + bool(said)
            if any(row[len(columns) :]):
                raise TableError(
                    f"{path}: line {line} has more cells than the first; put a text that has a "
                    f"{delimiter!r} in it into quotes"
                )
            rows.append(dict(zip(columns, [*row, *([""] * len(columns))], strict=False)))
            lines.append(line)
    except csv.Error as error:
        raise TableError(f"{path}: it is no CSV file ({error}); save it as CSV UTF-8") from None
    return columns, rows, lines


def guard(cell: str) -> str:
    """The text of a cell, with a quote wherever a spreadsheet would see a formula begin."""
    return FORMULA.sub("'", cell)


def unguard(cell: str) -> str:
    """A text without the quote that `guard` put before it."""
    return cell[1:] if cell[:1] == "'" and guard(cell[1:]).startswith("'") else cell


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
