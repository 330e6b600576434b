// Brings the questions of a page to life: answers are judged here, and kept in this browser.

import { amount, comesBack, compared, judged, typed } from "./judge.js";
import { drawing, strip } from "./plot.js";
import { element } from "../../explorables/web/ui/elements.js";

const LETTERS = "abcdefgh";
const again = document.querySelector(".again");

// One at a time: to ask for the width of one, or to add a field, lays out the section around it.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      bringToLife(target);
    }
  },
  { rootMargin: "100%" },
);
for (const host of document.querySelectorAll(".question")) near.observe(host);
if (again) sortByDue();

function bringToLife(host) {
  const q = JSON.parse(host.dataset.question);
  const parts = {
    q, host,
    act: host.querySelector(".question-act button"),
    said: host.querySelector(".question-said"),
    boxes: [...host.querySelectorAll(".choice input")],
    choices: [...host.querySelectorAll(".choice > span")].map((one) => one.textContent.trim()),
  };
  (host.classList.contains("predict") ? predict : check)(parts);
  host.dataset.live = "";
}

/** A guess, then what was measured with the guess in it. */
function predict({ q, host, act, said, boxes, choices }) {
  const slide = host.querySelector("input[type=range]");
  const place = host.querySelector(".question-plot");
  const known = answers.all()[q.name];
  const width = Math.min(480, Math.max(270, host.querySelector(".question-form").clientWidth));
  const draw = q.kind === "curve" ? drawing(q, width, () => (said.textContent = "")) : null;
  const ends = q.log ? q.range.map(Math.log10) : q.range;
  const value = () => {
    const v = ends[0] + (slide.value / slide.max) * (ends[1] - ends[0]);
    return Number((q.log ? 10 ** v : v).toPrecision(q.log ? (ends[1] - ends[0] > 2 ? 1 : 2) : 3));
  };
  const tell = () => {
    slide.nextElementSibling.textContent = amount(value(), q.unit);
    slide.setAttribute("aria-valuetext", amount(value(), q.unit));
  };
  if (draw) {
    place.append(draw.node);
    said.textContent = "Drag the points, or move them with the arrow keys.";
  }
  if (slide) {
    slide.addEventListener("input", tell);
    tell();
  }
  const guess = () => (draw ? draw.guess() : slide ? value() : boxes.findIndex((box) => box.checked));
  const show = (v) => {
    draw?.open();
    if (!draw) place.replaceChildren(strip(q, v, choices, width));
    place.hidden = false;
    said.textContent = compared(q, v, choices);
    for (const box of [...boxes, slide, act]) if (box) box.disabled = true;
    host.classList.add("done");
    openWhatWaits(host);
  };
  act.addEventListener("click", () => {
    const v = guess();
    if (boxes.length && v < 0) return void (said.textContent = "Choose one first.");
    answers.put(q.name, { tries: [boxes.length ? LETTERS[v] : [v].flat().join(" ")], right: null });
    show(v);
  });
  if (known) restore(known.tries[0]);
  function restore(text) {
    const v = boxes.length ? LETTERS.indexOf(text) : text.split(" ").map(Number);
    if (boxes.length) {
      if (!boxes[v]) return;
      boxes[v].checked = true;
      return show(v);
    }
    if (v.length !== (draw ? q.x.length : 1) || v.some((one) => !Number.isFinite(one))) return;
    draw?.set(v);
    if (slide) {
      const at = q.log ? Math.log10(v[0]) : v[0];
      slide.value = ((at - ends[0]) / (ends[1] - ends[0])) * slide.max;
      tell();
    }
    show(draw ? v : v[0]);
  }
}

/** Open what follows a row of predictions, once all of them are made. */
function openWhatWaits(host) {
  while (host.nextElementSibling?.matches(".predict")) host = host.nextElementSibling;
  const waits = host.nextElementSibling;
  for (let one = host; one?.matches(".predict"); one = one.previousElementSibling) {
    if (!one.matches(".done")) return;
  }
  if (waits?.matches("details.withheld")) waits.open = true;
}

/** A question with a right answer: feedback, another try, then the reason. */
function check({ q, host, act, said, boxes }) {
  const field = q.kind === "number" ? element("input", { inputmode: "decimal", autocomplete: "off", size: 10 }) : null;
  if (field) {
    host.querySelector(".question-field").append(field);
    field.addEventListener("keydown", ({ key }) => key === "Enter" && act.click());
  }
  const list = host.querySelector("ol.order");
  const reasons = host.querySelector("details.question-reasons");
  const tries = [];
  const items = () => [...list.children].map((item) => Number(item.dataset.place));
  if (list) list.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    const item = button.closest("li");
    const up = button.dataset.way === "up";
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (up) other.before(item);
    else other.after(item);
    button.focus();
    said.textContent = `Now in place ${[...list.children].indexOf(item) + 1} of ${list.children.length}.`;
  });
  const given = () => (field ? typed(field.value) : list ? items() : boxes.flatMap((box, i) => (box.checked ? [i] : [])));
  const inWords = (v) => (field ? String(v) : list ? v.map((i) => i + 1).join(" ") : v.map((i) => LETTERS[i]).join(" "));
  const feedback = (of) => of.flatMap((i) => [...host.querySelectorAll(`.question-reasons [data-of="${i}"] > .feedback > *`)])
    .map((block) => block.cloneNode(true));
  act.addEventListener("click", () => {
    const v = given();
    if (field ? Number.isNaN(v) : !v.length) {
      said.textContent = field ? "Type a number first." : "Choose first.";
      return;
    }
    const { right, of, hint } = judged(q, v);
    tries.push(inWords(v));
    const last = right || tries.length > 1;
    const verdict = right ? "Right." : last ? "Not right either." : "Not yet. Try once more.";
    said.replaceChildren(
      element("p", {}, element("strong", {}, verdict), right && list ? "" : hint ? ` ${hint}` : ""),
      ...feedback(of),
    );
    host.classList.toggle("right", right);
    if (last) {
      reasons.open = true;
      for (const box of [...boxes, field, act, ...(list?.querySelectorAll("button") ?? [])]) if (box) box.disabled = true;
    }
    note(right);
  });

  const known = answers.all()[q.name];
  if (known && !again) {
    said.textContent = `Answered before: ${known.tries.join(", then ")}; ${known.right ? "right" : "wrong"}.`;
  }

  /** The first answers count; later ones decide when a question comes back. */
  function note(right) {
    const first = tries.length === 1;
    const now = answers.all()[q.name];
    const back = first ? comesBack(now, right, answers.today()) : {};
    answers.put(q.name, { ...now, ...(known ?? { tries: [...tries], right }), ...back });
  }
}

/** On "Again": what is due first, then what will be, then all other questions. */
function sortByDue() {
  const known = answers.all();
  const today = answers.today();
  const due = (item) => {
    const one = known[item.dataset.name];
    return one?.stage === undefined || !Number.isFinite(one.due) ? Infinity : one.due;
  };
  const items = [...again.children].filter((item) => item.dataset.name);
  const now = items.filter((item) => due(item) <= today).length;
  for (const item of items.sort((a, b) => due(a) - due(b))) {
    const days = due(item) - today;
    if (days > 0 && days < Infinity) {
      item.querySelector(".again-when").textContent = `Comes back in ${days} ${days === 1 ? "day" : "days"}. `;
    }
    again.append(item);
  }
  document.querySelector(".again-count").textContent = now
    ? `${now} ${now === 1 ? "question is" : "questions are"} due.`
    : "Nothing is due today.";
  again.dataset.sorted = "";
}
