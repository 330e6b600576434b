// What answers come to: right or not, what is said of a guess, when a question comes back.

import { number } from "../../explorables/web/ui/numbers.js";

/** Days after which a missed question comes back, each time it was answered. */
export const DAYS = [1, 3, 7, 21];

/** A number with its unit, for reading. */
export const amount = (value, unit = "") => number(value, 3) + (unit && `\u00a0${unit}`);
const seeds = (k, n) => `${k} of ${n} seeds ${k === 1 ? "is" : "are"}`;

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** What somebody typed as a number, in the book's notation too, or NaN. */
export function typed(text) {
  const power = (raised) => "^" + raised.replace("⁻", "-").replace(/[^-]/g, (digit) => RAISED.indexOf(digit));
  const plain = text.trim().replace(/[−–]/g, "-").replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/, power)
    .replace(/(?<=\d)\s(?=\d{3}\b)/g, "").replace(/^([-+]?[1-9]\d{0,2}),(?=\d{3}(\.|$))/, "$1")
    .replace(",", ".").replace(/\s*(%|·|×)\s*$/, "");
  const [, above, below] = /^([-\d.]+)\s*\/\s*([\d.]+)$/.exec(plain) ?? [];
  if (below) return Number(above) / Number(below);
  const [, base = 1, exponent] = /^(?:(.+?)\s*[×x*·]\s*10\^?|10\^)([-+]?\d+)$/.exec(plain) ?? [];
  if (exponent) return Number(base) * 10 ** Number(exponent);
  return plain ? Number(plain) : NaN;
}

/**
 * Whether an answer is right, and of which choices something is to be said.
 * @param {any} q settings of the question, as the build gives them
 * @param {any} given places of choices; of an order the place of each item; or a number
 * @returns {{right: boolean, of: number[], hint?: string}}
 */
export function judged(q, given) {
  if (q.kind === "number") {
    if (Math.abs(given - q.right) <= q.room) return { right: true, of: [] };
    const far = q.wrong.map((v) => Math.abs(given - v));
    const [least, v] = [Math.min(...far), q.wrong[far.indexOf(Math.min(...far))]];
    const near = least <= Math.min(Math.max(q.room, 0.02 * Math.abs(v)), Math.abs(v - q.right) / 2) ? q.wrong.indexOf(v) : -1;
    return near < 0
      ? { right: false, of: [], hint: given > q.right ? "That is too much." : "That is too little." }
      : { right: false, of: [near] };
  }
  if (q.kind === "order") {
    const inPlace = given.filter((item, place) => item === place).length;
    const hint = `${inPlace} of ${given.length} are in their place.`;
    return { right: inPlace === given.length, of: [], hint };
  }
  const missed = q.right.filter((place) => !given.includes(place));
  const wrong = given.filter((place) => !q.right.includes(place));
  if (!missed.length && !wrong.length) return { right: true, of: given };
  const hint = q.kind === "several" && !wrong.length ? "So far right, but not all of them." : "";
  return { right: false, of: wrong, hint };
}

/** The median of numbers. */
export function median(values) {
  const ranked = values.filter((v) => v !== null).sort((a, b) => a - b);
  const half = ranked.length >> 1;
  return ranked.length % 2 ? ranked[half] : (ranked[half - 1] + ranked[half]) / 2;
}

/** Into which part of a quantity a value falls, or in which place the extreme of a seed is. */
export const part = (q, value) => q.cuts.filter((cut) => value >= cut).length;
export function first(q, seed) {
  const column = q.values.map((one) => one[seed]);
  return column.indexOf(Math[q.extreme === "lowest" ? "min" : "max"](...column));
}

/**
 * A guess beside what was measured, in a sentence.
 * @param {any} q settings of the prediction
 * @param {any} guess a number, a place among the choices, or a number for each point of a curve
 * @param {string[]} choices what the choices say
 */
export function compared(q, guess, choices = []) {
  const of = (v) => amount(v, q.unit);
  if (q.kind === "curve") {
    const f = q.log ? Math.log10 : Number;
    const seen = q.x.map((_, i) => median(q.values.map((seed) => seed[i])));
    const gaps = seen.map((v, i) => Math.abs(f(v) - f(guess[i])));
    const worst = gaps.indexOf(Math.max(...gaps.filter(Number.isFinite)));
    const [low, high] = q.range.map(f);
    const close = gaps[worst] < 0.1 * (high - low) ? "Close everywhere. " : "";
    return (
      `${close}At ${number(q.x[worst], 3)} (${q.xLabel}) you drew ${of(guess[worst])}; ` +
      `${q.values.length > 1 ? `the median of ${q.values.length} seeds` : "it"} is ${of(seen[worst])}.`
    );
  }
  if (q.kind === "which") {
    const firsts = q.values[0].map((_, seed) => first(q, seed));
    const times = (place) => firsts.filter((one) => one === place).length;
    const most = choices.map((_, place) => place).sort((a, b) => times(b) - times(a))[0];
    const said = `You said “${choices[guess]}”: ${q.extreme} in ${times(guess)} of ${firsts.length} seeds.`;
    return most === guess ? said : `${said} “${choices[most]}” is in ${times(most)}.`;
  }
  const n = q.values.length;
  const middle = median(q.values);
  if (q.kind === "parts") {
    const parts = q.values.map((v) => part(q, v));
    const there = parts.filter((one) => one === guess).length;
    const known = n === 1 ? `It is ${of(middle)}` : `The median is ${of(middle)}`;
    const where = part(q, middle) === guess ? "" : `: “${choices[part(q, middle)]}”`;
    const held = n === 1 ? (there ? "That is it." : "That is not it.") : `${seeds(there, n)} there.`;
    return `You said “${choices[guess]}”. ${held} ${known}${where}.`;
  }
  if (n === 1) return `You said ${of(guess)}; it is ${of(middle)}.`;
  const below = q.values.filter((v) => v < guess).length;
  const above = q.values.filter((v) => v > guess).length;
  const said = below === n || above === n
    ? `all ${n} seeds are ${below ? "below" : "above"} that`
    : `${seeds(below, n)} below that, ${above} above`;
  return `You said ${of(guess)}; ${said}. Their median is ${of(middle)}.`;
}

/**
 * When a question comes back: nothing while it was right at once, else a stage and a day.
 * @param {{stage?: number, due?: number} | undefined} known
 */
export function comesBack(known, right, today) {
  if (known?.stage === undefined) return right ? {} : { stage: 0, due: today + DAYS[0] };
  const stage = right ? known.stage + 1 : 0;
  return { stage, due: stage < DAYS.length ? today + DAYS[stage] : null };
}
