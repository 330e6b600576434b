"""Files of an assignment: the student's notebook, the answer key, the rubric, and a zip of them."""

import io
import zipfile
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from teaching import authoring, source
from teaching.authoring import Assignment

# Nothing but MathJax comes from the web: without it formulas are shown as TeX.
TEMPLATE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}"""
KEY_MARKERS = {"### BEGIN SOLUTION": "**Model answer**\n", "### END SOLUTION": ""}


def build(name: str, out: Path, students: list[str], secret: bytes | None) -> None:
    """Write the files of an assignment into `out/name`, with a notebook for each student.

    Raises AuthoringError.
    """
    assignment = authoring.load(name)
    rubric = rubric_of(assignment)
    files = {
        f"{name}.ipynb": _text(authoring.student_notebook(assignment)),
        "key.html": key_of(assignment, rubric),
        "rubric.md": rubric,
    }
    for student in students:
        own = authoring.load(name, student=student, secret=secret)
        files[f"variants/{student}.ipynb"] = _text(authoring.student_notebook(own))
    packed = {file: text.encode() for file, text in files.items()}
    for file, data in [*packed.items(), (f"{name}.zip", pack(packed))]:
        path = out / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def rubric_of(assignment: Assignment) -> str:
    """What is asked and how it is graded, as Markdown."""
    about, tasks = assignment.about, assignment.tasks
    sources = {cell.id: cell.source for cell in assignment.notebook.cells}
    lines = [f"# {about['title']}: rubric", "", f"Chapter: {about['chapter']}.", ""]
    lines += [f"About {about['minutes']} minutes, difficulty {about['difficulty']} of 3.", ""]
    for key in ("objectives", "prerequisites"):
        lines += [f"## {key.capitalize()}", "", *(f"- {item}" for item in about[key]), ""]
    lines += ["## Tasks", "", "| cell | task | graded | points |", "|---|---|---|---:|"]
    for task in tasks:
        how = "by hand" if task.by_hand else "by its check"
        hint = task.hint.replace("|", "\\|")
        lines.append(f"| `{task.id}` | {hint} | {how} | {task.points:g} |")
    lines += [f"| | | total | {sum(task.points for task in tasks):g} |", ""]
    if by_hand := [task for task in tasks if task.by_hand]:
        lines += ["## Graded by hand", ""]
    for task in by_hand:
        lines.append(f"- `{task.id}`, {task.points:g} points: {source.rubric(sources[task.id])}")
    return "\n".join(lines).rstrip() + "\n"


def key_of(assignment: Assignment, rubric: str) -> str:
    """The answer key, one HTML page: rubric, solutions, hidden tests."""
    from nbconvert import HTMLExporter  # takes over a second

    notebook = deepcopy(assignment.notebook)
    points = {task.id: task.points for task in assignment.tasks}
    cells = [new_markdown_cell(rubric, id="rubric")]
    for cell in notebook.cells[1:]:
        if cell.id in points:
            text = f"**`{cell.id}`: {points[cell.id]:g} points**"
            cells.append(new_markdown_cell(text, id=f"points-{cell.id}"))
        if cell.cell_type == "markdown":
            for marker, text in KEY_MARKERS.items():
                cell.source = cell.source.replace(marker, text)
        cells.append(cell)
    notebook.cells = cells
    exporter = HTMLExporter(
        raw_template=TEMPLATE,
        sanitize_html=True,
        exclude_input_prompt=True,
        exclude_anchor_links=True,
    )
    html, _ = exporter.from_notebook_node(
        notebook, {"metadata": {"name": f"{assignment.about['title']}: answer key"}}
    )
    return str(html)


def pack(files: dict[str, bytes]) -> bytes:
    """A zip that depends on nothing but the names and contents of the files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.external_attr = (0o755 if name.endswith("/") else 0o644) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _text(notebook: NotebookNode) -> str:
    return str(nbformat.writes(notebook)) + "\n"
