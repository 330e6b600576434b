// The sum of the rates takes away the start, the last rates leave noise. Arithmetic: core/rates.js.
import { losses, rates, STEPS } from "./core/rates.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element } from "./ui/elements.js";
import { decades, linear, number } from "./ui/numbers.js";
import { panel } from "./ui/panel.js";

/** What the one number of a schedule is called, its values, and where it stands at first. */
const SHAPES = {
  constant: null,
  step: ["factor a drop", linear(0.05, 1, 0.05), 0.3],
  exponential: ["factor in all", decades(-4, 0), 0.01],
  power: ["c of 1/(1 + cu)", decades(0, 3), 9],
  cosine: ["share at the end", linear(0, 1, 0.05), 0],
  restarts: ["restart at", linear(0.05, 0.95, 0.05), 0.2],
  warmup: ["share of warmup", linear(0.05, 0.95, 0.05), 0.1],
  "1cycle": ["share of cycle", linear(0.1, 1, 0.05), 0.9],
};
const NAMES = Object.fromEntries(Object.keys(SHAPES).map((key) => [key, key]));
const STRIDE = 4; // a line of 250 points is as smooth as one of 1000
const MUTED = 6;

/**
 * @param {HTMLElement} host
 * @param {{schedule: string, peak: number, shape: number}} settings
 */
export function mount(host, settings) {
  const state = { ...settings };
  const { panels, controls, say } = frame(host, {
    label: "Schedules of the learning rate, an interactive figure", columns: "4fr 5fr",
  });
  const left = panel({
    label: "Learning rate against the step, with the sum of the rates as an area",
    width: 320, height: 260, margin: [8, 10, 34, 40], small: true,
  });
  const right = panel({
    label: "Expected loss against the step, on a logarithmic axis",
    width: 400, height: 260, margin: [8, 132, 34, 34],
  });
  panels.append(left.node, right.node);
  const steps = { from: 0, to: STEPS, ticks: [0, STEPS / 2, STEPS], label: "step" };
  right.axes(steps, {
    from: 0.01, to: 100, log: true, ticks: [0.01, 0.1, 1, 10, 100], label: "expected loss",
    show: String,
  });

  const area = element("svg:path", { style: "fill:var(--c1)", "fill-opacity": 0.15 });
  left.area.append(area);
  const line = left.series(0);
  const sum = element("svg:text", {
    class: "xp-label", x: left.left + 8, y: left.top + left.inner.height - 8,
  });
  left.over.append(sum);
  const level = right.series(MUTED, { style: "stroke:var(--muted);stroke-width:1.2px" });
  const [total, start, noise] = [0, 1, 2].map((k) => right.series(k));

  const sample = (rows, of) => rows.flatMap((row, t) =>
    (t % STRIDE === 0 || t === rows.length - 1 ? [[t, of(row)]] : []));

  function draw() {
    const { schedule, peak, shape } = state;
    const rate = rates(schedule, peak, shape);
    left.axes(steps, { from: 0, to: 1.08 * peak, ticks: [0, peak / 2, peak], label: "rate" });
    left.trail(line, sample(rate, (v) => v));
    left.trail(area, [[0, 0], ...sample(rate, (v) => v), [STEPS - 1, 0]]);
    const all = rate.reduce((a, b) => a + b, 0);
    sum.textContent = `sum ${number(all, 3)}`;

    const rows = losses(rate);
    const flat = losses(rates("constant", peak, 1));
    const both = ([a, b]) => a + b;
    for (const [path, of] of [[start, (row) => row[0]], [noise, (row) => row[1]], [total, both]]) {
      right.trail(path, sample(rows, of));
    }
    right.trail(level, schedule === "constant" ? [] : sample(flat, both));
    const last = rows.at(-1);
    const gone = rows.length <= STEPS;
    const ends = gone ? [{ k: 0, y: 100, text: "diverges" }] : [
      { k: 0, y: both(last), text: `loss ${number(both(last))}` },
      { k: 2, y: last[1], text: "noise" },
      { k: 1, y: last[0], text: "start" },
    ];
    if (schedule !== "constant" && flat.length > STEPS) {
      const y = both(flat.at(-1));
      ends.push({ k: MUTED, y, text: `constant ${number(y)}` });
    } else if (schedule !== "constant" && !gone) {
      ends.push({ k: MUTED, y: 100, text: "constant diverges" });
    }
    right.labels(ends.map((end) => ({ ...end, x: STEPS, y: Math.max(end.y, 1e-9) })));
    const head = `${schedule} from ${number(peak)}`.replace(/^./, (c) => c.toUpperCase());
    say(gone
      ? `${head}: the loss explodes, and passes a million after ${rows.length} steps.`
      : `${head}: the rates sum to ${number(all, 3)}. After ${STEPS} steps ` +
        `${number(last[0])} of the loss is left of the start, and ${number(last[1])} is noise.`);
  }

  const set = (name) => (value) => { state[name] = value; draw(); };
  const form = () => {
    const [label, values] = SHAPES[state.schedule] ?? ["", [1]];
    const node = slider({ label, values, value: state.shape, change: set("shape") }).node;
    node.hidden = !label;
    return node;
  };
  let last = form();
  controls.append(
    slider({
      label: "highest rate", values: decades(-3, 1), value: state.peak, change: set("peak"),
    }).node,
    choice({
      label: "schedule", options: NAMES, value: state.schedule,
      change(schedule) {
        Object.assign(state, { schedule, shape: SHAPES[schedule]?.[2] ?? 1 });
        const next = form();
        last.replaceWith(next);
        last = next;
        draw();
      },
    }).node,
    last,
  );
  draw();
}
