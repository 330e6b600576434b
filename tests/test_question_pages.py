"""The questions of the built pages in a real browser: guesses, answers, what is kept of them."""

import json
import math
import re
from datetime import date

import pytest
from machine import EVERYTHING
from test_pages import AXE, CHAPTERS, EXECUTED, HTML, LOOKS, open_page, served

from explorables._shell import number

ALL = [page for page in EXECUTED if 'data-question="' in (HTML / page).read_text("utf-8")]
FILES = ("_build/html/_static/**/*", "_build/html/_images/*")
DEPENDS = pytest.mark.depends("_build/html/{page}", *FILES)
ONE = CHAPTERS[3]
OTHERS = [page for page in ALL if page != ONE]
TURN = date.today().toordinal() % -(-len(OTHERS) // 2)
# All take more than a minute: without ALL=1 two pages a day, and one each day.
TODAY = ALL if EVERYTHING else [ONE, *OTHERS[2 * TURN :][:2]]
each = pytest.mark.parametrize("page", TODAY)


@pytest.fixture(scope="module")
def site():
    with served(HTML) as address:
        yield address


def settings(question):
    return json.loads(question.get_attribute("data-question"))


def alive(page, question):
    """Bring a question into view, where it comes to life."""
    question.scroll_into_view_if_needed()
    question.wait_for_selector(":scope[data-live]")
    return settings(question)


def said(question):
    return question.query_selector(".question-said").inner_text().replace("\u00a0", " ")


def press(page, element, key="Enter"):
    element.focus()
    page.keyboard.press(key)


@pytest.mark.depends("_build/html/{page}")
@pytest.mark.parametrize("page", [*ALL, "book/again.html"])
def test_a_browser_finds_nothing_to_fill_in(page):
    """For it would lay out each section in which there is something."""
    text = (HTML / page).read_text("utf-8").partition("<article")[2]
    choices = 'input type="(?:radio|checkbox|range)"'
    assert re.findall(f"<(?!{choices})(?:form|textarea|select|input) [^>]*>|<form>", text) == []


@DEPENDS
@each
def test_a_guess_opens_what_was_measured_and_is_drawn_into_it(browser, site, page):
    """By keyboard alone: each guess is a wrong one, and found at its place with its number."""
    with open_page(browser, site, page, "light") as opened:
        for question in opened.query_selector_all(".question.predict"):
            q = alive(opened, question)
            assert question.query_selector(".question-plot:not([hidden]) .question-seeds") is None
            waits = question.evaluate_handle(
                "e => { while (!e.matches('details')) e = e.nextElementSibling; return e }"
            ).as_element()
            assert not waits.evaluate("e => e.open")
            guess = GUESSES[q["kind"]](opened, question, q)
            press(opened, question.query_selector(".question-act button"))
            sentence = said(question)
            assert DRAWN[q["kind"]](question, q, guess), (q["name"], guess)
            assert IN_WORDS[q["kind"]](question, q, guess) in sentence, q["name"]
            row = waits.evaluate(
                "e => { let n = 0; while ((e = e.previousElementSibling).matches('.predict'))"
                " n += !e.matches('.done'); return n }"
            )
            assert waits.evaluate("e => e.open") == (row == 0)
        assert opened.query_selector(".withheld:not([open])") is None
        assert opened.errors == []
        assert opened.foreign == []


def guess_scale(opened, question, q):
    middle = sorted(q["values"])[len(q["values"]) // 2]
    low, high = map(math.log10, q["range"]) if q["log"] else q["range"]
    at = math.log10(middle) if q["log"] else middle
    slide = question.query_selector("input[type=range]")
    press(opened, slide, "End" if at < (low + high) / 2 else "Home")
    return q["range"][at < (low + high) / 2]


def guess_choice(opened, question, q):
    """The first choice that is not where most seeds are."""
    boxes = question.query_selector_all(".choice input")
    if q["kind"] == "parts":
        right = sum(sorted(q["values"])[len(q["values"]) // 2] >= cut for cut in q["cuts"])
    else:
        pick = min if q["extreme"] == "lowest" else max
        firsts = [
            column.index(pick(column)) for column in map(list, zip(*q["values"], strict=True))
        ]
        right = max(range(len(boxes)), key=firsts.count)
    guess = next(i for i in range(len(boxes)) if i != right)
    press(opened, boxes[0], "Space")
    for _ in range(guess):
        opened.keyboard.press("ArrowDown")
    return guess


def guess_curve(opened, question, q):
    """All points at the end that is farther from the first seed's."""
    f = math.log10 if q["log"] else float
    low, high = map(f, q["range"])
    up = f(next(v for v in q["values"][0] if v is not None) or q["range"][0]) < (low + high) / 2
    for point in question.query_selector_all(".xp-handle"):
        press(opened, point, "End" if up else "Home")
    return q["range"][up]


def drawn_scale(question, q, guess):
    mark = question.query_selector(".question-guess")
    width = float(question.query_selector(".xp-area").get_attribute("width"))
    at = 0 if guess == q["range"][0] else width
    return abs(float(mark.get_attribute("x")) + 1.5 - at) < 0.2 and seeds_shown(question, q)


def drawn_choice(question, q, guess):
    mark = question.query_selector(f'.question-guess[data-guess="{guess}"]')
    return mark is not None and float(mark.get_attribute("width")) > 0 and seeds_shown(question, q)


def seeds_shown(question, q):
    values = [v for row in q["values"] for v in (row if isinstance(row, list) else [row])]
    return len(question.query_selector_all(".question-seed")) == len(
        [v for v in values if v is not None]
    )


def drawn_curve(question, q, guess):
    line = question.query_selector(".question-drawn")
    height = float(question.query_selector(".xp-area").get_attribute("height"))
    places = re.findall(r"[ML]([\d.]+) ([\d.]+)", line.get_attribute("d"))
    at = 0 if guess == q["range"][1] else height
    below = [text.text_content() for text in question.query_selector_all("[text-anchor=middle]")]
    return (
        [number(x, 3) for x in q["x"]] == below[: len(q["x"])]
        and len(places) == len(q["x"])
        and all(abs(float(y) - at) < 0.2 for _, y in places)
        and len(question.query_selector_all(".question-seeds")) == len(q["values"])
    )


def number_said(question, q, guess):
    shown = f"{number(guess, 3)} {q.get('unit', '')}".rstrip()
    return f"You said {shown}" if q["kind"] == "scale" else f"you drew {shown}"


def choice_said(question, q, guess):
    return f"You said “{question.query_selector_all('.choice > span')[guess].inner_text().strip()}”"


GUESSES = {"scale": guess_scale, "parts": guess_choice, "which": guess_choice, "curve": guess_curve}
DRAWN = {"scale": drawn_scale, "parts": drawn_choice, "which": drawn_choice, "curve": drawn_curve}
IN_WORDS = {
    "scale": number_said, "parts": choice_said, "which": choice_said, "curve": number_said,
}  # fmt: skip


@DEPENDS
@each
def test_what_follows_a_prediction_waits_to_the_end_of_its_section(browser, site, page):
    """No figure, caption, claim or text; each lies in the closed part behind the prediction."""
    with open_page(browser, site, page, "light") as opened:
        assert opened.evaluate(OPEN_BEHIND) == []
        assert opened.query_selector("details.withheld[open]") is None


OPEN_BEHIND = """[...document.querySelectorAll('.question.predict')].filter(e => {
  let rest = e.nextElementSibling;
  while (rest?.matches('.predict')) rest = rest.nextElementSibling;
  const after = [];
  for (let one = rest?.nextElementSibling; one; one = one.nextElementSibling) after.push(one);
  return !rest?.matches('details.withheld') || after.some(one => !one.matches('section'));
}).map(e => e.id)"""


@DEPENDS
@each
def test_a_wrong_answer_gets_its_feedback_another_try_and_then_the_reason(browser, site, page):
    with open_page(browser, site, page, "light") as opened:
        names = []
        opened.evaluate("document.querySelectorAll('.withheld').forEach(e => e.open = true)")
        for question in opened.query_selector_all(".question.check"):
            q = alive(opened, question)
            act = question.query_selector(".question-act button")
            reasons = question.query_selector(".question-reasons")
            if q["kind"] != "order":
                press(opened, act)
                assert "first" in said(question)
            give(opened, question, q, right=False)
            press(opened, question.query_selector(".question-field input") or act)
            assert said(question).startswith("Not yet"), q["name"]
            assert not reasons.evaluate("e => e.open")
            if q["kind"] in ("one", "number"):
                assert len(said(question)) > len("Not yet. Try once more.") + 10
            give(opened, question, q, right=True)
            press(opened, act)
            assert said(question).startswith("Right."), q["name"]
            assert reasons.evaluate("e => e.open")
            assert act.is_disabled()
            names.append(q["name"])
        kept = json.loads(opened.evaluate("localStorage.answers ?? '{}'"))
        assert [(kept[name]["right"], kept[name]["stage"]) for name in names] == [(True, 0)] * len(
            names
        )
        assert all(len(kept[name]["tries"]) == 2 for name in names)
        asked = opened.query_selector("[data-asked]").get_attribute("data-asked").split()
        line = opened.query_selector(".progress-line span").inner_text()
        right = f", 0 of {len(names)} right at the first try" if names else ""
        assert line == f"{len(names)} of {len(asked)} answered{right}"
        assert opened.errors == []


def give(opened, question, q, right):
    """Answer by keyboard."""
    if q["kind"] == "number":
        field = question.query_selector(".question-field input")
        field.focus()
        opened.keyboard.press("Control+a")
        opened.keyboard.type(
            f"{q['right']:.8g}" if right else f"{q['wrong'][0]:.8g}".replace(".", ",")
        )
    elif q["kind"] == "order":
        wanted = sorted(q["shown"])
        if not right:
            return press(opened, question.query_selector("[data-way=up]"))  # the first stays first
        for place, item in enumerate(wanted):
            while True:
                now = [
                    int(v)
                    for v in question.evaluate(
                        "e => [...e.querySelectorAll('.order li')].map(i => i.dataset.place)"
                    )
                ]
                if now[place] == item:
                    break
                press(opened, question.query_selector(f'li[data-place="{item}"] [data-way=up]'))
    else:
        boxes = question.query_selector_all(".choice input")
        wrong = [place for place in range(len(boxes)) if place not in q["right"]]
        wanted = q["right"] if right else wrong[:1]
        for place, box in enumerate(boxes):
            if box.is_checked() != (place in wanted) and (
                q["kind"] == "several" or place in wanted
            ):
                press(opened, box, "Space")


PHONE = [(page, look) for page in TODAY for look in ("phone", "dark")]


@DEPENDS
@pytest.mark.parametrize(("page", "look"), PHONE)
def test_opened_questions_are_accessible_and_keep_their_width(browser, site, page, look):
    with open_page(browser, site, page, look) as opened:
        opened.evaluate(SHIFTS)
        for question in opened.query_selector_all(".question"):
            q = alive(opened, question)
            if q["kind"] in ("one", "several", "parts", "which"):
                question.query_selector(".choice input").check()
            if q["kind"] == "number":
                question.query_selector(".question-field input").fill(str(q["wrong"][0]))
            if q["kind"] != "curve":
                question.query_selector(".question-act button").click()
                continue
            question.query_selector(".xp-handle").focus()
            opened.keyboard.press("ArrowUp")
            question.query_selector(".question-act button").click()
        assert opened.evaluate("shifts.reduce((a, b) => a + b, 0)") < 0.01
        assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        small = "e => e.getBoundingClientRect().height < (e.matches('input') ? 16 : 44)"
        targets = "[...document.querySelectorAll('.question .choice, .question button')]"
        assert opened.evaluate(f"{targets}.filter({small}).length") == 0
        assert min(opened.evaluate(LETTERS), default=20) >= 11
        opened.evaluate(AXE.read_text(encoding="utf-8"))
        found = opened.evaluate("axe.run({include: ['.question']}, {resultTypes: ['violations']})")
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]] == []


LETTERS = """[...document.querySelectorAll('.question-plot text')].map(e => {
  const svg = e.closest('svg.xp-panel');
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return parseFloat(getComputedStyle(e).fontSize) * scale; })"""
SHIFTS = """() => { window.shifts = []; new PerformanceObserver((list) => shifts.push(
  ...list.getEntries().filter((e) => !e.hadRecentInput).map((e) => e.value)))
  .observe({type: "layout-shift"}); }"""
one = pytest.mark.depends(f"_build/html/{ONE}", "_build/html/book/again.html", *FILES)


@one
def test_a_screen_reader_meets_names_roles_and_what_changes(browser, site):
    with open_page(browser, site, ONE, "light") as opened:
        alive(opened, opened.query_selector(".question.check"))
        group = opened.get_by_role("group", name=re.compile(r"Check yourself 4\.1"))
        assert group.count() == 1
        assert group.get_by_role("status").count() == 1
        assert group.get_by_role("button", name="Check").count() == 1
        assert opened.get_by_role("slider").count() >= 1
        for slider in opened.locator("[role=slider]").all():
            assert slider.get_attribute("aria-label")
            assert slider.get_attribute("aria-valuetext")


@one
def test_without_javascript_the_reasons_and_the_measured_wait_in_details(browser, site):
    with browser.new_context(java_script_enabled=False, **LOOKS["phone"]) as context:
        page = context.new_page()
        page.goto(site + ONE)
        check = page.query_selector(".question.check")
        assert not check.query_selector(".question-act button").is_visible()
        check.query_selector("summary").click()
        assert check.query_selector(".question-reasons li").is_visible()
        waits = page.query_selector("details.withheld")
        assert not waits.query_selector("figcaption").is_visible()
        waits.query_selector("summary").click()
        assert waits.query_selector("figcaption").is_visible()


@one
def test_what_is_hidden_opens_for_a_link_into_it_and_for_print(browser, site):
    with open_page(browser, site, ONE, "light") as opened:
        name = opened.evaluate("document.querySelector('details.withheld figure[id]').id")
        opened.evaluate("name => location.assign(`#${name}`)", name)
        caption = opened.locator(f"#{name} figcaption")
        caption.wait_for()
        opened.wait_for_function(
            "name => Math.abs(document.getElementById(name).getBoundingClientRect().top) < 200",
            arg=name,
        )
        opened.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (
            opened.evaluate("document.querySelectorAll('details.withheld:not([open])').length") == 0
        )


@one
@pytest.mark.parametrize(
    "kept", ["{", "7", '{"a": 1}', '{"a": {"tries": [{}]}}', '{"a": {"tries": []}}']
)
def test_whatever_lies_in_the_storage_the_page_works(browser, site, kept):
    with open_page(browser, site, ONE, "light") as opened:
        name = settings(opened.query_selector(".question.predict"))["name"]
        opened.evaluate("v => localStorage.setItem('answers', v)", kept.replace('"a"', f'"{name}"'))
        opened.reload()
        alive(opened, opened.query_selector(".question"))
        assert opened.query_selector(".progress-line span").inner_text().startswith("0 of ")
        assert opened.errors == []


@one
def test_answers_are_kept_copied_and_forgotten(browser, site):
    with open_page(browser, site, ONE, "light") as opened:
        question = opened.query_selector(".question.check")
        q = alive(opened, question)
        give(opened, question, q, right=True)
        press(opened, question.query_selector(".question-act button"))
        opened.reload()
        question = opened.query_selector(".question.check")
        alive(opened, question)
        assert said(question).startswith("Answered before:")
        opened.get_by_role("button", name="Copy my answers").click()
        assert re.fullmatch(
            f"{q['name']}: .* > right", opened.get_by_label("My answers").input_value()
        )
        opened.on("dialog", lambda dialog: dialog.accept())
        with opened.expect_navigation():
            opened.get_by_role("button", name="Forget them").click()
        assert opened.evaluate("localStorage.answers") is None


@one
def test_again_puts_what_is_due_first(browser, site):
    with open_page(browser, site, "book/again.html", "light") as opened:
        names = opened.evaluate(
            "[...document.querySelectorAll('.again > [data-name]')].map(e => e.dataset.name)"
        )
        today = opened.evaluate("answers.today()")
        missed = {"tries": ["a"], "right": False}
        kept = {
            names[5]: missed | {"stage": 1, "due": today - 1},
            names[7]: missed | {"stage": 0, "due": today + 2},
            names[9]: missed | {"stage": 3, "due": None},
        }
        opened.evaluate("v => localStorage.setItem('answers', v)", json.dumps(kept))
        opened.reload()
        opened.wait_for_selector(".again[data-sorted]")
        items = opened.query_selector_all(".again > [data-name]")
        order = [item.get_attribute("data-name") for item in items]
        assert order[:2] == [names[5], names[7]]
        assert sorted(order) == sorted(names)
        assert opened.query_selector(".again-count").inner_text() == "1 question is due."
        assert "Comes back in 2 days" in items[1].inner_text()
        q = settings(items[0].query_selector(".question"))
        give(opened, items[0].query_selector(".question"), q, right=True)
        press(opened, items[0].query_selector(".question-act button"))
        known = json.loads(opened.evaluate("localStorage.answers"))[names[5]]
        assert known == missed | {"stage": 2, "due": today + 7}
        assert opened.errors == []


@one
def test_a_page_from_a_disk_answers_too(browser):
    with browser.new_context(**LOOKS["light"]) as context:
        page = context.new_page()
        page.goto((HTML / ONE).as_uri())
        question = page.query_selector(".question.check")
        q = alive(page, question)
        give(page, question, q, right=True)
        press(page, question.query_selector(".question-act button"))
        assert said(question).startswith("Right.")
