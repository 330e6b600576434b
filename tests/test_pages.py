"""Every page of the built book in a real browser: complete, light, closed and accessible.

A page is loaded once for each look; all checks of that look are made on it.
"""

import functools
import gzip
import http.server
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
import pytest

HTML = Path(__file__).parents[1] / "_build/html"
PAGES = sorted(
    str(path.relative_to(HTML)) for path in HTML.rglob("*.html") if "_static" not in path.parts
)
READ = [page for page in PAGES if page.startswith("book/")]
CHAPTERS = [page for page in PAGES if re.match(r"book/\d\d-", page)]
EXECUTED = [*CHAPTERS, "book/reproducibility.html"]
SEARCH = pytest.param("search.html", marks=pytest.mark.depends("_build/html/search-index.js"))
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(folder):
    """The address at which a folder is served while the context lasts."""
    handler = functools.partial(QuietHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def site():
    with served(HTML) as address:
        yield address


@contextmanager
def open_page(browser, site, page_name, look):
    """The page as loaded, with what it asked of other hosts, the errors it met and the answers."""
    with browser.new_context(**LOOKS[look]) as context:
        page = context.new_page()
        page.foreign, page.errors, page.answers = [], [], {}

        def route(route):
            url = route.request.url
            if url.startswith((site, "data:", "blob:")):
                route.continue_()
            else:
                page.foreign.append(url)
                route.abort()

        def answer(response):
            page.answers[response.url] = response
            if response.status >= 400:
                page.errors.append(response.url)

        page.route("**/*", route)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.on("response", answer)
        page.goto(site + page_name)  # the network may rest before the page is loaded
        page.wait_for_load_state("networkidle")
        yield page


def test_there_are_pages():
    assert len(CHAPTERS) == 10
    assert set(EXECUTED) < set(READ)


@pytest.mark.depends(
    "_build/html/{page_name}", "_build/html/_static/**/*", "_build/html/_images/*",
    "_build/html/book/index.html",  # to which the first page of all leads
)  # fmt: skip
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page_name", [page for page in PAGES if page != "search.html"] + [SEARCH])
def test_a_page(browser, site, page_name, look):
    checks = [is_complete, is_closed, stays_in_its_width, is_accessible, shows_formulas_whole]
    if look == "light":
        checks += [is_light, runs_nothing_foreign, introduces_itself] if page_name in READ else []
        checks += [writes_powers_of_ten]
        checks += [has_formulas_as_mathml] if page_name in CHAPTERS else []
        checks += [says_what_figures_show] if page_name in EXECUTED else []
    if look == "phone":
        checks += [guesses_its_heights] if page_name in CHAPTERS else []
        checks += [begins_no_line_with_a_mark, keeps_lines_of_code, has_legible_figures]
        checks += [shows_tables_of_words_whole, keeps_arrows_on_the_page]
    problems = {}
    with open_page(browser, site, page_name, look) as page:
        for check in [*checks, is_closed]:
            try:
                check(page)
            except AssertionError as problem:
                problems[check.__name__] = str(problem)
    assert problems == {}


def is_closed(page):
    assert page.foreign == []
    assert page.errors == []


def is_complete(page):
    broken = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)"
    assert page.evaluate(broken) == []


def stays_in_its_width(page):
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0


LAID_OUT = "* { content-visibility: visible !important }"
TWINS = """() => {
  const seen = new Set(), twins = [];
  for (const word of document.querySelectorAll(".highlight span:not(:has(*))")) {
    if (!word.textContent.trim()) continue;
    let behind = word;
    const clear = () => getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)";
    while (behind.parentElement && clear()) behind = behind.parentElement;
    const { color, fontSize, fontWeight } = getComputedStyle(word);
    const look = [color, fontSize, fontWeight, getComputedStyle(behind).backgroundColor].join();
    if (seen.has(look)) twins.push(word);
    seen.add(look);
  }
  for (const word of twins) word.replaceWith(word.textContent);
}"""


def is_accessible(page):
    """By axe, but for the letters of formulas, which are hidden from all but the eye.

    Of the thousands of words of code that look alike, on a ground that looks alike, one is left.
    """
    page.add_style_tag(content=LAID_OUT)  # else what is far from the screen seems to overlap
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(TWINS)
    # Menus and dialogs that are closed have no size; what a reader can reach is checked.
    where = "{include: [document], exclude: ['.katex-html']}"
    result = page.evaluate(f"axe.run({where}, {{resultTypes: ['violations']}})")
    problems = [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
    assert problems == []


def shows_formulas_whole(page):
    page.add_style_tag(content=LAID_OUT)
    page.evaluate("document.fonts.ready")  # those of formulas load with the first that is shown
    clipped = (
        "[...document.querySelectorAll('div.math')].filter(m => m.scrollWidth > m.clientWidth)"
    )
    assert page.evaluate(f"{clipped}.map(m => m.innerText)") == []


MARKS = """() => [...document.querySelectorAll("span.math")].filter((formula) => {
  const text = formula.nextSibling;
  if (text?.nodeType !== Node.TEXT_NODE || !/^[,.;:?!)\\]]/.test(text.data)) return false;
  const first = document.createRange();
  first.setStart(text, 0);
  first.setEnd(text, 1);
  const mark = first.getBoundingClientRect(), line = [...formula.getClientRects()].at(-1);
  return mark.height && mark.top > line.top + 0.7 * line.height;
}).map((formula) => formula.parentElement.textContent)"""


def begins_no_line_with_a_mark(page):
    page.add_style_tag(content=LAID_OUT)
    assert page.evaluate(MARKS) == []


def keeps_lines_of_code(page):
    joined = """[...document.querySelectorAll("pre, pre *")].filter((e) =>
        e.textContent.includes("\\n") && !/^(pre|break)/.test(getComputedStyle(e).whiteSpace))"""
    assert page.evaluate(f"{joined}.map(e => e.outerHTML.slice(0, 160))") == []


def shows_tables_of_words_whole(page):
    page.add_style_tag(content=LAID_OUT)
    wide = """[...document.querySelectorAll("table.in-blocks")].map((e) => e.parentElement)
        .filter((e) => e.scrollWidth > e.clientWidth)"""
    assert page.evaluate(f"{wide}.map(e => e.innerText.slice(0, 80))") == []


def keeps_arrows_on_the_page(page):
    beyond = """[...document.querySelectorAll(".prev-next-area i")].filter((e) =>
        e.getBoundingClientRect().left < 0 || e.getBoundingClientRect().right > innerWidth)"""
    assert page.evaluate(f"{beyond}.length") == 0


HEIGHTS = """() => [...document.querySelectorAll(".bd-article > section > section")].map((part) => {
  const guess = getComputedStyle(part).containIntrinsicHeight.replace("auto", "");
  return [part.id, parseFloat(guess) / part.getBoundingClientRect().height];
})"""


def guesses_its_heights(page):
    page.add_style_tag(content=LAID_OUT)
    wrong = {name: ratio for name, ratio in page.evaluate(HEIGHTS) if not 0.75 < ratio < 3}
    assert wrong == {}


SMALLEST = 11  # pixels, of a letter in a figure on a phone
LETTERS = """() => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const figures = [...document.querySelectorAll("svg.figure:not(.explorable-output *)")];
  return figures.filter((figure) => figure.checkVisibility()).map((figure) => [
    figure.closest("figure")?.id ?? "",
    Math.min(...[...figure.querySelectorAll("text, tspan")].map((text) => {
      const { a, b } = (text.closest("text") ?? text).getScreenCTM();
      return Math.hypot(a, b) * parseFloat(getComputedStyle(text).fontSize);
    })),
  ]);
}"""


def has_legible_figures(page):
    page.add_style_tag(content=LAID_OUT)
    small = {name: size for name, size in page.evaluate(LETTERS) if size < SMALLEST}
    assert small == {}


def is_light(page):
    """What a page weighs before its figures, those that move included: with fonts, and without."""
    sizes = {}
    for url, response in page.answers.items():
        body = response.body()
        if url.endswith(".html"):
            body = re.sub(rb'<svg class="figure.*?</svg>', b"", body, flags=re.S)
        if not re.search(r"\.(png|woff2?)$", url):
            body = gzip.compress(body)
        if "_images" not in url and "_static/explorables/" not in url:
            sizes[url.rsplit("/", 1)[-1]] = len(body)
    read = {name: size for name, size in sizes.items() if re.search(r"\.(html|css|js)$", name)}
    assert len(page.answers) <= 35
    assert sum(read.values()) <= 150_000, read
    assert sum(sizes.values()) <= 250_000, sizes


def runs_nothing_foreign(page):
    policy = "document.querySelector('meta[http-equiv=Content-Security-Policy]').content"
    assert "default-src 'self'" in page.evaluate(policy)
    before = list(page.errors)
    page.evaluate(
        """() => { const s = document.createElement("script"); s.textContent = "window.ran = 1";
                   document.body.append(s); }"""
    )
    assert page.evaluate("window.ran") is None
    page.errors[:] = before  # the refusal is told in the console
    handlers = "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => "
    assert page.evaluate(handlers + "a.name.startsWith('on'))).length") == 0


def writes_powers_of_ten(page):
    """No 1e-05 but in code and in what it printed."""
    words = """() => [...document.querySelectorAll("article :is(p, li, td, figcaption), svg text")]
        .filter((e) => !e.closest("pre, code")).map((e) => {
            const copy = e.cloneNode(true);
            for (const code of copy.querySelectorAll("pre, code, .katex")) code.remove();
            return copy.textContent;
        })"""
    assert [text for text in page.evaluate(words) if re.search(r"\de[-+]\d", text)] == []


def introduces_itself(page):
    about = page.evaluate("document.querySelector('meta[name=description]').content")
    assert 20 < len(about) <= 160
    seen = "[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length"
    assert page.evaluate(seen) == 1


def has_formulas_as_mathml(page):
    formulas = "[...document.querySelectorAll('.katex')]"
    assert page.evaluate(f"{formulas}.length") > 0
    assert page.evaluate(f"{formulas}.filter(e => !e.querySelector('math')).length") == 0


def says_what_figures_show(page):
    figures = page.evaluate(
        """[...document.querySelectorAll('figure')].map(f => ({
            name: f.querySelector('img')?.alt ?? f.querySelector('svg')?.getAttribute('aria-label'),
            caption: f.querySelector('figcaption .caption-text')?.innerText}))"""
    )
    assert figures
    for figure in figures:
        assert figure["name"]
        assert len(figure["name"]) > 30
        assert figure["name"] != figure["caption"]
        assert not figure["name"].endswith((".svg", ".png"))
