// Middles of lists of numbers: arithmetic only.

/** Of the finite numbers, NaN if there are none. @param {ArrayLike<number>} values */
export function median(values) {
  const sorted = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return sorted.length ? (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2 : NaN;
}

/** @param {ArrayLike<number>} values */
export const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
