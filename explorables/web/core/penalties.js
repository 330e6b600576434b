// The lowest loss of two weights under a penalty or within a ball: arithmetic only, as in
// explorables/_constraints.py.

export const CURVATURES = [1, 4];
const HALVINGS = 60;

/** @param {number[]} w */
export const length = (w) => Math.sqrt(w[0] * w[0] + w[1] * w[1]);

const shrunk = (best, by) => best.map((v, i) => (CURVATURES[i] / (CURVATURES[i] + by)) * v);

/**
 * The weights of the lowest loss plus penalty, or of the lowest loss within the ball.
 * @param {string} norm "L1", "L2" or "max-norm"
 * @param {number[]} best the minimum of the loss alone
 * @param {number} strength λ, or the ball's radius
 * @returns {number[]}
 */
export function solution(norm, best, strength) {
  if (norm === "L1") {
    return best.map((v, i) => Math.sign(v) * Math.max(Math.abs(v) - strength / CURVATURES[i], 0));
  }
  if (norm === "L2") return shrunk(best, 2 * strength);
  if (length(best) <= strength) return [...best];
  if (strength === 0) return [0, 0];
  // L2 with the strength that leads onto the ball; the length falls as it grows.
  let low = 0;
  let high = length(best.map((v, i) => CURVATURES[i] * v)) / strength;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (length(shrunk(best, middle)) > strength) low = middle;
    else high = middle;
  }
  return shrunk(best, high);
}

/** The solution for each strength. */
export const path = (norm, best, strengths) => strengths.map((s) => solution(norm, best, s));

/** Of the smallest ball of the norm that holds the weights. */
export const radius = (norm, w) => (norm === "L1" ? Math.abs(w[0]) + Math.abs(w[1]) : length(w));
