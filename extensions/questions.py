"""The questions of a page, as the source says them.

``predict`` asks for a guess before what was measured is shown, ``check`` for an answer after a
section. Both take a name, options, the text of the question and a list. What was measured they
know by the names that a chapter gives to `evidence.glue`.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx

# The kinds of questions, by what tells them apart: an option, in this order; else the last.
PREDICTIONS = {"x": "curve", "cuts": "parts", "extreme": "which", "range": "scale"}
CHECKS = {"order": "order", "number": "number", "several": "several", "": "one"}
AGAIN = "book/again"  # the page with the checks of all chapters, which works in a browser alone
EXTREMES = ("lowest", "highest")
LETTERS = "abcdefgh"
ASKED = re.compile(r"^[`:]{3,}\{(predict|check)\} ?(\S+)$", re.M)
BOX = re.compile(r"\[([ x])\] ")


class question(nodes.General, nodes.Element):
    """A question: its `prompt`, its `choices` where it has any, and what is said of answers.

    Attributes: `name`; `kind`; `options` of the directive; `right`, the places of right choices.
    """


class prompt(nodes.Part, nodes.Element):
    """The question itself, in blocks."""


class choice(nodes.Part, nodes.TextElement):
    """One of several answers."""


class reason(nodes.Part, nodes.Element):
    """What is said of the choice at the place `of`, or of the question where that is -1."""


class Wrong(ValueError):
    """A question that its author has to mend."""


class Question(Directive):
    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        try:
            node = self.read(body)
        except Wrong as error:
            raise self.error(f"{self.arguments[0]}: {error}") from None
        return [node]

    def read(self, body: nodes.Element) -> question:
        raise NotImplementedError

    def new(self, kinds: dict[str, str]) -> question:
        kind = next(kind for option, kind in kinds.items() if not option or option in self.options)
        name = self.arguments[0]
        return question(name=name, kind=kind, options=self.options, right=[], ids=[f"ask-{name}"])


class Predict(Question):
    option_spec = {  # noqa: RUF012
        "measured": str.split, "range": str.split, "cuts": str.split, "extreme": str,
        "x": str, "y": str, "unit": str,
    }  # fmt: skip

    def read(self, body: nodes.Element) -> question:
        if not self.options.keys() & PREDICTIONS.keys():
            raise Wrong(f"takes one of the options {', '.join(PREDICTIONS)}")
        node = self.new(PREDICTIONS)
        if missing := {"measured", "y"} - self.options.keys():
            raise Wrong(f"lacks {' and '.join(sorted(missing))}")
        blocks, items = parted(body)
        node += prompt("", *blocks)
        node.extend(as_choice(item) for item in items)
        wanted = {
            "parts": len(self.options.get("cuts", ())) + 1,
            "which": len(self.options["measured"]),
        }.get(node["kind"], 0)
        if len(items) != wanted:
            raise Wrong(f"has {len(items)} options to choose from, takes {wanted}")
        if node["kind"] == "which" and self.options["extreme"] not in EXTREMES:
            raise Wrong(f"extreme takes {' or '.join(EXTREMES)}")
        return node


class Check(Question):
    option_spec = {  # noqa: RUF012
        "several": directives.flag, "number": str, "tolerance": str, "unit": str,
        "order": str.split,
    }  # fmt: skip

    def read(self, body: nodes.Element) -> question:
        node = self.new(CHECKS)
        closing = body.children[-1] if body.children else None
        if isinstance(closing, nodes.block_quote):
            body.remove(closing)
        else:
            closing = None
        blocks, items = parted(body)
        node += prompt("", *blocks)
        for place, item in enumerate(items):
            option, said = as_choice(item), reason("", *quoted(item), of=place)
            if node["kind"] in ("one", "several"):
                found = BOX.match(option.astext())
                if not found or not said.children:
                    raise Wrong("each option takes [ ] or [x] before it, and a quote below it")
                option[0] = nodes.Text(option[0].astext()[found.end() :])
                node["right"] += [place] if found[1] == "x" else []
            node += [option, said] if said.children else [option]
        if closing is not None:
            node += reason("", *closing.children, of=-1)
        self.insist(node, len(items), closing is not None)
        return node

    def insist(self, node: question, items: int, closed: bool) -> None:
        kind, right = node["kind"], len(node["right"])
        if kind == "one" and right != 1:
            raise Wrong(f"has {right} right answers, takes one; or say :several:")
        if kind == "several" and not 0 < right < items:
            raise Wrong("takes a right answer and a wrong one")
        if kind == "order" and items < 2:
            raise Wrong("puts one in order, takes two or more")
        if kind == "order" and items != len(self.options["order"]):
            raise Wrong(f"puts {items} in order, and names {len(self.options['order'])}")
        if kind in ("order", "number") and not closed:
            raise Wrong("takes a quote at the end with the reason")
        if kind == "number" and "tolerance" not in self.options:
            raise Wrong("lacks tolerance")


def setup(app: Sphinx) -> None:
    app.add_directive("predict", Predict)
    app.add_directive("check", Check)


def asked(page: Path) -> dict[str, str]:
    """The questions of a page's source in their order: name to directive.

    Raises:
        Wrong: two have one name.
    """
    found = [(name, what) for what, name in ASKED.findall(page.read_text("utf-8"))]
    if len(dict(found)) < len(found):
        raise Wrong(f"{page.name} has two questions of one name")
    return dict(found)


def choices(node: question) -> list[choice]:
    return [child for child in node.children if isinstance(child, choice)]


def is_guess(node: question) -> bool:
    """Whether it is a prediction, which has no right answer of its own."""
    return "measured" in node["options"]


def parted(body: nodes.Element) -> tuple[list[nodes.Node], list[nodes.list_item]]:
    """The blocks of a question, and the items of the list at its end, if it has one."""
    blocks = list(body.children)
    if blocks and isinstance(last := blocks[-1], nodes.bullet_list):
        return blocks[:-1], [item for item in last if isinstance(item, nodes.list_item)]
    return blocks, []


def as_choice(item: nodes.list_item) -> choice:
    """The first paragraph of an item."""
    first = item.children[0]
    return choice("", "", *(child.deepcopy() for child in first.children))


def quoted(item: nodes.list_item) -> list[nodes.Node]:
    """The blocks of the quote in an item."""
    quotes = [child for child in item.children if isinstance(child, nodes.block_quote)]
    return [block for quote in quotes for block in quote.children]


def in_words(node: question) -> list[nodes.Node]:
    """The answer of a check, and its reasons."""
    every, reasons = choices(node), {one["of"]: one for one in node.findall(reason)}
    order = node["settings"].get("shown", ())
    right = {
        "number": node["said"],
        "order": ", ".join(LETTERS[order.index(at)] for at in range(len(order))),
    }.get(node["kind"], ", ".join(LETTERS[at] for at in node["right"]))
    out: list[nodes.Node] = [nodes.paragraph("", "", nodes.strong("", right))]
    for at in [*(at for at in node["right"] if at < len(every)), -1]:
        if at in reasons:
            said = reasons[at].deepcopy()
            if node["kind"] == "several" and at >= 0:
                said[0].insert(0, nodes.Text(f"{LETTERS[at]}) "))  # type: ignore[attr-defined]
            out += said.children
    return out
