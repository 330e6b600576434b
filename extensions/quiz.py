"""The checks of a page as a quiz in text2qti's plain text, which `teaching.quizzes` exports."""

from __future__ import annotations

from itertools import permutations

from docutils import nodes

from extensions.markdown import Markdown
from extensions.questions import LETTERS, choices, is_guess, prompt, question, reason

MOST_ORDERS = 4  # no platform's QTI 1.2 puts in order: the right order is one of these


def text(write: Markdown, doctree: nodes.document, title: str) -> str:
    """The quiz; "" where the page has no check."""
    checks = [node for node in doctree.findall(question) if not is_guess(node)]
    if not checks:
        return ""
    head = f"Quiz title: {title}\nQuiz description: The questions of the page, for a class.\n"
    return "\n".join([head, *(posed(write, node, n) for n, node in enumerate(checks, 1))])


def posed(write: Markdown, node: question, number: int) -> str:
    kind, settings = node["kind"], node["settings"]
    said = {one["of"]: write.text(one.children, 1) for one in node.findall(reason)}
    every = [write.inline(one) for one in choices(node)]
    asks = write.text(next(iter(node.findall(prompt))).children, 1)
    lines = [f"Title: {node['name']}"]
    if kind == "order":
        names = dict(zip(settings["shown"], LETTERS, strict=False))
        asks += "".join(f"\n\n({names[at]}) {every[at]}" for at in settings["shown"])
        orders = [", ".join(names[at] for at in order) for order in some_orders(len(every))]
        lines += [hung(f"{number}.", asks), hung("...", said[-1])]
        right, orders = orders[0], sorted(orders)
        lines += [
            hung(f"{'*' if order == right else ''}{letter})", order)
            for letter, order in zip(LETTERS, orders, strict=False)
        ]
    elif kind == "number":
        lines += [hung(f"{number}.", asks), hung("...", said[-1])]
        lines.append(f"=   {settings['right']:.3g} +- {settings['room']:.2g}")
    else:
        lines.append(hung(f"{number}.", asks))
        lines += [hung("...", said[-1])] if -1 in said else []
        for at, (letter, option) in enumerate(zip(LETTERS, every, strict=False)):
            right = "*" if at in node["right"] else ""
            mark = f"[{right or ' '}]" if kind == "several" else f"{right}{letter})"
            lines += [hung(mark, option), hung("...", said[at])]
    return "\n".join(lines) + "\n"


def some_orders(n: int) -> list[tuple[int, ...]]:
    """The right order, and those that differ from it least and most."""
    every = list(permutations(range(n)))
    return [every[0], *every[1 : MOST_ORDERS - 1], every[-1]][: len(every)]


def hung(mark: str, text: str) -> str:
    """Text behind a mark, its further lines as far in as text2qti wants them."""
    return f"{mark:<3} " + "\n".join(
        line and f"    {line}" for line in text.splitlines()
    ).removeprefix("    ")
