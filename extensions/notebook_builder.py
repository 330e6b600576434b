"""Sphinx builder ``notebook``: each chapter as a Jupyter notebook without raw MyST.

It writes from the resolved doctree, where references, citations, numbers and glued values have
their final form. Code cells keep their tags; text outputs stay as references for nbval, pictures
do not. A cell's id is its place, so the same book gives the same bytes.
"""

import re
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import nbformat
import yaml
from docutils import nodes
from execute import cache_folder
from jupyter_cache import get_cache
from myst_nb.core.read import myst_nb_reader_plugin
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pages import site_of
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.locale import admonitionlabels
from sphinx.util import logging

log = logging.getLogger(__name__)

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
INSTALL = """\
import sys

if "google.colab" in sys.modules:
    {action}"""
PIP = '%pip install --quiet "git+{url}"'
UNSET = 'raise RuntimeError("set repository.url in _config.yml, then run: make notebooks")'
UNSEEN = (
    nodes.comment, nodes.target, nodes.raw, nodes.substitution_definition, nodes.transition,
    nodes.label, nodes.caption, nodes.legend, addnodes.index,
)  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_builder(NotebookBuilder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class NotebookBuilder(Builder):
    name = "notebook"
    format = "notebook"
    supported_image_types = StandaloneHTMLBuilder.supported_image_types
    allow_parallel = True

    def init(self) -> None:
        # What is committed follows the book's own setting alone, not where a build happens to run.
        config = yaml.safe_load(Path(self.srcdir, "_config.yml").read_text("utf-8"))
        self.repository = config["repository"]["url"]
        self.site = site_of(self.repository).rstrip("/")
        self.cache = get_cache(cache_folder(Path(self.srcdir)))

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
        source = myst_nb_reader_plugin(str(self.env.doc2path(docname)))
        try:
            _, executed = self.cache.merge_match_into_notebook(source)
        except KeyError:
            log.warning("not executed yet: run extensions/execute.py", location=docname)
            return
        cells = Writer(self, docname, executed.cells).cells(doctree)
        action = PIP.format(url=self.repository) if self.repository else UNSET
        cells.insert(1, new_code_cell(INSTALL.format(action=action)))
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number:03d}"
        notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, Path(self.outdir, f"{Path(docname).name}.ipynb"))


class Writer:
    """Turns a doctree into cells: ``block_*`` returns Markdown, or None where cells were made."""

    def __init__(self, builder: NotebookBuilder, docname: str, executed: list[NotebookNode]):
        self.builder, self.docname, self.executed = builder, docname, executed
        self.written = 0  # how many cells of `executed` have been dealt with
        self.out: list[NotebookNode] = []
        self.pending: list[str] = []

    def cells(self, doctree: nodes.document) -> list[NotebookNode]:
        self.blocks(doctree, 0)
        self.flush()
        self.code_cells(len(self.executed))
        return self.out

    # cells

    def flush(self, **metadata: Any) -> None:
        if self.pending:
            self.out.append(new_markdown_cell("\n\n".join(self.pending), metadata=metadata))
            self.pending = []

    def code_cells(self, end: int) -> None:
        """Write the code cells up to ``end``, those that the page does not show among them."""
        self.flush()
        code = [c for c in self.executed[self.written : end] if c.cell_type == "code"]
        self.out += [self.code_cell(cell) for cell in code]
        self.written = max(self.written, end)

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

    # blocks

    def blocks(self, parent: nodes.Element, level: int) -> None:
        for node in parent.children:
            if text := self.block(node, level):
                self.pending.append(text)

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

    def block_section(self, node: nodes.section, level: int) -> None:
        if level:
            self.flush()
        self.blocks(node, level + 1)

    def block_title(self, node: nodes.title, level: int) -> str:
        numbers = self.builder.env.toc_secnumbers.get(self.docname, {})
        anchors = [""] if level == 1 else [f"#{i}" for i in node.parent["ids"]]
        number = next((numbers[a] for a in anchors if a in numbers), ())
        return f"{'#' * level} {'.'.join(map(str, number))} {self.inline(node)}".replace("  ", " ")

    def block_container(self, node: nodes.container, level: int) -> None:
        if node.get("nb_element") != "cell_code":
            return self.blocks(node, level)
        self.code_cells(node["cell_index"] + 1)
        for figure in node.findall(nodes.figure):
            self.pending.append(self.caption(figure))

    def block_exercise_node(self, node: nodes.Element, level: int) -> None:
        self.flush()
        self.pending.append(f"#### Exercise {self.number('exercise', node)}{self.inline(node[0])}")
        self.blocks(_without_title(node), level)

    block_exercise_enumerable_node = block_exercise_node

    def block_solution_node(self, node: nodes.Element, level: int) -> None:
        self.flush()
        self.pending.append(f"##### {self.inline(node[0])}")
        self.flush(**{"jp-MarkdownHeadingCollapsed": True})
        self.blocks(_without_title(node), level)

    def block_Admonition(self, node: nodes.Element, level: int) -> str:
        titled = bool(node.children) and isinstance(node[0], nodes.title)
        name = type(node).__name__
        title = self.inline(node[0]) if titled else admonitionlabels.get(name, name.title())
        body = self.text(_without_title(node).children if titled else node.children, level)
        return _quote(f"**{title}**\n\n{body}")

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
        return f"![{node.get('alt', '')}]({self.builder.site}/_images/{name})"

    def inline_reference(self, node: nodes.reference) -> str:
        """A link: elsewhere on the web, or into the published book where its address is known."""
        text, uri = self.inline(node), node.get("refuri", "")
        if not uri and self.builder.site:
            uri = f"{self.builder.get_target_uri(self.docname)}#{node['refid']}"
        return f"[{text}]({uri})" if uri.startswith("http") else text

    inline_number_reference = inline_reference

    def inline_Inline(self, node: nodes.Node) -> str:
        return self.inline(node)


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
    return kept, pictures


def _without_title(node: nodes.Element) -> nodes.Element:
    rest = node.deepcopy()
    del rest[0]
    return rest


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
