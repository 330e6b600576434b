// Does what the lines of the standard input ask of the lab, and answers with a line of JSON each.
import { createInterface } from "node:readline";

const web = new URL("../explorables/web/", import.meta.url);
const load = (name) => import(new URL(name, web));
const [claims, asked] = await Promise.all(
  ["claims", "runs"].map((name) => import(new URL(`../assets/lab/${name}.js`, import.meta.url))),
);
const [settings, keras, net, data, rules, runs] = await Promise.all(
  ["settings", "keras", "network", "data", "rules", "run"].map((name) =>
    load(`core/lab/${name}.js`)),
);

const done = (steps) => {
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
};
const lists = (members) => members.map((layer) => layer.map((tensor) => [...tensor]));

let bytes;
async function digits() {
  const { PACKED } = await load("data/digits.js");
  bytes ??= await data.unpacked(PACKED);
  return data.digits(bytes);
}

/** Steps on the given batches from the given weights; what each saw, and the weights after. */
function steps({ hash, weights, x, y, order, start = 0, whole, fault }) {
  const chosen = settings.parsed(hash);
  const [features, classes] = chosen.data === "moons" ? [2, 2] : [64, 10];
  const network = net.network(chosen, { features, classes });
  const one = net.member(network, 0);
  let at = 0;
  one.tensors = one.tensors.map((layer) => layer.map(() => Float64Array.from(weights[at++])));
  const part = { x: Float64Array.from(x), y: Int32Array.from(y) };
  const seen = order.map((rows, t) => {
    const rate = rules.rateAt(chosen.sched, chosen.rate, start + t, whole ?? { steps: 16, epochs: 8 });
    return done(net.step(network, one, net.rowsOf(part, rows, features), rate, fault));
  });
  const all = { ...part, rows: part.y.length };
  return {
    seen, gone: one.gone, weights: lists(one.tensors).flat(),
    evaluated: done(net.evaluated(network, one, all, features)),
  };
}

const ANSWERS = {
  steps,
  code: ({ hash }) => keras.asKeras(settings.parsed(hash)),
  parsed: ({ hash, preset }) => {
    const read = settings.parsed(hash, preset);
    return { read, written: settings.written(read) };
  },
  rates: ({ hash, steps, epochs }) => {
    const { sched, rate } = settings.parsed(hash);
    return Array.from({ length: steps * epochs }, (_, t) =>
      rules.rateAt(sched, rate, t, { steps, epochs }));
  },
  momenta: ({ steps, epochs }) =>
    Array.from({ length: steps * epochs }, (_, t) => rules.momentumAt(t, { steps, epochs })),
  start: ({ hash, seeds }) => {
    const network = net.network(settings.parsed(hash), { features: 64, classes: 10 });
    return seeds.map((seed) => lists(net.member(network, seed).tensors).flat());
  },
  digits: async () => {
    const { train, valid, test } = data.standardised(await digits());
    return [train, valid, test].map(({ x, y }) => ({ x: [...x], y: [...y] }));
  },
  moons: () => {
    const { train } = data.moons();
    return { x: [...train.x], y: [...train.y] };
  },
  /** Effects of each claim; with `instead` [from, to] runs are made with other settings. */
  claims: async ({ names, seeds, instead = ["", ""] }) => {
    const raw = await digits();
    const records = new Map();
    const all = { ...claims.CLAIMS, ...claims.OTHERWISE };
    for (const run of names.flatMap((name) => all[name].runs)) {
      const made = run.replace(...instead);
      if (made !== run) records.set(run, done(asked.trained(made, raw, seeds)));
    }
    return Object.fromEntries(names.map((name) =>
      [name, done(claims.measured(name, raw, seeds, records))]));
  },
  known: () => ({
    claims: Object.keys(claims.CLAIMS), otherwise: Object.keys(claims.OTHERWISE),
  }),
  verdict: ({ effects, bounds }) => asked.verdict(effects, bounds),
  run: async ({ hash, seeds, fault }) => {
    const chosen = settings.parsed(hash);
    const raw = chosen.data === "moons" ? data.moons() : await digits();
    const run = runs.finish(runs.start(chosen, raw, { seeds, fault }));
    return { history: run.history, last: run.last, gone: run.members.map(({ gone }) => gone) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...rest } = JSON.parse(line);
  console.log(JSON.stringify(await ANSWERS[ask](rest)));
}
