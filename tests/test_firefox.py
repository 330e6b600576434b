"""Search, predictions, previews, the lab and the clinic in Firefox, as readers have it, too."""

# ruff: noqa: F811 (a fixture that is imported)
import pytest
from firefox import ARROW_DOWN, ENTER, ESCAPE, TAB, firefox, path
from machine import left_out
from test_pages import HTML, site  # noqa: F401

CHAPTER = "book/05-gradient-clipping.html"
pytestmark = pytest.mark.depends(
    f"_build/html/{CHAPTER}", "_build/html/book/lab.html", "_build/html/search*",
    "_build/html/_static/**/*", "_build/html/_images/*", "_build/html/previews/book/*.js",
)  # fmt: skip
LAB, CLINIC = "[data-explorable=lab]", "[data-explorable=clinic]"
WRONG = """window.wrong = [];
for (const kind of ["error", "unhandledrejection"])
  addEventListener(kind, (e) => wrong.push(String(e.message ?? e.reason)));"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if not path():
        left_out("no Firefox (Debian: apt-get install firefox-esr)")
    with firefox(tmp_path_factory.mktemp("profile")) as page:
        yield page


def opened(page, address):
    page.goto(address)
    page.script(WRONG)


@pytest.mark.parametrize(
    ("query", "title"),
    [("dead neurons", "A dead unit gets no gradient"), ("frozen batch norm", "A frozen layer")],
)
def test_a_search_finds_the_section(page, query, title):
    opened(page, f"{(HTML / 'search.html').as_uri()}?q={query.replace(' ', '+')}")
    page.wait("document.querySelector('.search-count')")
    titles = page.script(
        "return [...document.querySelectorAll('#search-results li a')].map(a => a.innerText)"
    )
    assert title in titles[:3]
    assert page.script("return wrong") == []


def test_a_guess_by_keys_opens_what_was_measured(page, site):
    opened(page, site + CHAPTER)
    question = ".question.predict"
    page.script("document.querySelector(arguments[0]).scrollIntoView()", question)
    page.wait(f"document.querySelector('{question}[data-live]')")
    page.press(f"{question} input", " ")
    assert page.script("return document.querySelectorAll('.withheld[open]').length") == 0
    page.press(f"{question} .question-act button", ENTER)
    page.wait(f"document.querySelector('{question}.done')")
    assert page.script("return document.querySelectorAll('.withheld[open]').length") == 1
    assert page.script(f"return document.querySelector('{question} .question-said').innerText")
    assert page.script("return wrong") == []


def test_a_link_shows_what_is_behind_it(page, site):
    opened(page, site + CHAPTER)
    link = "article p a[href^='glossary.html#term-']"
    page.press("a", TAB)  # from here on focus is shown
    page.script("document.querySelector(arguments[0]).focus()", link)
    page.wait("document.querySelector('.preview dt')")
    page.press(link, ESCAPE)
    assert not page.script("return document.querySelector('.preview')")
    assert page.script("return wrong") == []


def come_alive(page, figure):
    page.script("document.querySelector(arguments[0]).scrollIntoView()", figure)
    page.wait(f"document.querySelector('{figure} .xp-button')")


def test_by_keys_alone_the_lab_fails_and_is_healed(page, site):
    opened(page, f"{site}book/lab.html#epochs=4&depth=6&seeds=1")
    come_alive(page, LAB)
    page.script(
        "const named = (kind, text) => [...document.querySelectorAll(`${arguments[0]} ${kind}`)]"
        ".find((e) => e.textContent.includes(text));"
        "named('.xp-button', 'Train').id = 'train'; named('select', 'He').id = 'kernels';",
        LAB,
    )

    def trained():
        page.press("#train", ENTER)
        said = f"document.querySelector('{LAB} .xp-result').innerText"
        page.wait(f"{said}.includes('Epoch 4')")
        return float(page.script(f"return {said}.match(/accuracy ([\\d.]+)/)[1]"))

    failed = trained()
    page.press("#kernels", ARROW_DOWN)
    assert page.script("return document.querySelector('#kernels').value") == "he"
    assert trained() > failed + 20
    assert "init=he" in page.script("return location.hash")
    assert page.script("return wrong") == []


def test_in_the_clinic_a_test_shows_its_pictures(page, site):
    opened(page, f"{site}book/lab.html#patient=17")
    come_alive(page, CLINIC)
    page.wait(f"document.querySelector('{CLINIC}').textContent.includes('What is wrong?')")
    page.press(f"{CLINIC} button[value=rows]", ENTER)
    page.wait(f"document.querySelectorAll('{CLINIC} .xp-picture').length === 32")
    assert page.script("return wrong") == []
