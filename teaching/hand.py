"""Points by hand: the queue `hand.csv`, which the instructor fills in and each run writes anew."""

import re
from pathlib import Path
from typing import Any

from teaching.alignment import is_touched
from teaching.store import ClassError
from teaching.tables import TableError, essence, read_table, unguard, write_table

COLUMNS = ["student", "task", "points", "max", "comment", "answer"]
CHANGE = "[the answer changed after {} points were given: look again]"
CHANGED = re.compile(re.escape(CHANGE).replace(r"\{\}", r"[\d.]+") + " ?")
UNTOUCHED = "Nothing was written here: 0 points."
LONGEST = 30_000  # characters in a cell, of which spreadsheets take 32,767


def merge(
    path: Path, tasks: list[dict[str, Any]], records: list[dict[str, Any]]
) -> tuple[int, list[str]]:
    """Read the points given by hand into the records, and write the queue anew.

    Returns how many answers wait, and which rows with points or a comment are for nobody here.
    A row counts for any task, so an instructor can also overrule a check by adding one. Where there
    is no answer now, because nothing was handed in or it could not be read, the row stays as it is.
    An answer that was left as it was handed out has 0 points until its row says something else.
    Raises ClassError.
    """
    given = _read(path, {task["id"]: task["points"] for task in tasks})
    rows: list[list[str]] = []
    waiting = 0
    for number, task in enumerate(tasks):
        for record in records:
            result = record["tasks"][number]
            by_hand = result["outcome"] == "by hand"
            sources = {cell["id"]: cell["source"] for cell in record["cells"]}
            answer = (result.get("answer", "") if by_hand else sources.get(task["exercise"], ""))[
                :LONGEST
            ]
            ran = record["status"] not in ("failed", "missing")
            key = _row(given, record["student"], task["id"], answer, records)
            row = given.pop(key) if key else None
            if row is None and not by_hand:
                continue
            before, points, comment = (
                (row["answer"], row["points"], row["comment"]) if row else ("", "", "")
            )
            told = CHANGED.match(comment)
            changed = bool(before or by_hand) and essence(before) != essence(answer)
            if before and not ran:
                answer = before
                if points:
                    record["notes"].append(f"{points} points by hand for {task['id']} are kept")
            elif points and changed:
                comment = f"{CHANGE.format(points)} {CHANGED.sub('', comment)}".strip()
                points = ""
            elif points:
                comment = CHANGED.sub("", comment)
                result["score"], result["comment"] = float(points), comment
            else:
                if by_hand and not told and _is_untouched(record["cells"], task["id"], answer):
                    result["score"], result["message"] = 0.0, UNTOUCHED
                if comment and not told and not changed:
                    result["comment"] = comment
            waiting += result["score"] is None
            rows.append(
                [record["student"], task["id"], points, f"{task['points']:g}", comment, answer]
            )
    strangers = []
    for (student, task_id), row in given.items():
        if row["points"] or row["comment"]:
            strangers.append(f"{student} ({task_id})")
            rows.append(
                [student, task_id, row["points"], row["max"], row["comment"], row["answer"]]
            )
    write_table(path, COLUMNS, rows, unguarded={4})
    return waiting, strangers


def _is_untouched(cells: list[dict[str, Any]], id_: str, answer: str) -> bool:
    """Whether a cell for an answer is as it was handed out, and none of the student's beside it."""
    ids = [cell["id"] for cell in cells]
    if id_ not in ids:
        return False
    at = ids.index(id_)
    source = cells[at]["source"].strip()
    beside = any(other.startswith("extra-") for other in (*ids[at - 1 : at], *ids[at + 1 : at + 2]))
    return bool(source) and not is_touched(source) and source == answer.strip() and not beside


def _row(
    given: dict[tuple[str, str], dict[str, str]],
    student: str,
    task: str,
    answer: str,
    records: list[dict[str, Any]],
) -> tuple[str, str] | None:
    """The key of a student's row, also where a spreadsheet has rewritten a number in it.

    That is believed where the row has the same answer, and nobody here that very number.
    """
    if (student, task) in given:
        return student, task
    if not (forms := _as_numbers(student)):
        return None
    here = {record["student"] for record in records}
    found = [
        (name, of)
        for (name, of), row in given.items()
        if of == task and name.upper() in forms and name not in here
    ]
    same = [key for key in found if answer and essence(given[key]["answer"]) == essence(answer)]
    if len(same) != 1 or any(_as_numbers(other) & forms for other in here - {student}):
        return None
    return same[0]


def _as_numbers(text: str) -> set[str]:
    """What spreadsheets make of a number, `0012345`, `1e5` or one of 17 digits."""
    if not re.fullmatch(r"\d+(e\d{1,2})?", text, re.I):
        return set()
    value = float(text)
    forms = {f"{value:.{digits}E}" for digits in range(6)} | {f"{value:.0f}"}
    return forms | {text.lstrip("0")}


def _read(path: Path, most: dict[str, float]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows by student and task, each a dict of `COLUMNS`; none where there is no file.

    `most` has the points of each task. Raises ClassError where a row cannot be.
    """
    if not path.exists():
        return {}
    try:
        columns, raw, _ = read_table(path)
    except TableError as error:
        raise ClassError(str(error)) from None
    if not set(COLUMNS) <= set(columns):
        raise ClassError(f"{path}: the first line must name the columns {', '.join(COLUMNS)}")
    given: dict[tuple[str, str], dict[str, str]] = {}
    for whole in raw:
        row = {column: unguard(whole[column]) for column in COLUMNS}
        row["comment"] = whole["comment"]
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
