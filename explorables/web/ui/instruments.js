// What the lab shows of a run: curves by epoch, and by layer the measures of lib.diagnostics.
import { median } from "../core/statistics.js";
import { band } from "./bands.js";
import { element } from "./elements.js";
import { number, powers } from "./numbers.js";
import { panel } from "./panel.js";

const KEPT = 6; // muted
const BY_LAYER = {
  gradient: "norm of the gradient", update: "step over weights", spread: "spread of outputs",
};

/**
 * @param {HTMLElement} panels
 * @returns {{draw: (run: object | null, kept: object | null) => void}} draws a run, and behind it one
 *   that was kept
 */
export function instruments(panels) {
  const loss = curves("Loss by epoch, on a logarithmic axis, training and validation", "loss");
  const accuracy = curves("Accuracy by epoch, training and validation", "accuracy");
  const layers = Object.entries(BY_LAYER).map(([key, label]) => byLayer(key, label));
  const idle = silent();
  const all = [loss, accuracy, ...layers, idle];
  panels.append(...all.map(({ plot }) => plot.node));
  return { draw: (run, kept) => all.forEach((one) => one.draw(run, kept === run ? null : kept)) };
}

/** A panel with training and validation by epoch. @param {string} label @param {string} key */
export function curves(label, key) {
  const plot = panel({ label, width: 340, height: 230, margin: [8, 74, 34, 40] });
  const [before, train, valid] = [KEPT, 1, 2].map((k) => band(plot, k));
  const crosses = element("svg:g", { class: "xp-crosses" });
  plot.area.append(crosses);
  const rows = (run, part) => run?.history.map((row) => row[part].map((one) => one[key])) ?? [];
  const epochs = (run) => run?.history.map(({ epoch }) => epoch) ?? [];
  return {
    plot,
    draw(run, kept) {
      const most = Math.max(run?.settings.epochs ?? 8, kept?.settings.epochs ?? 0);
      const x = { from: 0, to: most, ticks: [0, most / 2, most], label: "epoch" };
      const seen = [...rows(run, "train"), ...rows(run, "valid"), ...rows(kept, "valid")].flat();
      plot.axes(x, key === "accuracy"
        ? { from: 0, to: 1, ticks: [0, 0.5, 1], label: key }
        : { ...powers(seen, 0.1, 10), label: key });
      before(epochs(kept), rows(kept, "valid"));
      train(epochs(run), rows(run, "train"));
      valid(epochs(run), rows(run, "valid"));
      const ends = [[2, "validation", rows(run, "valid")], [1, "training", rows(run, "train")],
        [KEPT, "before", rows(kept, "valid")]];
      plot.labels(ends.flatMap(([k, text, of], i) => {
        const last = of.findLast((row) => row.some(Number.isFinite));
        const at = epochs(i === 2 ? kept : run).at(-1);
        return last ? [{ k, text, x: at, y: median(last) }] : [];
      }));
      const gone = run?.members.filter((one) => one.gone) ?? [];
      crosses.replaceChildren(...gone.map(({ gone: { step } }) => {
        const [u, v] = [plot.x(step / run.steps), 7];
        return element("svg:path", { class: "xp-mark", d: `M${u - 5} ${v - 5}l10 10m0-10l-10 10` });
      }));
    },
  };
}

const ofLayer = (run, key) => {
  const seen = run?.last.filter(Boolean) ?? [];
  return (seen[0]?.[key] ?? []).map((_, l) => seen.map((one) => one[key][l]));
};
const layerAxis = (run, kept) => {
  const most = Math.max(run?.net.blocks ?? 2, kept?.net.blocks ?? 2);
  return { from: 1, to: most, ticks: [1, most], label: "layer" };
};
const places = (rows) => rows.map((_, l) => l + 1);

function byLayer(key, label) {
  const plot = panel({
    label: `By layer: ${label}, on a logarithmic axis`, width: 340, height: 170,
    margin: [8, 10, 34, 40],
  });
  const [before, now] = [KEPT, 3].map((k) => band(plot, k));
  return {
    plot,
    draw(run, kept) {
      const [rows, old] = [ofLayer(run, key), ofLayer(kept, key)];
      plot.axes(layerAxis(run, kept), { ...powers([...rows, ...old].flat(), 0.1, 1), label });
      before(places(old), old);
      now(places(rows), rows);
    },
  };
}

function silent() {
  const label = "dead and saturated units";
  const plot = panel({
    label: `By layer: share of ${label}`, width: 340, height: 170, margin: [8, 74, 34, 40],
  });
  const [dead, saturated] = [4, 5].map((k) => band(plot, k));
  return {
    plot,
    draw(run, kept) {
      plot.axes(layerAxis(run, kept), { from: 0, to: 1, ticks: [0, 0.5, 1], label });
      const shares = [["dead", dead, 4], ["saturated", saturated, 5]].map(([key, draw, k]) => {
        const rows = ofLayer(run, key);
        draw(places(rows), rows);
        const last = rows.at(-1) ?? [];
        return last.some(Number.isFinite) ? [{ k, text: key, x: rows.length, y: median(last) }] : [];
      });
      plot.labels(shares.flat());
    },
  };
}

/** What a run has come to, as a sentence. */
export function told(run) {
  if (!run?.done) return "Nothing is trained yet. Press Train, or change a setting first.";
  const { history, members, steps, done } = run;
  const epoch = `Epoch ${number(done / steps, 3)}, ${members.length} ${members.length > 1 ? "seeds" : "seed"}`;
  const gone = members.filter((one) => one.gone);
  const lost = gone.length
    ? ` ${gone.length} of ${members.length} diverged, the first after ${gone[0].gone.step} steps, in layer ${gone[0].gone.block}.`
    : "";
  const right = history.at(-1).valid.map(({ accuracy }) => accuracy).filter(Number.isFinite);
  if (!right.length) return `${epoch}.${lost}`;
  const share = (v) => `${number(100 * v, 3)} %`;
  const ends = members.length > 1 ? ` (${share(Math.min(...right))} to ${share(Math.max(...right))})` : "";
  const gradient = ofLayer(run, "gradient").map(median);
  const ratio = gradient[0] / gradient.at(-1);
  return `${epoch}: validation accuracy ${share(median(right))}${ends}. The gradient of the first layer is ` +
    `${ratio > 0 ? number(ratio) : "0"} times that of the last.${lost}`;
}
