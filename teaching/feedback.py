"""The feedback of one student: a page without scripts that needs no other file."""

import hashlib
import re
from base64 import b64encode
from typing import Any

from teaching.templates import STYLE_SHEET, render


def page(title: str, tasks: list[dict[str, Any]], record: dict[str, Any]) -> str:
    """The HTML for one student.

    `tasks` are the assignment's as dicts, `record` is a result of `grading.grade` with name,
    late, total, max, waiting (answers without points), and in its tasks comments by hand.
    """
    digest = b64encode(hashlib.sha256(STYLE_SHEET.encode()).digest()).decode()
    return render(
        "feedback.html.j2",
        title=title,
        style=STYLE_SHEET,
        hash=f"sha256-{digest}",
        record=record,
        tasks=list(zip(tasks, record["tasks"], strict=True)),
        ids={cell["id"] for cell in record["cells"]},
        is_png=_is_png,
    )


def _is_png(text: str) -> bool:
    return re.fullmatch(r"iVBORw0KGgo[A-Za-z0-9+/=\s]*", text) is not None
