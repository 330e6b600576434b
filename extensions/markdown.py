"""A resolved doctree as Markdown for Jupyter: a rule for each kind of node.

``block_*`` and ``inline_*`` are named by the class of a node, or of one that it derives from.
"""

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.locale import admonitionlabels
from sphinx.util import logging

from extensions.questions import LETTERS, choices, in_words, is_guess, prompt, question

log = logging.getLogger(__name__)

UNSEEN = (
    nodes.comment, nodes.target, nodes.raw, nodes.substitution_definition, nodes.transition,
    nodes.label, nodes.caption, nodes.legend, addnodes.index,
)  # fmt: skip


class Markdown:
    """Markdown of the nodes of one page.

    Args:
        builder: knows the numbers of figures and formulas, and the address of each page.
        docname: of the page.
        site: where the book is published, without a slash at the end; "" where that is unknown.
    """

    def __init__(self, builder: Builder, docname: str, site: str) -> None:
        self.builder, self.docname, self.site = builder, docname, site

    # blocks

    def text(self, children: Iterable[nodes.Node], level: int, joint: str = "\n\n") -> str:
        return joint.join(text for text in (self.block(node, level) for node in children) if text)

    def block(self, node: nodes.Node, level: int) -> str:
        if isinstance(node, UNSEEN):
            return ""
        for kind in type(node).__mro__:
            if method := getattr(self, f"block_{kind.__name__}", None):
                return str(method(node, level) or "")
        log.warning("the notebook builder has no rule for %s", type(node).__name__, location=node)
        return ""

    def block_title(self, node: nodes.title, level: int) -> str:
        numbers = self.builder.env.toc_secnumbers.get(self.docname, {})
        anchors = [""] if level == 1 else [f"#{i}" for i in node.parent["ids"]]
        number = next((numbers[a] for a in anchors if a in numbers), ())
        return f"{'#' * level} {'.'.join(map(str, number))} {self.inline(node)}".replace("  ", " ")

    def block_Admonition(self, node: nodes.Element, level: int) -> str:
        titled = bool(node.children) and isinstance(node[0], nodes.title)
        name = type(node).__name__
        title = self.inline(node[0]) if titled else admonitionlabels.get(name, name.title())
        body = self.text(without_title(node).children if titled else node.children, level)
        return _quote(f"**{title}**\n\n{body}")

    def block_question(self, node: question, level: int) -> str:
        """A question as text; where it has an answer, that is folded."""
        asks = self.text(next(iter(node.findall(prompt))).children, level)
        order = node["settings"].get("shown", range(len(choices(node))))
        every = [self.inline(one) for one in choices(node)]
        if node["kind"] != "number":
            asks += "".join(
                f"\n\n{letter}) {every[at]}" for letter, at in zip(LETTERS, order, strict=False)
            )
        if is_guess(node):
            return _quote(f"**Predict first**\n\n{asks}")
        said = self.text(in_words(node), level)
        fold = f"<details><summary>Answer</summary>\n\n{said}\n\n</details>"
        return f"**Check yourself {node['number']}**\n\n{asks}\n\n{fold}"

    block_topic = block_sidebar = block_Admonition

    def block_block_quote(self, node: nodes.Element, level: int) -> str:
        return _quote(self.text(node.children, level))

    def block_math_block(self, node: nodes.math_block, level: int) -> str:
        number = self.number("displaymath", node)
        tag = f"\n\\tag{{{number}}}" if number else ""
        return f"$$\n{node.astext().strip()}{tag}\n$$"

    def block_literal_block(self, node: nodes.Element, level: int) -> str:
        language = node.get("language", "")
        return f"```{'' if language == 'none' else language}\n{node.astext()}\n```"

    def block_bullet_list(self, node: nodes.Element, level: int) -> str:
        return self.items(node, ["- "] * len(node), level)

    def block_enumerated_list(self, node: nodes.Element, level: int) -> str:
        first = node.get("start", 1)
        return self.items(node, [f"{first + i}. " for i in range(len(node))], level)

    def items(self, node: nodes.Element, marks: list[str], level: int) -> str:
        texts = [self.text(item.children, level) for item in node.children]
        loose = "\n\n" if any("\n\n" in text for text in texts) else "\n"
        return loose.join(
            mark + text.replace("\n", "\n" + " " * len(mark))
            for mark, text in zip(marks, texts, strict=True)
        )

    def block_definition_list(self, node: nodes.Element, level: int) -> str:
        return "\n\n".join(
            f"**{self.inline(item[0])}**: {self.text(item[-1].children, level)}"
            for item in node.children
            if isinstance(item, nodes.Element)
        )

    def block_table(self, node: nodes.table, level: int) -> str:
        rows = [
            [self.text(entry.children, level, " ").replace("|", "\\|") for entry in row.children]
            for row in node.findall(nodes.row)
        ]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|" + "---|" * len(rows[0]))
        return "\n".join([*self.table_title(node), *lines])

    def table_title(self, node: nodes.table) -> list[str]:
        title = next(iter(node.findall(nodes.title)), None)
        if title is None:
            return []
        return [f"*Table {self.number('table', node)}. {self.inline(title)}*", ""]

    def block_figure(self, node: nodes.figure, level: int) -> str:
        image = self.text([child for child in node if isinstance(child, nodes.image)], level)
        return f"{image}\n\n{self.caption(node)}"

    def caption(self, figure: nodes.figure) -> str:
        caption = next(figure.findall(nodes.caption))
        return f"*Figure {self.number('figure', figure)}.* {self.inline(caption)}"

    def block_TextElement(self, node: nodes.Element, level: int) -> str:
        return self.inline(node)

    def block_image(self, node: nodes.image, level: int) -> str:
        return self.inline_image(node)

    def block_compound(self, node: nodes.Element, level: int) -> str:
        return self.text(node.children, level)

    def number(self, kind: str, node: nodes.Element) -> str:
        numbers = self.builder.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        return next((".".join(map(str, numbers[i])) for i in node["ids"] if i in numbers), "")

    # inline text

    def inline(self, parent: nodes.Node) -> str:
        return "".join(self.inline_node(child) for child in parent.children)

    def inline_node(self, node: nodes.Node) -> str:
        if isinstance(node, UNSEEN):
            return ""
        if isinstance(node, nodes.Text):
            return re.sub(r"\s*\n\s*", "\n", str(node))
        for kind in type(node).__mro__:
            if method := getattr(self, f"inline_{kind.__name__}", None):
                return str(method(node))
        log.warning("the notebook builder has no rule for %s", type(node).__name__, location=node)
        return ""

    def inline_math(self, node: nodes.math) -> str:
        return f"${node.astext()}$"

    def inline_literal(self, node: nodes.literal) -> str:
        return f"`{node.astext()}`"

    def inline_emphasis(self, node: nodes.emphasis) -> str:
        return f"*{self.inline(node)}*"

    def inline_strong(self, node: nodes.strong) -> str:
        return f"**{self.inline(node)}**"

    def inline_image(self, node: nodes.image) -> str:
        name = self.builder.env.images[node["uri"]][1]
        return f"![{node.get('alt', '')}]({self.site}/_images/{name})"

    def inline_reference(self, node: nodes.reference) -> str:
        """A link: elsewhere on the web, or into the published book where its address is known."""
        text, uri = self.inline(node), node.get("refuri", "")
        if not uri and self.site:
            uri = f"{self.builder.get_target_uri(self.docname)}#{node['refid']}"
        return f"[{text}]({uri})" if uri.startswith("http") else text

    inline_number_reference = inline_reference

    def inline_Inline(self, node: nodes.Node) -> str:
        return self.inline(node)


def without_title(node: nodes.Element) -> nodes.Element:
    rest = node.deepcopy()
    del rest[0]
    return rest


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
