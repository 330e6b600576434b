// A signal on its way through layers and back: arithmetic only, as in explorables/_signal.py.
import { uniform } from "./random.js";

const WIDTH = 64; // units in each layer of the sample
const ROWS = 2;
export const MOST = 50; // layers
const XI = Array.from({ length: 201 }, (_, i) => i * 0.04);
const WEIGHT = XI.map((v, i) => (i ? 1 : 0.5) * Math.exp((-v * v) / 2));
const TOTAL = WEIGHT.reduce((a, b) => a + b);

/** φ(z). @type {Record<string, (z: number) => number>} */
const ACTIVATE = {
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};
/** φ′(z) from φ(z). @type {Record<string, (a: number) => number>} */
const SLOPE = {
  relu: (a) => (a > 0 ? 1 : 0),
  tanh: (a) => 1 - a * a,
  sigmoid: (a) => a * (1 - a),
};

/**
 * @typedef {{forward: number[], backward: number[]}} Signal root mean squares: of the activations
 *   A_0 … A_L (1 + depth numbers), and of the error signals Δ_1 … Δ_L (depth numbers)
 */
/**
 * What layers without end in width do.
 * @param {string} activation
 * @param {number} scale fan-in times variance
 * @param {number} depth
 * @returns {Signal}
 */
export function theory(activation, scale, depth) {
  const squares = [1];
  const factors = [];
  for (let l = 0; l < depth; l++) {
    const [square, slope] = moments(activation, scale * squares[l]);
    squares.push(square);
    factors.push(scale * slope);
  }
  const errors = [1];
  for (let l = depth - 2; l >= 0; l--) errors.push(errors.at(-1) * factors[l]);
  return { forward: squares.map(Math.sqrt), backward: errors.reverse().map(Math.sqrt) };
}

/**
 * Mean squares of φ(z) and of φ′(z) for a normal z of mean 0 and variance q.
 * @param {string} activation
 * @param {number} q
 * @returns {number[]}
 */
function moments(activation, q) {
  if (activation === "relu") return [q / 2, 0.5];
  if (activation === "sigmoid") { // σ(z) = (1 + tanh(z/2)) / 2
    const [square, slope] = moments("tanh", q / 4);
    return [(1 + square) / 4, slope / 16];
  }
  const root = Math.sqrt(q);
  let square = 0;
  let slope = 0;
  for (let i = 0; i < XI.length; i++) {
    const t = Math.tanh(root * XI[i]);
    const slopes = 1 - t * t;
    square += WEIGHT[i] * (t * t);
    slope += WEIGHT[i] * (slopes * slopes);
  }
  return [square / TOTAL, slope / TOTAL];
}

/**
 * One network of 64 units a layer, on two rows, with an error signal drawn at its end.
 * @param {string} activation
 * @param {number} scale
 * @param {number} depth
 * @returns {Signal}
 */
export function sample(activation, scale, depth) {
  const { kernels, x, delta } = drawn();
  const activate = ACTIVATE[activation];
  const slope = SLOPE[activation];
  const gain = Math.sqrt(scale / WIDTH);
  const a = [x];
  for (let l = 0; l < depth; l++) {
    a.push(a[l].map((row) => through(row, kernels[l]).map((z) => activate(gain * z))));
  }
  const errors = [delta];
  for (let l = depth - 1; l > 0; l--) {
    errors.push(errors.at(-1).map((row, r) =>
      back(row, kernels[l]).map((sum, i) => gain * sum * slope(a[l][r][i]))));
  }
  return { forward: a.map(rootMeanSquare), backward: errors.reverse().map(rootMeanSquare) };
}

/** A row times a kernel. @param {Float64Array} row @param {Float64Array} kernel (64 · 64) */
function through(row, kernel) {
  const sums = new Float64Array(WIDTH);
  for (let i = 0; i < WIDTH; i++) {
    const value = row[i];
    for (let j = 0, k = i * WIDTH; j < WIDTH; j++, k++) sums[j] += value * kernel[k];
  }
  return sums;
}

/** A row times the kernel turned over. @param {Float64Array} row @param {Float64Array} kernel */
function back(row, kernel) {
  const sums = new Float64Array(WIDTH);
  for (let i = 0, k = 0; i < WIDTH; i++) {
    let sum = 0;
    for (let j = 0; j < WIDTH; j++, k++) sum += row[j] * kernel[k];
    sums[i] = sum;
  }
  return sums;
}

let once;
/** Kernels of variance 1; inputs and the last error signal, of root mean square 1. */
function drawn() {
  if (once) return once;
  const size = WIDTH * WIDTH;
  const numbers = uniform(MOST * size + 2 * ROWS * WIDTH, 1).map((u) => (2 * u - 1) * Math.sqrt(3));
  const rows = (start) => {
    const parts = Array.from({ length: ROWS }, (_, r) =>
      numbers.slice(start + r * WIDTH, start + (r + 1) * WIDTH));
    const size = rootMeanSquare(parts);
    return parts.map((row) => row.map((v) => v / size));
  };
  once = {
    kernels: Array.from({ length: MOST }, (_, l) => numbers.subarray(l * size, (l + 1) * size)),
    x: rows(MOST * size),
    delta: rows(MOST * size + ROWS * WIDTH),
  };
  return once;
}

function rootMeanSquare(rows) {
  let sum = 0;
  for (const row of rows) for (const v of row) sum += v * v;
  return Math.sqrt(sum / (ROWS * WIDTH));
}
