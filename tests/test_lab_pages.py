"""The lab and the clinic in a real browser: keys, links, hostile addresses, frames, a phone."""

# ruff: noqa: F811 (a fixture that is imported)
import re
from pathlib import Path

import pytest
from test_explorables_pages import LOOKS, lay_out, page_in, watched  # noqa: F401 (a fixture)
from test_lab import HOSTILE
from test_pages import AXE, served

from lib import explorables

pytestmark = pytest.mark.depends("explorables/**/*", "assets/**/*", "tests/test_lab.py")

ROOT = Path(__file__).parents[1]
FIGURES = {"lab": lambda: explorables.lab("deep"), "clinic": explorables.clinic}
SAYS = ".xp-result"
TASK = '<p><a id="task" style="color: inherit" href="#init=he&amp;depth=3">three layers</a></p>'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    lay_out(folder, {name: make() for name, make in FIGURES.items()}, above=TASK)
    with served(folder) as address:
        yield address, folder


@pytest.fixture
def opened(page_in, site, name, look):
    with watched(page_in(look), site[0]) as (page, foreign, errors):
        page.goto("about:blank")
        page.goto(f"{site[0]}{name}.html")
        page.wait_for_selector(".explorable[data-live] .xp-button")
        yield page
    assert foreign == []
    assert errors == []


def button(page, text):
    return page.get_by_role("button", name=text, exact=True)


def says(page, text):
    page.wait_for_function(
        "([s, t]) => document.querySelector(s).textContent.includes(t)",
        arg=[SAYS, text],
        timeout=180_000,
    )
    return page.inner_text(SAYS)


def accuracy(said):
    return float(re.search(r"accuracy ([\d.]+) %", said)[1])


in_lab = pytest.mark.parametrize("name", ["lab"])
in_clinic = pytest.mark.parametrize("name", ["clinic"])
on_desktop = pytest.mark.parametrize("look", ["light"])


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("look", LOOKS)
def test_it_comes_alive_without_a_jolt_and_is_accessible(opened, look):
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overflow) <= 0
    needed = opened.evaluate(
        """() => { const live = document.querySelector(".xp"); live.style.minHeight = 0;
        const needed = live.offsetHeight; live.style.minHeight = ""; return needed; }"""
    )
    assert needed <= opened.locator(".xp").evaluate("x => x.offsetHeight") <= needed + 40
    small = """[...document.querySelectorAll(".xp :is(button, select, input, summary)")]
        .filter((e) => e.offsetHeight && e.offsetHeight < 44).map((e) => e.outerHTML)"""
    assert opened.evaluate(small) == []
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    result = opened.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in result["violations"]] == []
    opened.wait_for_load_state("networkidle")
    assert opened.evaluate("shifts") == []


@in_lab
@on_desktop
def test_by_keys_alone_a_network_fails_and_is_healed(opened):
    opened.evaluate("location.hash = 'epochs=4&depth=6&seeds=1'")
    train = button(opened, "Train")
    train.focus()
    opened.keyboard.press("Enter")
    failed = accuracy(says(opened, "Epoch 4"))
    kernels = opened.get_by_label("kernels")
    kernels.focus()
    opened.keyboard.press("ArrowDown")
    assert kernels.input_value() == "he"
    train.focus()
    opened.keyboard.press("Enter")
    assert accuracy(says(opened, "Epoch 4")) > failed + 20
    assert "init=he" in opened.evaluate("location.hash")
    assert not [
        word for word in ("NaN", "Infinity", "undefined") if word in opened.inner_html(".xp")
    ]


@in_lab
@on_desktop
def test_a_step_an_epoch_and_back_to_the_start(opened):
    opened.evaluate("location.hash = 'depth=2&seeds=1'")
    button(opened, "One step").click()
    assert "Epoch 0.0625, 1 seed" in says(opened, "Epoch 0.0625")
    button(opened, "One epoch").click()
    says(opened, "Epoch 1,")
    button(opened, "Compare").click()
    button(opened, "Back to start").click()
    assert "Nothing is trained yet" in says(opened, "Nothing")
    assert "before" in opened.inner_text(".xp-panels")
    button(opened, "Reset").click()
    assert (
        opened.get_by_label("hidden layers").evaluate("e => e.getAttribute('aria-valuetext')")
        == "10"
    )


@in_lab
@on_desktop
def test_a_link_sets_the_lab_and_an_address_holds_it(opened):
    opened.click("#task")
    opened.wait_for_function("document.querySelector('label[data-name], .xp select') != null")
    assert opened.get_by_label("kernels").input_value() == "he"
    opened.get_by_text("As Keras").click()
    assert "for _ in range(3):" in opened.inner_text(".xp-code code")
    opened.reload()
    opened.wait_for_selector(".xp-button")
    assert opened.get_by_label("kernels").input_value() == "he"


@in_lab
@on_desktop
def test_hostile_addresses_change_nothing(opened):
    usual = opened.inner_html(".xp")
    for hash in HOSTILE:
        opened.evaluate("hash => { location.hash = `#${hash}` }", hash)
        opened.wait_for_function("document.querySelector('.xp')")
        assert opened.inner_html(".xp") == usual


@in_lab
@on_desktop
def test_the_largest_networks_can_be_paused(opened):
    opened.evaluate("location.hash = 'depth=20&width=128&batch=128&seeds=10'")
    button(opened, "Train").click()
    button(opened, "Pause").click()
    button(opened, "Train").wait_for()


@in_lab
@on_desktop
def test_seeds_that_diverge_are_marked(opened):
    opened.evaluate("location.hash = 'rate=10&init=he&depth=3'")
    button(opened, "Train").click()
    said = says(opened, "diverged")
    assert "in layer" in said
    gone = int(re.search(r"(\d) of 3 diverged", said)[1])
    assert opened.locator(".xp-crosses path").count() == 2 * gone  # in two panels


@pytest.mark.parametrize("name", FIGURES)
def test_it_works_in_a_sandboxed_frame_of_opaque_origin(page_in, site, name):
    with watched(page_in("light"), site[0]) as (page, _, errors):
        page.goto(f"{site[0]}{name}-frame.html")
        frame = page.frames[1]
        frame.wait_for_selector(".xp-button")
        assert frame.evaluate("origin") == "null"
        frame.get_by_role("button", name="Train" if name == "lab" else "Next patient").click()
        word = "Epoch" if name == "lab" else "Patient"
        frame.wait_for_function(
            "w => document.querySelector('.xp-result').textContent.includes(w)",
            arg=word,
            timeout=180_000,
        )
    assert errors == []


@pytest.mark.parametrize("name", FIGURES)
def test_it_works_from_a_disk(page_in, site, name):
    page = page_in("light")
    page.goto((site[1] / f"{name}.html").as_uri())
    page.wait_for_selector(".xp-button")
    button(page, "Train" if name == "lab" else "Next patient").click()
    says(page, "Epoch" if name == "lab" else "Patient")


@pytest.mark.parametrize("name", FIGURES)
def test_without_javascript_the_static_figure_stays(page_in, site, name):
    page = page_in("no script")
    page.goto(f"{site[0]}{name}.html")
    assert page.locator(".xp-still svg").bounding_box()["height"] > 100


@in_clinic
@on_desktop
def test_a_patient_is_examined_named_and_treated(opened):
    opened.evaluate("location.hash = 'patient=17'")
    says(opened, "What is wrong?")
    labels = opened.locator(".xp-actions button[value]")
    for key in ("rows", "rate", "moved", "predictions", "small"):
        opened.click(f"button[value={key}]")
    assert "1 minute left" in opened.inner_text(".xp-clock")
    assert all(one.is_disabled() for one in labels.all() if "1 minute" not in one.inner_text())
    opened.wait_for_function(
        "!document.querySelector('.xp-findings').textContent.includes('…')", timeout=180_000
    )
    assert opened.locator(".xp-picture").count() == 32
    button(opened, "Name it and treat").click()
    assert "Choose a cause first" in opened.inner_text(".xp-verdict")
    opened.get_by_label("the cause").select_option("dropout")
    button(opened, "Name it and treat").click()
    opened.wait_for_function(
        "document.querySelector('.xp-verdict').textContent.startsWith('Right')", timeout=180_000
    )
    assert "found 1 of 1" in opened.inner_text(".xp-verdict")
    assert not [
        word for word in ("NaN", "Infinity", "undefined") if word in opened.inner_html(".xp")
    ]
    button(opened, "Next patient").click()
    says(opened, "is being trained")
    assert opened.evaluate("location.hash") != "#patient=17"


@pytest.mark.depends("_build/html/book/lab.html")
def test_a_claim_of_the_book_is_measured_again_in_its_page(browser):
    with browser.new_context(**LOOKS["light"]) as context:
        page = context.new_page()
        page.goto((ROOT / "_build/html/book/lab.html").as_uri() + "#the-book-measured-again")
        row = page.locator("tr", has_text="tanh, Glorot: first and last")
        row.get_by_role("button", name="Run it").click()
        row.get_by_text("holds here:").wait_for(timeout=180_000)
