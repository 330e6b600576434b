"""Each explorable in a real browser, on a page of its own: keys, mouse, finger, numbers, bounds."""

import functools
import html
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from test_explorables import EXTREMES
from test_pages import AXE, served

from explorables import _clipping, _constraints, _dropout, _race, _schedules, _signal, _slopes
from explorables._shell import number
from extensions.live_figures import shared, write_scripts
from lib import explorables

pytestmark = pytest.mark.depends("explorables/**/*", "assets/**/*")

ROOT = Path(__file__).parents[1]
DESKTOP = {"width": 1280, "height": 900}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "calm": {"reduced_motion": "reduce", "viewport": DESKTOP},
}
CONTEXTS = LOOKS | {
    "no script": {"java_script_enabled": False, "viewport": DESKTOP},
    "no module": {"viewport": DESKTOP},
}
ALIVE = ".explorable[data-live] .xp-panel"
PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="book.css">
<link rel="stylesheet" href="explorables/explorables.css">
<script>
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = dark ? "dark" : "light";
window.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))
  .observe({{type: "layout-shift", buffered: true}});
</script>
<style>
html {{ --pst-color-text-base: #14181f; --pst-color-background: #fff; }}
html[data-theme=dark] {{ --pst-color-text-base: #ced6dd; --pst-color-background: #14181f; }}
html {{ color: var(--pst-color-text-base); background: var(--pst-color-background); }}
body {{ margin: 0 auto; padding: 16px; max-width: 740px; box-sizing: border-box; }}
</style>
<script defer src="explorables.js"></script></head>
<body><main><h1>{name}</h1>{body}<p>Text that must stay where it is.</p></main></body></html>"""

BARE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'


def race_says(rate, surface="ravine"):
    place = _race.SURFACES[surface]
    runs = {
        label: _race.trace(surface, key, rate, 0.9, 0.99, place.start, place.steps)
        for key, label in _race.NAMES.items()
    }
    return [
        f"{label} {number(run[-1, 2])}" if len(run) > place.steps else f"{label} diverges"
        for label, run in runs.items()
    ]


def clipping_says(threshold):
    g = np.array([2.0, 0.9])
    value, short = _clipping.by_value(g, threshold), _clipping.by_norm(g, threshold)
    turn = f"{_clipping.angle(g, value):.0f}°"
    return [
        f"By value: {_clipping.point(value)}, norm {number(_clipping.norm(value), 3)}, "
        f"turned by {turn}. By norm: {_clipping.point(short)}, norm {threshold}, not turned."
    ]


def constraints_say(norm, strength):
    best = np.array([0.55, 1.3])
    weights = _constraints.solution(norm, best, strength)
    texts = [
        f"{norm}, ",
        f"= {strength}: the minimum (0.55, 1.3) becomes {_constraints.point(weights)}",
    ]
    if norm == "L2":
        kept = [number(share) for share in 100 * weights / best]
        texts.append(f"Weight 1 keeps {kept[0]} %, weight 2 keeps {kept[1]} %.")
    return texts


def schedules_say(schedule, peak, shape):
    rates = _schedules.rates(schedule, peak, shape)
    rows = _schedules.losses(rates)
    if len(rows) <= _schedules.STEPS:
        return ["diverges", f"passes a million after {len(rows)} steps."]
    start, noise = rows[-1]
    return [
        f"loss {number(start + noise)}",
        f"the rates sum to {number(rates.sum(), 3)}.",
        f"{number(start)} of the loss is left of the start, and {number(noise)} is noise.",
    ]


def signal_says(activation, scale, depth):
    signals = [f(activation, scale, depth) for f in (_signal.theory, _signal.sample)]
    ends = [[s.forward[-1] for s in signals], [s.backward[0] for s in signals]]
    return [f": theory {number(a)}, sample {number(b)}." for a, b in ends]


def slopes_say(activation, x, layers, weight):
    run = _slopes.chain(activation, x, layers, weight)
    said = f"slope is {number(run.slopes[0])} in layer 1 and {number(run.slopes[-1])} in layer"
    return [said, f": {number(run.products[-1])}."]


def dropout_says(where, rate, passes):
    place = _dropout.stored()[where]
    run = _dropout.predict(place["networks"][place["rates"].index(rate)], rate, passes)
    found = _dropout.summary(place["x"], run)
    said = [f"{number(found['at_points'])} at the training points", f"{passes} passes"]
    covered = round(100 * found["covered_at_points"])
    said.append(f"hold the truth at {covered} %")
    if found["elsewhere"] >= 0:
        said.append(f", {number(found['elsewhere'])} where there are none.")
        said.append(f" and {100 * found['covered_elsewhere']:.0f} % of these inputs.")
    return said


# For each explorable: three settings of its controls, and the texts that its panels then hold.
EXPLORABLES = {
    "activation-slopes": (
        explorables.activation_slopes,
        [
            ({"layers": "20"}, slopes_say("elu", -2, 20, 1)),
            ({"activation": "sigmoid", "layers": "12"}, slopes_say("sigmoid", -2, 12, 1)),
            ({"activation": "mish", "weight between": "2.5"}, slopes_say("mish", -2, 12, 2.5)),
        ],
    ),
    "mc-dropout": (
        explorables.mc_dropout,
        [
            ({"passes": "200"}, dropout_says("gap", 0.2, 200)),
            ({"training points": "left", "dropout rate": "0.1"}, dropout_says("left", 0.1, 200)),
            ({"training points": "everywhere"}, dropout_says("everywhere", 0.1, 200)),
        ],
    ),
    "signal-depth": (
        explorables.signal_depth,
        [
            ({"scale": "2, He"}, signal_says("relu", 2, 20)),
            ({"layers": "50", "scale": "0.1"}, signal_says("relu", 0.1, 50)),
            ({"activation": "tanh", "scale": "2, He"}, signal_says("tanh", 2, 50)),
        ],
    ),
    "clipping": (
        explorables.clipping,
        [({"threshold c": str(c)}, clipping_says(c)) for c in (1, 0.4, 1.35)],
    ),
    "constraints": (
        explorables.constraints,
        [
            ({"strength λ": "0.6"}, [*constraints_say("L1", 0.6), "Weight 1 is 0"]),
            ({"norm": "L2", "strength λ": "2"}, constraints_say("L2", 2)),
            ({"norm": "max-norm", "radius c": "0.7"}, constraints_say("max-norm", 0.7)),
        ],
    ),
    "optimizer-race": (
        explorables.optimizer_race,
        [
            ({"learning rate": "0.01"}, race_says(0.01)),
            ({"learning rate": "0.32"}, race_says(0.32)),
            ({"surface": "rosenbrock", "learning rate": "0.001"}, race_says(0.001, "rosenbrock")),
        ],
    ),
    "schedules": (
        explorables.schedules,
        [
            ({"highest rate": "0.2"}, schedules_say("cosine", 0.2, 0)),
            (
                {"schedule": "exponential", "factor in all": "0.001"},
                schedules_say("exponential", 0.2, 0.001),
            ),
            ({"schedule": "constant", "highest rate": "5"}, schedules_say("constant", 5, 1)),
        ],
    ),
}


def lay_out(folder, figures, above=""):
    """Write each figure on a page of the book, below ``above``, and in a frame."""
    write_scripts(folder / "explorables")
    for file in ("book.css", "explorables.js"):
        shutil.copy(ROOT / "assets" / file, folder)
    for name, figure in figures.items():
        output = figure.html()
        page = PAGE.format(name=name, body=above + shared(output, "x0-"))
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        size = 'width="720" height="800"'
        frame = f'<iframe sandbox="allow-scripts" {size} srcdoc="{html.escape(output)}"></iframe>'
        (folder / f"{name}-frame.html").write_text(BARE + frame, encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Pages as the book has them, and as a notebook's output stands in an opaque origin."""
    folder = tmp_path_factory.mktemp("site")
    lay_out(folder, {name: make() for name, (make, _) in EXPLORABLES.items()})
    for i, extreme in enumerate(EXTREMES):
        # Their static figures are drawn in test_explorables.py.
        output = replace(extreme, draw=Figure).html()
        (folder / f"extreme-{i}.html").write_text(BARE + output, encoding="utf-8")
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def page_in(browser):
    """The page of a look, in which test after test loads: a new one would be a new process."""
    with ExitStack() as stack:

        @functools.cache
        def page_in(look):
            return stack.enter_context(browser.new_context(**CONTEXTS[look])).new_page()

        yield page_in


@pytest.fixture
def opened(page_in, site, name, look):
    """The page with the live figure; it must ask nothing of other hosts and meet no error."""
    with watched(page_in(look), site) as (page, foreign, errors):
        page.goto(f"{site}{name}.html")
        page.wait_for_selector(ALIVE)
        yield page
    assert foreign == []
    assert errors == []


@contextmanager
def watched(page, site):
    """The page, what it asks of other hosts, and the errors it meets while the context lasts."""
    foreign, errors = [], []
    watchers = {
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda m: errors.append(m.text) if m.type == "error" else None,
        "request": lambda r: foreign.append(r.url) if foreign_to(site, r.url) else None,
    }
    for event, watcher in watchers.items():
        page.on(event, watcher)
    try:
        page.mouse.move(0, 0)
        yield page, foreign, errors
        settle(page)
    finally:
        for event, watcher in watchers.items():
            page.remove_listener(event, watcher)


def settle(page):
    """Wait for a frame and for what runs after it."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def foreign_to(site, url):
    return not url.startswith((site, "data:", "blob:"))


each = pytest.mark.parametrize("name", EXPLORABLES)
on_desktop = pytest.mark.parametrize("look", ["light"])


@each
@pytest.mark.parametrize("look", LOOKS)
def test_it_comes_alive_without_a_jolt_and_is_accessible(opened, look):
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overflow) <= 0
    # The height that was reserved is what the figure needs, to within a line.
    needed = opened.evaluate(
        """() => { const live = document.querySelector(".xp"); live.style.minHeight = 0;
        const needed = live.offsetHeight; live.style.minHeight = ""; return needed; }"""
    )
    assert needed <= opened.locator(".xp").evaluate("x => x.offsetHeight") <= needed + 24
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    result = opened.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in result["violations"]] == []
    assert opened.evaluate("document.getAnimations().length") == 0
    opened.wait_for_load_state("networkidle")  # whatever comes late has come
    assert opened.evaluate("shifts") == []


@each
@pytest.mark.parametrize("look", ["phone"])
def test_on_a_phone_the_whole_figure_is_in_view_and_nothing_is_cut_off(opened):
    assert opened.locator(".xp").evaluate("x => x.offsetHeight") <= 750
    cut = """[document.querySelector(".xp").getBoundingClientRect()].flatMap((all) =>
        [...document.querySelectorAll(".xp *")].filter((e) => {
        const box = e.getBoundingClientRect();
        const shown = box.width && !e.closest(".xp-area") && e.tagName !== "g";
        return shown && (box.right > all.right + 1 || box.left < all.left - 1);
    }).map((e) => e.outerHTML))"""
    assert opened.evaluate(cut) == []


@each
@on_desktop
def test_keys_alone_reach_and_move_every_control(opened):
    wanted = opened.locator(".xp :is(input, select, [tabindex='0'])").count()
    opened.locator("h1").click()
    reached = 0
    while reached < wanted:
        opened.keyboard.press("Tab")
        focused = opened.evaluate_handle("document.activeElement")
        assert focused.evaluate("e => Boolean(e.closest('.xp'))")
        assert focused.evaluate("e => e.matches(':focus-visible')")
        if focused.evaluate("e => e.matches('button')"):
            continue
        before, drawn = value(focused), picture(opened)
        for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowUp"):
            opened.keyboard.press(key)
            if value(focused) != before:
                break
        assert value(focused) != before
        assert picture(opened) != drawn
        reached += 1


@each
@on_desktop
def test_the_result_follows_and_shows_what_the_reference_computes(opened, name):
    said = set()
    for settings, texts in EXPLORABLES[name][1]:
        for label, wanted in settings.items():
            set_control(opened, label, wanted)
        shown = words(opened)
        for text in texts:
            assert text in shown
        said.add(opened.locator(".xp-result").inner_text())
    assert len(said) == 3


@each
@pytest.mark.parametrize("look", ["light", "phone"])
def test_points_and_sliders_can_be_dragged(opened, look):
    drag = drag_by_finger if look == "phone" else drag_by_mouse
    for thing in opened.query_selector_all(".xp [tabindex='0'], .xp input"):
        before, drawn = value(thing), picture(opened)
        thing.scroll_into_view_if_needed()
        box = thing.bounding_box()
        middle = box["y"] + box["height"] / 2
        if thing.evaluate("e => e.matches('input')"):
            share = thing.evaluate("e => e.value / e.max")
            start = (box["x"] + 8 + share * (box["width"] - 16), middle)
            end = (box["x"] + box["width"] * (0.3 if share > 0.5 else 0.7), middle)
        else:
            dot = thing.query_selector(".xp-dot").bounding_box()
            start = (dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
            end = (start[0] - 25, start[1] + 20)
        drag(opened, start, end)
        assert value(thing) != before
        assert picture(opened) != drawn
    assert opened.evaluate("scrollX") == 0


def drag_by_mouse(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def drag_by_finger(page, start, end):
    session = page.context.new_cdp_session(page)
    places = [
        [a + (b - a) * share for a, b in zip(start, end, strict=True)] for share in (0, 0.4, 0.7, 1)
    ]
    for kind, place in zip(["touchStart", *["touchMove"] * 3], places, strict=True):
        points = [{"x": place[0], "y": place[1]}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@each
@on_desktop
def test_the_ends_of_all_controls_leave_readable_numbers(opened):
    controls = opened.locator(".xp input, .xp select, .xp [tabindex='0']").all()
    ends = {"Home": ("ArrowLeft", "ArrowDown"), "End": ("ArrowRight", "ArrowUp")}
    for control in controls:
        is_point = control.evaluate("e => e.matches('g')")
        for key in ("Home", "End", "Home"):
            control.focus()
            if is_point:
                opened.keyboard.down("Shift")
                for arrow in ends[key]:
                    hold(opened, arrow, control)
                opened.keyboard.up("Shift")
            else:
                opened.keyboard.press(key)
            assert_readable(opened)
    for control in controls:
        if control.evaluate("e => e.matches('input')"):
            control.focus()
            opened.keyboard.press("End")
            assert_readable(opened)


def hold(page, key, point):
    """Hold a key, which repeats, until the point moves no more."""
    before = None
    while (now := value(point)) != before:
        page.keyboard.down(key)
        before = now
    page.keyboard.up(key)


def assert_readable(page):
    drawn = picture(page)
    # A path with NaN in it would be an error in the console as well.
    assert not [w for w in ("NaN", "Infinity", "undefined", "null") if w in drawn]
    assert page.inner_text(".xp-result").endswith(".")


@pytest.mark.parametrize("i", range(len(EXTREMES)), ids=map(str, EXTREMES))
def test_extreme_settings_give_a_clear_message(page_in, site, i):
    with watched(page_in("light"), site) as (page, _, errors):
        page.goto(f"{site}extreme-{i}.html")
        page.wait_for_selector(ALIVE)
        assert_readable(page)
    assert errors == []


@each
def test_it_works_in_a_sandboxed_frame_of_opaque_origin(page_in, site, name):
    with watched(page_in("light"), site) as (page, foreign, errors):
        page.goto(f"{site}{name}-frame.html")
        frame = page.frames[1]
        frame.wait_for_selector(ALIVE)
        assert frame.evaluate("origin") == "null"
        before = frame.inner_text(".xp-result")
        frame.focus(".xp input")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert frame.inner_text(".xp-result") != before
    assert errors == []
    assert [url for url in foreign if not url.startswith("about:")] == []


@each
def test_without_javascript_or_its_module_the_static_figure_stays(page_in, site, name):
    page = page_in("no script")
    page.goto(f"{site}{name}.html")
    assert page.locator(".xp-still svg").bounding_box()["height"] > 100
    page = page_in("no module")
    page.route(f"**/{name}.js", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.goto(f"{site}{name}.html")
    settle(page)
    assert page.locator(".xp-still svg").bounding_box()["height"] > 100
    assert page.locator(".xp").count() == 0


def test_they_work_in_jupyterlab(browser, tmp_path):
    """Run their cells in a real JupyterLab, then move the first slider of each by keys."""
    makers = [make.__name__ for make, _ in EXPLORABLES.values()]
    codes = [f"from lib import explorables\nexplorables.{name}()" for name in makers]
    cells = [nbformat.v4.new_code_cell(code, id=f"c{i}") for i, code in enumerate(codes)]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    (tmp_path / "work").mkdir()
    nbformat.write(notebook, tmp_path / "work/a.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {f"JUPYTER_{k}_DIR": str(tmp_path / k) for k in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.root_dir=" + str(tmp_path / "work")]
    command += ["--KernelManager.shutdown_wait_time=1"]
    # Without the environment's own settings no other package extends the server.
    environment = os.environ | folders | {"PYTHONPATH": str(ROOT), "JUPYTER_NO_CONFIG": "1"}
    with (
        open(tmp_path / "log", "w") as log,
        subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=log) as server,
        browser.new_context(viewport={"width": 1280, "height": 1400}) as context,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/api")
            page = context.new_page()
            page.set_default_timeout(180_000)
            page.goto(f"http://127.0.0.1:{port}/lab/tree/a.ipynb?reset")
            page.wait_for_selector(".jp-Notebook .jp-CodeCell")
            page.get_by_text("| Idle").wait_for()
            page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
            for key in ("Control+A", "Control+Enter"):
                page.keyboard.press(key)
            for name in EXPLORABLES:
                host = page.locator(f'[data-explorable="{name}"][data-live]')
                host.locator(".xp-panel").first.wait_for()
                before = host.locator(".xp-result").inner_text()
                slider = host.locator("input").first
                slider.focus()
                for key in ("ArrowLeft", "ArrowUp", "ArrowUp", "ArrowUp"):
                    page.keyboard.press(key)
                assert host.locator(".xp-result").inner_text() != before
                assert slider.evaluate("e => e === document.activeElement")
                assert host.locator(".xp-still").evaluate("e => e.offsetHeight") == 0
        finally:
            server.terminate()


def wait_for(url, seconds=180):
    end = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


# What is on the screen


def value(control):
    return control.evaluate("e => e.getAttribute('aria-valuetext') ?? e.value")


# All texts of the live figure, a line each, with plain spaces.
WORDS = """[...document.querySelectorAll(".xp :is(text, output, p)")]
    .map((e) => e.textContent.replaceAll("\\u00a0", " ")).join("\\n")"""


def words(page):
    return page.evaluate(WORDS)


def picture(page):
    return page.evaluate(f"document.querySelector('.xp-panels').innerHTML + {WORDS}")


def set_control(page, label, wanted):
    """Move a slider to the place where it shows `wanted`, or choose an option."""
    found = page.evaluate(
        """([label, wanted]) => {
        const control = [...document.querySelectorAll(".xp-control")]
            .find((c) => c.querySelector("span").textContent === label);
        const input = control.querySelector("input, select");
        if (input.matches("select")) {
            input.value = wanted;
            input.dispatchEvent(new Event("change"));
            return input.value === wanted;
        }
        for (let i = 0; i <= Number(input.max); i++) {
            input.value = i;
            input.dispatchEvent(new Event("input"));
            if (control.querySelector("output").textContent === wanted) return true;
        }
        return false;
    }""",
        [label, wanted],
    )
    assert found, f"{label} never shows {wanted}"
