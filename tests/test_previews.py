"""Previews: a link into the book shows what it leads to, by mouse, keyboard and finger."""

import gzip
import json
import re
from pathlib import Path

import pytest
from test_pages import AXE, HTML, is_closed, open_page, site  # noqa: F401 (a fixture)

from extensions import previews

ROOT = Path(__file__).parents[1]
CHAPTER = "book/05-gradient-clipping.html"
FILES = pytest.mark.depends(
    f"_build/html/{CHAPTER}", "_build/html/book/glossary.html", "_build/html/previews/book/*.js",
    "_build/html/_static/**/*", "_build/html/_images/*",
)  # fmt: skip
PAGES = pytest.mark.depends("_build/html/book/*.html", "_build/html/previews/book/*.js")
KINDS = {  # a link of the text, and what its card holds
    "term": ("a[href^='glossary.html#term-']", "dt"),
    "formula": ("a[href^='#equation-']", ".katex"),
    "figure": ("a[href^='#fig-']", "svg.figure, img"),
    "claim": ("a[href^='evidence.html#']", "p + p"),
    "paper": ("a[href^='references.html#']", "p, span"),
    "section": ("a[href*='#vanishing-and-exploding-gradients']", "p > strong"),
}


def link(page, kind):
    within = ".claims" if kind == "claim" else "article p"
    return page.locator(f"{within} {KINDS[kind][0]}:visible").first


def opened(page):
    page.locator(".preview").wait_for()
    return page.locator(".preview")


@pytest.fixture(scope="module")
def chapter(browser, site):  # noqa: F811
    with open_page(browser, site, CHAPTER, "light") as page:
        yield page


@FILES
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_opens_for_the_mouse_and_goes_with_escape(chapter, kind):
    place = link(chapter, kind)
    place.scroll_into_view_if_needed()
    place.hover(trial=True)  # waits until it stands still
    before = place.bounding_box()
    place.hover()
    card = opened(chapter)
    card.locator(KINDS[kind][1]).first.wait_for(state="attached")
    assert card.inner_text().strip()
    place.and_(chapter.locator("[aria-describedby=preview]")).wait_for()
    assert place.bounding_box() == before
    card.hover()
    chapter.wait_for_timeout(400)
    assert card.is_visible()  # who points at it may read it
    chapter.keyboard.press("Escape")
    assert not card.count()
    assert place.get_attribute("aria-describedby") is None
    assert chapter.url.endswith(CHAPTER)
    is_closed(chapter)


@FILES
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_opens_for_the_keyboard_and_axe_finds_nothing_in_it(chapter, kind):
    chapter.keyboard.press("Tab")  # from here on focus is shown
    link(chapter, kind).focus()
    card = opened(chapter)
    chapter.evaluate(AXE.read_text("utf-8"))
    found = chapter.evaluate("axe.run({include: ['.preview'], exclude: ['.katex-html']})")
    assert [problem["id"] for problem in found["violations"]] == []
    chapter.keyboard.press("Tab")
    chapter.wait_for_timeout(50)
    assert card.count() == chapter.locator("[aria-describedby=preview]").count()
    chapter.keyboard.press("Escape")
    assert not card.count()


@FILES
def test_a_link_with_a_card_still_leads_there(browser, site):  # noqa: F811
    page = browser.new_page()
    page.goto(site + CHAPTER)
    link(page, "term").hover()
    opened(page)
    link(page, "term").click()
    page.wait_for_url("**/glossary.html#term-*")
    page.close()


@FILES
def test_a_long_press_opens_a_card_and_a_tap_follows_the_link(browser, site):  # noqa: F811
    with browser.new_context(has_touch=True, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(site + CHAPTER)
        place = link(page, "term")
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        finger = context.new_cdp_session(page)
        spot = {"x": box["x"] + 5, "y": box["y"] + 5}
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [spot]})
        card = opened(page)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(300)
        assert card.is_visible()
        assert page.url.endswith(CHAPTER)
        edges = card.bounding_box()
        assert edges["x"] >= 0
        assert edges["x"] + edges["width"] <= 390
        place.tap()
        page.wait_for_url("**/glossary.html#*")


@FILES
def test_a_card_opens_from_a_disk_and_none_is_printed(browser):
    page = browser.new_page()
    page.goto((HTML / CHAPTER).as_uri())
    link(page, "paper").hover()
    card = opened(page)
    page.emulate_media(media="print")
    assert not card.is_visible()
    page.close()


@PAGES
def test_each_link_into_the_text_has_a_card():
    pages = {page: page.read_text("utf-8") for page in HTML.glob("book/*.html")}
    texts = {path.relative_to(HTML).as_posix(): html for path, html in pages.items()}
    for page, anchor in previews.targets(texts):
        data = (HTML / previews.FOLDER / page.replace(".html", ".js")).read_text("utf-8")
        cards = json.loads(re.sub(r"^[^=]*\?\?= \{\}\)[^=]*= |;$", "", data))
        text = re.sub(r"<[^>]+>", "", cards[anchor]).strip()
        assert text or "<img" in cards[anchor], (page, anchor)
        assert "<a " not in cards[anchor]
        assert len(cards[anchor]) < 150_000, (page, anchor)


@PAGES
def test_no_link_has_a_title_beside_its_card():
    for page in HTML.glob("book/*.html"):
        html = page.read_text("utf-8")
        article = html[html.index("<article") : html.index("</article>")]
        assert not re.search(r'<a [^>]*\btitle="', article), page.name


@pytest.mark.depends("assets/preview.js")
def test_the_script_is_small():
    assert len(gzip.compress((ROOT / "assets/preview.js").read_bytes())) <= 2000


def test_what_stands_behind_a_link():
    page = """<section id="top"><h1>A title<a class="headerlink" href="#top">#</a></h1>
      <p>Its <a href="x">text</a>.</p><p id="trap">A trap.</p>
      <table><thead><tr><th>claim</th><th>seeds</th></tr></thead>
      <tbody><tr><td><p><span id="row"></span>It holds</p></td><td>10</td></tr></tbody></table>
      <figure id="fig"><div><svg class="figure"><use href="#f0-a"/><g id="f0-a"/></svg></div>
      <figcaption><p>A caption.</p></figcaption></figure></section>"""
    assert previews.behind(page, "top") == (
        "<p><strong>A title</strong></p><p>Its <span>text</span>.</p>"
    )
    assert previews.behind(page, "trap") == "<p>A trap.</p>"
    assert previews.behind(page, "row") == "<p>It holds</p><p>seeds: 10</p>"
    assert previews.behind(page, "fig").startswith(
        '<svg class="figure"><use href="#preview-f0-a"/><g id="preview-f0-a"/></svg><figcaption>'
    )
    assert previews.behind(page, "none") == ""
