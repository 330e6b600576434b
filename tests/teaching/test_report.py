"""The report's figures are right, its pictures speak, and no class is too small or too even."""

import numpy as np
import pytest
from test_feedback import EVIL, example, opened  # noqa: F401

from teaching import report

TASKS = [
    {"id": f"check-{n}", "points": points, "by_hand": False, "exercise": "e", "hint": ""}
    for n, points in enumerate((2, 1, 4))
]


def record(number, *scores, status="graded"):
    tasks = [
        {"id": task["id"], "score": score, "outcome": "passed" if score else "failed",
         "message": "" if score else f"wrong {task['id']}"}
        for task, score in zip(TASKS, scores, strict=True)
    ]  # fmt: skip
    return {
        "student": f"s{number}", "name": f"s{number}", "status": status, "tasks": tasks,
        "flags": [], "notes": [], "waiting": 0, "cpu_seconds": float(number),
    }  # fmt: skip


def test_difficulty_and_discrimination_are_the_textbooks():
    scores = np.array([[2, 1, 4], [2, 0, 4], [0, 1, 0], [0, 0, 4], [2, 1, 0.0]])
    html = report.page("Small", TASKS, [record(n, *row) for n, row in enumerate(scores)])
    for item, task in enumerate(TASKS):
        share = scores[:, item].mean() / task["points"]
        correlation = np.corrcoef(scores[:, item], np.delete(scores, item, 1).sum(1))[0, 1]
        shown = f"{correlation:.2f}".replace("-", "−")
        row = html.split(f'<th scope="row">{task["id"]}</th>')[1].split("</tr>")[0]
        assert f">{share:.2f}<" in row
        assert f">{shown}<" in row
    assert "check-0, 2 of 5" in html
    assert "Median 4 of 7 points" in html
    assert "at most\n4 s (s4)" in html


@pytest.mark.parametrize(
    "records",
    [
        [record(1, 2, 1, 4)],
        [record(1, 0, 0, 0)],
        [record(n, 2, 0, 4) for n in range(5)],
        [record(n, 2, None, 4) for n in range(5)],
        [record(n, 2 * (n % 2), 0, 4) for n in range(5)],
    ],
)
def test_what_is_undefined_is_a_dash(records, recwarn):
    html = report.page("Small", TASKS, records)
    assert "nan" not in html.split("</svg>")[-1]
    assert html.count(">–</td>") >= 3
    assert not list(recwarn)


def test_a_class_of_which_nothing_was_graded():
    html = report.page("Small", TASKS, [record(1, 0, 0, 0, status="failed")])
    assert "No notebook was graded" in html
    assert "s1" in html


def test_a_report_is_the_same_each_time():
    records = [record(n, 2, n % 2, 4) for n in range(5)]
    assert report.page("Small", TASKS, records) == report.page("Small", TASKS, records)


def test_a_report_runs_nothing_and_its_pictures_speak(opened):  # noqa: F811
    tasks, hostile = example()
    page = opened(report.page(EVIL, tasks, [hostile]))
    assert page.title() == f"{EVIL}: report on the class"
    assert page.locator("script, [onerror]").count() == 0
    labels = page.evaluate("[...document.querySelectorAll('svg')].map(s => s.ariaLabel)")
    assert len(labels) == 2
    assert labels[0].startswith("Histogram")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(set(ids)) == len(ids)
