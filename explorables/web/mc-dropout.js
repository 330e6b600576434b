// MC dropout of a regression: mean, band and spread, next to the training points. core/dropout.js.
import { GRID, predict, summary, truth } from "./core/dropout.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element } from "./ui/elements.js";
import { number } from "./ui/numbers.js";
import { panel } from "./ui/panel.js";

const PLACES = { gap: "left and right", left: "left half", everywhere: "everywhere" };
const PASSES = [2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200];
const SHOWN = 8; // passes drawn one by one
const THIN = "stroke:var(--muted);stroke-width:0.7px;opacity:0.7";

/**
 * @param {HTMLElement} host
 * @param {{trained: Record<string, {x: number[], y: number[], rates: number[],
 *   networks: number[][][]}>, where: string, rate: number, passes: number}} settings
 */
export function mount(host, settings) {
  const { trained, ...state } = settings;
  const { panels, controls, say } = frame(host, {
    label: "MC dropout, an interactive figure", columns: "1fr 1fr",
  });
  const size = { width: 352, height: 232 };
  const fit = panel({
    label: "Training points, passes with dropout, their mean and band",
    margin: [8, 46, 34, 26], ...size,
  });
  const width = panel({
    label: "Spread of the passes against the input, with the training points",
    margin: [8, 84, 34, 34], ...size,
  });
  panels.append(fit.node, width.node);
  const x = { from: -1.5, to: 1.5, ticks: [-1, 0, 1] };
  fit.axes(
    { ...x, label: "x" },
    { from: -2, to: 2, ticks: [-2, -1, 0, 1, 2], label: "mean ± 2 spreads" },
  );

  const band = element("svg:path", { style: "fill:var(--c1);fill-opacity:0.22" });
  fit.area.append(band);
  const single = fit.series(0, { style: THIN });
  const real = fit.series(3);
  const middle = fit.series(1);
  const dots = fit.series(0, {
    "stroke-linecap": "round", style: "stroke:var(--c0);stroke-width:4.5px",
  });
  const exact = width.series(2);
  const spread = width.series(1);
  const rug = width.series(0, { style: "stroke:var(--c0);stroke-width:1.2px" });
  const along = (values) => GRID.map((v, n) => [v, values[n]]);
  const broken = (lists) => lists.flatMap((list) => [...list, [NaN, NaN]]);

  const note = (plot, words) => plot.over.append(element("svg:text", {
    x: plot.left + plot.inner.width - 6, y: plot.top + plot.inner.height - 14, "text-anchor": "end",
  }, words));
  let top; // of the spread's axis

  function place() {
    const { x: points, y, rates, networks } = trained[state.where];
    const largest = Math.max(...networks.flatMap((w, k) => [...predict(w, rates[k], 2).exact]));
    top = Math.ceil(largest * 5) / 5;
    width.axes(
      { ...x, label: "x, with the training points" },
      { from: 0, to: top, ticks: [0, top / 2, top], label: "spread of the passes" },
    );
    fit.trail(real, along(GRID.map(truth)));
    fit.trail(dots, broken(points.map((v, n) => [[v, y[n]], [v, y[n]]])));
    width.trail(rug, broken(points.map((v) => [[v, 0], [v, top / 20]])));
  }

  function draw() {
    const { where, rate, passes } = state;
    const { x: points, rates, networks } = trained[where];
    const run = predict(networks[rates.indexOf(rate)], rate, passes);
    const edge = (sign) => along(run.mean.map((m, n) => m + sign * 2 * run.spread[n]));
    fit.trail(band, [...edge(1), ...edge(-1).reverse()]);
    fit.trail(middle, along(run.mean));
    fit.trail(single, broken(run.passes.slice(0, SHOWN).map(along)));
    fit.labels([
      { k: 1, text: "mean", x: 1.5, y: run.mean.at(-1) },
      { k: 3, text: "truth", x: 1.5, y: truth(1.5) },
    ]);
    width.trail(spread, along(run.spread));
    width.trail(exact, along(run.exact));
    width.labels([
      { k: 1, text: `${passes} passes`, x: 1.5, y: run.spread.at(-1) },
      { k: 2, text: "all masks", x: 1.5, y: run.exact.at(-1) },
    ]);
    const [end, most] = [run.mean.at(-1), Math.max(...run.spread)];
    if (Math.max(...run.mean.map(Math.abs)) > 2) note(fit, `mean ends at ${number(end)}`);
    if (most > top) note(width, `spread up to ${number(most)}`);
    const found = summary(points, run);
    const percent = (share) => `${number(Math.round(100 * share), 3)}\u00a0%`;
    const empty = found.elsewhere >= 0;
    say(
      `Spread: ${number(found.at_points)} at the training points` +
        (empty ? `, ${number(found.elsewhere)} where there are none` : "") +
        `. Two spreads hold the truth at ${percent(found.covered_at_points)}` +
        `${empty ? ` and ${percent(found.covered_elsewhere)}` : ""} of these inputs.`,
    );
  }

  const set = (name) => (value) => { state[name] = value; draw(); };
  const { rates } = trained[state.where];
  controls.append(
    slider({ label: "dropout rate", values: rates, value: state.rate, change: set("rate") }).node,
    slider({ label: "passes", values: PASSES, value: state.passes, change: set("passes") }).node,
    choice({
      label: "training points", value: state.where,
      options: Object.fromEntries(Object.keys(trained).map((key) => [key, PLACES[key] ?? key])),
      change(where) { state.where = where; place(); draw(); },
    }).node,
  );
  place();
  draw();
}
