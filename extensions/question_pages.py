"""The questions where they are read: forms on the pages, text in print.

A page hides what follows a prediction, to the end of its section, in a `<details>` that also opens
without a guess. The page "Again" has the checks of all chapters.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from extensions.answers import answer
from extensions.ledger import chapters, pages, reference, with_pages
from extensions.question_forms import on_page, raw
from extensions.question_print import answer_at_the_end, move_to_the_ends
from extensions.questions import AGAIN, Wrong, asked, is_guess, question

log = logging.getLogger(__name__)


class all_questions(nodes.General, nodes.Element):
    """Placeholder of the questions of all chapters."""


class Again(Directive):
    def run(self) -> list[nodes.Node]:
        return [nodes.paragraph(classes=["again-count"]), all_questions()]


def setup(app: Sphinx) -> None:
    app.add_directive("again", Again)
    app.add_post_transform(Gather)
    app.connect("env-updated", insist_on_names, priority=900)
    app.connect("doctree-resolved", fill)


def insist_on_names(app: Sphinx, env: BuildEnvironment) -> None:
    found = [name for _, path in pages(env) for name in asked(path)]
    if twice := [name for name, times in Counter(found).items() if times > 1]:
        raise ExtensionError(f"questions must have names of their own; twice: {', '.join(twice)}")


class Gather(SphinxPostTransform):
    """Put a copy of each chapter's checks on the page "Again", before its references resolve."""

    default_priority = 1

    def run(self, **kwargs: object) -> None:
        for place in list(self.document.findall(all_questions)):
            copies = []
            for docname, _ in pages(self.env) if self.app.builder.name == "html" else ():
                for node in self.env.get_doctree(docname).findall(question):
                    if not is_guess(node):
                        copy = node.deepcopy()
                        copy["page"] = docname
                        for link in copy.findall(addnodes.pending_xref):
                            link["refdoc"] = AGAIN
                        copies.append(copy)
            place.replace_self(nodes.container("", *copies, classes=["again"]))


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    placed = with_pages(doctree, docname, question)
    found = [node for _, node in placed]
    known = {chapter.docname: chapter for chapter in chapters(app)} if found else {}
    for page, node in placed:
        page = node.setdefault("page", page)
        try:
            answer(node, known[page].glued)
        except Wrong as error:
            log.warning("%s: %s", node["name"], error, location=node)
            node.replace_self([])
            continue
        node["number"] = number(app, page, node["name"])
        if app.builder.name == "html" and is_guess(node):
            withhold(node)
    if app.builder.format == "latex":
        move_to_the_ends(app, doctree, found)
    if app.builder.name == "epub":
        answer_at_the_end(doctree, [node for node in found if "settings" in node])
    if app.builder.name != "html":
        return
    for node in found:
        if "settings" in node:
            node.replace_self(again_item(app, node) if docname == AGAIN else on_page(node))
    if found and docname != AGAIN:
        title = next(iter(doctree.findall(nodes.title)))
        title.parent.insert(title.parent.index(title) + 2, progress(app, docname))


def number(app: Sphinx, page: str, name: str) -> str:
    """The number of a check, as 4.2; of a prediction "" ."""
    checks = [one for one, what in asked(Path(app.env.doc2path(page))).items() if what == "check"]
    section = app.env.toc_secnumbers.get(page, {}).get("", ())
    return ".".join(map(str, [*section[:1], checks.index(name) + 1])) if name in checks else ""


def withhold(node: question) -> None:
    """Hide what follows a prediction, or a row of them, to the end of its section.

    What follows a second one in the section lies in two of these: it opens in its turn.
    """
    siblings = node.parent.children
    here = node.parent.index(node) + 1
    after = [isinstance(sibling, nodes.section) for sibling in siblings[here:]]
    end = here + (after.index(True) if True in after else len(after))
    if end == here:
        log.warning("%s: nothing follows that could be shown", node["name"], location=node)
    elif not (isinstance(follows := siblings[here], question) and is_guess(follows)):
        node.parent.insert(end, raw("</details>"))
        summary = "<summary>Show what was measured, without a prediction</summary>"
        node.parent.insert(here, raw(f'<details class="withheld">{summary}'))


def again_item(app: Sphinx, node: question) -> list[nodes.Node]:
    """A question on the page "Again", with the place that it comes from."""
    title = app.env.titles[node["page"]].astext()
    link = reference(app, AGAIN, f"{node['page']}#{node['ids'][0]}", title)
    when = nodes.inline(classes=["again-when"])
    return [
        raw(f'<div data-name="{node["name"]}">'),
        nodes.paragraph("", "", when, nodes.Text("From "), link, classes=["again-from"]),
        *on_page(node),
        raw("</div>"),
    ]


def progress(app: Sphinx, docname: str) -> nodes.raw:
    """A line that counts what is answered, for `progress.js` to fill."""
    names = asked(Path(app.env.doc2path(docname)))
    uri = app.builder.get_relative_uri(docname, AGAIN)
    buttons = "".join(
        f'<button type="button" data-answers="{what}">{text}</button>'
        for what, text in (("copy", "Copy my answers"), ("forget", "Forget them"))
    )
    return raw(
        f'<div class="progress-line" data-asked="{" ".join(names)}">'
        f'<span>{len(names)} questions</span> <a href="{uri}">Again</a> {buttons}</div>'
    )
