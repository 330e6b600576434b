"""The search of the site: an entry for each section, trap and term, with its place and a sentence.

Sphinx's own index knows whole pages. This one is read from the resolved pages, without folded code
and without the questions, whose wrong options would be found. `assets/search.js` ranks.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import snowballstemmer  # type: ignore[import-untyped]
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from extensions.ledger import claim_figures, claim_link
from extensions.questions import AGAIN, question

INDEX = "search-index.js"
LEFT_OUT = (AGAIN, "book/changes", "book/references")
HOLE = "\ufffc"
WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
TITLE, TERM, PROSE, CODE = 8, 4, 1, 0.3  # what a word counts for, by where it stands
UNSEEN = (nodes.raw, nodes.comment, nodes.title, nodes.math, nodes.math_block, question)
SENTENCE = re.compile(r".{30,}?[.?!](?=\s|$)", re.S)  # or more, where the first are short
IRREGULAR = {
    "frozen": "freeze",
    "froze": "freeze",
    "unfrozen": "unfreeze",
    "dying": "die",
    "chosen": "choose",
    "grew": "grow",
    "grown": "grow",
}
BRITISH = re.compile(r"is(e[drs]?|ers|ing|ations?)$")
STEM = snowballstemmer.stemmer("porter")  # as language_data.js has it


@dataclass
class Entry:
    title: str
    anchor: str
    snippet: str
    weights: dict[str, float]


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", collect, priority=400)  # before questions become forms


def kept(app: Sphinx, docname: str) -> Path:
    """What is known of a page, which need not be written again."""
    return Path(app.doctreedir, f"{docname}.search.json")


def collect(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name != "html" or docname in LEFT_OUT:
        return
    path = kept(app, docname)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(entry) for entry in entries(doctree)]), "utf-8")


def entries(doctree: nodes.document) -> Iterator[Entry]:
    for section in doctree.findall(nodes.section):
        if section[0].astext() == "Traps":
            yield from traps(section)
        elif isinstance(section[0], nodes.title):  # those of exercises have none
            yield entry(section, section["ids"][0])
    for exercise in doctree.findall(is_exercise):
        yield entry(exercise, exercise["ids"][0])  # type: ignore[index, arg-type]
    yield from terms(doctree)


def terms(doctree: nodes.document) -> Iterator[Entry]:
    """Those of the glossary. One that only says "See …" leads to the other, with its sentence."""
    defined = {
        term["ids"][0]: (term.astext(), next(iter(item.findall(nodes.definition))))
        for item in doctree.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        if term["ids"]
    }
    for anchor, (name, definition) in defined.items():
        said = definition.astext()
        texts: list[tuple[float, str]] = [(TITLE, name), (PROSE, said)]
        if re.fullmatch(r"See [^.]+\.", said):
            anchor = next(iter(definition.findall(nodes.reference)))["refid"]
            said = defined[anchor][1].astext()
        yield made(name, anchor, said, texts)


def is_exercise(node: nodes.Node) -> bool:
    return type(node).__name__.startswith("exercise") and isinstance(node.children[0], nodes.title)


def is_apart(node: nodes.Node) -> bool:
    """What has an entry of its own, or none: a section, an exercise, a solution."""
    named = isinstance(node, nodes.section) and isinstance(node[0], nodes.title)
    return named or type(node).__name__.startswith(("exercise", "solution"))


def entry(section: nodes.Element, anchor: str) -> Entry:
    """A section by itself, without the sections in it."""
    title = section[0].astext().strip()
    if not isinstance(section, nodes.section):
        title = f"Exercise: {title.strip('()')}"
    texts: list[tuple[float, str]] = [(TITLE, title)]
    prose: list[str] = []
    for block in section.children[1:]:
        if not is_apart(block):
            gather(block, texts, prose)
    top = isinstance(section.parent, nodes.document)
    return made(title, "" if top else anchor, " ".join(prose), texts)


def traps(section: nodes.section) -> Iterator[Entry]:
    """The paragraphs that begin with a bold line, which get a name to be found by."""
    for block in section.findall(nodes.paragraph):
        if begins_bold(block) and block.parent is section:
            title = next(iter(block.findall(nodes.strong))).astext().rstrip(".")
            block["ids"] = [*block["ids"], nodes.make_id(f"trap {title}")]
            texts: list[tuple[float, str]] = [(TITLE, title)]
            prose: list[str] = []
            following = section.children[section.index(block) + 1 :]
            gather(block, texts, prose)
            for other in following[:6]:
                if begins_bold(other):
                    break
                gather(other, texts, prose)
            yield made(title, block["ids"][-1], " ".join(prose[1:] or prose), texts)


def begins_bold(block: nodes.Node) -> bool:
    first = next((child for child in block.children if child.astext()), None)
    return isinstance(block, nodes.paragraph) and isinstance(first, nodes.strong)


def gather(block: nodes.Node, texts: list[tuple[float, str]], prose: list[str]) -> None:
    if isinstance(block, (addnodes.glossary, addnodes.toctree, *UNSEEN)):
        return  # a section in an exercise is its text
    if isinstance(block, nodes.literal_block):
        texts.append((CODE, block.astext()))
    elif isinstance(block, nodes.container) and "tag_hide-input" in block["classes"]:
        for caption in block.findall(nodes.caption):
            texts.append((PROSE, caption.astext()))
    elif isinstance(block, nodes.TextElement):
        said = without_formulas(block)
        texts.append((PROSE, said))
        texts += [(TERM, part.astext()) for part in block.findall(nodes.strong)]
        prose.append(said)
    elif isinstance(block, nodes.Element):
        for child in block.children:
            gather(child, texts, prose)


def without_formulas(block: nodes.Element) -> str:
    """Its words, with a hole for each formula and for what a claim will say."""
    parts = [
        HOLE if isinstance(text.parent, (nodes.math, claim_link, claim_figures)) else text.astext()
        for text in block.findall(nodes.Text)
    ]
    return " ".join("".join(parts).split())


def made(title: str, anchor: str, prose: str, texts: list[tuple[float, str]]) -> Entry:
    weights: defaultdict[str, float] = defaultdict(float)
    for weight, text in texts:
        for word, times in Counter(words(text)).items():
            weights[word] += weight * times**0.5
    said = SENTENCE.findall(prose := " ".join(prose.split())) or [prose]
    whole = next((sentence for sentence in said if HOLE not in sentence), said[0])
    snippet = " ".join(whole.replace(HOLE, " ").split())[:200]
    return Entry(title, anchor, snippet, dict(weights))


def words(text: str) -> list[str]:
    """The stems in a text; of a compound its parts, too."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)  # BatchNormalization, but not ReLU
    every = [word.lower() for word in WORD.findall(split)]
    return [STEM.stemWord(BRITISH.sub(r"iz\1", IRREGULAR.get(word, word))) for word in every]


def write(app: Sphinx) -> None:
    """Write the index beside the pages: entries, and for each stem where it stands."""
    found: list[list[str]] = []
    stems: defaultdict[str, list[float]] = defaultdict(list)
    for docname in sorted(app.env.found_docs - {*LEFT_OUT}):
        page = app.env.titles[docname].astext()
        for one in json.loads(kept(app, docname).read_text("utf-8")):
            uri = app.builder.get_target_uri(docname) + (
                f"#{one['anchor']}" if one["anchor"] else ""
            )
            length = sum(one["weights"].values()) ** 0.5
            for stem, weight in one["weights"].items():
                stems[stem] += [len(found), round(weight / (weight + 0.3 * length), 2)]
            found.append([one["title"], page, uri, one["snippet"]])
    spelling = {"irregular": IRREGULAR, "british": BRITISH.pattern}
    index = {"entries": found, "stems": stems, **spelling}
    data = json.dumps(index, ensure_ascii=False, sort_keys=True)
    Path(app.outdir, INDEX).write_text(f"var searchIndex = {data};", "utf-8")
