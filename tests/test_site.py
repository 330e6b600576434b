"""The site as a whole: light, closed, searchable, and usable by keyboard, on paper, from a disk."""

import gzip
import re

import pytest
from test_pages import HTML, LOOKS, PAGES, opened, site  # noqa: F401 (fixtures)

CHAPTERS = [page for page in PAGES if re.match(r"book/\d\d-", page)]
READ = [page for page in PAGES if page.startswith("book/")]
FOCUS = """() => {
  const at = document.activeElement;
  if (at === document.body || at === document.documentElement) return null;
  const style = getComputedStyle(at);
  return {name: at.outerHTML.slice(0, 120),
          seen: style.outlineStyle !== "none" || style.boxShadow !== "none"};
}"""


@pytest.fixture
def look(request):
    return getattr(request, "param", "light")


@pytest.mark.parametrize("page_name", CHAPTERS)
def test_a_chapter_is_light(browser, site, page_name):  # noqa: F811
    bodies = {}
    with browser.new_context(**LOOKS["light"]) as context:
        page = context.new_page()
        page.on("response", lambda response: bodies.update({response.url: response}))
        page.goto(site + page_name, wait_until="networkidle")
        sizes = {}
        for url, response in list(bodies.items()):
            body = response.body()
            if url.endswith(page_name):
                body = re.sub(rb'<svg class="figure".*?</svg>', b"", body, flags=re.S)
            if not re.search(r"\.(png|woff2?)$", url):
                body = gzip.compress(body)
            if "_images" not in url:
                sizes[url.rsplit("/", 1)[-1]] = len(body)
    assert len(bodies) <= 35
    assert sum(sizes.values()) <= 250_000, sizes


@pytest.mark.parametrize("page_name", READ)
def test_nothing_foreign_may_run(opened):  # noqa: F811
    policy = "document.querySelector('meta[http-equiv=Content-Security-Policy]').content"
    assert "default-src 'self'" in opened.evaluate(policy)
    opened.evaluate(
        """() => { const s = document.createElement("script"); s.textContent = "window.ran = 1";
                   document.body.append(s); }"""
    )
    assert opened.evaluate("window.ran") is None
    handlers = "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => "
    assert opened.evaluate(handlers + "a.name.startsWith('on'))).length") == 0


@pytest.mark.parametrize("page_name", READ)
def test_a_page_introduces_itself(opened):  # noqa: F811
    about = opened.evaluate("document.querySelector('meta[name=description]').content")
    assert 20 < len(about) <= 160
    seen = "[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length"
    assert opened.evaluate(seen) == 1


@pytest.mark.parametrize("page_name", CHAPTERS)
def test_formulas_are_mathml_too(opened):  # noqa: F811
    formulas = "[...document.querySelectorAll('.katex')]"
    assert opened.evaluate(f"{formulas}.length") > 0
    assert opened.evaluate(f"{formulas}.filter(e => !e.querySelector('math')).length") == 0


@pytest.mark.parametrize("start", ["http", "file"])
def test_search_leads_to_the_section(browser, site, start):  # noqa: F811
    root = site if start == "http" else f"{HTML.as_uri()}/"
    with browser.new_context() as context:
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(root + "search.html?q=dead+unit", wait_until="networkidle")
        page.locator("#search-results li a").first.wait_for()
        links = page.locator("#search-results li a").all()
        found = [link for link in links if "03-" in link.get_attribute("href")]
        found[0].click()
        page.wait_for_load_state("networkidle")
        assert "dead" in page.locator("article").inner_text()
        assert page.evaluate("document.styleSheets.length") > 0
        # From a disk a page may not be fetched, so a result has no lines of its text.
        assert [e for e in errors if start == "http" or "Failed to fetch" not in e] == []


@pytest.mark.parametrize(
    "page_name", ["book/index.html", "book/01-vanishing-and-exploding-gradients.html"]
)
def test_the_keyboard_reaches_everything_in_sight(opened):  # noqa: F811
    opened.keyboard.press("Tab")
    assert "Skip to main content" in opened.evaluate("document.activeElement.textContent")
    opened.keyboard.press("Enter")
    assert opened.evaluate("location.hash") == "#main-content"
    article = "document.querySelectorAll('article a[href], article button, article summary')"
    seen = "e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})"
    wanted = opened.evaluate(f"[...{article}].filter(e => {seen}).length")
    inside, unseen = 0, []
    for _ in range(2000):
        opened.keyboard.press("Tab")
        focus = opened.evaluate(FOCUS)
        if focus is None:
            break
        inside += opened.evaluate("!!document.activeElement.closest('article')")
        if not focus["seen"]:
            unseen.append(focus["name"])
    assert unseen == []
    assert inside >= wanted


@pytest.mark.parametrize("page_name", ["book/04-batch-normalization.html"])
def test_nothing_moves_for_those_who_ask(browser, site, page_name):  # noqa: F811
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(site + page_name, wait_until="networkidle")
        moving = """[...document.querySelectorAll('*')].filter(e => {
            const s = getComputedStyle(e);
            return s.animationName !== 'none' || !/^0s(, 0s)*$/.test(s.transitionDuration)
                || s.scrollBehavior === 'smooth'; }).map(e => e.outerHTML.slice(0, 80))"""
        assert page.evaluate(moving) == []


@pytest.mark.parametrize("page_name", ["book/04-batch-normalization.html"])
def test_paper_gets_the_text_alone(opened):  # noqa: F811
    opened.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".copybtn"):
        seen = f"[...document.querySelectorAll('{part}')].filter(e => e.checkVisibility()).length"
        assert opened.evaluate(seen) == 0, part
    width = opened.evaluate("document.querySelector('article').getBoundingClientRect().width")
    assert width > 600


def test_a_lost_reader_finds_the_book(browser, site):  # noqa: F811
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site + "404.html")
        page.get_by_role("link", name="All chapters").click()
        assert "Training Deep Neural Networks" in page.title()
