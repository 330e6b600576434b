"""Points by hand: the queue `hand.csv`, which the instructor fills in and each run writes anew."""

import csv
import io
import re
from pathlib import Path
from typing import Any

from teaching.store import ClassError
from teaching.tables import unguard, write_table

COLUMNS = ["student", "task", "points", "max", "comment", "answer"]
CHANGE = "[the answer changed after {} points were given: look again]"
CHANGED = re.compile(re.escape(CHANGE).replace(r"\{\}", r"[\d.]+") + " ?")
LONGEST = 30_000  # characters in a cell, of which spreadsheets take 32,767


def merge(path: Path, tasks: list[dict[str, Any]], records: list[dict[str, Any]]) -> int:
    """Read the points given by hand into the records, write the queue anew, count what waits.

    A row counts for any task, so an instructor can also overrule a check by adding one.
    Raises ClassError.
    """
    given = _read(path, {task["id"]: task["points"] for task in tasks})
    rows: list[list[str]] = []
    waiting = 0
    for number, task in enumerate(tasks):
        for record in records:
            result = record["tasks"][number]
            sources = {cell["id"]: cell["source"] for cell in record["cells"]}
            row = given.pop((record["student"], task["id"]), None)
            by_hand = result["outcome"] == "by hand"
            if row is None and not by_hand:
                continue
            answer = (result["answer"] if by_hand else sources.get(task["exercise"], ""))[:LONGEST]
            points, comment = (row["points"], row["comment"]) if row else ("", "")
            if points:
                before, comment = row["answer"] if row else "", CHANGED.sub("", comment)
                if (before or by_hand) and _essence(before) != _essence(answer):
                    comment = f"{CHANGE.format(points)} {comment}".strip()
                    points = ""
                else:
                    result["score"], result["comment"] = float(points), comment
            waiting += result["score"] is None
            rows.append(
                [record["student"], task["id"], points, f"{task['points']:g}", comment, answer]
            )
    rows += [
        [student, task, row["points"], row["max"], row["comment"], row["answer"]]
        for (student, task), row in given.items()  # of students who are not in this export
        if row["points"] or row["comment"]
    ]
    write_table(path, COLUMNS, rows, unguarded={4})
    return waiting


def _read(path: Path, most: dict[str, float]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows by student and task, each a dict of `COLUMNS`; none where there is no file.

    `most` has the points of each task. Raises ClassError where a row cannot be.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ClassError(f"{path}: save it as CSV UTF-8") from None
    header = text.split("\n", 1)[0]
    delimiter = ";" if ";" in header else "\t" if "\t" in header else ","
    given: dict[tuple[str, str], dict[str, str]] = {}
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if not set(COLUMNS) <= set(reader.fieldnames or []):
        raise ClassError(f"{path}: the first line must name the columns {', '.join(COLUMNS)}")
    for raw in reader:
        row = {column: unguard(raw[column] or "") for column in COLUMNS}
        row["points"] = points = row["points"].strip().replace(",", ".")
        key = row["student"], row["task"]
        where = f"{path}, {row['student']}, {row['task']}"
        if row["task"] not in most:
            raise ClassError(f"{where}: there is no such task, but {', '.join(most)}")
        if key in given:
            raise ClassError(f"{where}: two rows; remove one")
        if points and not (
            re.fullmatch(r"\d*\.?\d+|\d+\.", points) and float(points) <= most[row["task"]]
        ):
            raise ClassError(
                f"{where}: points must be a number from 0 to {most[row['task']]:g}; got {points!r}"
            )
        given[key] = row
    return given


def _essence(text: str) -> str:
    """What a spreadsheet leaves of a text: it may change spaces and line ends."""
    return " ".join(text.split()).lstrip("'")
