// The instruments of the clinic: what can be ordered on the run of a patient (clinic.js).
import { mean } from "../statistics.js";
import { batch, evaluated, logits, probabilities, rowsOf, step } from "./network.js";
import { norm } from "./rules.js";
import { born, rateOf } from "./run.js";
import { stream } from "./stream.js";

export const BUDGET = 10; // minutes of tests
const ROWS = 128; // of a look at gradients and activations
const ASKED = 256; // rows for predictions
const SHOWN = 32;
const SMALL = 16; // rows to be learnt by heart

/** The first member as it was before its first step. */
const first = ({ net, seeds, fault }) => born(net, seeds[0], fault);

const copied = (one, seed) => ({
  ...one,
  tensors: one.tensors.map((layer) => layer.map((tensor) => tensor.slice())),
  memory: structuredClone(one.memory),
  next: stream(seed),
});

const drawn = ({ data }, one, size) => rowsOf(data.train, batch(one, data, size), data.features);

/** What a step of the first member sees (network.js), at the start and now, on copies. */
function* looked(run, size) {
  const found = {};
  for (const [when, one, at] of [["start", first(run), 0], ["now", run.members[0], run.done]]) {
    const copy = copied(one, run.seeds[0]);
    found[when] = yield* step(run.net, copy, drawn(run, copy, size), rateOf(run, at), run.fault);
  }
  return found;
}

const both = ({ start, now }, part) => ({ start: part(start), now: part(now) });
const pick = (values, rows) => rows.map((row) => values[row]);

const answers = (z, rows, classes) => Array.from({ length: rows }, (_, r) => {
  const row = z.subarray(r * classes, (r + 1) * classes);
  return row.indexOf(Math.max(...row));
});

const agreement = (a, b) => mean(a.map((v, i) => (v === b[i] ? 1 : 0)));

/** Rows in batches of a size as they come, or each batch with rows from all over. */
const together = (rows, size) =>
  Array.from({ length: rows.length / size }, (_, k) => rows.slice(k * size, (k + 1) * size));
const apart = (rows, size) => {
  const count = rows.length / size;
  return Array.from({ length: count }, (_, k) => rows.filter((_, i) => i % count === k));
};

/** What a copy of a member answers in training mode, by row. */
function* asked({ net, data }, copy, batches) {
  const said = [];
  for (const rows of batches) {
    const part = rowsOf(data.train, rows, data.features);
    const z = yield* logits(net, copy, part, { training: true, next: copy.next });
    answers(z, rows.length, net.classes).forEach((answer, r) => { said[rows[r]] = answer; });
  }
  return said;
}

/**
 * What can be ordered: a name, its cost in minutes, what it shows, and a generator that makes it on
 * a run and yields often. The run stays as it is; no other may go on between two yields of one.
 */
export const TESTS = {
  rows: {
    name: "a batch of rows", cost: 1,
    shows: "32 pictures with the labels that they have in training, and the range, mean and deviation of what goes into the network.",
    *make(run) {
      const one = first(run);
      const rows = [...batch(one, run.data, SHOWN)];
      const { x, y } = rowsOf(run.data.train, rows, run.data.features);
      const [low, high] = [x.reduce((a, b) => Math.min(a, b)), x.reduce((a, b) => Math.max(a, b))];
      const middle = mean(x);
      const deviation = Math.sqrt(mean(x.map((v) => (v - middle) ** 2)));
      return { rows, labels: [...y], low, high, mean: middle, deviation };
    },
  },
  rate: {
    name: "the learning rate, step by step", cost: 1,
    shows: "The rate of each step that was made.",
    *make(run) {
      return { rates: Array.from({ length: run.done }, (_, step) => rateOf(run, step)) };
    },
  },
  moved: {
    name: "which tensors moved", cost: 1,
    shows: "For each tensor how far it is from where it started, over its length there (over 1 if that is 0).",
    *make(run) {
      const [before, now] = [first(run).tensors, run.members[0].tensors];
      return run.net.layers.flatMap(({ block, tensors }, l) => tensors.map(([name], k) => {
        const away = norm(now[l][k].map((v, i) => v - before[l][k][i]));
        return { block, name, moved: away / (norm(before[l][k]) || 1) };
      }));
    },
  },
  gradients: {
    name: "gradient norms by layer", cost: 2,
    shows: "The norm of each kernel's gradient, before the first step and now.",
    *make(run) {
      return both(yield* looked(run, ROWS), ({ gradient }) => gradient);
    },
  },
  updates: {
    name: "update ratios by layer", cost: 2,
    shows: "By what share of its length a step moves each kernel: the first step, and one now.",
    *make(run) {
      return both(yield* looked(run, Number(run.settings.batch)), ({ update }) => update);
    },
  },
  activations: {
    name: "activations by layer", cost: 3,
    shows: "Their spread, and the share of dead units and of saturated values, before the first step and now.",
    *make(run) {
      return both(yield* looked(run, ROWS), ({ spread, dead, saturated }) =>
        ({ spread, dead, saturated }));
    },
  },
  predictions: {
    name: "predictions on training rows", cost: 3,
    shows: "How sure they are; how many are right in inference and in training mode; how many stay in training mode when the same batches are asked again, and when the rows are put into other batches; and the loss that is told beside the one of the probabilities.",
    *make(run) {
      const { net, data: { train, features }, settings, fault, members: [one] } = run;
      const copy = copied(one, run.seeds[0]);
      const rows = [...batch({ ...copy, order: [] }, run.data, ASKED)];
      const found = { histogram: new Array(10).fill(0), byHand: 0, inference: 0 };
      for (const part of together(rows, ROWS).map((some) => rowsOf(train, some, features))) {
        const p = yield* probabilities(net, one, part);
        answers(p, ROWS, net.classes).forEach((answer, r) => {
          if (answer < 0) return; // not a number
          const of = (label) => p[r * net.classes + label];
          found.histogram[Math.min(9, Math.floor(10 * of(answer)))]++;
          found.inference += Number(answer === part.y[r]) / ASKED;
          found.byHand -= Math.log(of(part.y[r])) / ASKED;
        });
      }
      const size = Number(settings.batch);
      const said = [];
      for (const way of [together, together, apart]) {
        said.push(pick(yield* asked(run, copy, way(rows, size)), rows));
      }
      const all = rowsOf(train, rows, features);
      return {
        ...found,
        training: agreement(said[0], [...all.y]),
        again: agreement(said[0], said[1]),
        elsewhere: agreement(said[0], said[2]),
        told: (yield* evaluated(net, one, all, features, fault)).loss,
      };
    },
  },
  small: {
    name: "overfit one small batch", cost: 3,
    shows: "Loss and accuracy over 100 steps on the same 16 rows, from the start.",
    *make(run) {
      const one = first(run);
      const part = drawn(run, one, SMALL);
      const found = { loss: [], accuracy: [] };
      for (let k = 0; k < 100 && !one.gone; k++) {
        const { loss, accuracy } = yield* step(run.net, one, part, rateOf(run, k), run.fault);
        found.loss.push(loss);
        found.accuracy.push(accuracy);
      }
      return found;
    },
  },
  range: {
    name: "a range test", cost: 4,
    shows: "The loss, from the start, at a rate that grows from step to step, beside the patient's own.",
    *make(run) {
      const one = first(run);
      const found = { own: run.settings.rate, rates: [], losses: [] };
      for (let k = 0; k <= 60 && !one.gone; k++) {
        const [rate, part] = [10 ** (k / 10 - 5), drawn(run, one, Number(run.settings.batch))];
        found.rates.push(rate);
        found.losses.push((yield* step(run.net, one, part, rate, run.fault)).loss);
      }
      return found;
    },
  },
};
