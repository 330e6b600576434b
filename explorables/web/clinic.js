// Networks that do not learn: order tests, name the cause, treat. Arithmetic: core/lab/clinic.js.
import { admitted, CAUSES, patient, treated } from "./core/lab/clinic.js";
import { BUDGET, TESTS } from "./core/lab/instruments.js";
import { advance, over } from "./core/lab/run.js";
import { median } from "./core/statistics.js";
import { actions } from "./ui/actions.js";
import { choice, frame } from "./ui/controls.js";
import { loadDigits } from "./ui/digits.js";
import { element, readdress } from "./ui/elements.js";
import { engine } from "./ui/engine.js";
import { DRAWN } from "./ui/findings.js";
import { curves } from "./ui/instruments.js";

const MOST = 1e6; // patients
const STORE = "clinic";
const minutes = (n) => `${n} ${n === 1 ? "minute" : "minutes"}`;

/**
 * @param {HTMLElement} host
 * @param {{}} settings
 * @param {AbortSignal} signal
 */
export function mount(host, settings, signal) {
  const { panels, controls, say } = frame(host, { label: "The clinic, networks that do not learn", columns: "1fr 1fr" });
  const both = [curves("Loss by epoch, on a logarithmic axis", "loss"), curves("Accuracy by epoch", "accuracy")];
  panels.append(...both.map(({ plot }) => plot.node));
  controls.className = "";
  let [ill, run, kept, left, jobs] = [null, null, null, BUDGET, []];

  const work = engine(() => jobs.shift() ?? null, () => {
    requestAnimationFrame(() => both.forEach((one) => one.draw(run, kept)));
  }, signal);
  /** Do what a generator does, after what is being done, and then what is to be done with it. */
  function doing(made, then) {
    jobs.push((function* () { then(yield* made); })());
    work.go();
  }
  function* trained(mine) {
    while (!over(mine) && mine === run) yield* advance(mine);
  }

  const clock = element("p", { class: "xp-clock" });
  const orders = element("div", { class: "xp-actions" });
  const findings = element("div", { class: "xp-findings" });
  let cause = "";
  const causes = choice({
    label: "the cause", value: "",
    options: { "": "…", ...Object.fromEntries(CAUSES.map(({ key, name }) => [key, name])) },
    change: (key) => { cause = key; },
  });
  const verdict = element("p", { class: "xp-verdict", role: "status" });
  const top = actions([{ label: "Next patient", strong: true, act: () => arrives() }]);
  const last = actions([{ label: "Name it and treat", act: treat }]);
  panels.before(top.node);
  controls.append(clock, orders, findings, causes.node, last.node, verdict);

  function tell() {
    clock.textContent = `${minutes(left)} left for tests.`;
    for (const button of orders.children) button.disabled = !run || button.done || TESTS[button.value].cost > left;
  }
  function order(key, button) {
    const test = TESTS[key];
    left -= test.cost;
    button.done = true;
    tell();
    const at = element("section", {}, element("h4", {}, test.name), element("p", {}, "…"));
    findings.append(at);
    const mine = run;
    doing(test.make(mine), (found) => {
      const [drawn, words] = DRAWN[key](found, mine);
      at.replaceChildren(element("h4", {}, test.name), element("div", { class: "xp-panels", style: "--columns:1fr 1fr" }, ...drawn),
        element("p", {}, `${test.shows} ${words}`));
    });
  }
  orders.append(...Object.entries(TESTS).map(([key, { name, cost }]) => {
    const button = element("button", { type: "button", class: "xp-button", value: key, onclick: () => order(key, button) },
      `${name}, ${minutes(cost)}`);
    return button;
  }));

  async function arrives(seed = Math.floor(MOST * Math.random())) {
    let digits;
    try {
      digits = await loadDigits();
    } catch (error) {
      return say(`No patient: ${error.message}.`);
    }
    ill = patient(seed);
    [run, kept, left, jobs, cause] = [admitted(ill, digits), null, BUDGET, [], ""];
    work.drop();
    for (const button of orders.children) button.done = false;
    findings.replaceChildren();
    verdict.textContent = "";
    causes.set("");
    last.buttons[0].disabled = false;
    readdress(`patient=${seed}`);
    tell();
    say(`Patient ${seed} is being trained as it came: ${ill.settings.depth} hidden layers on the digits.`);
    const mine = run;
    doing(trained(mine), () => say(`Patient ${seed} has been trained for ${run.settings.epochs} epochs. What is wrong?`));
  }

  async function treat() {
    if (!ill || !cause) return void (verdict.textContent = ill ? "Choose a cause first." : "Let a patient come first.");
    last.buttons[0].disabled = true;
    const named = CAUSES.find(({ key }) => key === cause);
    const real = CAUSES.find(({ key }) => key === ill.cause);
    const score = counted(cause === ill.cause, BUDGET - left);
    kept = run;
    run = admitted(treated(ill, cause), await loadDigits());
    const mine = run;
    doing(trained(mine), () => {
      const right = median(mine.history.at(-1).valid.map(({ accuracy }) => accuracy || 0));
      const tests = real.by.map((key) => TESTS[key].name).join(" or ");
      verdict.replaceChildren(
        `${cause === ill.cause ? "Right" : `Not so: ${real.name}`}. The treatment was to ${named.treatment}; the patient now has ${Math.round(100 * right)} %. `,
        `From ${tests}: ${real.told} `, element("a", { href: real.read }, "Read on"), `. ${score}`,
      );
    });
    say("The treated patient is trained; in grey how it came.");
  }

  addEventListener("hashchange", () => {
    const seed = given();
    if (seed != null) arrives(seed);
  }, { signal });
  function given() {
    const seed = /^#patient=(\d{1,6})$/.exec(location.hash)?.[1];
    return seed && Number(seed);
  }
  both.forEach((one) => one.draw(null, null));
  tell();
  if (given() != null) arrives(given());
  else say("Ten minutes for tests, then name what is wrong. Let the first patient come.");
}

/** How many were found, and at what cost: kept in this browser alone. */
function counted(found, spent) {
  const none = { visits: 0, found: 0, minutes: 0 };
  let score = none;
  try {
    const known = JSON.parse(localStorage.getItem(STORE));
    if (known && Object.keys(none).every((key) => Number.isSafeInteger(known[key]))) score = known;
  } catch { /* no storage, or not ours */ }
  score = { visits: score.visits + 1, found: score.found + (found ? 1 : 0), minutes: score.minutes + spent };
  try {
    localStorage.setItem(STORE, JSON.stringify(score));
  } catch { /* then it is forgotten */ }
  return `So far you have found ${score.found} of ${score.visits}, with ${minutes(score.minutes)} of tests.`;
}
