"""The claims of the built pages: each is a line with a link and its figures, many are folded."""

import html
import re
from pathlib import Path

import pytest
from docutils.nodes import make_id

from extensions.claim_lines import figures_of
from extensions.claims import set_as_text
from extensions.executed import executed
from lib.evidence import records

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build/html/book"
PAGES = sorted(p for p in (ROOT / "book").glob("*.md") if "evidence.seeds(" in p.read_text("utf-8"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_claim_is_one_line_with_its_figures(path):
    page = (HTML / f"{path.stem}.html").read_text("utf-8")
    claims = records(executed(ROOT, path).notebook)
    for claim in claims:
        place = make_id(f"claim {claim.statement}")
        assert page.count(f'id="{place}"') == 1, claim.name
        line = re.search(rf'<li id="{place}">(.*?)</li>', page, re.S)[1]
        text = html.unescape(re.sub(r"<[^>]+>", "", line.partition("</p>")[0]))
        word = "?not settled" if claim.kind == "unsettled" else "✓holds"
        said = set_as_text(claim.statement)
        assert " ".join(text.split()) == f"{word}: {said}: {figures_of(claim)}"
        assert f'href="evidence.html#{make_id(claim.name)}"' in line
    assert page.count('class="claim-sign"') == len(claims)
    assert not re.search(r"<span></span>(holds|not settled): ", page)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_more_than_three_stand_unfolded_together(path):
    page = (HTML / f"{path.stem}.html").read_text("utf-8")
    for before, items in re.findall(r'(.{60})<ul class="claims[^"]*">(.*?)</ul>', page, re.S):
        assert ("</summary>" in before) == (items.count("<li ") > 3)
