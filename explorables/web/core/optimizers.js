// Five optimizers on three surfaces: arithmetic only, as in explorables/_race.py.

const COS = Math.sqrt(3) / 2; // of 30 degrees, by which ravine and saddle are turned
const SIN = 0.5;
const EPSILON = 1e-7;
const GONE = 1e6; // a path ends where the loss exceeds this

const turned = (x, y) => [x * COS + y * SIN, y * COS - x * SIN];
const back = (u, v) => [u * COS - v * SIN, u * SIN + v * COS];

/**
 * @typedef {{value: (x: number, y: number) => number,
 *   gradient: (x: number, y: number) => number[], start: number[], window: number[],
 *   minima: number[][], steps: number}} Surface
 */
/** @type {Record<string, Surface>} */
export const SURFACES = {
  ravine: {
    value(x, y) {
      const [u, v] = turned(x, y);
      return 0.5 * (u * u + 100 * (v * v));
    },
    gradient(x, y) {
      const [u, v] = turned(x, y);
      return back(u, 100 * v);
    },
    start: [2, 2],
    window: [-1.3, 3, -1.3, 3],
    minima: [[0, 0]],
    steps: 100,
  },
  rosenbrock: {
    value(x, y) {
      const a = 1 - x;
      const b = y - x * x;
      return a * a + 100 * (b * b);
    },
    gradient(x, y) {
      const a = 1 - x;
      const b = y - x * x;
      return [-2 * a - 400 * x * b, 200 * b];
    },
    start: [-1.2, 1],
    window: [-1.7, 1.7, -0.8, 2.2],
    minima: [[1, 1]],
    steps: 500,
  },
  saddle: {
    value(x, y) {
      const [u, v] = turned(x, y);
      return 25 * (u * u) + 0.25 * ((v * v - 1) * (v * v - 1));
    },
    gradient(x, y) {
      const [u, v] = turned(x, y);
      return back(50 * u, v * (v * v - 1));
    },
    start: [0.87, 0.5],
    window: [-1.4, 1.4, -1.4, 1.4],
    minima: [[-SIN, COS], [SIN, -COS]],
    steps: 100,
  },
};

/**
 * One step of each rule. `w` weights, `m` and `v` what the rule remembers, `g` gradient, each of
 * length 2 and changed in place; `t` counts from 1.
 * @type {Record<string, (w: number[], m: number[], v: number[], g: number[], t: number,
 *   s: {rate: number, beta: number, rho: number}) => void>}
 */
export const RULES = {
  sgd(w, m, v, g, t, { rate }) {
    for (let i = 0; i < 2; i++) w[i] -= rate * g[i];
  },
  momentum(w, m, v, g, t, { rate, beta }) {
    for (let i = 0; i < 2; i++) w[i] += m[i] = beta * m[i] - rate * g[i];
  },
  nesterov(w, m, v, g, t, { rate, beta }) {
    for (let i = 0; i < 2; i++) {
      m[i] = beta * m[i] - rate * g[i];
      w[i] = w[i] + beta * m[i] - rate * g[i];
    }
  },
  rmsprop(w, m, v, g, t, { rate, rho }) {
    for (let i = 0; i < 2; i++) {
      v[i] = rho * v[i] + (1 - rho) * (g[i] * g[i]);
      w[i] -= (rate * g[i]) / Math.sqrt(v[i] + EPSILON);
    }
  },
  adam(w, m, v, g, t, { rate, beta, rho }) {
    const length = (rate * Math.sqrt(1 - rho ** t)) / (1 - beta ** t);
    for (let i = 0; i < 2; i++) {
      m[i] = beta * m[i] + (1 - beta) * g[i];
      v[i] = rho * v[i] + (1 - rho) * (g[i] * g[i]);
      w[i] -= (length * m[i]) / (Math.sqrt(v[i]) + EPSILON);
    }
  },
};

/**
 * Weights and loss before the first step and after each: 1 + steps rows of three, fewer if the run
 * diverges.
 * @param {string} surface
 * @param {string} rule
 * @param {{rate: number, beta: number, rho: number}} settings
 * @param {number[]} start
 * @param {number} steps
 * @returns {number[][]}
 */
export function trace(surface, rule, settings, start, steps) {
  const { value, gradient } = SURFACES[surface];
  const step = RULES[rule];
  const w = [...start];
  const m = [0, 0];
  const v = [0, 0];
  const rows = [[w[0], w[1], value(w[0], w[1])]];
  for (let t = 1; t <= steps; t++) {
    step(w, m, v, gradient(w[0], w[1]), t, settings);
    const loss = value(w[0], w[1]);
    if (!(loss <= GONE)) break;
    rows.push([w[0], w[1], loss]);
  }
  return rows;
}
