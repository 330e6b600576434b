// What a test of the clinic found, drawn.
import { element } from "./elements.js";
import { number, powers } from "./numbers.js";
import { panel } from "./panel.js";

/** Lines [series, name, values] against x in a panel. */
function lines(label, x, xs, y, all, log) {
  const plot = panel({ label: `${label} by ${x}`, width: 340, height: 170, margin: [8, 62, 34, 44] });
  const flat = all.flatMap(([, , values]) => values);
  const [from, to] = [xs[0], Math.max(xs.at(-1), xs[0] + 1)];
  const across = log ? { ...powers(xs), label: x } : { from, to, ticks: [from, to], label: x };
  plot.axes(across, { ...(y ?? powers(flat)), label });
  for (const [k, , values] of all) plot.trail(plot.series(k), values.map((v, i) => [xs[i], v]));
  plot.labels(all.flatMap(([k, text, values]) =>
    (text && values.length ? [{ k, text, x: xs[values.length - 1], y: values.at(-1) }] : [])));
  return plot;
}

const count = (values) => values.map((_, i) => i + 1);
const startNow = (label, { start, now }, y) =>
  lines(label, "layer", count(start), y, [[1, "start", start], [2, "now", now]]).node;
const SHARE = { from: 0, to: 1, ticks: [0, 0.5, 1] };
const share = (v) => `${number(100 * v, 3)} %`;

/**
 * For each test (core/lab/instruments.js): what is drawn of what it found, and what is said.
 * @type {Record<string, (found: any, run: object) => [Node[], string]>}
 */
export const DRAWN = {
  rows({ rows, labels, low, high, mean, deviation }, { data: { train, features } }) {
    const pictures = rows.map((row, i) => {
      const x = train.x.subarray(row * features, (row + 1) * features);
      const [least, most] = [Math.min(...x), Math.max(...x)];
      return element("svg:svg", { viewBox: "0 0 8 11", class: "xp-picture", role: "img", "aria-label": `label ${labels[i]}` },
        ...[...x].map((v, k) => element("svg:rect", {
          x: k % 8, y: Math.floor(k / 8), width: 1.03, height: 1.03,
          "fill-opacity": ((v - least) / (most - least)).toFixed(2),
        })),
        element("svg:text", { x: 4, y: 10.8, "text-anchor": "middle" }, String(labels[i])));
    });
    return [[element("div", { class: "xp-pictures" }, ...pictures)],
      `Below each picture its label. Inputs from ${number(low, 3)} to ${number(high, 3)}, mean ${number(mean)}, deviation ${number(deviation)}.`];
  },
  rate({ rates }) {
    const plot = lines("learning rate", "step", rates.map((_, i) => i), null, [[1, "", rates]]);
    return [[plot.node], `From ${number(rates[0])} to ${number(rates.at(-1))}.`];
  },
  moved(found) {
    const parts = Map.groupBy?.(found, ({ name }) => name) ?? new Map([["all", found]]);
    return [[], [...parts].map(([name, list]) =>
      `${name}: ${list.map(({ block, moved }) => `layer ${block} ${number(moved)}`).join(", ")}.`).join(" ")];
  },
  gradients: (found) => [[startNow("gradient's norm", found)], ""],
  updates: (found) => [[startNow("step over weights", found)], ""],
  activations({ start, now }) {
    const of = (key) => ({ start: start[key], now: now[key] });
    const saturated = start.saturated.every(Number.isFinite);
    return [[
      startNow("spread of outputs", of("spread")), startNow("dead units", of("dead"), SHARE),
      ...(saturated ? [startNow("saturated values", of("saturated"), SHARE)] : []),
    ], ""];
  },
  predictions({ histogram, byHand, inference, training, again, elsewhere, told }) {
    const total = histogram.reduce((a, b) => a + b);
    const plot = panel({ label: "Largest probability of each row", width: 340, height: 170, margin: [8, 10, 34, 44] });
    plot.axes({ from: 0, to: 1, ticks: [0, 0.5, 1], label: "largest probability" }, { ...SHARE, label: "share of rows" });
    plot.area.append(...histogram.map((rows, i) => element("svg:rect", {
      x: plot.x(i / 10) + 1, width: plot.x(0.1) - 2, y: plot.y(rows / total),
      height: plot.y(0) - plot.y(rows / total), style: "fill:var(--c2)",
    })));
    return [[plot.node],
      `Right in inference mode ${share(inference)}, in training mode ${share(training)}. In training mode ` +
      `${share(again)} of the answers stay when the same batches are asked again, ${share(elsewhere)} when ` +
      `the rows are put into other batches. The loss that is told is ${number(told, 3)}, that of the probabilities ${number(byHand, 3)}.`];
  },
  small({ loss, accuracy }) {
    const steps = count(loss);
    return [[
      lines("loss", "step", steps, null, [[1, "", loss]]).node,
      lines("accuracy", "step", steps, SHARE, [[2, "", accuracy]]).node,
    ], `After ${loss.length} steps the loss is ${number(loss.at(-1), 3)}, and ${share(accuracy.at(-1))} are right.`];
  },
  range({ own, rates, losses }) {
    const plot = lines("loss", "learning rate", rates, null, [[1, "", losses]], true);
    const u = plot.x(own);
    plot.area.append(element("svg:path", { class: "xp-mark", d: `M${u} 0V${plot.inner.height}` }));
    return [[plot.node], `The upright line is the patient's own rate, ${number(own)}.`];
  },
};
