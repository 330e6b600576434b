"""Tables of words: on a phone each row stands as a block, each cell behind the name of its column.

The style sheet does that; it needs the names. Tables of numbers stay tables, and scroll.
"""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx

WORDY = 30  # letters of a cell; a table has words if two of its columns have such a cell


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", name_cells)


def name_cells(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name != "html":
        return
    for table in doctree.findall(nodes.table):
        head, *rows = [list(row.findall(nodes.entry)) for row in table.findall(nodes.row)]
        columns = zip(*rows, strict=False)
        wordy = sum(max(len(cell.astext()) for cell in column) > WORDY for column in columns)
        if wordy < 2 or "sortable" in table["classes"]:
            continue
        table["classes"].append("in-blocks")
        for row in rows:
            for name, entry in list(zip(head, row, strict=False))[1:]:
                said = f'<span class="cell-name">{escape(name.astext())}: </span>'
                for text in list(entry.findall(nodes.paragraph))[:1]:
                    text.insert(0, nodes.raw("", said, format="html"))
