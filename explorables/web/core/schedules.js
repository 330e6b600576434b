// The shapes of eight schedules: arithmetic only, as in explorables/_schedules.py.

const cosine = (u) => 0.5 * (1 + Math.cos(Math.PI * u));
const clip = (v) => Math.min(1, Math.max(0, v));
/** From 0 to 1 and back, over the share s. */
export const triangle = (u, s) => clip(1 - Math.abs(u - s / 2) / (s / 2));

/** The rate at u, the share of the steps done, for a peak of 1 and the schedule's one number. */
export const SCHEDULES = {
  constant: () => 1,
  step: (u, s) => (u < 0.5 ? 1 : u < 0.75 ? s : s * s),
  exponential: (u, s) => s ** u,
  cosine: (u, s) => (1 - s) * cosine(u) + s,
  restarts: (u, s) => cosine(u < s ? u / s : (u - s) / (1 - s)),
  warmup: (u, s) => (u < s ? u / s : cosine((u - s) / (1 - s))),
  power: (u, s) => 1 / (1 + s * u),
  "1cycle": (u, s) =>
    0.1 + 0.9 * triangle(u, s) +
    (0.001 - 0.1) * clip((u - s) / Math.max(1 - s, 1e-9)),
};
