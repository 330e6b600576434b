// Random numbers that NumPy and JavaScript draw alike: as in explorables/_random.py.

/** Chris Wellons' hash lowbias32 of a whole number, below 2³². @param {number} n */
export function hashed(n) {
  n = Math.imul(n ^ (n >>> 16), 2146121005);
  n = Math.imul(n ^ (n >>> 15), 2221713035);
  return (n ^ (n >>> 16)) >>> 0;
}

/**
 * Numbers above 0 and below 1: the hash of a counter.
 * @param {number} count
 * @param {number} seed
 * @returns {Float64Array}
 */
export function uniform(count, seed) {
  const start = Math.imul(seed, 2654435769);
  return Float64Array.from({ length: count }, (_, i) => (hashed((start + i) | 0) + 0.5) / 2 ** 32);
}
