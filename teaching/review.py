"""The review queue, `review.csv`: whom to look at and why, and who has been looked at."""

from pathlib import Path
from typing import Any

from teaching.tables import TableError, essence, read_table, unguard, write_table

COLUMNS = ["student", "why", "file", "seen"]


def merge(path: Path, records: list[dict[str, Any]]) -> None:
    """Count who was seen as graded, and write the queue anew, their rows included.

    A word in the column `seen` holds as long as the reasons are the same. Raises TableError.
    """
    seen, rows = _read(path), []
    for record in records:
        if record["status"] not in ("review", "failed"):
            continue
        student, why = record["student"], "; ".join([*record["notes"], *record["flags"]])
        word = seen.get((student, essence(why)), "")
        if word and record["status"] == "review":
            record["status"] = "graded"
        file = f"submissions/{student}.ipynb"
        rows.append([student, why, file if (path.parent / file).exists() else "", word])
    write_table(path, COLUMNS, rows)


def _read(path: Path) -> dict[tuple[str, str], str]:
    """What the column `seen` says, by student and reasons; an earlier queue has no such column."""
    columns, rows, _ = read_table(path) if path.exists() else ([], [], [])
    if "seen" not in columns:
        return {}
    if missing := [name for name in ("student", "why") if name not in columns]:
        lacks = " and no column ".join(missing)
        raise TableError(f"{path}: has no column {lacks}; give it back, or delete the file")
    return {
        (unguard(row["student"]), essence(unguard(row["why"]))): unguard(row["seen"]).strip()
        for row in rows
    }
