// What explorables are made of: native controls with labels, panels with axes, points to drag.

/** Dashes of the house, by series; 0 is ink, 6 muted. In px of a line 2 px wide. */
const DASHES = ["", "", "10 3", "2.4 2.4", "12 3 2.4 3", "16 2 2 2 2 2", ""];

/** On whatever takes arrow keys, lest JupyterLab takes them for its own. */
const KEYS = { "data-lm-suppress-shortcuts": "true" };

/**
 * An element with attributes and children; `on…` attributes are listeners.
 * @param {string} tag "svg:" before it makes an element of SVG
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/**
 * Set attributes of an element of SVG; numbers are rounded to tenths of a pixel.
 * @param {Element} node
 * @param {Record<string, string | number>} attributes
 */
export function update(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, typeof value === "number" ? tenth(value) : value);
  }
}

/**
 * Mount an explorable once; if that fails the static figure stays.
 * @param {HTMLElement} host
 * @param {(host: HTMLElement, settings: any) => void} mount
 */
export function start(host, mount) {
  if ("live" in host.dataset) return;
  host.dataset.live = "";
  try {
    mount(host, JSON.parse(host.dataset.settings));
  } catch (error) {
    delete host.dataset.live;
    host.querySelector(".xp")?.remove();
    console.error(error);
  }
}

/**
 * The parts of a live figure: panels side by side, controls below, a sentence with the result.
 * @param {HTMLElement} host
 * @param {{label: string, columns?: string}} options `columns` is a CSS grid template for panels
 * @returns {{panels: HTMLElement, controls: HTMLElement, say: (text: string) => void}}
 */
export function frame(host, { label, columns = "1fr 1fr" }) {
  const panels = element("div", { class: "xp-panels", style: `--columns:${columns}` });
  const controls = element("div", { class: "xp-controls" });
  const result = element("p", { class: "xp-result", "aria-live": "polite" });
  host.append(
    element("div", { class: "xp", role: "group", "aria-label": label }, panels, result, controls),
  );
  return { panels, controls, say: (text) => void (result.textContent = text) };
}

const control = (label, ...parts) => element(
  "label",
  { class: "xp-control" },
  element("span", {}, label),
  ...parts,
);

/**
 * A slider over a list of values. `value` is among them even if the list lacks it.
 * @param {{label: string, values: number[], value: number, show?: (v: number) => string,
 *   change: (v: number) => void}} options
 */
export function slider({ label, values, value, show = (v) => number(v, 3), change }) {
  const output = element("output", { "aria-live": "off" });
  const input = element("input", { type: "range", min: 0, step: 1, ...KEYS });
  let list = values;
  const tell = () => {
    output.textContent = show(list[input.value]);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const set = (v) => {
    list = values.includes(v) ? values : [...values, v].sort((a, b) => a - b);
    input.max = list.length - 1;
    input.value = list.indexOf(v);
    tell();
  };
  input.addEventListener("input", () => {
    tell();
    change(list[input.value]);
  });
  set(value);
  return { node: control(label, input, output), set };
}

/**
 * @param {{label: string, options: Record<string, string>, value: string,
 *   change: (v: string) => void}} options maps values to what the reader sees
 */
export function choice({ label, options, value, change }) {
  const input = element(
    "select",
    { onchange: () => change(input.value), ...KEYS },
    ...Object.entries(options).map(([key, text]) =>
      element("option", { value: key, selected: key === value }, text)),
  );
  return { node: control(label, input) };
}

/** Values from `from` to `to`, a step apart, without the dust of binary fractions. */
export function linear(from, to, step) {
  const n = Math.round((to - from) / step);
  return Array.from({ length: n + 1 }, (_, i) => Number((from + i * step).toPrecision(12)));
}

/** Values of two digits from one power of ten to another, twenty to each. */
export function decades(from, to) {
  return Array.from({ length: 20 * (to - from) + 1 }, (_, i) =>
    Number((10 ** (from + i / 20)).toPrecision(2)));
}

/** A number for reading; `number` of lib/explorables/_shell.py writes the same. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return "too large";
  const [digit, exponent] = value.toExponential(digits - 1).split("e");
  const plain = Math.abs(Number(exponent) - 0.5) < 4.5;
  const text = plain
    ? String(Number(value.toPrecision(digits)))
    : `${Number(digit)}×10${raised(exponent)}`;
  return text.replace("-", "−");
}

/** A power of ten as the mark of an axis. */
export function power(value) {
  const exponent = Math.round(Math.log10(value));
  return exponent ? `10${raised(String(exponent))}` : "1";
}
const raised = (exponent) => [...exponent.replace("+", "")].map((c) => RAISED[c]).join("");
const RAISED = Object.fromEntries([..."-0123456789"].map((c, i) => [c, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]]));

/** Words as in a sentence: "SGD, momentum and Adam". */
export const listed = (words) =>
  words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");

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
 *   options label: its name; tag: a word beside it until it moves; bounds: left, right, bottom,
 *   top; k: series
 */
export function handle(plot, { label, tag = "", at, step, show, change, bounds, k = 0 }) {
  const words = element("svg:text", { y: -10, class: "xp-label" }, tag);
  const node = element(
    "svg:g",
    {
      class: "xp-handle", tabindex: 0, role: "slider", "aria-label": label,
      "aria-roledescription": "point in two dimensions", style: `color:var(--c${k})`, ...KEYS,
    },
    element("svg:circle", { r: 22, class: "xp-touch" }),
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
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const tenth = (v) => Math.round(clamp(v, -1e4, 1e4) * 10) / 10;
const line = (x1, y1, x2, y2) => element("svg:line", { x1, y1, x2, y2 });
const text = (x, y, words, anchor) => element("svg:text", { x, y, "text-anchor": anchor }, words);
