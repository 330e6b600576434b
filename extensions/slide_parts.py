"""What stands on a slide as HTML: claims with a dot for each seed, axes to be drawn into, lines."""

from __future__ import annotations

import html
import math
import re
from typing import Any

import numpy as np
from docutils import nodes

from extensions.claim_lines import figures_of
from extensions.claims import alike, asked, set_as_text
from extensions.questions import choices, question
from lib.records import Claim


def row(claim: Claim, with_statement: bool) -> str:
    """A claim with its figures and a dot for each seed."""
    said = f"<p>{capital(set_as_text(claim.statement))}</p>" if with_statement else ""
    seeds = "" if alike(claim) else dots(claim)
    over = "" if alike(claim) else f"Median and 95 % interval over {claim.seeds} seeds. "
    bound = html.escape(asked(claim))
    kept = f"Asked: {bound}; so in {100 * claim.share:.0f}\u00a0% of the seeds." if bound else ""
    return (
        f'<div class="claim">{said}<p class="figures">{html.escape(figures_of(claim))}</p>{seeds}'
        f'<p class="rest">{over}{kept}</p></div>'
    )


def dots(claim: Claim) -> str:
    """A dot for each seed, the interval as a bar, and what was asked as a shade."""
    one = min(claim.comparisons, key=lambda one: one.room())
    bounds = [bound for bound in (one.above, one.below) if math.isfinite(bound)]
    values = np.array([*one.effects, *bounds])
    log = bool(values.min() > 0 and values.max() > 30 * values.min())
    scaled = np.log(values) if log else values
    low, high = scaled.min(), scaled.max()

    def x(value: float) -> float:
        at = (math.log(value) if log else value) - low
        return round(float(60 + 1040 * at / (high - low)), 1)

    first = x(one.above) if math.isfinite(one.above) else 0
    last = x(one.below) if math.isfinite(one.below) else 1160
    marks = "".join(
        f'<circle cx="{x(value)}" cy="{22 + 13 * (k % 3 - 1)}" r="7"/>'
        for k, value in enumerate(one.effects)
    )
    named = "".join(f'<text x="{x(bound)}" y="98">{signed(bound)}</text>' for bound in bounds)
    return (
        f'<svg class="dots" viewBox="0 0 1160 104" role="img" aria-label="{claim.seeds} seeds">'
        f'<rect class="asked" x="{first}" y="0" width="{last - first:.1f}" height="72"/>'
        f'<path d="M{x(claim.low)} 50v16m0-8H{x(claim.high)}m0-8v16"/>{marks}{named}</svg>'
    )


def right_of(node: question) -> list[int]:
    """The places of the right options, or all in their right order."""
    settings, kind = node["settings"], node["kind"]
    if kind == "parts":
        return [int(np.searchsorted(settings["cuts"], np.median(settings["values"])))]
    if kind == "which":
        middle = np.median(settings["values"], axis=1)
        return [int(middle.argmax() if settings["extreme"] == "highest" else middle.argmin())]
    return list(node["right"]) if kind != "order" else list(range(len(choices(node))))


def drawn(settings: dict[str, Any]) -> str:
    """An empty axis, or a pair of them, to be drawn into."""
    unit = f", {settings['unit']}" if "unit" in settings else ""
    scale = ", logarithmic" if settings["log"] else ""
    (low, high), y = settings["range"], f"{settings['y']}{unit}{scale}"
    if settings["kind"] == "scale":
        return f'<div class="axis">{ends(signed(low), y, signed(high))}</div>'
    first, *_, last = settings["x"]
    x = ends(signed(first), settings["xLabel"], signed(last))
    return f'<div class="axes">{ends(signed(high), y, signed(low))}{x}</div>'


def ends(*texts: str) -> str:
    return "<p>" + "".join(f"<span>{html.escape(text)}</span>" for text in texts) + "</p>"


def split(paragraph: nodes.Element) -> list[list[nodes.Node]]:
    """The lines of a paragraph's source."""
    lines: list[list[nodes.Node]] = [[]]
    for child in paragraph.children:
        if isinstance(child, nodes.Text):
            first, *others = str(child).split("\n")
            lines[-1].append(nodes.Text(first))
            lines += [[nodes.Text(other)] for other in others]
        else:
            lines[-1].append(child)
    return lines


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+(?=[A-Z])", text)


def stepped(part: str) -> str:
    return part if 'class="step' in part else f'<div class="step">{part}</div>'


def signed(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def bare(title: str) -> str:
    """A title without the full stop of a sentence."""
    return re.sub(r"\.((?:</\w+>)*)$", r"\1", title)


def capital(text: str) -> str:
    return html.escape(re.sub("^[a-z]", lambda first: first[0].upper(), text))


def is_solution(node: nodes.Node) -> bool:
    return type(node).__name__ == "solution_node"
