"""The book on paper: what the pages need before LaTeX can print them as one document."""

import subprocess
from typing import cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter

SCALE = "88"  # per cent: the letters in a figure come out as large as the text
LONG_TABLE = 12  # rows; a longer one is split over pages
# The seven columns of a table of claims, in a smaller size, in millimetres: the claim takes what
# the figures leave.
WIDTHS = {"ledger": (48, 33, 18, 13, 9, 9, 14), "travel": (38, 7, 17, 20, 22, 20, 20)}


def setup(app: Sphinx) -> None:
    app.add_post_transform(Vectors)
    app.add_post_transform(Arrange)
    app.add_post_transform(PlaceReferences)
    app.connect("doctree-resolved", shape_tables)


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

    Inputs that a page folds away are left out; the notebooks have them.
    """

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        for part in list(self.document.findall(nodes.container)):
            if "cell_input" in part["classes"] and "tag_hide-input" in part.parent["classes"]:
                part.parent.remove(part)
        for image in self.document.findall(nodes.image):
            image.setdefault("scale", SCALE)
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


def shape_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Split long tables over pages, and give the ledger columns that fit."""
    if app.builder.format != "latex":
        return
    for table in list(doctree.findall(nodes.table)):
        if len(list(table.findall(nodes.row))) > LONG_TABLE:
            table["classes"].append("longtable")
            if "ledger" not in table["classes"]:  # columns of a long table must be told their width
                count = len(list(table.findall(nodes.colspec)))
                width = rf"\dimexpr{1 / count:.3f}\linewidth-2\tabcolsep"
                spec = rf">{{\raggedright\arraybackslash}}p{{{width}}}" * count
                at = table.parent.index(table)
                table.parent.insert(at, addnodes.tabular_col_spec(spec=spec))
        if "ledger" in table["classes"]:
            title = table.parent.index(table) - 1
            table.parent.insert(title, tex(r"\needspace{8\baselineskip}"))
            widths = WIDTHS["travel" if "travel" in table["classes"] else "ledger"]
            spec = "".join(rf">{{\raggedright\arraybackslash}}p{{{width}mm}}" for width in widths)
            columns = addnodes.tabular_col_spec(spec=spec)
            table.replace_self([tex(r"\begingroup\ledger"), columns, table, tex(r"\endgroup")])


def tex(source: str) -> nodes.raw:
    return nodes.raw("", source, format="latex")
