// A dense network of the lab: its layers, a member for each seed, and one step of a member.
import {
  activation, batchNorm, crossEntropy, dense, dropout, layerNorm, prelu, softmax,
} from "./layers.js";
import { clip, norm, RULES } from "./rules.js";
import { stream } from "./stream.js";

const FINITE = 3.4e38; // what single precision, in which Keras computes, can hold
const TRUNCATED = 0.87962566103423978; // deviation of a normal cut off at two
const ASYMPTOTES = { sigmoid: [0, 1], tanh: [-1, 1] };
const ROWS = 128; // of a part that are evaluated at a time

/**
 * The layers for settings (settings.js). `block` counts the dense layers, from 1 to depth + 1.
 * @returns {{layers: (import("./layers.js").Layer & {block: number, kind: string})[],
 *   blocks: number, classes: number, most: number, settings: object}}
 */
export function network(settings, { features, classes }) {
  const { depth, act, norm: kind, drop, last } = settings;
  const m = Number(settings.width);
  const most = Math.max(Number(settings.batch), ROWS);
  const layers = [];
  const put = (block, kind, layer) => layers.push({ ...layer, block, kind });
  for (let block = 1; block <= depth; block++) {
    put(block, "dense", dense(block === 1 ? features : m, m, most, kind !== "batch"));
    if (kind === "batch") put(block, "norm", batchNorm(m, most));
    if (kind === "layer") put(block, "norm", layerNorm(m, most));
    put(block, "act", act === "prelu" ? prelu(m, most) : activation(act, m, most));
    if (drop && (!last || block === depth)) put(block, "drop", dropout(drop, m, most));
  }
  put(depth + 1, "dense", dense(m, classes, most));
  return { layers, blocks: depth + 1, classes, most, settings };
}

const SPREAD = { // of a kernel's entries, by fan-in and fan-out
  glorot: (next, n, m) => (2 * next() - 1) * Math.sqrt(6 / (n + m)),
  he: (next, n) => next.within() * Math.sqrt(2 / n) / TRUNCATED,
  lecun: (next, n) => next.within() * Math.sqrt(1 / n) / TRUNCATED,
  pytorch: (next, n) => (2 * next() - 1) / Math.sqrt(n),
  scale: (next, n, m, scale) => next.within() * Math.sqrt(scale / n) / TRUNCATED,
};

/**
 * A network from one seed: its tensors by layer, the gradients, what the optimizer remembers.
 * As with Keras the last kernel is Glorot's, whatever the hidden ones are; PyTorch draws all alike.
 */
export function member(net, seed) {
  const next = stream(seed);
  const { init, scale } = net.settings;
  const tensors = net.layers.map((layer) => {
    const kind = layer.block === net.blocks && init !== "pytorch" ? "glorot" : init;
    let fan;
    const trained = layer.tensors.map(([name, shape]) => {
      const values = new Float64Array(shape.reduce((a, b) => a * b));
      if (name === "kernel") {
        fan = shape[0];
        return values.map(() => SPREAD[kind](next, ...shape, scale));
      }
      if (name === "bias" && kind === "pytorch") return values.map(() => SPREAD[kind](next, fan));
      return values.fill(name === "gamma" ? 1 : 0);
    });
    const kept = (layer.kept ?? []).map(([, [m], first]) => new Float64Array(m).fill(first));
    return [...trained, ...kept];
  });
  return {
    tensors,
    gradients: net.layers.map((layer, l) => layer.tensors.map((_, k) => tensors[l][k].slice())),
    memory: net.layers.map((layer) => layer.tensors.map(() => ({}))),
    next: stream(seed + 7919), // of orders and masks
    order: [],
    steps: 0,
    gone: null,
  };
}

/** The next rows of the training set; each epoch in an order of its own, the rest left out. */
export function batch(one, { train }, size) {
  if (one.order.length < size) {
    const order = Int32Array.from({ length: train.rows }, (_, i) => i);
    for (let i = train.rows - 1; i > 0; i--) {
      const k = Math.floor((i + 1) * one.next());
      [order[i], order[k]] = [order[k], order[i]];
    }
    one.order = order.subarray(0, Math.floor(train.rows / size) * size);
  }
  const rows = one.order.subarray(0, size);
  one.order = one.order.subarray(size);
  return rows;
}

/** Rows of a part, gathered. */
export function rowsOf({ x, y }, rows, features) {
  const picked = new Float64Array(rows.length * features);
  rows.forEach((row, r) =>
    picked.set(x.subarray(row * features, (row + 1) * features), r * features));
  return { x: picked, y: Int32Array.from(rows, (row) => y[row]), rows: rows.length };
}

/**
 * One step of a member on a batch; yields after each layer. What is seen on the way is returned:
 * loss (penalty included) and share of right rows before the step, and by block the norm of the
 * kernel's gradient, the step's length over the kernel's, and of the outputs the spread, the dead
 * units and the saturated share (NaN where the activation has no asymptote): as lib.diagnostics.
 * A member whose numbers have left single precision is `gone`, with the block where they did.
 */
export function* step(net, one, part, rate, fault = {}) {
  const { layers, settings, classes } = net;
  const { rows } = part;
  const seen = { gradient: [], update: [], spread: [], dead: [], saturated: [] };
  let x = part.x;
  let bad = 0;
  for (const [l, layer] of layers.entries()) {
    x = layer.forward(x, rows, one.tensors[l], { training: true, next: one.next });
    const m = outputs(layer, net);
    if (!bad && !finite(x, rows * m)) bad = layer.block;
    if (layer.kind === "act") describe(seen, x, rows, m, settings.act);
    yield;
  }
  const delta = new Float64Array(rows * classes);
  const { loss, right } = crossEntropy(x, part.y, rows, classes, delta, fault.twice);
  let d = delta;
  for (let l = layers.length - 1; l >= 0; l--) {
    d = layers[l].backward(d, rows, one.tensors[l], one.gradients[l]);
    yield;
  }
  let penalty = 0;
  const kernels = layers.flatMap((layer, l) => (layer.kind === "dense" ? [l] : []));
  for (const l of kernels) {
    const [[w], [g]] = [one.tensors[l], one.gradients[l]];
    if (settings.l2) {
      for (let i = 0; i < w.length; i++) {
        penalty += settings.l2 * w[i] * w[i];
        g[i] += 2 * settings.l2 * w[i];
      }
    }
    seen.gradient.push(norm(g));
    if (!bad && !(seen.gradient.at(-1) < FINITE)) bad = layers[l].block;
  }
  clip(one.gradients.flat(), settings.clip, settings.most);
  one.steps++;
  for (const [l, layer] of layers.entries()) {
    if (layer.block <= (fault.frozen ?? 0)) {
      if (layer.kind === "dense") seen.update.push(0);
      continue;
    }
    layer.tensors.forEach(([name, shape], k) => {
      const w = one.tensors[l][k];
      const before = name === "kernel" ? w.slice() : null;
      RULES[settings.opt](w, one.gradients[l][k], one.memory[l][k], one.steps, rate, {
        shape, output: layer.block === net.blocks, beta: net.beta, summed: settings.summed,
      });
      if (before) seen.update.push(moved(before, w));
    });
    yield;
  }
  if (bad || !(loss + penalty < FINITE)) one.gone = { step: one.steps, block: bad || net.blocks };
  return { loss: loss + penalty, accuracy: right / rows, ...seen };
}

const outputs = (layer, net) =>
  layer.block === net.blocks ? net.classes : Number(net.settings.width);

function finite(x, count) {
  for (let k = 0; k < count; k++) if (!(Math.abs(x[k]) < FINITE)) return false;
  return true;
}

function moved(before, after) {
  const length = norm(before);
  for (let i = 0; i < before.length; i++) before[i] = after[i] - before[i];
  return norm(before) / length;
}

function describe(seen, x, rows, m, act) {
  const [low, high] = ASYMPTOTES[act] ?? [0, 0];
  const margin = 0.01 * (high - low);
  let [sum, square, saturated, dead] = [0, 0, 0, 0];
  const count = rows * m;
  for (let k = 0; k < count; k++) {
    sum += x[k];
    if (margin && (x[k] < low + margin || x[k] > high - margin)) saturated++;
  }
  for (let k = 0; k < count; k++) square += (x[k] - sum / count) ** 2;
  for (let j = 0; j < m; j++) {
    let r = 0;
    while (r < rows && x[r * m + j] === 0) r++;
    if (r === rows) dead++;
  }
  seen.spread.push(Math.sqrt(square / count));
  seen.dead.push(dead / m);
  seen.saturated.push(margin ? saturated / count : NaN);
}

/** Outputs of the last layer (rows, classes), in inference mode at first; yields after each layer. */
export function* logits(net, one, { x, rows }, pass = { training: false }) {
  let out = x;
  for (const [l, layer] of net.layers.entries()) {
    out = layer.forward(out, rows, one.tensors[l], pass);
    yield;
  }
  return out;
}

/** Mean loss and accuracy over a part in inference mode; yields now and then. */
export function* evaluated(net, one, part, features, { twice } = {}) {
  let [loss, right] = [0, 0];
  const scratch = new Float64Array(ROWS * net.classes);
  for (let at = 0; at < part.rows; at += ROWS) {
    const rows = Math.min(ROWS, part.rows - at);
    const x = part.x.subarray(at * features, (at + rows) * features);
    const z = yield* logits(net, one, { x, rows });
    const y = part.y.subarray(at, at + rows);
    const found = crossEntropy(z, y, rows, net.classes, scratch, twice);
    loss += found.loss * rows;
    right += found.right;
  }
  return { loss: loss / part.rows, accuracy: right / part.rows };
}

/** By hidden layer, which units are given no number above 0 by any row; yields now and then. */
export function* silent(net, one, part, features) {
  const m = Number(net.settings.width);
  const found = Array.from({ length: net.blocks - 1 }, () => new Uint8Array(m).fill(1));
  for (let at = 0; at < part.rows; at += ROWS) {
    const rows = Math.min(ROWS, part.rows - at);
    let x = part.x.subarray(at * features, (at + rows) * features);
    for (const [l, layer] of net.layers.entries()) {
      if (layer.kind === "act") {
        for (let k = 0; k < rows * m; k++) if (!(x[k] <= 0)) found[layer.block - 1][k % m] = 0;
      }
      x = layer.forward(x, rows, one.tensors[l], { training: false });
    }
    yield;
  }
  return found;
}

/** What the network predicts for rows: the softmax, (rows, classes). */
export function* probabilities(net, one, part) {
  const z = yield* logits(net, one, part);
  const all = new Float64Array(part.rows * net.classes);
  for (let r = 0; r < part.rows; r++) {
    softmax(z, r * net.classes, net.classes, all.subarray(r * net.classes, (r + 1) * net.classes));
  }
  return all;
}
