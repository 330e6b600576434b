"""The claims of a cell on its page: a list in the text's own face, in place of what it printed.

Each line leads to the claim's row in the ledger and has its figures; more than three are folded.
Print has the same lines, and folds nothing. What a cell prints stays as it is in the notebooks,
where nbval compares it.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

from extensions.claims import alike, measured
from extensions.latex import tex
from extensions.ledger import SIGNS, anchor, chapters, reference, with_pages
from lib.evidence import Claim

FOLDED = 3  # so many are shown


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", shorten)  # when the ledger has named the lines


def shorten(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format not in ("html", "latex"):
        return
    known: dict[str, dict[str, Claim]] = {}
    for page, output in with_pages(doctree, docname, nodes.container):
        if output.get("nb_element") == "cell_code_output":
            if page not in known:
                known[page] = claims_of(app, page)
            gather(app, output, page, known[page])


def claims_of(app: Sphinx, page: str) -> dict[str, Claim]:
    """The claims of a page by the anchors of their lines."""
    here = [chapter for chapter in chapters(app) if chapter.docname == page]
    return {anchor(claim.statement): claim for chapter in here for claim in chapter.claims}


def gather(app: Sphinx, output: nodes.container, docname: str, known: dict[str, Claim]) -> None:
    """Put a list in the place of the lines of claims in the output of one cell."""
    items: list[nodes.list_item] = []
    for child in list(output.children):
        name = child["ids"][0] if isinstance(child, nodes.literal_block) and child["ids"] else ""
        if name in known:
            items.append(line(app, docname, name, known[name]))
            output.remove(child)
        elif items and isinstance(child, nodes.paragraph) and "elsewhere" in child["classes"]:
            items[-1].append(child)
            output.remove(child)
    if not items:
        return
    shown: list[nodes.Node] = [nodes.bullet_list("", *items, classes=["claims"])]
    if app.builder.format == "latex":
        for item in items:  # to which LaTeX gives no label
            item[0].insert(0, nodes.target(ids=item["ids"]))  # type: ignore[attr-defined]
        shown = [tex(r"\begingroup\claims"), *shown, tex(r"\endgroup")]
    elif len(items) > FOLDED:
        head = f'<details class="claims-folded"><summary>{len(items)} claims</summary>'
        shown = [nodes.raw("", head, format="html"), *shown]
        shown.append(nodes.raw("", "</details>", format="html"))
    output.extend(shown)


def figures_of(claim: Claim) -> str:
    """What was measured; of what is true or false, in how many seeds it is true."""
    if alike(claim) and claim.effect == 1 and not claim.unit:
        return f"in all {claim.seeds} seeds"
    return measured(claim)


def line(app: Sphinx, docname: str, name: str, claim: Claim) -> nodes.list_item:
    word = "not settled" if claim.kind == "unsettled" else "holds"
    row = f"book/evidence#{nodes.make_id(claim.name)}"
    sign = nodes.inline("", SIGNS[word], classes=["claim-sign"])
    link = reference(app, docname, row, claim.statement)
    figures = nodes.inline("", figures_of(claim), classes=["claim-figures"])
    said = nodes.inline("", f"{word}: ", classes=["claim-word"])  # for the ear
    text = nodes.paragraph("", "", sign, said, link, nodes.Text(": "), figures)
    return nodes.list_item("", text, ids=[name])
