// Five optimizers share one learning rate. Arithmetic: core/optimizers.js.
import { contour, heights, quantiles } from "./core/contours.js";
import { SURFACES, trace } from "./core/optimizers.js";
import { actions } from "./ui/actions.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element, update } from "./ui/elements.js";
import { decades, linear, listed, number, power } from "./ui/numbers.js";
import { handle, panel } from "./ui/panel.js";

const NAMES = {
  sgd: "SGD", momentum: "momentum", nesterov: "Nesterov", rmsprop: "RMSprop", adam: "Adam",
};
const KEYS = Object.keys(NAMES);
const TITLES = {
  ravine: "turned ravine", rosenbrock: "Rosenbrock’s valley", saddle: "turned saddle",
};
const FLOOR = 1e-12;
const GRID = 60;
const SECONDS = 4; // of the whole way, played

/**
 * @param {HTMLElement} host
 * @param {{surface: string, rate: number, beta: number, rho: number, start: number[]}} settings
 * @param {AbortSignal} signal
 */
export function mount(host, settings, signal) {
  const state = { ...settings, shown: SURFACES[settings.surface].steps };
  const { panels, controls, say } = frame(host, {
    label: "Optimizer race, an interactive figure", columns: "4fr 5fr",
  });
  const map = panel({
    label: "Map of the surface with the paths of five optimizers",
    width: 320, height: 260, margin: [1, 1, 1, 1], small: true,
  });
  const losses = panel({
    label: "Loss of the five optimizers against the step, on a logarithmic axis",
    width: 400, height: 260, margin: [8, 150, 34, 34],
  });
  panels.append(map.node, losses.node);

  const lines = element("svg:path", { class: "xp-contour" });
  const minima = element("svg:path", { class: "xp-mark" });
  map.area.append(lines, minima);
  const paths = KEYS.map((_, k) => map.series(k));
  const curves = KEYS.map((_, k) => losses.series(k));
  const tips = KEYS.map((_, k) => element("svg:circle", { r: 4, style: `fill:var(--c${k})` }));
  map.area.append(...tips);

  function land() {
    const { value, window, minima: points, steps } = SURFACES[state.surface];
    const [left, right, bottom, top] = window;
    map.axes({ from: left, to: right }, { from: bottom, to: top });
    const z = heights(value, window, GRID);
    const place = (x, y) => `${map.x(x).toFixed(1)} ${map.y(y).toFixed(1)}`;
    const d = quantiles(z, [0.03, 0.1, 0.2, 0.35, 0.55, 0.8])
      .flatMap((level) => contour(z, window, GRID, level))
      .map(([a, b, c, e]) => `M${place(a, b)}L${place(c, e)}`);
    update(lines, { d: d.join("") });
    update(minima, { d: points.map(([a, b]) => `M${place(a, b)}m-6 0h12m-6 -6v12`).join("") });
    losses.axes(
      { from: 0, to: steps, label: "step", ticks: [0, steps / 2, steps] },
      { from: 1e-8, to: 1e4, log: true, label: "loss", ticks: [1e-8, 1e-4, 1, 1e4], show: power },
    );
  }

  function draw() {
    const { steps } = SURFACES[state.surface];
    const runs = KEYS.map((key) => trace(state.surface, key, state, state.start, state.shown));
    runs.forEach((run, k) => {
      map.trail(paths[k], run);
      losses.trail(curves[k], run.map((row, t) => [t, Math.max(row[2], FLOOR)]));
      const [x, y] = run.at(-1);
      update(tips[k], { cx: map.x(x), cy: map.y(y) });
    });
    const gone = runs.map((run) => run.length <= state.shown);
    losses.labels(runs.map((run, k) => ({
      k,
      x: gone[k] ? steps : run.length - 1,
      y: gone[k] ? 1e4 : Math.max(run.at(-1)[2], FLOOR),
      text: `${NAMES[KEYS[k]]} ${gone[k] ? "diverges" : number(run.at(-1)[2])}`,
    })));
    const loss = (k) => runs[k].at(-1)[2];
    const order = [...KEYS.keys()].filter((k) => !gone[k]).sort((a, b) => loss(a) - loss(b));
    const lost = KEYS.filter((_, k) => gone[k]).map((key) => NAMES[key]);
    const left = order.map((k) => `${NAMES[KEYS[k]]}\u00a0${number(loss(k))}`);
    say(
      `Loss after ${state.shown} steps at the rate ${number(state.rate, 3)}: ` +
        `${left.join(", ") || "none"}. ` +
        (lost.length ? `${listed(lost)} diverge${lost.length > 1 ? "" : "s"}.` : ""),
    );
  }

  const point = handle(map, {
    label: "Start of the paths", tag: "start", at: state.start, step: 0.01,
    bounds: SURFACES[state.surface].window,
    show: ([x, y]) => `${number(x, 3)}, ${number(y, 3)}`,
    change: (at) => { state.start = at; draw(); },
  });
  const set = (name) => (value) => { state[name] = value; draw(); };
  /** A slider for one number of the state. */
  const knob = (label, name, values) =>
    slider({ label, values, value: state[name], change: set(name) }).node;
  const step = () => slider({
    label: "step", values: linear(0, SURFACES[state.surface].steps, 1), value: state.shown,
    change(shown) { playing = false; state.shown = shown; draw(); },
  });
  let playing = false;
  let scrub = step();
  function play() {
    const { steps } = SURFACES[state.surface];
    const begun = performance.now();
    const frame = (now) => {
      if (!playing || signal.aborted) return;
      state.shown = Math.min(steps, Math.round((steps * (now - begun)) / SECONDS / 1000));
      scrub.set(state.shown);
      draw();
      playing = state.shown < steps;
      if (playing) requestAnimationFrame(frame);
    };
    playing = true;
    requestAnimationFrame(frame);
  }
  controls.append(
    knob("learning rate", "rate", decades(-4, 0)),
    scrub.node,
    choice({
      label: "surface", options: TITLES, value: state.surface,
      change(surface) {
        const { start, steps, window } = SURFACES[surface];
        Object.assign(state, { surface, start, shown: steps });
        land();
        point.set(start, window);
        playing = false;
        const next = step();
        scrub.node.replaceWith(next.node);
        scrub = next;
        draw();
      },
    }).node,
    knob("β, Adam’s β₁", "beta", linear(0, 0.99, 0.01)),
    knob("ρ, Adam’s β₂", "rho", linear(0.5, 0.999, 0.001)),
    actions([{ label: "Play", act: play }]).node,
  );
  land();
  point.set(state.start);
  draw();
}
