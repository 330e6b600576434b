"""Every page of the built book in a real browser: complete, accessible, no other host asked."""

import functools
import http.server
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import axe_playwright_python
import pytest

HTML = Path(__file__).parents[1] / "_build/html"
PAGES = sorted(
    str(path.relative_to(HTML)) for path in HTML.rglob("*.html") if "_static" not in path.parts
)
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


@pytest.fixture
def opened(browser, site, page_name, look):
    """The page as loaded, with what it asked of other hosts and the errors it met."""
    with browser.new_context(**LOOKS[look]) as context:
        page = context.new_page()
        page.foreign, page.errors = [], []

        def route(route):
            url = route.request.url
            if url.startswith((site, "data:", "blob:")):
                route.continue_()
            else:
                page.foreign.append(url)
                route.abort()

        page.route("**/*", route)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.on("response", lambda r: page.errors.append(r.url) if r.status >= 400 else None)
        page.goto(site + page_name, wait_until="networkidle")
        yield page


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page_name", PAGES)
def test_a_page_loads_clean_and_is_accessible(opened, look):
    assert opened.foreign == []
    assert opened.errors == []
    broken = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)"
    assert opened.evaluate(broken) == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overflow) <= 0
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    # Menus and dialogs that are closed have no size; what a reader can reach is checked.
    result = opened.evaluate("axe.run(document, {resultTypes: ['violations']})")
    problems = [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
    assert problems == []
    opened.add_style_tag(content="* { content-visibility: visible !important }")
    opened.evaluate("document.fonts.ready")  # those of formulas load with the first that is shown
    clipped = (
        "[...document.querySelectorAll('div.math')].filter(m => m.scrollWidth > m.clientWidth)"
    )
    assert opened.evaluate(f"{clipped}.map(m => m.innerText)") == []


@pytest.mark.parametrize("look", ["light"])
@pytest.mark.parametrize("page_name", PAGES)
def test_links_into_the_book_lead_somewhere(opened, site):
    links = opened.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
    for link in links:
        # Without TeX a site has no PDF, and no zip of all; in CI it must have both.
        printed = link.endswith((".pdf", ".zip")) and not os.environ.get("CI")
        if not link.startswith(site) or printed:
            continue
        address, anchor = urldefrag(link)
        target = HTML / urljoin("/", address.removeprefix(site)).lstrip("/")
        target = target / "index.html" if target.is_dir() else target
        assert target.exists(), link
        if anchor and target.suffix == ".html":
            assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


@pytest.mark.parametrize("look", ["light"])
@pytest.mark.parametrize("page_name", [page for page in PAGES if page.startswith("book/0")])
def test_figures_say_what_they_show(opened):
    figures = opened.evaluate(
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
