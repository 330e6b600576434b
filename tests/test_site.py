"""The site as a whole: light, closed, searchable, and usable by keyboard, on paper, from a disk."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urldefrag, urljoin, urlsplit

import pytest
from test_pages import HTML, PAGES, open_page, site  # noqa: F401 (a fixture)

pytestmark = pytest.mark.depends(
    "_build/html/_static/**/*", "_build/html/_images/*", "_build/html/previews/book/*.js"
)
WHOLE = pytest.mark.depends("_build/html/**/*.html", "_build/html/*.js", "_build/html/notebooks/*")
PAGE = pytest.mark.depends("_build/html/{page_name}")
NINTH = "book/09-regularization.html"
FOURTH, TENTH = "book/04-batch-normalization.html", "book/10-practical-guidelines.html"
FOCUS = """() => {
  const at = document.activeElement;
  if (at === document.body || at === document.documentElement) return null;
  const style = getComputedStyle(at);
  return {name: at.outerHTML.slice(0, 120),
          seen: style.outlineStyle !== "none" || style.boxShadow !== "none"};
}"""


class Links(HTMLParser):
    """The addresses to which a page leads, and the places in it."""

    def __init__(self, page):
        super().__init__()
        self.to, self.ids = [], set()
        self.feed((HTML / page).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.to.append(attributes["href"])


@WHOLE
def test_links_into_the_book_lead_somewhere():
    pages = {page: Links(page) for page in PAGES}
    for page, links in pages.items():
        for link in links.to:
            address, anchor = urldefrag(urljoin(f"http://book/{page}", link))
            # The PDF, the EPUB and the zip are asked for where they are made: test_pdf.py.
            if not address.startswith("http://book/") or address.endswith(
                (".pdf", ".epub", ".zip")
            ):
                continue
            target = unquote(address.removeprefix("http://book/")) or "index.html"
            assert (HTML / target).is_file(), f"{page}: {link}"
            if anchor and target in pages:
                settings = "=" in anchor and 'data-explorable="lab"' in (HTML / target).read_text()
                assert settings or unquote(anchor) in pages[target].ids, f"{page}: {link}"


def test_rules_for_what_scripts_set_are_kept():
    """No page has these attributes when it is written."""
    [bundle] = HTML.glob("_static/bundle-*.css")
    css = bundle.read_text("utf-8")
    assert [name for name in ("data-live", "aria-sort") if f"[{name}" not in css] == []


@pytest.fixture
def opened(browser, site, page_name):  # noqa: F811
    with open_page(browser, site, page_name, "light") as page:
        yield page


@WHOLE
@pytest.mark.parametrize("start", ["http", "file"])
def test_search_leads_to_the_section(browser, site, start):  # noqa: F811
    root = site if start == "http" else f"{HTML.as_uri()}/"
    with browser.new_context() as context:
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(root + "search.html?q=dead+unit")
        page.locator("#search-results li a").first.wait_for()
        links = page.locator("#search-results li a").all()
        found = [link for link in links if "03-" in link.get_attribute("href")]
        found[0].click()
        page.wait_for_url("**/03-*")
        assert "dead" in page.locator("article").inner_text()
        assert page.evaluate("document.styleSheets.length") > 0
        assert errors == []


@PAGE
@pytest.mark.parametrize(
    "page_name", ["book/index.html", "book/01-vanishing-and-exploding-gradients.html"]
)
def test_the_keyboard_reaches_everything_in_sight(opened):
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


@PAGE
@pytest.mark.parametrize("page_name", [FOURTH])
def test_nothing_moves_for_those_who_ask(browser, site, page_name):  # noqa: F811
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(site + page_name)
        moving = """[...document.querySelectorAll('*')].filter(e => {
            const s = getComputedStyle(e);
            return s.animationName !== 'none' || !/^0s(, 0s)*$/.test(s.transitionDuration)
                || s.scrollBehavior === 'smooth'; }).map(e => e.outerHTML.slice(0, 80))"""
        assert page.evaluate(moving) == []


@pytest.mark.depends(f"_build/html/{FOURTH}")
def test_captions_stand_in_the_margin(browser, site):  # noqa: F811
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{site}{FOURTH}#fig-lag")
        drawing = page.locator("#fig-lag > svg").first.bounding_box()
        caption = page.locator("#fig-lag > figcaption p")
        box = caption.bounding_box()
        assert drawing["x"] + drawing["width"] < box["x"] < box["x"] + box["width"] < 1440
        # What a section cuts off is not found at its place.
        there = (
            "e => document.elementsFromPoint(e.getBoundingClientRect().right - 9, innerHeight / 7)"
        )
        assert caption.evaluate(f"{there}.includes(e)")


@pytest.mark.depends(f"_build/html/{TENTH}")
def test_the_list_of_sections_follows_the_reader(browser, site):  # noqa: F811
    with browser.new_context(viewport={"width": 1280, "height": 700}) as context:
        page = context.new_page()
        page.mouse.move(700, 300)  # over the sidebar it would stay as it is
        page.goto(f"{site}{TENTH}#summary")
        page.wait_for_function(
            """() => {
              const active = document.querySelector("#pst-page-toc-nav a.active");
              const { top, bottom } = active?.getBoundingClientRect() ?? {};
              return active?.hash === "#summary" && top > 0 && bottom < innerHeight;
            }"""
        )


@pytest.mark.depends(f"_build/html/{FOURTH}")
def test_a_section_is_reached_on_a_phone(browser, site):  # noqa: F811
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(site + FOURTH)
        page.locator(".primary-toggle").click()
        page.locator("#pst-page-toc-nav").get_by_text("Traps").click()
        page.locator("#traps h2").click(trial=True)  # nothing lies above it


@pytest.mark.depends(f"_build/html/{NINTH}")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_lands_whatever_is_laid_out_above_it(browser, site, width):  # noqa: F811
    html = (HTML / NINTH).read_text("utf-8")
    sections = re.findall(r'<section[^>]* id="([^"]+)">\s*<h3>', html)
    assert len(sections) > 15
    for section in sections[::4]:
        with browser.new_context(viewport={"width": width, "height": 844}) as context:
            page = context.new_page()
            page.goto(f"{site}{NINTH}#{section}")
            page.wait_for_timeout(400)
            top = page.locator(f"#{section}").bounding_box()["y"]
            assert 0 <= top < 200, section


@PAGE
@pytest.mark.parametrize("page_name", [FOURTH])
def test_paper_gets_the_text_alone(opened):
    opened.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-header-article", ".copybtn"):
        seen = f"[...document.querySelectorAll('{part}')].filter(e => e.checkVisibility()).length"
        assert opened.evaluate(seen) == 0, part
    width = opened.evaluate("document.querySelector('article').getBoundingClientRect().width")
    assert width > 600


@WHOLE
def test_a_lost_reader_finds_the_book(browser, site):  # noqa: F811
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site + "404.html")
        page.get_by_role("link", name="All chapters").click()
        assert "Training Deep Neural Networks" in page.title()


@PAGE
@pytest.mark.parametrize("page_name", ["book/evidence.html"])
def test_a_table_is_sorted_by_its_powers_of_ten(opened):
    opened.locator("table.sortable").first.get_by_role("button", name="measured").click()
    cells = opened.locator("table.sortable").first.locator("tbody tr td:nth-child(2)")
    texts = [text.replace("−", "-") for text in cells.all_inner_texts()]
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    numbers = [re.match(r"(-?[\d.]+)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text).groups() for text in texts]
    values = [float(f"{one}e{(power or '0').translate(raised)}") for one, power in numbers]
    assert values[0] < 1e-3 < values[-1]
    assert values == sorted(values)


@WHOLE
def test_the_dark_book_is_printed_light(browser, site):  # noqa: F811
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(site + "book/glossary.html")
        theme = "document.documentElement.dataset.theme"
        for event, shown in ("focus", "dark"), ("beforeprint", "light"), ("afterprint", "dark"):
            page.evaluate(f"dispatchEvent(new Event('{event}'))")
            assert page.evaluate(theme) == shown
    with browser.new_context(color_scheme="dark", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + "book/glossary.html")
        assert page.locator("html").get_attribute("data-theme") == "light"


@WHOLE
def test_an_address_that_ends_in_percent_leaves_the_page_alive(browser, site):  # noqa: F811
    with open_page(browser, site, "book/index.html#50%", "light") as page:
        page.locator(".explorable[data-live]").first.wait_for()
        assert page.errors == []


@WHOLE
def test_a_search_for_what_every_object_has_breaks_nothing(browser, site):  # noqa: F811
    with open_page(browser, site, "search.html?q=constructor", "light") as page:
        assert page.errors == []


@PAGE
@pytest.mark.parametrize("page_name", ["book/01-vanishing-and-exploding-gradients.html"])
def test_a_report_names_the_section_in_sight(opened):
    section = opened.locator("article h3").nth(2)
    section.evaluate("heading => heading.scrollIntoView({behavior: 'instant'})")
    opened.wait_for_timeout(100)
    # The book that is tested has no address, and so no button.
    opened.evaluate("""() => {
      document.body.insertAdjacentHTML("beforeend",
        '<a class="btn-source-issues-button" href="https://host/new?page=book/01">x</a>');
      addEventListener("click", (event) => event.preventDefault());
      document.querySelector(".btn-source-issues-button").click();
    }""")
    asked = dict(
        parse_qsl(urlsplit(opened.locator(".btn-source-issues-button").get_attribute("href")).query)
    )
    assert asked == {"page": "book/01", "section": section.inner_text().rstrip("#").strip()}
