// One step of each optimizer of chapter 7, as Keras computes it: arithmetic only.
import { SCHEDULES, triangle } from "../schedules.js";
import { back, times } from "./matrix.js";

const SHAPES = { cosine: 0, "1cycle": 0.9 }; // share of the peak at the end; of the steps for the cycle

/**
 * `w` weights, `g` their gradient, `s` what the rule remembers of them (arrays, empty at first),
 * `t` counts from 1, `at` the shape, the momentum and what AdaGrad has summed before the first
 * step; w and s change in place.
 * @type {Record<string, (w: Float64Array, g: Float64Array, s: Record<string, Float64Array>,
 *   t: number, rate: number,
 *   at: {shape: number[], output: boolean, beta?: number, summed?: number}) => void>}
 */
export const RULES = {
  sgd(w, g, s, t, rate) {
    for (let i = 0; i < w.length; i++) w[i] -= rate * g[i];
  },
  momentum(w, g, s, t, rate, { beta = 0.9 }) {
    const m = kept(s, "m", w);
    for (let i = 0; i < w.length; i++) w[i] += m[i] = beta * m[i] - rate * g[i];
  },
  nesterov(w, g, s, t, rate) {
    const m = kept(s, "m", w);
    for (let i = 0; i < w.length; i++) {
      m[i] = 0.9 * m[i] - rate * g[i];
      w[i] += 0.9 * m[i] - rate * g[i];
    }
  },
  adagrad(w, g, s, t, rate, { summed = 0.1 }) {
    const v = kept(s, "v", w, summed);
    for (let i = 0; i < w.length; i++) {
      v[i] += g[i] * g[i];
      w[i] -= (rate * g[i]) / Math.sqrt(v[i] + 1e-7);
    }
  },
  rmsprop(w, g, s, t, rate) {
    const v = kept(s, "v", w);
    for (let i = 0; i < w.length; i++) {
      v[i] = 0.9 * v[i] + 0.1 * g[i] * g[i];
      w[i] -= (rate * g[i]) / Math.sqrt(v[i] + 1e-7);
    }
  },
  adam(w, g, s, t, rate) {
    const [m, v] = [kept(s, "m", w), kept(s, "v", w)];
    const length = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    for (let i = 0; i < w.length; i++) {
      m[i] += 0.1 * (g[i] - m[i]);
      v[i] += 0.001 * (g[i] * g[i] - v[i]);
      w[i] -= (length * m[i]) / (Math.sqrt(v[i]) + 1e-7);
    }
  },
  adamax(w, g, s, t, rate) {
    const [m, u] = [kept(s, "m", w), kept(s, "u", w)];
    for (let i = 0; i < w.length; i++) {
      m[i] += 0.1 * (g[i] - m[i]);
      u[i] = Math.max(0.999 * u[i], Math.abs(g[i]));
      w[i] -= (rate * m[i]) / ((1 - 0.9 ** t) * (u[i] + 1e-7));
    }
  },
  nadam(w, g, s, t, rate) {
    const [m, v, product] = [kept(s, "m", w), kept(s, "v", w), kept(s, "product", [0], 1)];
    const now = 0.9 * (1 - 0.5 * 0.96 ** t);
    const ahead = 0.9 * (1 - 0.5 * 0.96 ** (t + 1));
    product[0] *= now;
    for (let i = 0; i < w.length; i++) {
      m[i] += 0.1 * (g[i] - m[i]);
      v[i] += 0.001 * (g[i] * g[i] - v[i]);
      const mean = (ahead * m[i]) / (1 - product[0] * ahead) +
        ((1 - now) * g[i]) / (1 - product[0]);
      w[i] -= (rate * mean) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-7);
    }
  },
  adamw(w, g, s, t, rate, at) {
    for (let i = 0; i < w.length; i++) w[i] -= 0.004 * rate * w[i];
    RULES.adam(w, g, s, t, rate, at);
  },
  lion(w, g, s, t, rate) {
    const m = kept(s, "m", w);
    for (let i = 0; i < w.length; i++) {
      w[i] -= rate * Math.sign(0.9 * m[i] + 0.1 * g[i]);
      m[i] = 0.99 * m[i] + 0.01 * g[i];
    }
  },
  // The mean x of all points z, which is w here: β1 cancels in Keras (chapter 7).
  schedule_free(w, g, s, t, rate) {
    const [z, v] = [kept(s, "z", w, w), kept(s, "v", w)];
    for (let i = 0; i < w.length; i++) {
      v[i] += 0.001 * (g[i] * g[i] - v[i]);
      z[i] -= (rate * g[i]) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
      w[i] += (z[i] - w[i]) / t;
    }
  },
  // Kernels between first and last layer and the first; all else is left to Adam.
  muon(w, g, s, t, rate, at) {
    const { shape, output } = at;
    if (shape.length < 2 || output) return RULES.adam(w, g, s, t, rate, at);
    const m = kept(s, "m", w);
    const look = new Float64Array(w.length);
    for (let i = 0; i < w.length; i++) {
      m[i] = 0.95 * m[i] + g[i];
      look[i] = g[i] + 0.95 * m[i];
    }
    const step = orthogonalised(look, shape);
    const length = rate * 0.2 * Math.sqrt(Math.max(...shape));
    for (let i = 0; i < w.length; i++) w[i] -= length * step[i];
  },
};

/** About U Vᵀ for g = U S Vᵀ of shape (n, m): five rounds of a polynomial. */
function orthogonalised(g, [n, m]) {
  const tall = n > m;
  const [rows, columns] = tall ? [m, n] : [n, m];
  let x = tall ? turned(g, n, m) : g;
  const size = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)) + 1e-7;
  x = x.map((v) => v / size);
  const [square, twice] = [new Float64Array(rows * rows), new Float64Array(rows * rows)];
  for (let k = 0; k < 5; k++) {
    back(x, x, square, rows, rows, columns);
    times(square, square, null, twice, rows, rows, rows);
    const next = new Float64Array(rows * columns);
    times(square.map((v, i) => 2.0315 * twice[i] - 4.775 * v), x, null, next, rows, rows, columns);
    x = next.map((v, i) => v + 3.4445 * x[i]);
  }
  return tall ? turned(x, m, n) : x;
}

function turned(x, n, m) {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[j * n + i] = x[i * m + j];
  return out;
}

/** What is remembered under a name; at first a number, or a copy of the weights. */
function kept(s, name, like, first = 0) {
  return (s[name] ??= typeof first === "number"
    ? new Float64Array(like.length).fill(first)
    : Float64Array.from(first));
}

/**
 * Gradients of all tensors cut in place, as by Keras' clipvalue, clipnorm and global_clipnorm.
 * @param {Float64Array[]} gradients
 * @param {string} kind "none", "value", "norm" or "global"
 * @param {number} threshold
 */
export function clip(gradients, kind, threshold) {
  if (kind === "value") {
    for (const g of gradients) {
      for (let i = 0; i < g.length; i++) g[i] = Math.max(-threshold, Math.min(threshold, g[i]));
    }
  } else if (kind === "norm") {
    for (const g of gradients) shorten([g], threshold);
  } else if (kind === "global") {
    shorten(gradients, threshold);
  }
}

function shorten(gradients, threshold) {
  const length = Math.hypot(...gradients.map(norm));
  if (!(length > threshold)) return;
  for (const g of gradients) for (let i = 0; i < g.length; i++) g[i] *= threshold / length;
}

/** Euclidean length. @param {Float64Array} v */
export function norm(v) {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum += v[i] * v[i];
  return Math.sqrt(sum);
}

/**
 * The rate of a step of the schedule, from step 0 on.
 * @param {string} schedule
 * @param {number} peak
 * @param {number} step
 * @param {{steps: number, epochs: number}} whole steps an epoch, and epochs
 */
export function rateAt(schedule, peak, step, { steps, epochs }) {
  if (schedule === "compounding") {
    const epoch = Math.floor(step / steps);
    return peak * Math.exp(-0.05 * epoch * (epoch + 1)); // Π exp(−0.1 e) for e = 0 … epoch
  }
  return peak * SCHEDULES[schedule](Math.min(step / (steps * epochs), 1), SHAPES[schedule]);
}

/** The momentum that falls while the rate of 1cycle rises, as in chapter 8. */
export const momentumAt = (step, { steps, epochs }) =>
  0.95 - 0.1 * triangle(step / (steps * epochs), SHAPES["1cycle"]);
