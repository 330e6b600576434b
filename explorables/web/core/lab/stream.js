// Random numbers, one after the other: arithmetic only.
import { hashed } from "../random.js";

/**
 * Draws numbers above 0 and below 1: the hash of core/random.js, of a counter with a mixed seed.
 * `normal` draws from the normal distribution, `within` from it cut off at two deviations.
 */
export function stream(seed) {
  let count = hashed(seed + 1);
  let high = hashed(count ^ 1540483477);
  const next = () => {
    count = (count + 1) | 0;
    if (count === 0) high = (high + 1) | 0;
    return (hashed(hashed(count) + high) + 0.5) / 2 ** 32;
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
