// Real networks, trained in the page. Arithmetic: core/lab/.
import { moons } from "./core/lab/data.js";
import { asKeras } from "./core/lab/keras.js";
import { advance, over, start } from "./core/lab/run.js";
import { NAMES, parsed, SETTINGS, written } from "./core/lab/settings.js";
import { actions } from "./ui/actions.js";
import { choice, frame, slider } from "./ui/controls.js";
import { loadDigits } from "./ui/digits.js";
import { element, readdress } from "./ui/elements.js";
import { engine } from "./ui/engine.js";
import { instruments, told } from "./ui/instruments.js";
import { decades, linear } from "./ui/numbers.js";

const VALUES = {
  depth: linear(1, 20, 1), rate: decades(-5, 1), scale: decades(-2, 2), most: decades(-3, 2),
  epochs: [1, 2, 4, 8, 16, 24, 32, 40], drop: linear(0, 0.9, 0.1), noise: linear(0, 0.6, 0.1),
  l2: [0, ...decades(-5, -1)],
};
const GROUPS = {
  network: {
    depth: "hidden layers", width: "units each", act: "activation", init: "kernels",
    scale: "fan-in × variance", norm: "normalization",
  },
  training: {
    opt: "optimizer", rate: "learning rate", sched: "schedule", epochs: "epochs",
    batch: "batch size", clip: "clipping", most: "threshold",
  },
  "regularization, data and seeds": {
    drop: "dropout", l2: "L2", data: "data", std: "inputs", noise: "wrong labels", seeds: "seeds",
  },
};
const NEEDS = { scale: ["init", "scale"], most: ["clip"] }; // shown for this value, or any but "none"

/** Whether an address holds settings, and not a section or a patient of the clinic. */
const isOurs = (hash) => hash.includes("=") && !hash.startsWith("#patient=");

/**
 * @param {HTMLElement} host
 * @param {{preset: string, controls: string[]}} settings `preset`: what to begin with, as in an
 *   address; `controls`: the settings in view, where the others are folded
 * @param {AbortSignal} signal
 */
export function mount(host, { preset, controls: inView }, signal) {
  const first = parsed(preset);
  let state = parsed(location.hash, first);
  let [run, kept, until, announced] = [null, null, null, 0];
  const { panels, controls, say } = frame(host, { label: "The lab, networks to train", columns: "1fr 1fr" });
  const shown = instruments(panels);

  const work = engine(() => {
    if (!run || over(run) || run.done === until) return null;
    return advance(run, until != null);
  }, () => {
    draw();
    const epoch = Math.floor(run.done / run.steps);
    if (!work.going) rest();
    else if (epoch !== announced) say(told(run));
    announced = epoch;
  }, signal);
  let asked = 0;
  const draw = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      shown.draw(run, kept);
    });
  };
  const rest = () => {
    say(told(run));
    play.textContent = work.going ? "Pause" : "Train";
  };

  /** Train to the end, or up to a number of steps from here. */
  async function go(steps) {
    try {
      run ??= start(state, state.data === "moons" ? moons() : await loadDigits());
    } catch (error) {
      return say(`Nothing to train on: ${error.message}.`);
    }
    if (over(run)) return rest();
    until = steps ? run.done + steps(run) : null;
    work.go();
    play.textContent = "Pause";
  }
  function back() {
    work.pause();
    work.drop();
    if (run && keep.getAttribute("aria-pressed") === "true") kept = run;
    run = null;
    draw();
    rest();
  }
  function set(changes) {
    const going = work.going && until == null;
    state = { ...state, ...changes }; // a run that is kept has its own
    back();
    form();
    if (going) go();
  }

  const row = actions([
    { label: "Train", strong: true, act: () => (work.going ? (work.pause(), rest()) : go()) },
    { label: "One step", act: () => go(() => 1) },
    { label: "One epoch", act: () => go((run) => run.steps - (run.done % run.steps)) },
    { label: "Back to start", act: back },
    {
      label: "Compare", pressed: false,
      act() {
        const on = keep.getAttribute("aria-pressed") !== "true";
        keep.setAttribute("aria-pressed", String(on));
        kept = on ? run : null;
        draw();
      },
    },
  ]);
  const [play, , , , keep] = row.buttons;
  panels.before(row.node, controls, host.querySelector(".xp-said"));

  const all = element("div", {});
  host.querySelector(".xp").append(
    element("details", { class: "xp-code" }, element("summary", {}, "All other settings"), all));
  const fields = {};
  for (const [title, names] of Object.entries(GROUPS)) {
    const group = element("div", { class: "xp-controls" });
    all.append(element("fieldset", { class: "xp-group" }, element("legend", {}, title), group));
    for (const [name, label] of Object.entries(names)) {
      const { values } = SETTINGS[name];
      const change = (value) => set({ [name]: value });
      const options = values && Object.fromEntries(values.map((v) => [v, NAMES[v] ?? v]));
      fields[name] = values ? choice({ label, value: state[name], options, change })
        : slider({ label, value: state[name], values: VALUES[name], change });
      (inView.includes(name) ? controls : group).append(fields[name].node);
    }
  }
  const code = element("code", {});
  const copy = actions([{
    label: "Copy",
    act: () => navigator.clipboard?.writeText(code.textContent).catch(() => getSelection().selectAllChildren(code)),
  }]);
  const shell = element("details", { class: "xp-code" }, element("summary", {}, "As Keras"),
    element("pre", { tabindex: 0 }, code), copy.node);
  host.querySelector(".xp").append(shell);

  function form() {
    for (const [name, { node, set }] of Object.entries(fields)) {
      set(state[name]);
      const [other, value] = NEEDS[name] ?? [];
      node.hidden = Boolean(other) && (value ? state[other] !== value : state[other] === "none");
    }
    code.textContent = asKeras(state);
    address();
  }
  function address() {
    const hash = written(state, first);
    if (hash || isOurs(location.hash)) readdress(hash);
  }
  addEventListener("hashchange", () => {
    if (!isOurs(location.hash)) return;
    set(parsed(location.hash, first));
    host.scrollIntoView({ block: "start" });
  }, { signal });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && work.going) work.pause(), rest();
  }, { signal });
  signal.addEventListener("abort", () => isOurs(location.hash) && readdress(""));
  form();
  draw();
  rest();
}
