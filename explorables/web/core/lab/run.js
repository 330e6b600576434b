// A run of the lab: members from several seeds, trained side by side, and what was seen.
import { few, mislabelled, standardised } from "./data.js";
import { batch, evaluated, member, network, rowsOf, step } from "./network.js";
import { momentumAt, rateAt } from "./rules.js";

const LOOKS = 4; // evaluations an epoch

/**
 * @param {ReturnType<typeof import("./settings.js").parsed>} settings
 * @param {import("./data.js").Data} raw
 * @param {{seeds?: number[], fault?: object, looks?: number}} [options]
 */
export function start(settings, raw, { seeds, fault = {}, looks = LOOKS } = {}) {
  let data = settings.std === "yes" ? standardised(raw) : raw;
  if (settings.noise) data = mislabelled(data, settings.noise);
  if (settings.rows) data = few(data, settings.rows, settings.wrong);
  if (fault.shifted) data = shifted(data);
  const net = network(settings, data);
  seeds ??= Array.from({ length: Number(settings.seeds) }, (_, i) => i);
  const steps = Math.floor(data.train.rows / Number(settings.batch));
  const members = seeds.map((seed) => born(net, seed, fault));
  return {
    settings, data, net, seeds, members, steps, fault, looks: Math.min(looks, steps),
    done: 0, // steps
    last: [], // what the last step of each member saw
    history: [], // by look: {epoch, train: [{loss, accuracy}], valid: […]} of each member
    sums: members.map(() => ({ loss: 0, accuracy: 0, count: 0 })),
  };
}

/** A member before its first step; by a fault the hidden biases are not 0. */
export function born(net, seed, { bias }) {
  const one = member(net, seed);
  net.layers.forEach(({ kind, block }, l) => {
    if (bias && kind === "dense" && block < net.blocks) one.tensors[l][1]?.fill(bias);
  });
  return one;
}

/** The rate of a step; a faulty schedule halves it each `fault.halved` steps. */
export function rateOf({ settings, steps, fault }, step) {
  const rate = rateAt(settings.sched, settings.rate, step, { steps, epochs: settings.epochs });
  return fault.halved ? rate * 0.5 ** (step / fault.halved) : rate;
}

/** Labels that belong to the row before. */
function shifted(data) {
  const { y } = data.train;
  return { ...data, train: { ...data.train, y: y.map((_, i) => y[(i + 1) % y.length]) } };
}

/** Whether the last epoch is over, or no member is left. */
export const over = (run) =>
  run.done >= run.steps * run.settings.epochs || run.members.every(({ gone }) => gone);

/** One step of all members; yields after each layer, and looks where it is time to. */
export function* advance(run, look = false) {
  const { settings, data, net } = run;
  if (!run.history.length) yield* looked(run);
  const rate = rateOf(run, run.done);
  if (settings.cycled) net.beta = momentumAt(run.done, { steps: run.steps, epochs: settings.epochs });
  for (const [i, one] of run.members.entries()) {
    if (one.gone) continue;
    const rows = batch(one, data, Number(settings.batch));
    const part = rowsOf(data.train, rows, data.features);
    const seen = yield* step(net, one, part, rate, run.fault);
    run.last[i] = seen;
    const sums = run.sums[i];
    sums.loss += seen.loss;
    sums.accuracy += seen.accuracy;
    sums.count++;
  }
  run.done++;
  const looks = (place) => Math.floor((place * run.looks) / run.steps);
  if (look || looks(run.done) !== looks(run.done - 1)) yield* looked(run);
}

/** Loss and accuracy of each member: of the batches since the last look, and on validation. */
function* looked(run) {
  const row = { epoch: run.done / run.steps, train: [], valid: [] };
  for (const [i, one] of run.members.entries()) {
    const { loss, accuracy, count } = run.sums[i];
    const nothing = { loss: NaN, accuracy: NaN };
    row.train.push(count ? { loss: loss / count, accuracy: accuracy / count } : nothing);
    run.sums[i] = { loss: 0, accuracy: 0, count: 0 };
    row.valid.push(one.gone ? nothing
      : yield* evaluated(run.net, one, run.data.valid, run.data.features, run.fault));
  }
  run.history.push(row);
}

/** All steps to the end, at once. */
export function finish(run) {
  while (!over(run)) for (const _ of advance(run));
  return run;
}
