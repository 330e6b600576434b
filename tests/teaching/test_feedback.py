"""Feedback shows a student's own work as text, and runs none of it."""

import base64
import io
import struct
from pathlib import Path

import axe_playwright_python
import pytest
from matplotlib.figure import Figure

from teaching import feedback
from teaching.replies import pixels

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
EVIL = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">\"'>"


def png():
    stream = io.BytesIO()
    Figure(figsize=(8, 1)).savefig(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


def example(text=EVIL):
    """Tasks, and a record with `text` wherever a student or teacher can put one."""
    tasks = [
        {
            "id": "check-divide",
            "points": 2,
            "by_hand": False,
            "exercise": "divide",
            "hint": "Divide",
        },
        {"id": "why", "points": 1.5, "by_hand": True, "exercise": "why", "hint": "Why?"},
        {"id": "plot", "points": 1, "by_hand": True, "exercise": "plot", "hint": ""},
    ]
    results = [
        {"id": "check-divide", "points": 2, "score": 0.0, "outcome": "failed", "message": text},
        {"id": "why", "score": 1.5, "outcome": "by hand", "message": "", "comment": text},
        {"id": "plot", "score": None, "outcome": "by hand", "message": "", "answer": text},
    ]
    cells = [
        {"id": id_, "type": "code", "source": text, "output": text, "error": text, "images": [text]}
        for id_ in ("divide", "why", "extra-1")
    ]
    cells.append({"id": "plot", "type": "code", "source": "plot", "output": "", "images": [png()]})
    record = {
        "student": "s1", "name": text, "late": True, "status": "review", "tasks": results,
        "cells": cells, "flags": [text], "notes": [f"for the teacher only {text}"], "total": 1.5,
        "max": 4.5, "waiting": 1, "cpu_seconds": 2.0,
    }  # fmt: skip
    return tasks, record


@pytest.fixture(params=["light", "dark", "phone"])
def opened(browser, request):
    """A function that shows HTML, and fails where it overflows, errs or asks for a file."""
    width = 390 if request.param == "phone" else 1280
    scheme = "dark" if request.param == "dark" else "light"
    with browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as context:

        def show(html):
            page = context.new_page()
            asked, errors = [], []
            page.on("request", lambda r: asked.append(r.url))
            page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
            page.set_content(html, wait_until="load")
            assert [url for url in asked if not url.startswith(("data:", "about:"))] == []
            assert errors == []
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0
            page.evaluate(AXE.read_text(encoding="utf-8"))
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []
            return page

        yield show


def test_nothing_that_a_student_writes_is_run(opened):
    page = opened(feedback.page(EVIL, *example()))
    assert page.title() == f"{EVIL}: feedback for {EVIL}"
    assert page.locator("script, [onerror]").count() == 0
    assert page.locator("pre", has_text="<script>").count() == 10
    assert page.evaluate("[...document.images].map(i => i.naturalWidth)") == [800]
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours[0] != colours[1]
    assert page.locator("table").evaluate("t => getComputedStyle(t).borderCollapse") == "collapse"


def test_the_policy_forbids_scripts(browser):
    html = feedback.page("title", *example("x"))
    page = browser.new_page()
    page.set_content(html.replace("</main>", "<script>document.title='pwned'</script></main>"))
    assert page.title() == "title: feedback for x"
    page.close()


def test_points_and_comments_are_said_and_notes_are_not():
    html = feedback.page("Small", *example("text & text"))
    assert "<strong>1.5</strong> of 4.5 points so far; 1 of the answers" in html
    assert "Your teacher: text &amp; text" in html
    assert "to be graded" in html
    assert "graded by hand" in html
    assert "for the teacher only" not in html
    assert 'href="#cell-divide"' in html


def test_what_stands_first_in_an_answer_is_shown(browser):
    tasks, record = example("\n\n    indented")
    page = browser.new_page()
    page.set_content(feedback.page("Small", tasks, record))
    texts = page.locator("pre").all_text_contents()
    assert texts[0] == "\n\n    indented"
    assert texts.count("\n\n    indented") == 10
    page.close()


def claimed(width, height):
    """A PNG that says it has this size."""
    start = base64.b64decode(png())
    start = start[:16] + struct.pack(">II", width, height) + start[24:]
    return base64.b64encode(start).decode()


def test_a_picture_is_shown_up_to_a_size_and_a_page_up_to_a_sum():
    assert pixels(png()) == 800 * 100
    for odd in (claimed(30_000, 30_000), claimed(1, 10_000), claimed(0, 5), "iVBORw0KGgo=", EVIL):
        assert pixels(odd) == 0
    tasks, record = example("x")
    large = claimed(5000, 4000)
    record["cells"][0]["images"] = [large, claimed(30_000, 30_000), large, large]
    html = feedback.page("Small", tasks, record)
    assert html.count(large) == 2
    assert html.count("A picture is too large to show.") == 3  # and no picture is in two cells
    assert html.count("<img") == 3
