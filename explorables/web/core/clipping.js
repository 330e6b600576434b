// A gradient of two entries, clipped: arithmetic only, as in explorables/_clipping.py.

/** Each entry cut to ±threshold. @param {number[]} g @param {number} threshold */
export const byValue = (g, threshold) =>
  g.map((v) => Math.max(-threshold, Math.min(threshold, v)));

/** Shortened to the threshold if longer. @param {number[]} g @param {number} threshold */
export function byNorm(g, threshold) {
  const length = norm(g);
  return length <= threshold ? [...g] : g.map((v) => (v / length) * threshold);
}

/** Length, without overflow where an entry's square is too large. @param {number[]} vector */
export function norm(vector) {
  const largest = Math.max(Math.abs(vector[0]), Math.abs(vector[1]));
  if (largest === 0) return 0;
  const [a, b] = vector.map((v) => v / largest);
  return largest * Math.sqrt(a * a + b * b);
}

/** Degrees between two vectors; 0 if one of them is 0. @param {number[]} a @param {number[]} b */
export function angle(a, b) {
  const [[a0, a1], [b0, b1]] = [a, b].map((v) => v.map((entry) => entry / (norm(v) || 1)));
  return (Math.atan2(Math.abs(a0 * b1 - a1 * b0), a0 * b0 + a1 * b1) / Math.PI) * 180;
}

/**
 * By how many degrees clipping by value turns gradients of a length, one a direction.
 * @param {number} length
 * @param {number} threshold
 * @param {number[]} directions in degrees
 */
export const turns = (length, threshold, directions) =>
  directions.map((degrees) => {
    const radians = (degrees / 180) * Math.PI;
    const g = [length * Math.cos(radians), length * Math.sin(radians)];
    return angle(g, byValue(g, threshold));
  });
