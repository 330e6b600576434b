// Eight schedules, and the expected loss of a noisy quadratic under each: arithmetic only, as in
// explorables/_schedules.py.
import { SCHEDULES } from "./schedules.js";

export const STEPS = 1000;
const CURVATURES = Array.from({ length: 20 }, (_, k) => 0.05 * 20 ** (k / 19));
const START = 3;
const GONE = 1e6; // a curve ends where the loss exceeds this

/**
 * The rate of each step.
 * @param {string} schedule
 * @param {number} peak
 * @param {number} shape
 * @returns {number[]}
 */
export const rates = (schedule, peak, shape) =>
  Array.from({ length: STEPS }, (_, t) => peak * SCHEDULES[schedule](t / STEPS, shape));

/**
 * Expected loss before the first step and after each, [of the start, of the noise]; cut short where
 * it diverges.
 * @param {number[]} rates
 * @returns {number[][]}
 */
export function losses(rates) {
  const mean = CURVATURES.map(() => START);
  const variance = CURVATURES.map(() => 0);
  const half = (values) => 0.5 * CURVATURES.reduce((sum, c, i) => sum + c * values[i], 0);
  const row = () => [half(mean.map((v) => v * v)), half(variance)];
  const rows = [row()];
  for (const rate of rates) {
    for (let i = 0; i < CURVATURES.length; i++) {
      const factor = 1 - rate * CURVATURES[i];
      mean[i] *= factor;
      variance[i] = factor * factor * variance[i] + rate * rate;
    }
    const next = row();
    if (!(next[0] + next[1] <= GONE)) break;
    rows.push(next);
  }
  return rows;
}
