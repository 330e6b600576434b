"""How the pages, the notebooks and the PDF are made: one Sphinx extension, whose parts these are.

What the source says of itself: `ledger`, `travel_pages`, `questions` with `answers`, `chapter_map`,
`front` and `lab` (directives and roles), `executed` (the cache of outputs). How it is shown:
`claim_lines`, `highlight`, `breaks`, `cells`, `inline_svg`, `live_figures`, `folds`, `former`,
`reading`, `question_pages` with `question_forms` and `katex` on the pages; `latex` and
`question_print` in print, `epub` for e-readers, `notebooks` with `markdown` and `quiz` in Jupyter,
`slides` with `slide_parts` and `empty_axes` in the lecture room.
The site around the pages: `repository` (links that lead there), `search`, `previews`, `site`
(metadata, files), `heights` of sections. After the pages are written: `finish`, the steps in their
order, with `theme`, `bundle` and `policy`.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict[str, int]:
    # `executed` is wanted without all these, which take a second to import.
    from extensions import (
        breaks,
        cells,
        chapter_map,
        claim_lines,
        epub,
        finish,
        folds,
        former,
        front,
        heights,
        highlight,
        inline_svg,
        katex,
        lab,
        latex,
        ledger,
        live_figures,
        notebooks,
        question_pages,
        questions,
        reading,
        repository,
        search,
        site,
        slides,
        travel_pages,
    )

    # `breaks` sees the figures filled in, and `latex` shapes what all have
    figures = (ledger, travel_pages, claim_lines, lab, breaks, cells)
    tables = (*figures, questions, question_pages, chapter_map, latex)
    for part in (
        katex,
        highlight,
        epub,
        repository,
        search,
        site,
        heights,
        inline_svg,
        live_figures,
        folds,
        former,
        reading,
        front,
        *tables,
        notebooks,
        slides,
        finish,
    ):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": version()}


def version() -> int:
    """A number of its own for each state of this code: what an earlier one read is read anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.*")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:6])
