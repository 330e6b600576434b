// Clipping by value turns a gradient, clipping by norm does not. Arithmetic: core/clipping.js.
import { angle, byNorm, byValue, norm, turns } from "./core/clipping.js";
import { frame, slider } from "./ui/controls.js";
import { element, update } from "./ui/elements.js";
import { linear, number } from "./ui/numbers.js";
import { handle, panel } from "./ui/panel.js";

const DIRECTIONS = linear(-180, 180, 3);
const BOUNDS = [-2.1, 2.1, -1.9, 1.9];
const point = (v) => `(${number(v[0])},\u00a0${number(v[1])})`;
const degrees = (v) => `${number(Math.round(v), 3)}°`;

/**
 * @param {HTMLElement} host
 * @param {{gradient: number[], threshold: number}} settings
 */
export function mount(host, settings) {
  const state = { ...settings };
  const { panels, controls, say } = frame(host, {
    label: "Clipping a gradient, an interactive figure", columns: "4fr 5fr",
  });
  const plane = panel({
    label: "A gradient of two entries, and what clipping leaves of it",
    width: 320, height: 300, margin: [2, 2, 34, 30], small: true,
  });
  const curve = panel({
    label: "Angle by which clipping turns a gradient, against its direction",
    width: 400, height: 300, margin: [2, 72, 34, 34],
  });
  panels.append(plane.node, curve.node);
  plane.axes(
    { from: -2.2, to: 2.2, ticks: [-1, 0, 1], label: "first entry" },
    { from: -2.0166, to: 2.0166, ticks: [-1, 0, 1], label: "second entry" },
  );
  curve.axes(
    {
      from: -180, to: 180, ticks: [-180, -90, 0, 90, 180], show: degrees,
      label: "direction of the gradient",
    },
    { from: 0, to: 45, ticks: [0, 15, 30, 45], show: degrees, label: "turned by" },
  );
  const unit = plane.x(1) - plane.x(0);

  const fill = (k) => ({ style: `fill:var(--c${k})`, "fill-opacity": 0.13 });
  const box = element("svg:rect", fill(1));
  const ball = element("svg:circle", { cx: plane.x(0), cy: plane.y(0), ...fill(2) });
  plane.area.append(box, ball);
  const thin = { style: "stroke:var(--c0);stroke-width:1.2px" };
  const arrow = plane.series(0, thin);
  const arc = plane.series(0, thin);
  const left = [1, 2].map((k) => plane.series(k));
  /** A square for what is clipped by value, a dot for what is clipped by norm. */
  const marks = (area) => {
    const square = element("svg:rect", { width: 9, height: 9, style: "fill:var(--c1)" });
    const dot = element("svg:circle", { r: 5, style: "fill:var(--c2)" });
    area.append(square, dot);
    return ([[x0, y0], [x1, y1]]) => {
      update(square, { x: x0 - 4.5, y: y0 - 4.5 });
      update(dot, { cx: x1, cy: y1 });
    };
  };
  const ends = marks(plane.area);
  const words = [["by value", 1], ["by norm", 2], ["", 0]].map(([text, k]) =>
    element("svg:text", { class: "xp-label", style: `fill:var(--c${k})` }, text));
  plane.over.append(...words);

  const now = element("svg:path", { class: "xp-contour" });
  curve.area.append(now);
  const turned = curve.series(1);
  curve.trail(curve.series(2), [[-180, 0], [180, 0]]);
  const unclipped = element("svg:g");
  curve.over.before(unclipped);
  const dots = marks(unclipped);

  /** Labels stand across the gradient, each on the side of its end. */
  function label(g, clipped, hidden) {
    const side = g[0] * clipped[0][1] - g[1] * clipped[0][0] < 0 ? -1 : 1;
    clipped.forEach(([x, y], i) => {
      const away = (i ? -side : side) / (norm(g) || 1);
      const [right, up] = [-g[1] * away, g[0] * away];
      const anchor = right > 0.3 ? "start" : right < -0.3 ? "end" : "middle";
      const [low, high] = { start: [0, 230], end: [60, 290], middle: [30, 260] }[anchor];
      update(words[i], {
        "text-anchor": anchor,
        x: plane.left + Math.min(high, Math.max(low, plane.x(x) + 9 * right)),
        y: plane.top + plane.y(y) - 14 * up + 4,
        visibility: hidden[i] ? "hidden" : "visible",
      });
    });
  }

  /** An arc from the gradient to what is clipped by value, with the angle in degrees. */
  function measure(g, clipped, turn) {
    const [from, to] = [g, clipped[0]].map((v) => Math.atan2(v[1], v[0]));
    const radius = Math.min(0.62 * norm(clipped[1]), 1);
    const at = (share, r) => {
      const a = from + share * (to - from);
      return [r * Math.cos(a), r * Math.sin(a)];
    };
    plane.trail(arc, turn < 1 ? [] : linear(0, 1, 0.1).map((share) => at(share, radius)));
    const [x, y] = at(0.5, radius + 0.22);
    words[2].textContent = turn < 5 || norm(clipped[1]) < 0.7 ? "" : degrees(turn);
    update(words[2], {
      x: plane.left + plane.x(x), y: plane.top + plane.y(y) + 4, "text-anchor": "middle",
    });
  }

  function draw() {
    const { gradient: g, threshold: c } = state;
    const length = norm(g);
    const clipped = [byValue(g, c), byNorm(g, c)];
    const turn = angle(g, clipped[0]);
    const within = [Math.max(Math.abs(g[0]), Math.abs(g[1])) <= c, length <= c];
    update(box, { x: plane.x(-c), y: plane.y(c), width: 2 * c * unit, height: 2 * c * unit });
    update(ball, { r: c * unit });
    plane.trail(arrow, [[0, 0], g]);
    left.forEach((path, i) => plane.trail(path, [[0, 0], clipped[i]]));
    ends(clipped.map(([x, y]) => [plane.x(x), plane.y(y)]));
    label(g, clipped, within);
    measure(g, clipped, turn);

    const values = turns(length, c, DIRECTIONS);
    curve.trail(turned, DIRECTIONS.map((d, i) => [d, values[i]]));
    const direction = (Math.atan2(g[1], g[0]) / Math.PI) * 180;
    curve.trail(now, [[direction, 0], [direction, 45]]);
    dots([turn, 0].map((v) => [curve.left + curve.x(direction), curve.top + curve.y(v)]));
    curve.labels([
      { k: 1, text: "by value", x: 180, y: values.at(-1) },
      { k: 2, text: "by norm", x: 180, y: 2 },
    ]);
    const [v, n] = clipped;
    const what = within[0] && within[1]
      ? "It lies within both bounds; nothing is clipped."
      : `By value: ${point(v)}, norm ${number(norm(v), 3)}, turned by ${degrees(turn)}. ` +
        `By norm: ${point(n)}, norm ${number(norm(n), 3)}, not turned.`;
    say(length === 0
      ? "A gradient of 0 has no direction; nothing is clipped."
      : `Gradient ${point(g)}, norm ${number(length, 3)}. ${what}`);
  }

  controls.append(slider({
    label: "threshold c", values: linear(0.05, 2, 0.05), value: state.threshold,
    change(threshold) { state.threshold = threshold; draw(); },
  }).node);
  handle(plane, {
    label: "Gradient", tag: "g", at: state.gradient, step: 0.05, bounds: BOUNDS,
    show: point, change(at) { state.gradient = at; draw(); },
  });
  draw();
}
