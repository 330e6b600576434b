// Does what the lines of the standard input ask of the clinic, and answers with a line of JSON each.
import { createInterface } from "node:readline";

import { diagnosed, eyes } from "./diagnostician.mjs";

const load = (name) => import(new URL(`../explorables/web/${name}.js`, import.meta.url));
const [clinic, { BUDGET, TESTS }, data, { finish }, { PACKED }] = await Promise.all(
  ["clinic", "instruments", "data", "run"].map((name) => load(`core/lab/${name}`))
    .concat(load("data/digits")),
);
const raw = data.digits(await data.unpacked(PACKED));
const look = eyes(raw);

/** What a generator returns, and how often it yields. */
function made(steps) {
  for (let yields = 0; ; yields++) {
    const { value, done } = steps.next();
    if (done) return { value, yields };
  }
}

const trained = (patient) => finish(clinic.admitted(patient, raw, 1));
const accuracy = ({ history }) => history.at(-1).valid[0].accuracy;
const state = ({ members, done, history }) =>
  JSON.stringify([members.map(({ tensors, memory, order, steps }) =>
    [tensors.flat().map((t) => [...t]), memory, [...order], steps]), done, history]);

const ANSWERS = {
  causes: () => clinic.CAUSES.map(({ key, name, by, told, treatment, read }) =>
    ({ key, name, by, told, treatment, read })),
  tests: () => Object.entries(TESTS).map(([key, { name, cost, shows }]) => ({ key, name, cost, shows })),
  patient: ({ seed, cause }) => clinic.patient(seed, cause),
  drawn: ({ seeds }) => seeds.map((seed) => clinic.patient(seed).cause),
  curves: ({ seed, cause }) => trained(clinic.patient(seed, cause)).history,
  visit: ({ seed, cause }) => {
    const patient = clinic.patient(seed, cause);
    const run = trained(patient);
    const ordered = [];
    const order = (test) => {
      ordered.push(test);
      return made(TESTS[test].make(run)).value;
    };
    const named = diagnosed(order, look);
    const minutes = ordered.reduce((sum, test) => sum + TESTS[test].cost, 0);
    return {
      cause: patient.cause, named, ordered, left: BUDGET - minutes,
      accuracy: accuracy(run), history: run.history,
    };
  },
  untrained: ({ seed, cause, test }) =>
    made(TESTS[test].make(clinic.admitted(clinic.patient(seed, cause), raw, 1))).value,
  every: ({ seed, cause }) => {
    const run = trained(clinic.patient(seed, cause));
    const before = state(run);
    const found = Object.entries(TESTS).map(([test, { make }]) => [test, made(make(run))]);
    return { ...Object.fromEntries(found), same: before === state(run) };
  },
  treated: ({ seed, cause, by }) => {
    const patient = clinic.patient(seed, cause);
    const patients = { healthy: { ...patient, settings: patient.healthy, fault: {} } };
    for (const key of by) patients[key] = clinic.treated(patient, key);
    const known = {}; // some treatments change nothing
    return Object.fromEntries(Object.entries(patients).map(([key, one]) => {
      const faults = Object.entries(one.fault).filter(([, value]) => value);
      return [key, known[JSON.stringify([one.settings, faults])] ??= accuracy(trained(one)) ?? 0];
    }));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...rest } = JSON.parse(line);
  console.log(JSON.stringify(ANSWERS[ask](rest)));
}
