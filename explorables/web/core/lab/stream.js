// Random numbers, one after the other: arithmetic only.

/**
 * Draws numbers above 0 and below 1: the hash of core/random.js, of a counter with a mixed seed.
 * `normal` draws from the normal distribution, `within` from it cut off at two deviations.
 */
export function stream(seed) {
  const mix = (n) => {
    n = Math.imul(n ^ (n >>> 16), 2146121005);
    n = Math.imul(n ^ (n >>> 15), 2221713035);
    return (n ^ (n >>> 16)) >>> 0;
  };
  let count = mix(seed + 1);
  let high = mix(count ^ 1540483477);
  const next = () => {
    count = (count + 1) | 0;
    if (count === 0) high = (high + 1) | 0;
    return (mix(mix(count) + high) + 0.5) / 2 ** 32;
  };
  next.normal = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  next.within = () => {
    for (;;) {
      const value = next.normal();
      if (Math.abs(value) <= 2) return value;
    }
  };
  return next;
}
