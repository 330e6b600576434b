// An activation, its slope, and the product of slopes through a chain of units: core/slopes.js.
import { FUNCTIONS, MOST, chain, curves } from "./core/slopes.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element } from "./ui/elements.js";
import { linear, number, power } from "./ui/numbers.js";
import { handle, panel } from "./ui/panel.js";

const NAMES = {
  relu: "ReLU", leaky_relu: "leaky ReLU", elu: "ELU", selu: "SELU", gelu: "GELU", silu: "SiLU",
  mish: "Mish", tanh: "tanh", sigmoid: "sigmoid",
};
const GRID = [...linear(-4, 0, 0.05), 1e-9, ...linear(0.05, 4, 0.05)]; // some slopes jump at 0
const DOTS = {
  "stroke-linecap": "round", "stroke-dasharray": "none", style: "stroke:var(--c2);stroke-width:6px",
};
/** Points as lines without length, whose round ends are drawn. */
const dots = (points) => points.flatMap((p) => [p, p, [NaN, NaN]]);

/**
 * @param {HTMLElement} host
 * @param {{activation: string, x: number, layers: number, weight: number}} settings
 */
export function mount(host, settings) {
  const state = { ...settings };
  const { panels, controls, say } = frame(host, {
    label: "Activation and slopes, an interactive figure", columns: "1fr 1fr",
  });
  const size = { width: 352, height: 232 };
  const unit = panel({
    label: "The activation function and its slope, against the pre-activation",
    margin: [8, 62, 34, 26], ...size,
  });
  const whole = panel({
    label: "Slope of the chain of units against the layer, on a logarithmic axis",
    margin: [8, 56, 34, 38], ...size,
  });
  panels.append(unit.node, whole.node);
  unit.axes(
    { from: -4, to: 4, ticks: [-4, -2, 0, 2, 4], label: "pre-activation z" },
    { from: -2, to: 4, ticks: [-2, 0, 2, 4] },
  );
  whole.axes(
    { from: 0, to: MOST, ticks: linear(0, MOST, 10), label: "layer" },
    {
      from: 1e-6, to: 1e6, log: true, ticks: [1e-6, 1e-3, 1, 1e3, 1e6], show: power,
      label: "product of slopes",
    },
  );
  const stem = element("svg:path", { class: "xp-contour", style: "stroke:var(--c0)" });
  const one = element("svg:path", { class: "xp-contour", style: "stroke:var(--c0)" });
  whole.trail(one, [[0, 1], [MOST, 1]]);
  unit.area.append(stem);
  whole.area.append(one);
  const lines = [1, 2].map((k) => unit.series(k));
  const seats = unit.series(2, DOTS);
  const product = whole.series(2, { "stroke-dasharray": "none" });
  const marks = whole.series(2, DOTS);

  function shape() {
    const values = curves(state.activation, GRID);
    lines.forEach((line, i) => unit.trail(line, GRID.map((z, j) => [z, values[i][j]])));
    unit.labels(["function", "slope"].map((text, i) =>
      ({ k: i + 1, text, x: 4, y: values[i].at(-1) })));
  }

  function draw() {
    const { activation, x, layers, weight } = state;
    const { z, slopes, products } = chain(activation, x, layers, weight);
    const y = FUNCTIONS[activation](x);
    point.set([x, y]);
    unit.trail(stem, [[x, y], [x, slopes[0]]]);
    unit.trail(seats, dots(z.map((v, l) => [v, slopes[l]])));
    const sizes = products.map((v, l) => [l + 1, Math.abs(v)]);
    whole.trail(product, sizes);
    whole.trail(marks, dots(sizes));
    const end = products.at(-1);
    whole.labels([{ k: 2, text: number(end), x: layers, y: Math.abs(end) }]);
    const note = end === 0
      ? `nothing passes layer ${products.indexOf(end) + 1}`
      : Math.abs(end) < 1e-6 || Math.abs(end) > 1e6 ? "ends off the axis" : "";
    whole.over.append(element("svg:text", {
      x: whole.left + whole.inner.width - 6, "text-anchor": "end",
      y: whole.top + (Math.abs(end) > 1 ? 28 : whole.inner.height - 8),
    }, note));
    const last = layers > 1 ? ` and ${number(slopes.at(-1))} in layer ${layers}` : "";
    const all = layers > 1 ? ` of all ${layers}` : "";
    say(
      `${NAMES[activation]}, input ${number(x)}: ` +
        `the slope is ${number(slopes[0])} in layer 1${last}. ` +
        `Product${all}${weight === 1 || !all ? "" : ", with the weights"}: ${number(end)}.`,
    );
  }

  const point = handle(unit, {
    label: "Input", tag: "input", at: [state.x, FUNCTIONS[state.activation](state.x)], step: 0.05,
    bounds: [-4, 4, -2, 4], show: ([x]) => number(x, 3),
    change([x]) { state.x = x; draw(); },
  });
  const set = (name) => (value) => { state[name] = value; draw(); };
  controls.append(
    choice({
      label: "activation", options: NAMES, value: state.activation,
      change(activation) { state.activation = activation; shape(); draw(); },
    }).node,
    slider({
      label: "layers", values: linear(1, MOST, 1), value: state.layers, change: set("layers"),
    }).node,
    slider({
      label: "weight between", values: linear(0.5, 4, 0.05), value: state.weight,
      change: set("weight"),
    }).node,
  );
  shape();
  draw();
}
