// What was measured, seed by seed, with a guess drawn into it.

import { KEYS, clamp, element, tenth, update } from "../../explorables/web/ui/elements.js";
import { number, power } from "../../explorables/web/ui/numbers.js";
import { panel } from "../../explorables/web/ui/panel.js";
import { amount, median } from "./judge.js";

/** An axis for panels: logarithms are taken here, so that panels only know what is linear. */
export function axis(from, to, log, label) {
  const f = log ? Math.log10 : Number;
  const back = log ? (v) => 10 ** v : Number;
  const [low, high] = [f(from), f(to)];
  const show = log && high - low > 2 ? (v) => power(back(v)) : (v) => number(back(v), 3);
  return { f, back, from: low, to: high, label, ticks: ticks(low, high, log), show };
}

/** Some round values between two ends. */
export function ticks(low, high, log) {
  if (log && high - low <= 2) {
    const decades = [-1, 0, 1, 2].map((i) => Math.floor(low) + i);
    return decades.flatMap((d) => [1, 3].map((m) => Math.log10(m) + d)).filter((v) => v >= low && v <= high);
  }
  const size = (high - low) / 5;
  const unit = log ? 1 : 10 ** Math.floor(Math.log10(size));
  const step = [1, 2, log ? 3 : 2.5, 5, 10].map((m) => m * unit).find((s) => s >= size);
  const start = Math.ceil(low / step - 1e-9);
  const n = Math.floor(high / step + 1e-9) - start;
  return Array.from({ length: n + 1 }, (_, i) => Number(((start + i) * step).toPrecision(12)));
}

/** An axis that holds all these values; logarithmic where they span more than two decades. */
function around(values, label) {
  const some = values.filter((v) => v !== null);
  let [low, high] = [Math.min(...some), Math.max(...some)];
  const log = low > 0 && high / low > 100;
  if (log) return axis(low / 2, high * 2, true, label);
  const room = 0.12 * (high - low || Math.abs(high) || 1);
  return axis(low - room, high + room, false, label);
}

/** As much of a text as a width in px holds. */
const fitting = (text, width) => (text.length * 6.6 > width ? `${text.slice(0, width / 6.6 - 1)}…` : text);

const named = (q) => (q.unit ? `${q.y}, ${q.unit}` : q.y);
const cross = (u, v) => element("svg:circle", { cx: tenth(u), cy: tenth(v), r: 3.5, class: "question-seed" });

/** Seeds as points over one quantity, or a row of them for each choice, with the guess. */
export function strip(q, guess, choices, width) {
  const rows = q.kind === "which" ? q.values : [q.values];
  const all = rows.flat();
  const label = fitting(named(q), width);
  const x = q.kind === "scale" ? axis(...q.range, q.log, label) : around([...all, ...(q.cuts ?? [])], label);
  const row = q.kind === "which" ? 40 : 64;
  const height = row * rows.length + 42;
  const plot = panel({ label: `${named(q)}: the seeds and your guess`, width, height, margin: [4, 12, 38, 12] });
  plot.axes(x, { from: rows.length, to: 0 });
  const at = (v) => clamp(plot.x(x.f(v)), 0, plot.inner.width);
  const mark = (attributes) =>
    element("svg:rect", { y: 0, height: plot.inner.height, class: "question-guess", "data-guess": guess, ...attributes });
  if (q.kind === "scale") {
    plot.area.append(mark({ x: tenth(at(guess) - 1.5), width: 3 }));
    plot.labels([{ k: 2, text: "you", x: x.f(guess), y: 0.12 }]);
  } else if (q.kind === "parts") {
    const ends = [0, ...q.cuts.map(at), plot.inner.width];
    plot.area.append(mark({ x: tenth(ends[guess]), width: tenth(ends[guess + 1] - ends[guess]) }));
    plot.labels([{ k: 2, text: "you", x: x.back ? x.from + ((ends[guess] + 2) / plot.inner.width) * (x.to - x.from) : 0, y: 0.12 }]);
  } else {
    plot.area.append(mark({ x: 0, width: plot.inner.width, y: guess * row, height: row }));
    plot.over.append(
      ...choices.map((words, i) => element(
        "svg:text",
        { x: plot.left + 6, y: plot.top + i * row + 14, class: "xp-label", style: `fill:var(--c${i === guess ? 2 : 0})` },
        i === guess ? `${fitting(words, width - 70)} (you)` : fitting(words, width - 30),
      )),
    );
  }
  rows.forEach((values, i) => values.forEach((v, seed) => {
    const wobble = ((seed * 7) % 10) / 9 - 0.5;
    if (v !== null) plot.area.append(cross(at(v), i * row + row * 0.65 + wobble * row * 0.3));
  }));
  return plot.node;
}

/** Of a panel to draw in, in px: questions.css reserves it. */
const HEIGHT = 240;

/**
 * A panel to draw a curve in: with a mouse anywhere, by finger or keys at its points.
 * @returns {{node: Element, guess: () => number[], set: (v: number[]) => void, open: () => void}}
 */
export function drawing(q, width, changed) {
  const scale = axis(q.x[0], q.x.at(-1), q.xLog, q.xLabel);
  const x = { ...scale, show: (v) => number(scale.back(v), 3) };  // 0.3 is no power of ten
  const y = axis(...q.range, q.log, "");
  const label = `${named(q)}, over ${q.xLabel}: draw your guess`;
  const plot = panel({ label, width, height: HEIGHT, margin: [22, 14, 36, 42] });
  plot.over.append(element("svg:text", { x: 4, y: 13 }, fitting(named(q), width)));
  const room = 0.04 * (x.to - x.from);
  plot.axes({ ...x, from: x.from - room, to: x.to + room, ticks: q.x.map(x.f) }, y);
  const line = plot.series(2, { class: "xp-line question-drawn" });
  const step = (y.to - y.from) / 50;
  const at = q.x.map(() => (y.from + y.to) / 2);
  let done = false;
  const show = () => {
    plot.trail(line, at.map((v, i) => [x.f(q.x[i]), v]));
    points.forEach((point, i) => update(point, {
      transform: `translate(${tenth(plot.left + plot.x(x.f(q.x[i])))} ${tenth(plot.top + plot.y(at[i]))})`,
      "aria-valuenow": String(Number(at[i].toPrecision(4))), "aria-valuetext": amount(y.back(at[i]), q.unit),
    }));
  };
  const move = (i, v) => {
    if (done) return;
    at[i] = clamp(Math.round(v / step) * step, y.from, y.to);
    show();
    changed();
  };
  const points = q.x.map((v, i) => element(
    "svg:g",
    {
      class: "xp-handle", tabindex: 0, role: "slider", "aria-label": `${q.xLabel} ${number(v, 3)}`,
      "aria-orientation": "vertical", "aria-valuemin": String(y.from), "aria-valuemax": String(y.to),
      style: "color:var(--c2)", ...KEYS,
      onkeydown: (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -100, End: 100 }[event.key];
        if (!way) return;
        event.preventDefault();
        move(i, at[i] + way * step);
      },
      onpointerdown: (event) => {
        points[i].setPointerCapture(event.pointerId);
        points[i].focus({ preventScroll: true });
        event.preventDefault();
      },
      onpointermove: (event) => {
        if (points[i].hasPointerCapture(event.pointerId)) move(i, plot.under(event.clientX, event.clientY)[1]);
      },
    },
    element("svg:circle", { r: 22, class: "xp-touch" }),
    element("svg:circle", { r: 6, class: "xp-dot" }),
  ));
  plot.node.addEventListener("pointermove", (event) => {
    if (!event.buttons || event.pointerType === "touch" || event.target.closest(".xp-handle")) return;
    const [u, v] = plot.under(event.clientX, event.clientY);
    const far = q.x.map((value) => Math.abs(x.f(value) - u));
    move(far.indexOf(Math.min(...far)), v);
  });
  plot.node.append(...points);
  show();
  return {
    node: plot.node,
    guess: () => at.map((v) => Number(y.back(v).toPrecision(3))),
    set: (values) => {
      values.forEach((v, i) => (at[i] = clamp(y.f(v), y.from, y.to)));
      show();
    },
    open: () => {
      done = true;
      points.forEach((point) => point.remove());
      line.setAttribute("data-guess", JSON.stringify(at.map((v) => Number(y.back(v).toPrecision(3)))));
      for (const seed of q.values) {
        const path = plot.series(0, { class: "xp-line question-seeds" });
        plot.trail(path, seed.map((v, i) => [x.f(q.x[i]), v === null ? NaN : clamp(y.f(v), y.from, y.to)]));
      }
      const [last, seen] = [at.at(-1), median(q.values.map((seed) => seed.at(-1)))];
      const end = x.from + 0.86 * (x.to - x.from);
      const name = plot.over.firstChild;
      plot.labels([
        { k: 2, text: "you", x: end, y: last },
        { k: 0, text: q.values.length > 1 ? "seeds" : "as it is", x: end, y: clamp(y.f(seen), y.from, y.to) },
      ]);
      plot.over.append(name); // the labels have taken its place
    },
  };
}

