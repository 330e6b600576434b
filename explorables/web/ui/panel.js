// A panel with axes, and points to drag in it.

import { KEYS, clamp, element, tenth, update } from "./elements.js";
import { number } from "./numbers.js";

/** Dashes of the house, by series; 0 is ink, 6 muted. In px of a line 2 px wide. */
const DASHES = ["", "", "10 3", "2.4 2.4", "12 3 2.4 3", "16 2 2 2 2 2", ""];

/**
 * @typedef {{from: number, to: number, log?: boolean, label?: string, ticks?: number[],
 *   show?: (v: number) => string}} Axis
 */
/**
 * A panel that draws data in axes. Its text is for 340 px of width, so it is read at any size.
 * @param {{label: string, width?: number, height?: number, margin?: number[],
 *   small?: boolean}} options margin: top, right, bottom, left; small: narrower on a phone
 */
export function panel({ label, width = 340, height = 260, margin = [8, 8, 34, 40], small }) {
  const [top, right, bottom, left] = margin;
  const inner = { width: width - left - right, height: height - top - bottom };
  const grid = element("svg:g", { class: "xp-grid", "aria-hidden": "true" });
  // A nested svg clips what lies outside the axes, without an id.
  const area = element("svg:svg", { x: left, y: top, ...inner, class: "xp-area" });
  const over = element("svg:g", {});
  const root = element(
    "svg:svg",
    {
      viewBox: `0 0 ${width} ${height}`, class: `xp-panel${small ? " xp-small" : ""}`,
      role: "group", "aria-label": label,
    },
    grid,
    area,
    over,
  );
  let axes = {};
  const scale = ({ from, to, log }, a, b) => {
    const f = log ? Math.log10 : Number;
    const factor = (b - a) / (f(to) - f(from));
    return (v) => a + (f(v) - f(from)) * factor;
  };
  const self = {
    node: root, area, over, width, height, left, top, inner, x: Number, y: Number,
    /** @param {Axis} x @param {Axis} y */
    axes(x, y) {
      axes = { x, y };
      self.x = scale(x, 0, inner.width);
      self.y = scale(y, inner.height, 0);
      const foot = top + inner.height;
      grid.replaceChildren(
        element("svg:rect", { x: left, y: top, ...inner, class: "xp-frame" }),
        ...(x.ticks ?? []).flatMap((v) => [
          line(left + self.x(v), top, left + self.x(v), foot),
          text(left + self.x(v), foot + 14, (x.show ?? number)(v), "middle"),
        ]),
        ...(y.ticks ?? []).flatMap((v) => [
          line(left, top + self.y(v), left + inner.width, top + self.y(v)),
          text(left - 5, top + self.y(v) + 4, (y.show ?? number)(v), "end"),
        ]),
        text(left + inner.width / 2, height - 3, x.label ?? "", "middle"),
        text(left + 5, top + 12, y.label ?? "", "start"),
      );
    },
    /** The value under a place on the screen, within the axes. */
    under(clientX, clientY) {
      const box = root.getBoundingClientRect();
      const share = (at, start, size, from, to) =>
        from + Math.min(1, Math.max(0, (at - start) / size)) * (to - from);
      const u = ((clientX - box.left) / box.width) * width;
      const v = ((clientY - box.top) / box.height) * height;
      return [
        share(u, left, inner.width, axes.x.from, axes.x.to),
        share(v, top, inner.height, axes.y.to, axes.y.from),
      ];
    },
    /** A line in the look of a series, to be given its points by `trail`. */
    series(k, attributes = {}) {
      const path = element("svg:path", {
        class: "xp-line", style: `stroke:var(--c${k})`, "stroke-dasharray": DASHES[k],
        ...attributes,
      });
      area.append(path);
      return path;
    },
    /** Lead a line through points of data; it breaks where one is no number. */
    trail(path, points) {
      let d = "";
      let pen = "M";
      for (const [a, b] of points) {
        const u = self.x(a);
        const v = self.y(b);
        if (!Number.isFinite(u + v)) {
          pen = "M";
          continue;
        }
        d += `${pen}${tenth(u)} ${tenth(v)}`;
        pen = "L";
      }
      path.setAttribute("d", d);
    },
    /** Labels beside line ends: [{k, text, x, y}] in data; moved apart, within the panel. */
    labels(ends, gap = 15) {
      const places = ends
        .map((end) => ({ ...end, at: clamp(self.y(end.y), 0, inner.height) }))
        .sort((a, b) => a.at - b.at);
      places.forEach((p, i) => {
        p.at = Math.max(p.at, i ? places[i - 1].at + gap : 6);
      });
      for (let i = places.length - 1, most = inner.height - 5; i >= 0; i--, most -= gap) {
        places[i].at = Math.min(places[i].at, most);
      }
      over.replaceChildren(
        ...places.map(({ k, x, at, text: words }) =>
          element("svg:text", {
            x: tenth(left + clamp(self.x(x), 0, inner.width) + 5), y: tenth(top + at + 4),
            class: "xp-label", style: `fill:var(--c${k})`,
          }, words)),
      );
    },
  };
  return self;
}

/**
 * A point to drag with mouse or finger, and to move with the arrow keys (with Shift ten steps).
 * @param {ReturnType<typeof panel>} plot
 * @param {{label: string, tag?: string, at: number[], step: number,
 *   show: (at: number[]) => string, change: (at: number[]) => void, bounds: number[], k?: number}}
 *   options label: its name; tag: what it is called beside it until it moves; bounds: left, right, bottom,
 *   top; k: series
 */
export function handle(plot, { label, tag = "", at, step, show, change, bounds, k = 0 }) {
  const words = element("svg:text", { y: -10, class: "xp-label" }, tag && `drag ${tag}`);
  const node = element(
    "svg:g",
    {
      class: "xp-handle", tabindex: 0, role: "slider", "aria-label": label,
      "aria-roledescription": "point in two dimensions", style: `color:var(--c${k})`, ...KEYS,
    },
    element("svg:circle", { r: 24, class: "xp-touch" }),
    element("svg:circle", { r: 7, class: "xp-dot" }),
    words,
  );
  let [left, right, bottom, top] = bounds;
  const set = (to) => {
    at = [clamp(to[0], left, right), clamp(to[1], bottom, top)];
    const [u, v] = [plot.left + plot.x(at[0]), plot.top + plot.y(at[1])];
    update(node, {
      transform: `translate(${tenth(u)} ${tenth(v)})`,
      "aria-valuemin": String(left), "aria-valuemax": String(right),
      "aria-valuenow": String(at[0]), "aria-valuetext": show(at),
    });
    const far = plot.x(at[0]) > 0.7 * plot.inner.width;
    update(words, far ? { x: -10, "text-anchor": "end" } : { x: 10, "text-anchor": "start" });
  };
  const move = (to) => {
    const rounded = to.map((v) => Number((Math.round(v / step) * step).toPrecision(12)));
    words.remove(); // it has said what there is to drag
    set(rounded);
    change(at);
  };
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) move(plot.under(event.clientX, event.clientY));
  });
  node.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    move(at.map((v, i) => v + way[i] * step * (event.shiftKey ? 10 : 1)));
  });
  plot.node.append(node);
  set(at);
  return {
    node,
    /** Put the point elsewhere, within new bounds if given; nothing is reported. */
    set(to, within) {
      if (within) [left, right, bottom, top] = within;
      set(to);
    },
  };
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const line = (x1, y1, x2, y2) => element("svg:line", { x1, y1, x2, y2 });
const text = (x, y, words, anchor) => element("svg:text", { x, y, "text-anchor": anchor }, words);
