// What L1, L2 and max-norm do to two weights. Arithmetic: core/penalties.js.
import { CURVATURES, length, path, radius, solution } from "./core/penalties.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element, update } from "./ui/elements.js";
import { linear, number } from "./ui/numbers.js";
import { handle, panel } from "./ui/panel.js";

const BALL = "max-norm";
const MOST = { L1: 6, L2: 6, [BALL]: 2.5 };
const BOUNDS = [-2.1, 2.1, -1.9, 1.9];
const HEIGHT = { from: -2.0166, to: 2.0166, ticks: [-1, 0, 1] };
const LEVELS = linear(0.5, 3, 0.5);
const TICKS = { L1: [0, 2, 4, 6], L2: [0, 2, 4, 6], [BALL]: [0, 1, 2] };
const point = (v) => `(${number(v[0])},\u00a0${number(v[1])})`;

/**
 * @param {HTMLElement} host
 * @param {{norm: string, strength: number, minimum: number[]}} settings
 */
export function mount(host, settings) {
  const state = { ...settings };
  const { panels, controls, say } = frame(host, {
    label: "Penalties and a ball, an interactive figure", columns: "4fr 5fr",
  });
  const plane = panel({
    label: "Plane of two weights with the contours of the loss and the ball of the norm",
    width: 320, height: 300, margin: [2, 2, 34, 30], small: true,
  });
  const curve = panel({
    label: "The two weights against the strength of the penalty",
    width: 400, height: 300, margin: [2, 72, 34, 30],
  });
  panels.append(plane.node, curve.node);
  plane.axes(
    { from: -2.2, to: 2.2, ticks: [-1, 0, 1], label: "weight 1" },
    { ...HEIGHT, label: "weight 2" },
  );
  const unit = plane.x(1) - plane.x(0);

  const ellipse = (style) => element("svg:ellipse", { class: "xp-contour", style });
  const contours = LEVELS.map(() => ellipse(""));
  const touching = ellipse("stroke:var(--c0);stroke-width:1.3px;opacity:1");
  const ball = element("svg:path", { style: "fill:var(--c0)", "fill-opacity": 0.13 });
  plane.area.append(ball, ...contours, touching);
  const bars = [1, 2].map((k) =>
    plane.series(k, { style: `stroke:var(--c${k});stroke-width:4px`, "stroke-dasharray": null }));
  const dot = element("svg:circle", { r: 6, style: "fill:var(--c0)" });
  plane.area.append(dot);
  const name = element("svg:text", {
    class: "xp-label", "text-anchor": "middle", x: plane.left + plane.x(0),
  });
  plane.over.append(name);

  const now = element("svg:path", { class: "xp-contour" });
  curve.area.append(now);
  const lines = [1, 2].map((k) => curve.series(k));
  const dots = [1, 2].map((k) => element("svg:circle", { r: 5, style: `fill:var(--c${k})` }));
  curve.area.append(...dots);

  const oval = (node, level) => {
    const [rx, ry] = CURVATURES.map((h) => (level / Math.sqrt(h)) * unit);
    update(node, { cx: plane.x(state.minimum[0]), cy: plane.y(state.minimum[1]), rx, ry });
  };
  const ballAt = (r) => {
    const [x, y, s] = [plane.x(0), plane.y(0), r * unit].map((v) => Number(v.toFixed(1)));
    if (state.norm === "L1") return `M${x - s} ${y}l${s} ${-s}l${s} ${s}l${-s} ${s}z`;
    return `M${x - s} ${y}a${s} ${s} 0 1 1 ${2 * s} 0a${s} ${s} 0 1 1 ${-2 * s} 0`;
  };

  const title = () => (state.norm === BALL ? "radius c" : "strength λ");
  let strengths = [];
  function axes() {
    const most = MOST[state.norm];
    strengths = linear(0, most, most / 120);
    curve.axes(
      { from: 0, to: most, ticks: TICKS[state.norm], label: title() },
      { ...HEIGHT, label: state.norm },
    );
  }

  function draw() {
    const { norm, strength, minimum } = state;
    const w = solution(norm, minimum, strength);
    const heights = CURVATURES.map((h, i) => h * (w[i] - minimum[i]) ** 2);
    contours.forEach((node, i) => oval(node, LEVELS[i]));
    oval(touching, Math.sqrt(heights[0] + heights[1]));
    const size = norm === BALL ? strength : radius(norm, w);
    update(ball, { d: ballAt(size) });
    name.textContent = `${norm} ball`;
    update(name, { y: plane.top + Math.min(plane.y(-size) + 15, plane.inner.height - 6) });
    plane.trail(bars[0], [[0, 0], [w[0], 0]]);
    plane.trail(bars[1], [[0, 0], [0, w[1]]]);
    update(dot, { cx: plane.x(w[0]), cy: plane.y(w[1]) });

    const way = path(norm, minimum, strengths);
    lines.forEach((line, i) => curve.trail(line, way.map((v, k) => [strengths[k], v[i]])));
    curve.trail(now, [[strength, HEIGHT.from], [strength, HEIGHT.to]]);
    dots.forEach((node, i) => update(node, { cx: curve.x(strength), cy: curve.y(w[i]) }));
    curve.labels([1, 0].map((i) => (
      { k: i + 1, text: `weight ${i + 1}`, x: MOST[norm], y: way.at(-1)[i] })));
    const sign = norm === BALL ? "c" : "λ";
    say(
      `${norm}, ${sign} = ${number(strength, 3)}: the minimum ${point(minimum)} becomes ` +
        `${point(w)}. ${effect(w)}`,
    );
  }

  function effect(w) {
    const { norm, minimum } = state;
    if (length(minimum) === 0) return "At 0 there is nothing to shrink.";
    if (w[0] === minimum[0] && w[1] === minimum[1]) {
      const inside = "It lies within the ball, which it does not feel.";
      return norm === BALL ? inside : "No penalty, no change.";
    }
    if (norm === BALL) {
      return `Its length falls from ${number(length(minimum), 3)} to ${number(length(w), 3)}.`;
    }
    const change = (v, i) => {
      if (w[i] === 0) return "is 0";
      if (norm === "L2") return `keeps ${number((100 * w[i]) / v)} %`;
      return `loses ${number(Math.abs(v) - Math.abs(w[i]))}`;
    };
    const [first, second] = minimum.map(change);
    return `Weight 1 ${first}, weight 2 ${second}.`;
  }

  const strength = () => slider({
    label: title(),
    values: linear(0, MOST[state.norm], 0.05), value: state.strength,
    change(value) { state.strength = value; draw(); },
  });
  let control = strength();
  controls.append(control.node, choice({
    label: "norm", options: { L1: "L1", L2: "L2", [BALL]: BALL }, value: state.norm,
    change(norm) {
      Object.assign(state, { norm, strength: norm === BALL ? 1 : 0.3 });
      const next = strength();
      control.node.replaceWith(next.node);
      control = next;
      axes();
      draw();
    },
  }).node);
  handle(plane, {
    label: "Minimum of the loss", tag: "minimum", at: state.minimum, step: 0.05, bounds: BOUNDS,
    show: point, change(at) { state.minimum = at; draw(); },
  });
  axes();
  draw();
}
