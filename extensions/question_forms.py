"""A question as a form on a page.

`assets/questions` brings it to life; without JavaScript the reasons wait in a `<details>`. It is no
`<form>`, and its field for a number is made in the page: a browser looks for what it could fill in,
and lays out the section around it.
"""

from __future__ import annotations

import html
import json

from docutils import nodes

from extensions.questions import LETTERS, choice, choices, is_guess, prompt, question, reason


def on_page(node: question) -> list[nodes.Node]:
    """A question as a form; its last part holds what is said of the answers."""
    what = "predict" if is_guess(node) else "check"
    place, title = node["ids"][0], "Predict first"
    if what == "check":
        title = f"Check yourself {node['number']}"
    settings = html.escape(json.dumps(node["settings"]))
    said = {"predict": "Commit to it", "check": "Check"}[what]
    asks = next(iter(node.findall(prompt))).children
    start = (
        f'<div class="question {what} admonition" id="{place}" role="group" '
        f'aria-labelledby="{place}-title" data-question="{settings}">'
        f'<p class="admonition-title" id="{place}-title">{title}</p><div class="question-form">'
        f'<div id="{place}-asks">'
    )
    end = (
        f'<p class="question-act"><button type="button">{said}</button></p>'
        '<div class="question-said" role="status"></div></div>'
    )
    plot = ""
    if what == "predict":
        waits = ' question-drawing"' if node["kind"] == "curve" else '" hidden'
        plot = f'<div class="explorable question-plot{waits}></div>'
    fields = [raw(f"</div>{plot if node['kind'] == 'curve' else ''}"), *field(node)]
    close = raw(plot + "</div>" if node["kind"] != "curve" else "</div>")
    reasons = [] if what == "predict" else said_of(node)
    return [raw(start), *asks, *fields, raw(end), *reasons, close]


def field(node: question) -> list[nodes.Node]:
    """Where the answer goes."""
    place, kind, options = node["ids"][0], node["kind"], node["options"]
    unit = f", {html.escape(options['unit'])}" if "unit" in options else ""
    if kind in ("one", "several", "parts", "which"):
        sort = "checkbox" if kind == "several" else "radio"
        role = "group" if kind == "several" else "radiogroup"
        out: list[nodes.Node] = [raw(f'<div role="{role}" aria-labelledby="{place}-asks">')]
        for letter, one in zip(LETTERS, choices(node), strict=False):
            box = f'<input type="{sort}" name="{place}" value="{letter}">'
            out += [raw(f'<label class="choice">{box}<b>{letter}</b> <span>'), inline(one)]
            out.append(raw("</span></label>"))
        return [*out, raw("</div>")]
    if kind == "order":
        out = [raw('<p class="order-way">From the lowest to the highest:</p><ol class="order">')]
        every = choices(node)
        for at in node["settings"]["shown"]:
            moves = "".join(
                f'<button type="button" data-way="{way}" aria-label="{way}: '
                f'{html.escape(every[at].astext(), quote=True)}">{sign}</button>'
                for way, sign in (("up", "↑"), ("down", "↓"))
            )
            out += [raw(f'<li data-place="{at}">{moves}<span>'), inline(every[at])]
            out.append(raw("</span></li>"))
        return [*out, raw("</ol>")]
    if kind == "number":
        return [raw(f'<label class="question-field"><span>Your answer{unit}</span> </label>')]
    if kind == "scale":
        box = '<input type="range" min="0" max="200" value="100"><output></output>'
        label = html.escape(options["y"]) + unit
        return [raw(f'<label class="question-scale"><span>{label}</span>{box}</label>')]
    return []


def inline(one: choice) -> nodes.inline:
    return nodes.inline("", "", *(child.deepcopy() for child in one.children))


def said_of(node: question) -> list[nodes.Node]:
    """The right answer and what is said of each choice, folded."""
    kind, every = node["kind"], choices(node)
    reasons = {one["of"]: one for one in node.findall(reason)}
    out: list[nodes.Node] = [
        raw('<details class="question-reasons"><summary>Answer and reasons</summary>')
    ]
    if kind == "number":
        out.append(nodes.paragraph("", "", nodes.strong("", node["said"])))
    if kind == "order":
        out += [raw("<ol>")]
        for one in every:
            out += [raw("<li>"), inline(one), raw("</li>")]
        out.append(raw("</ol>"))
    elif every:
        out.append(raw("<ul>"))
        for at, one in enumerate(every):
            right = at in node["right"]
            letter = "" if kind == "number" else f"<b>{LETTERS[at]}</b> "
            sign = "✓" if right else "✗"
            out += [raw(f'<li data-of="{at}">{sign} {letter}'), inline(one)]
            blocks = reasons[at].children if at in reasons else []
            out += [raw('<div class="feedback">'), *(b.deepcopy() for b in blocks)]
            out.append(raw("</div></li>"))
        out.append(raw("</ul>"))
    if -1 in reasons:
        out += [block.deepcopy() for block in reasons[-1].children]
    return [*out, raw("</details>")]


def raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
