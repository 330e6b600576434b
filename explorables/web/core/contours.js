// Lines of equal height by marching squares: arithmetic only.

/**
 * Heights on a grid of (n + 1)² points, row by row from the lowest y.
 * @param {(x: number, y: number) => number} value
 * @param {number[]} window left, right, bottom, top
 * @param {number} n
 * @returns {number[]}
 */
export function heights(value, [a, b, c, d], n) {
  const z = [];
  for (let j = 0; j <= n; j++) {
    for (let i = 0; i <= n; i++) z.push(value(a + ((b - a) * i) / n, c + ((d - c) * j) / n));
  }
  return z;
}

/**
 * The values below which the given shares of the heights lie.
 * @param {number[]} z
 * @param {number[]} shares
 */
export function quantiles(z, shares) {
  const sorted = Float64Array.from(z).sort();
  return shares.map((share) => sorted[Math.round(share * (sorted.length - 1))]);
}

/**
 * Segments [x0, y0, x1, y1] of the line at `level`.
 * @param {number[]} z from `heights`
 * @param {number[]} window
 * @param {number} n
 * @param {number} level
 * @returns {number[][]}
 */
export function contour(z, [a, b, c, d], n, level) {
  const segments = [];
  const point = (i, j, k, l) => {
    const from = z[j * (n + 1) + i] - level;
    const to = z[l * (n + 1) + k] - level;
    const t = from / (from - to);
    return [a + ((b - a) * (i + t * (k - i))) / n, c + ((d - c) * (j + t * (l - j))) / n];
  };
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const above = corners.map(([k, l]) => z[l * (n + 1) + k] > level);
      if (above[0] === above[1] && above[1] === above[2] && above[2] === above[3]) continue;
      const ends = [];
      for (let e = 0; e < 4; e++) {
        const f = (e + 1) % 4;
        if (above[e] !== above[f]) ends.push(point(...corners[e], ...corners[f]));
      }
      for (let e = 0; e + 1 < ends.length; e += 2) segments.push([...ends[e], ...ends[e + 1]]);
    }
  }
  return segments;
}
