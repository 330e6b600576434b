"""Sphinx builder ``notebook``: each chapter as a Jupyter notebook without raw MyST.

It writes from the resolved doctree, where references, citations, numbers and glued values have
their final form. Code cells keep their tags; text outputs stay as references for nbval, pictures
do not. A cell's id is its place, so the same book gives the same bytes.
"""

from collections.abc import Set
from pathlib import Path
from typing import Any

import nbformat
import yaml
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

from extensions import quiz
from extensions.executed import executed
from extensions.markdown import Markdown, without_title
from extensions.repository import site_of

log = logging.getLogger(__name__)

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
INSTALL = """\
# {project}, version {version}
import sys

if "google.colab" in sys.modules:
    {action}"""
PIP = '%pip install --quiet "git+{url}"'
FOLDED = "jp-MarkdownHeadingCollapsed"
UNSET = 'raise RuntimeError("set repository.url in _config.yml, then run: make notebooks")'


def setup(app: Sphinx) -> None:
    app.add_builder(NotebookBuilder)


class NotebookBuilder(Builder):
    name = "notebook"
    format = "notebook"
    supported_image_types = StandaloneHTMLBuilder.supported_image_types
    allow_parallel = True

    def init(self) -> None:
        config = yaml.safe_load(Path(self.srcdir, "_config.yml").read_text("utf-8"))
        self.repository = config["repository"]["url"]
        self.site = site_of(self.repository).rstrip("/")

    def get_outdated_docs(self) -> Set[str]:
        return self.env.found_docs

    def prepare_writing(self, docnames: Set[str]) -> None:
        pass

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return f"{self.site}/{docname}.html"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        return self.get_target_uri(to)

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        if "kernelspec" not in self.env.metadata[docname]:
            return
        try:
            chapter = executed(Path(self.srcdir), Path(self.env.doc2path(docname)))
        except KeyError:
            log.warning("not executed yet: run `make book`", location=docname)
            return
        install = INSTALL.format(
            project=self.config.project,
            version=self.config.version,
            action=PIP.format(url=self.repository) if self.repository else UNSET,
        )
        for folder, kind in (("", Cells), ("blank", BlankCells)):
            cells = kind(self, docname, chapter.notebook.cells).of(doctree)
            cells.insert(1, new_code_cell(install))
            for number, cell in enumerate(cells):
                cell.id = f"cell-{number:03d}"
            metadata = {"kernelspec": KERNEL, "colab": {"collapsed_sections": folded(cells)}}
            notebook = new_notebook(cells=cells, metadata=metadata)
            path = Path(self.outdir, folder, f"{Path(docname).name}.ipynb")
            path.parent.mkdir(exist_ok=True)
            nbformat.write(notebook, path)
        self.write_quiz(docname, doctree)

    def write_quiz(self, docname: str, doctree: nodes.document) -> None:
        title = f"{self.env.titles[docname].astext()}: check yourself"
        if text := quiz.text(Markdown(self, docname, self.site), doctree, title):
            path = Path(self.outdir, "questions", f"{Path(docname).name}.md")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")


def folded(cells: list[NotebookNode]) -> list[str]:
    """The ids of the headings that JupyterLab shows folded, for Colab to do so, too."""
    return [cell.id for cell in cells if FOLDED in cell.metadata]


class Cells(Markdown):
    """The cells of a page: text between code, a cell for each section, exercise and solution."""

    def __init__(
        self, builder: NotebookBuilder, docname: str, executed: list[NotebookNode]
    ) -> None:
        super().__init__(builder, docname, builder.site)
        self.executed = executed
        self.written = 0  # how many cells of `executed` have been dealt with
        self.out: list[NotebookNode] = []
        self.pending: list[str] = []

    def of(self, doctree: nodes.document) -> list[NotebookNode]:
        self.blocks(doctree, 0)
        self.flush()
        self.code_cells(len(self.executed))
        return self.out

    def blocks(self, parent: nodes.Element, level: int) -> None:
        for node in parent.children:
            if text := self.block(node, level):
                self.pending.append(text)

    def block_section(self, node: nodes.section, level: int) -> None:
        if level:
            self.flush()
        self.blocks(node, level + 1)

    def block_container(self, node: nodes.container, level: int) -> None:
        if node.get("nb_element") != "cell_code":
            return self.blocks(node, level)
        self.code_cells(node["cell_index"] + 1)
        for figure in node.findall(nodes.figure):
            self.pending.append(self.caption(figure))

    def block_exercise_node(self, node: nodes.Element, level: int) -> None:
        self.flush()
        self.pending.append(f"#### Exercise {self.number('exercise', node)}{self.inline(node[0])}")
        self.blocks(without_title(node), level)

    block_exercise_enumerable_node = block_exercise_node

    def block_solution_node(self, node: nodes.Element, level: int) -> None:
        self.flush()
        self.pending.append(f"##### {self.inline(node[0])}")
        self.flush(**{FOLDED: True})
        self.blocks(without_title(node), level)

    def flush(self, **metadata: Any) -> None:
        if self.pending:
            self.out.append(new_markdown_cell("\n\n".join(self.pending), metadata=metadata))
            self.pending = []

    def code_cells(self, end: int) -> None:
        """Write the code cells up to ``end``, those that the page does not show among them."""
        self.flush()
        for cell in self.executed[self.written : end]:
            if cell.cell_type == "code":
                self.out += self.with_heading(cell)
        self.written = max(self.written, end)

    def with_heading(self, cell: NotebookNode) -> list[NotebookNode]:
        """A cell; the solution of a small task folded under a heading."""
        heading = new_markdown_cell("##### Solution", metadata={FOLDED: True})
        return [*([heading] if is_solution(cell) else []), self.code_cell(cell)]

    def code_cell(self, cell: NotebookNode) -> NotebookNode:
        tags = list(cell.metadata.get("tags", []))
        outputs, pictures = _text_outputs(cell.outputs)
        if pictures and outputs:
            log.warning(
                "a cell both prints and draws, so its text would not be compared; split it:\n%s",
                cell.source,
                location=self.docname,
            )
        if pictures:
            tags.append("nbval-ignore-output")
        if "nbval-ignore-output" in tags:
            outputs = []
        metadata: dict[str, Any] = {"tags": tags} if tags else {}
        if "hide-input" in tags:
            metadata["jupyter"] = {"source_hidden": True}
        count = cell.execution_count if outputs else None
        return new_code_cell(cell.source, outputs=outputs, execution_count=count, metadata=metadata)


class BlankCells(Cells):
    """The cells of a page to be worked through: an empty one in place of each solution."""

    def block_solution_node(self, node: nodes.Element, level: int) -> None:
        self.flush()
        self.out.append(new_code_cell())
        cells = [
            code["cell_index"] for code in node.findall(nodes.container) if "cell_index" in code
        ]
        self.written = max([self.written, *(index + 1 for index in cells)])

    def with_heading(self, cell: NotebookNode) -> list[NotebookNode]:
        return [] if is_solution(cell) else [self.code_cell(cell)]

    def code_cell(self, cell: NotebookNode) -> NotebookNode:
        blank = super().code_cell(cell)
        blank.outputs, blank.execution_count = [], None
        return blank


def is_solution(cell: NotebookNode) -> bool:
    return "solution" in cell.metadata.get("tags", [])


def _text_outputs(outputs: list[NotebookNode]) -> tuple[list[NotebookNode], bool]:
    """The outputs that nbval compares, and whether there were pictures among them.

    The kernel sends what a cell prints in one piece or in several, as it happens; here it is one.
    """
    kept: list[NotebookNode] = []
    pictures = False
    for output in outputs:
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            pictures = True
        elif any(kind.startswith("application/papermill") for kind in data):
            continue
        elif kept and "text" in output and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(NotebookNode(output))
            if "metadata" in output:  # what a claim leaves for the ledger is not for readers
                about = output.metadata.items()
                kept[-1].metadata = NotebookNode({k: v for k, v in about if k != "claim"})
    return kept, pictures
