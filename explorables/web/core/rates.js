// Eight schedules, and the expected loss of a noisy quadratic under each: arithmetic only, as in
// explorables/_schedules.py.

export const STEPS = 1000;
const CURVATURES = Array.from({ length: 20 }, (_, k) => 0.05 * 20 ** (k / 19));
const START = 3;
const GONE = 1e6; // a curve ends where the loss exceeds this

const cosine = (u) => 0.5 * (1 + Math.cos(Math.PI * u));
const clip = (v) => Math.min(1, Math.max(0, v));

/** The rate at u, the share of the steps done, for a peak of 1 and the schedule's one number. */
const SCHEDULES = {
  constant: () => 1,
  step: (u, s) => (u < 0.5 ? 1 : u < 0.75 ? s : s * s),
  exponential: (u, s) => s ** u,
  cosine: (u, s) => (1 - s) * cosine(u) + s,
  restarts: (u, s) => cosine(u < s ? u / s : (u - s) / (1 - s)),
  warmup: (u, s) => (u < s ? u / s : cosine((u - s) / (1 - s))),
  power: (u, s) => 1 / (1 + s * u),
  "1cycle": (u, s) =>
    0.1 + 0.9 * clip(1 - Math.abs(u - s / 2) / (s / 2)) +
    (0.001 - 0.1) * clip((u - s) / Math.max(1 - s, 1e-9)),
};

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
