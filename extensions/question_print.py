"""The questions as text: in the PDF at the end of each chapter, with the answers at the end of the
book; in the EPUB in their places, with the answers at the end of their page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from extensions.latex import tex
from extensions.question_forms import inline
from extensions.questions import AGAIN, choices, in_words, is_guess, prompt, question


def move_to_the_ends(app: Sphinx, doctree: nodes.document, found: Iterable[question]) -> None:
    """Leave the predictions where they are, as text; gather the rest at the ends.

    The page "Again" goes, and links to it become text.
    """
    files = {file["docname"]: file for file in doctree.findall(addnodes.start_of_file)}
    files.pop(AGAIN).replace_self([])
    for link in list(doctree.findall(nodes.reference)):
        if AGAIN in link.get("refuri", "") or AGAIN in link.get("refid", ""):
            link.replace_self(link.children)
    posed: dict[str, list[nodes.Node]] = {}
    answers: dict[str, list[nodes.Node]] = {}
    for node in found:
        if is_guess(node):
            node.replace_self(boxed(node))
        elif (page := node["page"]) in files and "settings" in node:
            node.parent.remove(node)
            asks = next(iter(node.findall(prompt))).children
            posed.setdefault(page, []).append(nodes.list_item("", *asks, *listed(node)))
            answers.setdefault(page, []).append(nodes.list_item("", *in_words(node)))
    for page, items in posed.items():
        title, name = nodes.title("", "Check yourself"), nodes.make_id(page)
        chapter = next(iter(files[page].findall(nodes.section)))
        where = nodes.paragraph("", "The answers stand at the end of the book.")
        chapter += nodes.section("", title, where, numbered(items), ids=[f"check-{name}"])
    if answers:
        whole = nodes.section("", nodes.title("", "Answers"), ids=["answers"])
        for page, items in answers.items():
            section = app.env.toc_secnumbers.get(page, {}).get("", ())
            number = f"{section[0]}. " if section else ""
            title = nodes.title("", f"{number}{app.env.titles[page].astext()}")
            name = f"answers-{nodes.make_id(page)}"
            whole += nodes.section("", title, numbered(items), ids=[name])
        root = cast(nodes.section, doctree[0])
        root += [tex(r"\numbered{false}"), whole]


def numbered(items: list[nodes.Node]) -> nodes.enumerated_list:
    return nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".")


def answer_at_the_end(doctree: nodes.document, found: list[question]) -> None:
    """Leave all questions where they are, as text, with the answers at the end of their page."""
    answers: list[nodes.Node] = []
    for node in found:
        if not is_guess(node):
            title = nodes.paragraph("", "", nodes.strong("", node["number"]))
            answers += [title, *in_words(node)]
        node.replace_self(boxed(node))
    if answers:
        page = next(iter(doctree.findall(nodes.section)))
        page += nodes.section("", nodes.title("", "Answers"), *answers, ids=["answers"])


def boxed(node: question) -> nodes.admonition:
    title = "Predict first" if is_guess(node) else f"Check yourself {node['number']}"
    asks = next(iter(node.findall(prompt))).children
    box = nodes.admonition("", nodes.title("", title), *asks, classes=["tip"])
    box += listed(node)
    return box


def listed(node: question) -> list[nodes.Node]:
    """The choices of a question as a list, in the order in which a page shows them."""
    every = choices(node)
    if node["kind"] == "number" or not every:
        return []
    order = node["settings"].get("shown", range(len(every)))
    items = [nodes.list_item("", nodes.paragraph("", "", inline(every[at]))) for at in order]
    return [nodes.enumerated_list("", *items, enumtype="loweralpha", prefix="", suffix=")")]
