"""The book as an EPUB: its pages as e-readers take them, without scripts.

Formulas are MathML and figures files. Questions stand as in print, with their answers at the end of
their page. What a page folds away is left out: the notebooks have it.
"""

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder

from extensions.questions import AGAIN

NAMESPACES = {
    "": "http://www.w3.org/1999/xhtml",
    "epub": "http://www.idpf.org/2007/ops",
    "m": "http://www.w3.org/1998/Math/MathML",
    "svg": "http://www.w3.org/2000/svg",
}
XHTML, MATHML, SVG = (f"{{{NAMESPACES[key]}}}" for key in ("", "m", "svg"))
STYLE = Path(__file__).with_name("epub.css")
# Elements by tag or class that only a browser, or its reader's mouse, has a use for.
DROPPED = {
    "script", "link", "button", "summary", "katex-html", "headerlink", "toggle-button",
    "above-input",  # code that a page folds away
}  # fmt: skip
UNREACHED = re.compile(r"again\.xhtml|^\.\./.*\.(pdf|epub|zip)$")
EIGHTIES = 315619200  # 2 January 1980: a zip knows no earlier year
UNFIT = re.compile(r"<!DOCTYPE svg.*?>|<metadata>.*?</metadata>", re.S)


def setup(app: Sphinx) -> None:
    app.add_builder(BookBuilder, override=True)


class BookBuilder(Epub3Builder):
    def init(self) -> None:
        self.config.html_static_path = []
        self.config.html_theme_options = {}  # buttons, which need a theme of pages
        self.config.epub_title = self.config.epub_description = str(self.config.html_title)
        self.config.epub_basename = "training-deep-neural-networks"
        self.config.epub_uid = self.config.epub_identifier = (
            f"training-deep-neural-networks-{self.config.version}"
        )
        self.config.epub_show_urls = "no"
        self.config.epub_use_index = False
        os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
        super().init()

    def get_toc(self) -> None:
        super().get_toc()
        self.refnodes = [node for node in self.refnodes if AGAIN not in node["refuri"]]

    def handle_finish(self) -> None:
        """Keep of all that was written the pages and their pictures; then pack them."""
        out = Path(self.outdir)
        for path in [path for path in out.rglob("*") if path.is_file()]:
            if (path.suffix != ".xhtml" and path.parent.name != "_images") or AGAIN in str(path):
                path.unlink()
        for drawing in out.glob("_images/*.svg"):
            drawing.write_text(UNFIT.sub("", drawing.read_text("utf-8")), "utf-8")
        style = self.highlighter.get_stylesheet() + STYLE.read_text("utf-8")
        (out / "_static").mkdir(exist_ok=True)
        (out / "_static/book.css").write_text(style, "utf-8")
        for page in out.rglob("*.xhtml"):
            write_plain(page, len(page.relative_to(out).parts) - 1)
        super().handle_finish()

    def build_epub(self) -> None:
        """Pack the files with one date, so that the same book gives the same bytes."""
        date = max(int(os.environ["SOURCE_DATE_EPOCH"]), EIGHTIES)
        for path in Path(self.outdir).rglob("*"):
            os.utime(path, (date, date))
        super().build_epub()

    def build_content(self) -> None:
        """Say in the manifest which pages hold formulas and drawings, as readers ask for it."""
        super().build_content()
        manifest = Path(self.outdir, "content.opf")
        text = manifest.read_text("utf-8")
        for page in sorted(Path(self.outdir).rglob("*.xhtml")):
            source, at = page.read_text("utf-8"), page.relative_to(self.outdir).as_posix()
            has = [
                name for tag, name in (("<m:math", "mathml"), ("<svg:svg", "svg")) if tag in source
            ]
            if has:
                text = text.replace(f'href="{at}"', f'href="{at}" properties="{" ".join(has)}"', 1)
        manifest.write_text(text, "utf-8")


def write_plain(page: Path, depth: int) -> None:
    """Write a page anew without what is for browsers alone."""
    for prefix, uri in NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    source = page.read_text("utf-8").replace("&nbsp;", "\u00a0")
    tree = ET.fromstring(source[source.index("<html") :])
    seen: set[str] = set()
    for parent in list(tree.iter()):
        for child in list(parent):
            if dropped(child):
                remove(parent, child)
            elif child.tag == f"{XHTML}a" and UNREACHED.search(child.get("href", "")):
                del child.attrib["href"]
            elif child.tag == f"{XHTML}details":
                child.tag = f"{XHTML}div"
            if child.tag in (f"{MATHML}msub", f"{MATHML}msup", f"{MATHML}msubsup"):
                for sign in [s for s in child if s.text == "\u2061"]:  # applies a function; unseen
                    child.remove(sign)
            if child.get("id") in seen:
                del child.attrib["id"]
            seen.add(child.get("id", ""))
    style = {"rel": "stylesheet", "type": "text/css", "href": f"{'../' * depth}_static/book.css"}
    ET.SubElement(tree[0], f"{XHTML}link", style)
    page.write_text("<!DOCTYPE html>\n" + ET.tostring(tree, "unicode"), "utf-8")


def dropped(element: ET.Element) -> bool:
    tag = element.tag.removeprefix(XHTML)
    if tag == "meta":
        return "charset" not in element.attrib
    return bool(DROPPED & {tag, *element.get("class", "").split()})


def remove(parent: ET.Element, child: ET.Element) -> None:
    """Remove an element, but not the text behind it."""
    at, tail = list(parent).index(child), child.tail or ""
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(child)
