"""The tables of a class: grades, what to review, and the grade books of Moodle and Canvas."""

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from teaching.store import write


def write_tables(
    out: Path, title: str, tasks: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    """Write `grades.csv`, `review.csv`, `moodle.csv` and `canvas.csv`.

    `tasks` are the assignment's as dicts; a record is a submission with its result, `total`, `max`
    and `waiting`, the number of its answers without points.
    """
    grades, review, moodle, canvas = [], [], [], []
    for r in records:
        scores = [_number(task["score"]) for task in r["tasks"]]
        notes = [*r["notes"], *([f"{r['waiting']} to grade by hand"] if r["waiting"] else [])]
        late, total, most = "late" if r["late"] else "", _number(r["total"]), _number(r["max"])
        grades.append(
            [r["student"], r["name"], r["status"], late, *scores, total, most,
             "; ".join(r["flags"]), "; ".join(notes)]
        )  # fmt: skip
        if r["status"] in ("review", "failed"):
            why = "; ".join([*r["notes"], *r["flags"]])
            review.append([r["student"], why, f"submissions/{r['student']}.ipynb"])
        comments = "\n".join(
            f"{task['id']}: {_number(task['score']) or '?'} of {task['points']:g}"
            + (f". {task['comment']}" if task.get("comment") else "")
            for task in r["tasks"]
        )
        if r["waiting"]:  # an empty grade could take back one that is there
            continue
        if r["lms"] == "moodle":
            moodle.append([f"Participant {r['lms_id']}", r["name"], total, most, "-", comments])
        elif r["lms"] == "canvas" and r["lms_id"].isdecimal():
            canvas.append([r["name"], r["lms_id"], "", "", total])
    ids = [task["id"] for task in tasks]
    columns = ["student", "name", "status", "late", *ids, "total", "max", "flags", "notes"]
    write_table(out / "grades.csv", columns, grades)
    write_table(out / "review.csv", ["student", "why", "file"], review)
    columns = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
    columns = [*columns, "Feedback comments"]
    write_table(out / "moodle.csv", columns, moodle, bom=False, unguarded={4})
    full = _number(sum(task["points"] for task in tasks))
    canvas = [["Points Possible", "", "", "", full], *canvas]
    columns = ["Student", "ID", "SIS Login ID", "Section", title]
    write_table(out / "canvas.csv", columns, canvas, bom=False)


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


def guard(cell: str) -> str:
    """The text of a cell, quoted where a spreadsheet would take it for a formula."""
    return f"'{cell}" if re.match(r"\s*[=+@-]|[\t\r]", cell) else cell


def unguard(cell: str) -> str:
    """The text of which `guard` made this one."""
    return cell[1:] if re.match(r"'(\s*[=+@-]|[\t\r])", cell) else cell


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
