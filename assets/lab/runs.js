// Runs of the lab as the chapters have them, and the book's verdict: arithmetic only.
import { mean, median } from "../../explorables/web/core/statistics.js";
import { evaluated, rowsOf, silent, step } from "../../explorables/web/core/lab/network.js";
import { advance, over, start } from "../../explorables/web/core/lab/run.js";
import { parsed } from "../../explorables/web/core/lab/settings.js";

/**
 * What a run can have besides settings.js, where a chapter does: `batch` of any size, `epochs` of
 * 0; `first` so many training rows through the untrained network, and no more; `silent=1` looks
 * for silent units after each epoch; `last=1` dropout after the last hidden layer alone; `summed`,
 * from where AdaGrad sums; `cycled=1` momentum; `rows` of training, `wrong` labels among them;
 * `twice=1` the softmax.
 */
const BEYOND = [
  "batch", "epochs", "first", "silent", "last", "summed", "cycled", "rows", "wrong", "twice",
];

/**
 * A run: the address of its settings, and after " after " that of the run whose weights it starts
 * from. What is measured has the seed first, then the epoch: `loss` and `right` of the batches,
 * `lost` and `valid` on the validation part (loss, accuracy), `test` accuracy at the end, `gone`,
 * `silent` shares from before the training on, `units` that are silent at the end, `wrong` labels
 * reproduced; or, with `first`, by layer `gradient` and `saturated`.
 * @typedef {Record<string, any>} Measured
 */

/** @returns {Generator<undefined, Measured>} */
export function* trained(run, data, seeds, records = new Map()) {
  if (records.has(run)) return records.get(run);
  const [address, earlier] = run.split(" after ");
  const given = new URLSearchParams(address);
  const settings = parsed(address);
  for (const name of BEYOND) if (given.has(name)) settings[name] = Number(given.get(name));
  const now = start(settings, data, { seeds, looks: 1, fault: { twice: settings.twice } });
  if (earlier) {
    const { members } = yield* trained(earlier, data, seeds, records);
    now.members.forEach((one, i) =>
      one.tensors.forEach((layer, l) =>
        layer.forEach((w, k) => w.set(members[i].tensors[l][k]))));
  }
  const record = settings.first ? yield* untrained(now) : yield* toTheEnd(now);
  records.set(run, record);
  return record;
}

function* untrained({ net, data, members, settings }) {
  const rows = Int32Array.from({ length: settings.first }, (_, r) => r);
  const record = { gradient: [], saturated: [] };
  for (const one of members) {
    const seen = yield* step(net, one, rowsOf(data.train, rows, data.features), 0);
    for (const [name, found] of Object.entries(record)) found.push(seen[name]);
  }
  return record;
}

function* toTheEnd(run) {
  const { settings, net, data, members } = run;
  const record = { net, members, silent: members.map(() => []), units: [], test: [], wrong: [] };
  const look = function* () {
    for (const [i, one] of members.entries()) {
      const layers = yield* silent(net, one, data.train, data.features);
      record.units[i] = layers.flatMap((layer) => [...layer]);
      record.silent[i].push(mean(record.units[i]));
    }
  };
  if (settings.silent) yield* look();
  while (!over(run)) {
    yield* advance(run);
    if (settings.silent && run.done % run.steps === 0) yield* look();
  }
  for (const one of members) {
    const score = function* (part) {
      return one.gone ? zeros(part) : (yield* evaluated(net, one, part, data.features)).accuracy;
    };
    record.test.push(yield* score(data.test));
    if (data.wrong) {
      record.wrong.push(yield* score(rowsOf(data.train, data.wrong, data.features)));
    }
    Object.assign(one, { gradients: [], memory: [], order: [] }); // what is kept stays small
  }
  const epochs = Array.from({ length: settings.epochs }, (_, e) => run.history[e + 1]);
  const by = (part, name) =>
    members.map((_, i) => epochs.map((row) => row?.[part][i][name] ?? NaN));
  const nothing = zeros(data.valid);
  return {
    ...record, loss: by("train", "loss"), right: by("train", "accuracy"), lost: by("valid", "loss"),
    valid: by("valid", "accuracy").map((row) => row.map((v) => (Number.isNaN(v) ? nothing : v))),
    gone: members.map(({ gone }) => Boolean(gone)),
  };
}

/** Accuracy of Keras where all is NaN: it then answers 0. */
const zeros = ({ y }) => y.filter((label) => label === 0).length / y.length;

/**
 * Whether the effects lie between the bounds in the typical seed, by the sign test.
 * @param {number[][]} effects by comparison
 * @param {{above?: number | null, below?: number | null}[]} bounds of each, as in the ledger
 */
export function verdict(effects, bounds) {
  const found = effects.map(interval);
  const holds = found.every(({ low, high }, i) =>
    low > (bounds[i].above ?? -Infinity) && high < (bounds[i].below ?? Infinity));
  return { holds, comparisons: found };
}

/** Median, and bounds that hold with 95 % or more: of ten the second and the ninth. */
function interval(values) {
  const nothing = { median: NaN, low: NaN, high: NaN };
  const n = values.length;
  let [k, tail, one] = [-1, 0, 1]; // one: how many ways to choose k + 1 of n
  while ((tail += one) <= 0.025 * 2 ** n) one = (one * (n - ++k)) / (k + 1);
  if (k < 0 || !values.every(Number.isFinite)) return nothing;
  const ranked = Float64Array.from(values).sort();
  return { median: median(values), low: ranked[k], high: ranked[n - 1 - k] };
}
