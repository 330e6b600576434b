"""The decks: of marks that show nowhere else, true to what was measured, and fit for a hall."""

import html
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from machine import EVERYTHING
from test_pages import AXE

from extensions.claim_lines import figures_of
from extensions.executed import executed
from extensions.slide_parts import row
from lib.evidence import records
from tools.slides import printed

ROOT = Path(__file__).parents[1]
DECKS = ROOT / "_build/slides"
CHAPTERS = sorted((ROOT / "book").glob("[0-9]*.md"))
MARK = re.compile(r"^% (?:slide|step|wall)\b ?(.*)$", re.M)
ONE = CHAPTERS[6]  # it has an explorable, a choice of six, and a figure beside its title
LOOKED_AT = CHAPTERS if EVERYTHING else [ONE]
SIZES = [(1280, 720), (1920, 1080)]
SMALLEST = 20  # pixels of a letter where a slide is 1280 wide
each = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
deck = pytest.mark.depends("_build/slides/{page.stem}.html", "book/{page.name}")


def sections(page):
    text = (DECKS / f"{page.stem}.html").read_text("utf-8")
    return re.findall(r'<section class="slide .*?</section>', text, re.S)


def plain(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


@deck
@each
def test_a_deck_has_fifteen_to_twenty_five_slides_and_none_is_a_heading_alone(page):
    found = sections(page)
    assert 15 <= len(found) <= 25
    for slide in found:
        body, _, notes = slide.partition("</div><footer>")
        body, notes = body.partition('<div class="body">')[2], notes.partition("<template>")[2]
        shows = r'class="(question|claim|axis|axes|choices|katex)|<(svg|img|pre|li|table)\b'
        assert re.search(shows, body) or "What is wrong here?" in slide, plain(slide)[:80]
        assert plain(notes) or 'class="slide summary"' in slide, plain(slide)[:80]


@deck
@pytest.mark.depends("_build/executed/**/*", "lib/**/*", "explorables/**/*")
@each
def test_it_shows_what_the_build_measured(page):
    claims = {claim.name: claim for claim in records(executed(ROOT, page).notebook)}
    marks = [names.split() for names in MARK.findall(page.read_text("utf-8")) if "-" in names]
    shown = [slide for slide in sections(page) if 'class="slide claims"' in slide]
    assert len(shown) == len(marks) > 0
    for slide, names in zip(shown, marks, strict=True):
        figures = re.findall(r'<p class="figures">(.*?)</p>', slide)
        assert figures == [html.escape(figures_of(claims[name])) for name in names]


def test_a_measured_number_that_changes_shows():
    claim = records(executed(ROOT, ONE).notebook)[0]
    other = replace(claim, effect=claim.effect + 7, low=claim.low + 7, high=claim.high + 7)
    assert figures_of(other) in plain(row(other, True))
    assert figures_of(claim) not in plain(row(other, True))


@pytest.mark.depends("_build/html/book/*.html", "_build/notebook/*.ipynb", "_build/epub/*.epub")
@pytest.mark.depends("book/*.md")
def test_marks_show_nowhere_else():
    with zipfile.ZipFile(next((ROOT / "_build/epub").glob("*.epub"))) as archive:
        inside = [archive.read(name).decode() for name in archive.namelist() if "xhtml" in name]
    globs = ("html/book/*.html", "notebook/*.ipynb")
    paths = [path for glob in globs for path in (ROOT / "_build").glob(glob)]
    assert {path.suffix for path in paths} >= {".html", ".ipynb"}
    shows_no_mark([*inside, *(path.read_text("utf-8") for path in paths)])


def shows_no_mark(texts):
    marks = {f"{word} {names}".strip() for word in ("slide", "step") for page in CHAPTERS
             for names in MARK.findall(page.read_text("utf-8")) if "-" in names}  # fmt: skip
    for text in texts:
        assert not re.search(r"% (slide|step|wall)\b", text)
        assert not [mark for mark in marks if mark in text]


CUT_OFF = """() => {
  const slide = document.querySelector(".slide.now"), all = slide.getBoundingClientRect();
  const unseen = (e) => e.closest("template, .katex-mathml, .unseen, .caption-number");
  const within = (e) => (e.closest(".katex") && !e.matches(".katex"))
    || (e.closest("svg") && !e.matches("svg, text"));
  const out = [...slide.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect();
    if (unseen(e) || within(e) || !box.width || !box.height) return false;
    return box.left < all.left - 1 || box.right > all.right + 1
      || box.top < all.top - 1 || box.bottom > all.bottom + 1;
  });
  const foot = slide.querySelector("footer").getBoundingClientRect().top;
  const parts = slide.matches(".tall") ? [] : [...slide.querySelector(".body").children];
  const below = parts.filter((e) => e.getBoundingClientRect().bottom > foot + 2);
  const rolls = (e) => e.scrollWidth > e.clientWidth + 2;
  const wide = [...slide.querySelectorAll("pre, .picture")].filter(rolls);
  return [...out, ...below, ...wide].map((e) => e.outerHTML.slice(0, 90));
}"""
LETTERS = """() => {
  const slide = document.querySelector(".slide.now");
  const scale = slide.getBoundingClientRect().width / 1280;
  const style = (e) => getComputedStyle(e);
  const drawn = (e) => { const m = e.getScreenCTM(); return Math.hypot(m.a, m.b); };
  const zoomed = (e) => e ? (parseFloat(style(e).zoom) || 1) * zoomed(e.parentElement) : 1;
  const size = (e) => parseFloat(style(e).fontSize) * (e.closest("svg") ? drawn(e) : zoomed(e));
  return [...slide.querySelectorAll("*:not(tspan)")]
    .filter((e) => e.checkVisibility() && !e.closest(".katex, .unseen, .caption-number"))
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => size(e) / scale < SMALLEST - 0.1)
    .map((e) => `${e.textContent.trim().slice(0, 30)}: ${size(e) / scale}`);
}""".replace("SMALLEST", str(SMALLEST))


def opened(browser, page, size=SIZES[0], scheme="light"):
    context = browser.new_context(
        viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=scheme
    )
    tab = context.new_page()
    tab.problems = []
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("console", lambda m: tab.problems.append(m.text) if m.type == "error" else None)
    tab.goto((DECKS / f"{page.stem}.html").as_uri())
    tab.evaluate("document.fonts.ready")
    return tab


def slides_of(tab):
    """Each slide in turn, with all its steps, as the keyboard shows them."""
    number = tab.locator(".slide").count()
    for at in range(number):
        assert tab.evaluate("location.hash") == f"#{at + 1}"
        for _ in range(tab.locator(".slide.now .step").count()):
            tab.keyboard.press("PageDown")
        assert tab.locator(".slide.now .step:not(.shown)").count() == 0
        yield at + 1
        tab.keyboard.press("PageDown")


@deck
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", LOOKED_AT, ids=lambda page: page.stem)
def test_nothing_is_cut_off_and_letters_are_large(browser, page, size):
    tab = opened(browser, page, size)
    for at in slides_of(tab):
        assert tab.evaluate(CUT_OFF) == [], at
        assert tab.evaluate(LETTERS) == [], at
    assert tab.problems == []
    tab.context.close()


@deck
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", LOOKED_AT, ids=lambda page: page.stem)
def test_axe_finds_nothing(browser, page, scheme):
    tab = opened(browser, page, scheme=scheme)
    tab.evaluate(AXE.read_text("utf-8"))
    where = "{include: [document], exclude: ['.katex-html']}"
    for at in slides_of(tab):
        found = tab.evaluate(f"axe.run({where}, {{resultTypes: ['violations']}})")["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == [], at
    tab.context.close()


@pytest.mark.depends("_build/slides/*.html")
def test_a_second_window_has_the_notes_and_leads(browser):
    tab = opened(browser, ONE)
    with tab.context.expect_page() as second:
        tab.keyboard.press("n")
    notes = second.value
    place, says = notes.locator(".place"), notes.locator(".notes")
    assert place.inner_text() == "Slide 1 of 24"
    assert "Students say: A comparison at one learning rate" in says.inner_text()
    assert re.fullmatch(r"0:0\d", notes.locator(".timer").inner_text())
    notes.keyboard.press("ArrowRight")
    assert tab.evaluate("location.hash") == "#2"
    assert place.inner_text() == "Slide 2 of 24, step 0 of 1"
    notes.keyboard.press(" ")
    assert tab.locator(".slide.now .answer.shown").count() == 1
    tab.keyboard.press("End")
    assert place.inner_text().startswith("Slide 24 of 24")
    tab.keyboard.press("Home")
    tab.keyboard.press("d")
    for page in (tab, notes):
        assert page.locator("html").get_attribute("data-theme") == "dark"
    notes.evaluate(AXE.read_text("utf-8"))
    assert notes.evaluate("axe.run()")["violations"] == []
    assert tab.problems == []
    tab.context.close()


@pytest.mark.depends("_build/slides/*.html")
def test_votes_are_counted_and_explorables_move(browser):
    tab = opened(browser, ONE)
    tab.keyboard.press("ArrowRight")
    option = tab.locator(".slide.now .choices button").first
    option.click()
    option.click()
    assert option.get_attribute("data-votes") == "2"
    live = tab.locator(".slide:has(.explorable)").first
    for _ in range(60):
        if "now" in live.get_attribute("class").split():
            break
        tab.keyboard.press("PageDown")
    before = live.locator(".xp-result").inner_text()
    live.locator("input").first.focus()
    tab.keyboard.press("ArrowRight")
    assert live.locator(".xp-result").inner_text() != before
    assert "now" in live.get_attribute("class").split(), "the key was the slider's"
    tab.context.close()


@pytest.mark.depends("_build/slides/**/*.html")
def test_print_has_a_page_a_slide_two_a_handout_and_one_for_the_wall(browser):
    def pages(path):
        return len(re.findall(rb"/Type /Page\b", printed(browser, path)))

    assert pages(DECKS / f"{ONE.stem}.html") == len(sections(ONE))
    for page in LOOKED_AT:
        assert pages(DECKS / f"print/{page.stem}-handout.html") == 2
    assert [pages(path) for path in DECKS.glob("print/*-wall.html")] == [1]
