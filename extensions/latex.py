"""The book on paper: what the pages need before LaTeX can print them as one document."""

import re
import subprocess
from typing import cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter

SCALE = "88"  # per cent: the letters in a figure come out as large as the text
LONG_TABLE = 9  # rows; a longer one is split over pages
LETTERS = 90  # about so many fill a line
LEDGER = "book/evidence"
# The seven columns of a table of claims, in a smaller size, in millimetres: the claim takes what
# the figures leave.
WIDTHS = {"ledger": (48, 33, 22, 12, 9, 9, 11), "travel": (38, 7, 17, 20, 22, 20, 20)}


def setup(app: Sphinx) -> None:
    app.add_post_transform(Vectors)
    app.add_post_transform(Arrange)
    app.add_post_transform(PlaceReferences)
    app.connect("doctree-resolved", shape_tables)
    app.connect("doctree-resolved", tell_pages)


class Vectors(ImageConverter):
    """Turn the figures from SVG into PDF, lines and letters as such."""

    conversion_rules = [("image/svg+xml", "application/pdf")]  # noqa: RUF012

    def is_available(self) -> bool:
        return True

    def convert(self, _from: str, _to: str) -> bool:
        subprocess.run(["rsvg-convert", "--format=pdf", "--output", _to, _from], check=True)
        return True


class Arrange(SphinxPostTransform):
    """Make the index page a preface and each of its tables of contents a part.

    Inputs that a page folds away are left out, but for solutions; the notebooks have them.
    """

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        for part in list(self.document.findall(nodes.container)):
            if "cell_input" in part["classes"] and "tag_hide-input" in part.parent["classes"]:
                part.parent.remove(part)
            elif "tag_solution" in part["classes"]:
                part.insert(0, nodes.paragraph("", "A solution:"))
        for image in list(self.document.findall(nodes.image)):
            image.setdefault("scale", SCALE)
            said = image.get("alt", "").encode("utf-16-be").hex()
            start, end = rf"/Span <</Alt <feff{said}>>> BDC", "EMC"
            image.replace_self([marked(start), image, marked(end)])
        root = cast(nodes.section, self.document[0])
        wrappers = [part for part in root if isinstance(part, nodes.compound)]
        preface = nodes.section("", nodes.title("", "About this book"), ids=["about-this-book"])
        preface += [part for part in root[1:] if part not in wrappers]
        root[1:] = [tex(r"\numbered{false}"), preface]
        toctrees = self.env.get_doctree(self.env.config.root_doc).findall(addnodes.toctree)
        for toctree, wrapper in zip(toctrees, wrappers, strict=True):
            numbered = "true" if toctree.get("numbered") else "false"
            root += tex(rf"\numbered{{false}}\part{{{toctree['caption']}}}\numbered{{{numbered}}}")
            root += wrapper


class PlaceReferences(SphinxPostTransform):
    """Leave the list of papers under its own title: Sphinx moves it to the end, under another."""

    default_priority = 760
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        files = list(self.document.findall(addnodes.start_of_file))
        for papers in list(self.document.findall(thebibliography)):
            here = cast(nodes.citation, papers[0])["docname"]
            page = next(file for file in files if file["docname"] == here)
            papers.parent.remove(papers)
            cast(nodes.section, page[0]).append(papers)


def tell_pages(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Name the page behind each link of the text to a section, a page or a claim."""
    for text in list(doctree.findall(nodes.inline)) if app.builder.format == "latex" else ():
        link = text.parent
        uri = link.get("refuri", "") if isinstance(link, nodes.reference) else ""
        if uri.startswith("%") and {"std-ref", "doc"} & set(text["classes"]):
            page, _, place = uri[1:].partition("#")
            label = rf"\detokenize{{{page}:{place or ':doc'}}}"
            where = r"\inledger" if place and page == LEDGER else r"\onpage"
            link.parent.insert(link.parent.index(link) + 1, tex(f"{where}{{{label}}}"))


def shape_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Split long tables over pages, and give the ledger columns that fit."""
    if app.builder.format != "latex":
        return
    for title in list(doctree.findall(nodes.rubric)):
        if "ledger-title" in title["classes"]:
            title.parent.insert(title.parent.index(title), tex(r"\needspace{9\baselineskip}"))
    for table in list(doctree.findall(nodes.table)):
        if len(list(table.findall(nodes.row))) > LONG_TABLE:
            table["classes"].append("longtable")
            if "ledger" not in table["classes"]:  # columns of a long table must be told their width
                spec = "".join(
                    rf">{{\raggedright\arraybackslash}}p{{\dimexpr{share:.3f}\linewidth-2\tabcolsep}}"
                    for share in shares(table)
                )
                at = table.parent.index(table)
                table.parent.insert(at, addnodes.tabular_col_spec(spec=spec))
        if "ledger" in table["classes"]:
            widths = WIDTHS["travel" if "travel" in table["classes"] else "ledger"]
            spec = "".join(rf">{{\raggedright\arraybackslash}}p{{{width}mm}}" for width in widths)
            columns = addnodes.tabular_col_spec(spec=spec)
            table.replace_self([tex(r"\begingroup\ledger"), columns, table, tex(r"\endgroup")])


def shares(table: nodes.table) -> list[float]:
    """Of a line for each column: room for its longest word, and of the rest by its text."""
    rows = [[cell.astext() for cell in row.children] for row in table.findall(nodes.row)]
    columns = list(zip(*rows, strict=True))
    parts = [[part for cell in column for part in re.split(r"[\s/-]+", cell)] for column in columns]
    words = [max(map(len, column)) + 2 for column in parts]
    letters = [sum(len(cell) for cell in column) for column in columns]
    rest = max(0, LETTERS - sum(words)) / sum(letters)
    wanted = [word + rest * letter for word, letter in zip(words, letters, strict=True)]
    return [width / sum(wanted) for width in wanted]


def marked(operator: str) -> nodes.raw:
    """Part of what tells a reader who does not see a figure what is to be seen."""
    return tex(rf"\special{{pdf:code {operator}}}")


def tex(source: str) -> nodes.raw:
    return nodes.raw("", source, format="latex")
