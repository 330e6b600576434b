// MC dropout of a regression on one input: arithmetic only, as in explorables/_dropout.py.
import { uniform } from "./random.js";

export const MOST = 200; // passes
const NEAR = 0.1; // an input is "at the points" if one of them is at most this far away
export const GRID = Array.from({ length: 61 }, (_, i) => Number(((i - 30) * 0.05).toFixed(2)));

/**
 * What passes with dropout on give at the inputs, and what all masks would give.
 * @typedef {{passes: Float64Array[], mean: Float64Array, spread: Float64Array,
 *   predicted: Float64Array, exact: Float64Array}} Passes
 */
/**
 * Ask a network `passes` times with dropout; the masks are the first of 200, the same ones.
 * @param {number[][]} weights kernel (units), bias (units), output kernel (units), output bias (1)
 * @param {number} rate
 * @param {number} passes
 * @param {number[]} [inputs]
 * @returns {Passes}
 */
export function predict([kernel, bias, output, [shift]], rate, passes, inputs = GRID) {
  const units = kernel.length;
  const kept = numbers(units);
  const row = (value) => new Float64Array(inputs.length).fill(value);
  const every = Array.from({ length: passes }, () => row(shift));
  const predicted = row(shift);
  const exact = row(0);
  for (let i = 0; i < units; i++) {
    const hidden = inputs.map((x) => Math.max(x * kernel[i] + bias[i], 0));
    const scaled = hidden.map((h) => (output[i] / (1 - rate)) * h);
    hidden.forEach((h, n) => {
      const part = output[i] * h;
      predicted[n] += part;
      exact[n] += part * part;
    });
    for (let t = 0; t < passes; t++) {
      if (kept[t * units + i] <= rate) continue;
      for (let n = 0; n < scaled.length; n++) every[t][n] += scaled[n];
    }
  }
  const mean = row(0);
  const spread = row(0);
  for (const pass of every) pass.forEach((y, n) => void (mean[n] += y));
  mean.forEach((sum, n) => void (mean[n] = sum / passes));
  for (const pass of every) {
    pass.forEach((y, n) => void (spread[n] += (y - mean[n]) * (y - mean[n])));
  }
  return {
    passes: every,
    mean,
    spread: spread.map((sum) => Math.sqrt(sum / passes)),
    predicted,
    exact: exact.map((sum) => Math.sqrt((rate / (1 - rate)) * sum)),
  };
}

const drawn = {};
/** For each pass and unit a number from 0 to 1; a unit is kept where it exceeds the rate. */
const numbers = (units) => (drawn[units] ??= uniform(MOST * units, 6));

/** What the points are noisy values of. @param {number} x */
export const truth = (x) => Math.sin(2 * x);

/** Which inputs have a training point near them. @param {number[]} x @param {number[]} [inputs] */
const atPoints = (x, inputs = GRID) =>
  inputs.map((v) => x.some((point) => Math.abs(v - point) <= NEAR));

/**
 * Mean spread at the points and elsewhere, and share of the truth within two spreads; −1 for
 * "elsewhere" if there are points everywhere.
 * @param {number[]} x
 * @param {Passes} run
 */
export function summary(x, { mean, spread }) {
  const near = atPoints(x);
  const average = (values, wanted) => {
    const chosen = [...values].filter((_, n) => near[n] === wanted);
    return chosen.length ? chosen.reduce((a, b) => a + b) / chosen.length : -1;
  };
  const inside = GRID.map((v, n) => (Math.abs(mean[n] - truth(v)) <= 2 * spread[n] ? 1 : 0));
  return {
    at_points: average(spread, true),
    elsewhere: average(spread, false),
    covered_at_points: average(inside, true),
    covered_elsewhere: average(inside, false),
  };
}
