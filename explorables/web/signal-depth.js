// Activations forward and error signals backward, by theory and in a sample: core/signal.js.
import { MOST, sample, theory } from "./core/signal.js";
import { choice, frame, slider } from "./ui/controls.js";
import { element } from "./ui/elements.js";
import { decades, linear, number, power } from "./ui/numbers.js";
import { panel } from "./ui/panel.js";

const NAMES = { relu: "ReLU", tanh: "tanh", sigmoid: "sigmoid" };
const RULES = { 1: "1, Glorot", 2: "2, He" };
const HEIGHT = { from: 1e-6, to: 1e6, log: true, ticks: [1e-6, 1e-3, 1, 1e3, 1e6], show: power };

/**
 * @param {HTMLElement} host
 * @param {{activation: string, scale: number, depth: number}} settings
 */
export function mount(host, settings) {
  const state = { ...settings };
  const { panels, controls, say } = frame(host, {
    label: "Signal through the layers, an interactive figure", columns: "1fr 1fr",
  });
  const size = { width: 352, height: 232, margin: [8, 56, 34, 38] };
  const there = panel({
    label: "Root mean square of the activations against the layer, forward", ...size,
  });
  const back = panel({
    label: "Root mean square of the error signal against the layer, backward", ...size,
  });
  panels.append(there.node, back.node);
  const ticks = [0, 10, 20, 30, 40, 50];
  there.axes(
    { from: 0, to: MOST, ticks, label: "hidden layer, forward →" },
    { ...HEIGHT, label: "RMS of activations" },
  );
  back.axes(
    { from: MOST, to: 0, ticks, label: "hidden layer, backward →" },
    { ...HEIGHT, label: "RMS of error signal" },
  );
  const lines = [there, back].map((plot) => {
    const one = element("svg:path", { class: "xp-contour", style: "stroke:var(--c0)" });
    plot.trail(one, [[0, 1], [MOST, 1]]);
    plot.area.append(one);
    const line = plot.series(1);
    const dots = plot.series(2, {
      "stroke-linecap": "round", "stroke-dasharray": "none",
      style: "stroke:var(--c2);stroke-width:4.5px",
    });
    return { plot, line, dots };
  });

  function draw() {
    const { activation, scale, depth } = state;
    const [expected, found] = [theory, sample].map((f) => f(activation, scale, depth));
    const ends = (signal) => [signal.forward[depth], signal.backward[0]];
    const [lineEnds, dotEnds] = [ends(expected), ends(found)];
    lines.forEach(({ plot, line, dots }, i) => {
      const way = i ? "backward" : "forward";
      plot.trail(line, expected[way].map((v, l) => [l + i, v]));
      // Each dot is a line without length whose ends are round.
      plot.trail(dots, found[way].flatMap((v, l) => [[l + i, v], [l + i, v], [NaN, NaN]]));
      const x = i ? 1 : depth;
      const [y, at] = [lineEnds[i], dotEnds[i]];
      const near = Math.abs(Math.log10(y / at)) < 1; // then the labels would change places
      plot.labels([
        { k: 1, text: "theory", x, y }, { k: 2, text: "sample", x, y: near ? y : at },
      ]);
      if (y < HEIGHT.from || y > HEIGHT.to) {
        plot.over.append(element("svg:text", {
          x: plot.left + plot.inner.width - 6, "text-anchor": "end",
          y: plot.top + (y > 1 ? 28 : plot.inner.height - 6),
        }, `ends off the axis, at ${number(y)}`));
      }
    });
    const each = (i) => `theory ${number(lineEnds[i])}, sample ${number(dotEnds[i])}`;
    const [a, e] = lineEnds.map(fate);
    say(`Activations ${["vanish", "keep their size", "explode"][a]}: ${each(0)}. ` +
      `Error signal ${["vanishes", "keeps its size", "explodes"][e]}: ${each(1)}.`);
  }

  const set = (name) => (value) => { state[name] = value; draw(); };
  controls.append(
    slider({
      label: "scale", values: decades(-1, 2), value: state.scale,
      show: (v) => RULES[v] ?? number(v), change: set("scale"),
    }).node,
    slider({
      label: "layers", values: linear(2, MOST, 1), value: state.depth, change: set("depth"),
    }).node,
    choice({
      label: "activation", options: NAMES, value: state.activation, change: set("activation"),
    }).node,
  );
  draw();
}

const fate = (v) => (v < 0.01 ? 0 : v > 100 ? 2 : 1);
