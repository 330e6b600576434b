// Numbers and words for reading, and the values of a slider.

/** Values from `from` to `to`, a step apart, without the dust of binary fractions. */
export function linear(from, to, step) {
  const n = Math.round((to - from) / step);
  return Array.from({ length: n + 1 }, (_, i) => Number((from + i * step).toPrecision(12)));
}

/** Values of two digits from one power of ten to another, twenty to each. */
export function decades(from, to) {
  return Array.from({ length: 20 * (to - from) + 1 }, (_, i) =>
    Number((10 ** (from + i / 20)).toPrecision(2)));
}

/** A number for reading; `number` of explorables/_shell.py writes the same. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return "too large";
  const [digit, exponent] = value.toExponential(digits - 1).split("e");
  const plain = Math.abs(Number(exponent) - 0.5) < 4.5;
  const text = plain
    ? String(Number(value.toPrecision(digits)))
    : `${Number(digit)}×10${raised(exponent)}`;
  return text.replace("-", "−");
}

/**
 * A logarithmic axis of whole powers of ten that holds the positive numbers, and at least what lies
 * between `low` and `high`.
 * @param {number[]} values
 */
export function powers(values, low = Infinity, high = -Infinity) {
  const known = values.filter((v) => v > 0 && Number.isFinite(v));
  const ends = [Math.min(low, ...known), Math.max(high, ...known)];
  const [from, to] = ends[0] > ends[1] ? [-1, 0] : ends.map(Math.log10);
  const first = Math.max(Math.floor(from), -40);
  const last = Math.min(Math.max(Math.ceil(to), first + 1), 40);
  const stride = Math.max(1, Math.ceil((last - first) / 4));
  const ticks = [];
  for (let p = last; p >= first; p -= stride) ticks.push(10 ** p);
  return { from: 10 ** first, to: 10 ** last, log: true, ticks, show: power };
}

/** A power of ten as the mark of an axis. */
export function power(value) {
  const exponent = Math.round(Math.log10(value));
  return exponent ? `10${raised(String(exponent))}` : "1";
}
const raised = (exponent) => [...exponent.replace("+", "")].map((c) => RAISED[c]).join("");
const RAISED = Object.fromEntries([..."-0123456789"].map((c, i) => [c, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]]));

/** Words as in a sentence: "SGD, momentum and Adam". */
export const listed = (words) =>
  words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join("");
