"""The feedback of one student: a page without scripts that needs no other file."""

import hashlib
from base64 import b64encode
from typing import Any

from teaching.replies import pixels
from teaching.templates import STYLE_SHEET, render

MOST_PIXELS = 50_000_000  # of all pictures of a page: a browser takes 4 bytes for each


def page(title: str, tasks: list[dict[str, Any]], record: dict[str, Any]) -> str:
    """The HTML for one student.

    `tasks` are the assignment's as dicts, `record` is a result of `grading.grade` with name,
    late, total, max, waiting (answers without points), and in its tasks comments by hand.
    """
    digest = b64encode(hashlib.sha256(STYLE_SHEET.encode()).digest()).decode()
    left, pictures = MOST_PIXELS, []
    for cell in record["cells"]:
        shown = []
        for image in cell["images"]:
            size = pixels(image)
            if 0 < size <= left:
                left -= size
                shown.append(image)
        pictures.append(shown)
    return render(
        "feedback.html.j2",
        title=title,
        style=STYLE_SHEET,
        hash=f"sha256-{digest}",
        record=record,
        tasks=list(zip(tasks, record["tasks"], strict=True)),
        ids={cell["id"] for cell in record["cells"]},
        cells=list(zip(record["cells"], pictures, strict=True)),
    )
