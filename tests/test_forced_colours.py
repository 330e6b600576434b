"""In forced colours, as contrast themes set them, search, predictions and cards can be used."""

import pytest
from test_pages import HTML, site  # noqa: F401 (a fixture)

CHAPTER = "book/05-gradient-clipping.html"
pytestmark = pytest.mark.depends(
    f"_build/html/{CHAPTER}", "_build/html/search*", "_build/html/_static/**/*",
    "_build/html/_images/*", "_build/html/previews/book/*.js",
)  # fmt: skip
EDGED = """e => { const s = getComputedStyle(e);
  return s.borderTopStyle !== "none" && parseFloat(s.borderTopWidth) > 0; }"""
FOCUSED = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"


@pytest.fixture
def page(browser):
    with browser.new_context(forced_colors="active") as context:
        yield context.new_page()


def test_results_are_found_and_focus_is_seen(page):
    page.goto(f"{(HTML / 'search.html').as_uri()}?q=dead+unit")
    first = page.locator("#search-results li a").first
    first.focus()
    assert page.evaluate(FOCUSED)


def test_a_prediction_is_made_and_a_card_and_its_buttons_have_an_edge(page, site):  # noqa: F811
    page.goto(site + CHAPTER)
    question = page.locator(".question.predict").first
    question.scroll_into_view_if_needed()
    question.and_(page.locator("[data-live]")).wait_for()
    button = question.locator(".question-act button").first
    assert button.evaluate(EDGED)
    for field in question.locator("input").all():
        assert field.is_visible()
    question.locator("input").first.press("Space")
    button.press("Enter")
    page.locator(".question.predict.done").first.wait_for()
    link = page.locator("article p a[href^='glossary.html#term-']").first
    link.scroll_into_view_if_needed()
    link.hover()
    page.locator(".preview").wait_for()
    assert page.locator(".preview").evaluate(EDGED)
