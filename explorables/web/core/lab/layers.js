// The layers of a dense network, forward and backward as Keras computes them: arithmetic only.
import { FUNCTIONS, SLOPES } from "../slopes.js";
import { back, outer, times } from "./matrix.js";

/**
 * @typedef {object} Layer
 * @property {[string, number[]][]} tensors names and shapes of what is trained
 * @property {[string, number[], number][]} [kept] of what is not: name, shape, first value
 * @property {(x: Float64Array, rows: number, t: Float64Array[], pass: Pass) => Float64Array} forward
 *   of x (rows, n) with the tensors t (then those kept) to (rows, m)
 * @property {(d: Float64Array, rows: number, t: Float64Array[], g: Float64Array[]) => Float64Array}
 *   backward the gradient by the input from that by the output; that by the tensors goes into g
 * @typedef {{training: boolean, next?: () => number}} Pass `next` draws numbers from 0 to 1
 */
const EPSILON = 0.001; // Keras' of both normalizations
const FORGET = 0.9; // momentum of the moving averages, as in chapter 4

/** @returns {Layer} */
export function dense(n, m, most, biased = true) {
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * n);
  let input;
  return {
    tensors: [["kernel", [n, m]], ...(biased ? [["bias", [m]]] : [])],
    forward(x, rows, [w, b]) {
      input = x;
      times(x, w, biased ? b : null, out, rows, n, m);
      return out;
    },
    backward(d, rows, [w], [gw, gb]) {
      outer(input, d, gw, rows, n, m);
      if (biased) {
        gb.fill(0);
        for (let r = 0, k = 0; r < rows; r++) for (let j = 0; j < m; j++) gb[j] += d[k++];
      }
      back(d, w, dx, rows, n, m);
      return dx;
    },
  };
}

/** @returns {Layer} */
export function activation(name, m, most) {
  const [f, slope] = [FUNCTIONS[name], SLOPES[name]];
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * m);
  let z;
  return {
    tensors: [],
    forward(x, rows) {
      z = x;
      for (let k = 0; k < rows * m; k++) out[k] = f(x[k]);
      return out;
    },
    backward(d, rows) {
      for (let k = 0; k < rows * m; k++) dx[k] = d[k] * slope(z[k]);
      return dx;
    },
  };
}

/** A slope below zero for each unit, trained from 0 on. @returns {Layer} */
export function prelu(m, most) {
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * m);
  let z;
  return {
    tensors: [["alpha", [m]]],
    forward(x, rows, [alpha]) {
      z = x;
      for (let k = 0; k < rows * m; k++) out[k] = x[k] > 0 ? x[k] : alpha[k % m] * x[k];
      return out;
    },
    backward(d, rows, [alpha], [g]) {
      g.fill(0);
      for (let k = 0; k < rows * m; k++) {
        dx[k] = z[k] > 0 ? d[k] : alpha[k % m] * d[k];
        if (z[k] < 0) g[k % m] += z[k] * d[k];
      }
      return dx;
    },
  };
}

/** Each unit over the batch. @returns {Layer} */
export function batchNorm(m, most) {
  const normed = new Float64Array(most * m);
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * m);
  const scale = new Float64Array(m); // 1 / √(variance + ε)
  return {
    tensors: [["gamma", [m]], ["beta", [m]]],
    kept: [["moving mean", [m], 0], ["moving variance", [m], 1]],
    forward(x, rows, [gamma, beta, mean, variance], { training }) {
      for (let j = 0; j < m; j++) {
        let [at, spread] = [mean[j], variance[j]];
        if (training) {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += x[r * m + j];
          at = sum / rows;
          sum = 0;
          for (let r = 0; r < rows; r++) sum += (x[r * m + j] - at) ** 2;
          spread = sum / rows;
          mean[j] = FORGET * mean[j] + (1 - FORGET) * at;
          variance[j] = FORGET * variance[j] + (1 - FORGET) * spread;
        }
        scale[j] = 1 / Math.sqrt(spread + EPSILON);
        for (let r = 0; r < rows; r++) {
          const k = r * m + j;
          normed[k] = (x[k] - at) * scale[j];
          out[k] = gamma[j] * normed[k] + beta[j];
        }
      }
      return out;
    },
    backward(d, rows, [gamma], [gGamma, gBeta]) {
      for (let j = 0; j < m; j++) {
        let [sum, along] = [0, 0];
        for (let r = 0; r < rows; r++) {
          sum += d[r * m + j];
          along += d[r * m + j] * normed[r * m + j];
        }
        gBeta[j] = sum;
        gGamma[j] = along;
        const factor = gamma[j] * scale[j];
        for (let r = 0; r < rows; r++) {
          const k = r * m + j;
          dx[k] = factor * (d[k] - sum / rows - (normed[k] * along) / rows);
        }
      }
      return dx;
    },
  };
}

/** Each row over the units. @returns {Layer} */
export function layerNorm(m, most) {
  const normed = new Float64Array(most * m);
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * m);
  const scale = new Float64Array(most);
  return {
    tensors: [["gamma", [m]], ["beta", [m]]],
    forward(x, rows, [gamma, beta]) {
      for (let r = 0, o = 0; r < rows; r++, o += m) {
        let sum = 0;
        for (let j = 0; j < m; j++) sum += x[o + j];
        const at = sum / m;
        sum = 0;
        for (let j = 0; j < m; j++) sum += (x[o + j] - at) ** 2;
        scale[r] = 1 / Math.sqrt(sum / m + EPSILON);
        for (let j = 0; j < m; j++) {
          normed[o + j] = (x[o + j] - at) * scale[r];
          out[o + j] = gamma[j] * normed[o + j] + beta[j];
        }
      }
      return out;
    },
    backward(d, rows, [gamma], [gGamma, gBeta]) {
      gGamma.fill(0);
      gBeta.fill(0);
      for (let r = 0, o = 0; r < rows; r++, o += m) {
        let [sum, along] = [0, 0];
        for (let j = 0; j < m; j++) {
          const v = d[o + j] * gamma[j];
          sum += v;
          along += v * normed[o + j];
          gBeta[j] += d[o + j];
          gGamma[j] += d[o + j] * normed[o + j];
        }
        for (let j = 0; j < m; j++) {
          const v = d[o + j] * gamma[j];
          dx[o + j] = scale[r] * (v - sum / m - (normed[o + j] * along) / m);
        }
      }
      return dx;
    },
  };
}

/** @returns {Layer} */
export function dropout(rate, m, most) {
  const out = new Float64Array(most * m);
  const dx = new Float64Array(most * m);
  const factor = new Float64Array(most * m).fill(1);
  return {
    tensors: [],
    forward(x, rows, t, { training, next }) {
      if (!training) return x;
      for (let k = 0; k < rows * m; k++) {
        factor[k] = next() < rate ? 0 : 1 / (1 - rate);
        out[k] = factor[k] * x[k];
      }
      return out;
    },
    backward(d, rows) {
      for (let k = 0; k < rows * m; k++) dx[k] = factor[k] * d[k];
      return dx;
    },
  };
}

/**
 * Mean cross-entropy of the softmax of z (rows, m), how many rows are right, and into d the
 * gradient by z.
 * @param {boolean} twice the softmax goes through a softmax again, as by `from_logits=True`
 */
export function crossEntropy(z, labels, rows, m, d, twice = false) {
  let [loss, right] = [0, 0];
  const p = new Float64Array(m);
  for (let r = 0, o = 0; r < rows; r++, o += m) {
    const label = labels[r];
    let best = 0;
    for (let j = 1; j < m; j++) if (z[o + j] > z[o + best]) best = j;
    if (best === label && Number.isFinite(z[o + best])) right++;
    const log = softmax(z, o, m, p);
    if (!twice) {
      loss += log - (z[o + label] - z[o + best]);
      for (let j = 0; j < m; j++) d[o + j] = (p[j] - (j === label ? 1 : 0)) / rows;
      continue;
    }
    const first = p.slice();
    loss += softmax(first, 0, m, p) - (first[label] - Math.max(...first));
    let along = 0;
    for (let j = 0; j < m; j++) {
      p[j] -= j === label ? 1 : 0;
      along += p[j] * first[j];
    }
    for (let j = 0; j < m; j++) d[o + j] = (first[j] * (p[j] - along)) / rows;
  }
  return { loss: loss / rows, right };
}

/** Into p the softmax of m entries from o on; returns log Σ exp(z − max z). */
export function softmax(z, o, m, p) {
  let most = z[o];
  for (let j = 1; j < m; j++) most = Math.max(most, z[o + j]);
  let total = 0;
  for (let j = 0; j < m; j++) total += p[j] = Math.exp(z[o + j] - most);
  for (let j = 0; j < m; j++) p[j] /= total;
  return Math.log(total);
}
