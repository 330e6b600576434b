"""The report on a class: how it did, which tasks told apart, where checks failed, who waits."""

import io
import re
from collections import Counter
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib.plots import INK, MUTED, PALETTE, STYLE
from teaching.templates import STYLE_SHEET, render


def page(title: str, tasks: list[dict[str, Any]], records: list[dict[str, Any]]) -> str:
    """The HTML of the report; arguments as of `feedback.page`, a record a student."""
    graded = [r for r in records if r["status"] in ("graded", "review")]
    statuses = Counter(record["status"] for record in records)
    failures = Counter(
        (task["id"], task["message"])
        for record in graded
        for task in record["tasks"]
        if task["outcome"] not in ("passed", "by hand")
    )
    return render(
        "report.html.j2",
        title=title,
        style=STYLE_SHEET,
        records=records,
        statuses=sorted(statuses.items()),
        waiting=sum(record["waiting"] for record in records),
        graded=len(graded),
        failures=sorted(failures.items(), key=lambda item: (-item[1], item[0]))[:5],
        review=[r for r in records if r["status"] in ("review", "failed")],
        **(_statistics(tasks, graded) if graded else {}),
    )


def _statistics(tasks: list[dict[str, Any]], graded: list[dict[str, Any]]) -> dict[str, Any]:
    """What the template shows of the points and the times.

    Takes the tasks and at least one record, and returns numbers, pictures as SVG, and the tasks
    with `share` and `discrimination` as texts.
    """
    ids = [task["id"] for task in tasks]
    points = np.array([task["points"] for task in tasks])
    scores = np.array([[t["score"] for t in r["tasks"]] for r in graded], dtype=float)
    totals, most = np.nansum(scores, axis=1), float(points.sum())
    shares = [_mean(column) for column in (scores / points).T]
    correlations = [_discrimination(scores, item) for item in range(len(tasks))]
    cpu = np.array([record["cpu_seconds"] for record in graded])
    return {
        "median": np.median(totals),
        "lowest": totals.min(),
        "highest": totals.max(),
        "most": most,
        "distribution": _distribution(totals, most),
        "difficulty": _difficulty(ids, shares, correlations),
        "items": [
            task | {"share": _text(share), "discrimination": _text(correlation)}
            for task, share, correlation in zip(tasks, shares, correlations, strict=True)
        ],
        "cpu_median": np.median(cpu),
        "cpu_most": cpu.max(),
        "slowest": graded[int(cpu.argmax())]["student"],
    }


def _mean(column: np.ndarray[Any, Any]) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if len(known) else np.nan


def _discrimination(scores: np.ndarray[Any, Any], item: int) -> float:
    """Pearson's correlation of an item with the rest; NaN for under three students."""
    known = scores[~np.isnan(scores[:, item])]
    rest = np.nansum(np.delete(known, item, axis=1), axis=1)
    if len(known) < 3 or np.ptp(known[:, item]) == 0 or np.ptp(rest) < 1e-9:
        return np.nan
    return float(np.corrcoef(known[:, item], rest)[0, 1])


def _text(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")


def _distribution(totals: np.ndarray[Any, Any], most: float) -> str:
    """The histogram of the students' points, as SVG."""
    edges = np.linspace(0, most, 11)
    counts, _ = np.histogram(totals.clip(0, most), edges)
    with rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(6, 2.8))
        ax = figure.subplots()
        ax.bar(edges[:-1], counts, np.diff(edges) * 0.94, align="edge", color=PALETTE[1])
        ax.set(xlabel="points", ylabel="students", xlim=(0, most))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        text = ", ".join(
            f"{count} from {low:g} to {high:g}"
            for count, low, high in zip(counts, edges, edges[1:], strict=False)
            if count
        )
        return _svg(figure, "distribution", f"Histogram of the points. Students: {text}.")


def _difficulty(ids: list[str], shares: list[float], correlations: list[float]) -> str:
    """Bars of mean share and discrimination, as SVG; a row a task, a dash where one is NaN."""
    with rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(6, 1 + 0.42 * len(ids)))
        left, right = figure.subplots(1, 2, sharey=True)
        where = np.arange(len(ids))
        left.barh(where, np.nan_to_num(shares), color=PALETTE[1])
        right.barh(where, np.nan_to_num(correlations), color=PALETTE[0])
        left.set(
            xlim=(0, 1),
            xticks=[0, 0.5, 1],
            xticklabels=["0", "0.5", "1"],
            xlabel="mean share",
            yticks=where,
            yticklabels=ids,
        )
        right.set(xlim=(-1, 1), xlabel="discrimination")
        for ax, values in ((left, shares), (right, correlations)):
            for y, value in enumerate(values):
                if np.isnan(value):
                    ax.text(0.02, y, "–", va="center")
        left.invert_yaxis()
        text = "; ".join(
            f"{id_} {_text(share)} and {_text(correlation)}"
            for id_, share, correlation in zip(ids, shares, correlations, strict=True)
        )
        return _svg(figure, "tasks", f"Bars of mean share and discrimination by task: {text}.")


def _svg(figure: Figure, name: str, alt: str) -> str:
    """A figure as SVG in the page's colours, which `alt` describes; `name` begins its ids."""
    figure.patch.set_alpha(0)
    for ax in figure.axes:
        ax.patch.set_alpha(0)
    stream = io.StringIO()
    with rc_context({"svg.hashsalt": "report"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(?<= id=")|(?<=url\(#)|(?<=href="#)', f"{name}-", svg)
    for colour, style in (
        (INK, "currentColor"),
        (MUTED, "var(--muted)"),
        (PALETTE[0], "var(--figure-1)"),
        (PALETTE[1], "var(--figure-2)"),
    ):
        svg = svg.replace(colour, style)
    label = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
