// The clinic: networks that do not learn well, what may be wrong with them, and what heals it.
import { start } from "./run.js";
import { parsed } from "./settings.js";
import { stream } from "./stream.js";

const between = (next, low, high) => low * (high / low) ** next();
const pick = (next, list) => list[Math.floor(list.length * next())];

const RECTIFIERS = ["relu", "leaky_relu"];
const ALL = [...RECTIFIERS, "tanh"];
const RATES = { sgd: [0.07, 0.11], momentum: [0.008, 0.015], nesterov: [0.008, 0.015] };

/**
 * What may be wrong. `ill` draws the settings and the fault of a patient, whose activation is one
 * of `acts`; `told` is what the tests of `by` (instruments.js) say of it; `heal` is the treatment, of the patient's
 * settings and those it would have in health; `read` is where the book has it.
 */
export const CAUSES = [
  {
    key: "kernels", name: "the kernels are too small or too large for the activation",
    acts: ALL,
    ill: (next, { act, depth }) => {
      const large = act === "tanh" ? between(next, 40, 100) : 2 * between(next, 60, 150) ** (2 / depth);
      // A lower rate half heals a leaky ReLU's large kernels.
      const small = act === "leaky_relu" || next() < 0.5;
      const scale = small ? between(next, 0.003, 0.02) : large;
      return { settings: { init: "scale", scale } };
    },
    by: ["activations"],
    told: "Before the first step the spread of the activations shrinks or grows from layer to layer, or most of them are saturated.",
    treatment: "draw the kernels as the activation needs them",
    heal: (settings, { init }) => ({ settings: { init } }),
    read: "book/02-xavier-and-he-initialization.html#why",
  },
  {
    key: "dead", name: "units are dead from the start",
    acts: ["relu"],
    ill: (next) => ({ fault: { bias: -between(next, 1, 2) } }),
    by: ["activations"],
    told: "Before the first step most units of the deeper layers are 0 on all rows.",
    treatment: "start the biases at 0",
    heal: () => ({ fault: { bias: 0 } }),
    read: "book/03-nonsaturating-activation-functions.html#a-dead-unit-gets-no-gradient",
  },
  {
    key: "high", name: "the learning rate is too high",
    acts: RECTIFIERS,
    ill: (next, { opt }) => ({ settings: { rate: RATES[opt][1] * between(next, 8, 12) } }),
    by: ["updates", "range"],
    told: "The first steps move the kernels by a large share of their length; in the range test the loss is lowest at less than 5 times this rate, and soon explodes.",
    treatment: "divide the rate by 10",
    heal: ({ rate }) => ({ settings: { rate: rate / 10 } }),
    read: "book/08-learning-rate-scheduling.html#the-range-test",
  },
  {
    key: "low", name: "the learning rate is too low",
    acts: ALL,
    ill: (next, { rate }) => ({ settings: { rate: rate / between(next, 50, 120) } }),
    by: ["updates", "range"],
    told: "A step moves the kernels by a tiny share of their length, at the start as now; in the range test the loss is lowest at more than 100 times this rate.",
    treatment: "multiply the rate by 80",
    heal: ({ rate }) => ({ settings: { rate: rate * 80 } }),
    read: "book/08-learning-rate-scheduling.html#reading-the-range-test",
  },
  {
    key: "inputs", name: "the inputs are not scaled",
    acts: ["tanh"],
    ill: () => ({ settings: { std: "no" } }),
    by: ["rows"],
    told: "The inputs of a batch are far from mean 0 and deviation 1.",
    treatment: "standardise the inputs",
    heal: () => ({ settings: { std: "yes" } }),
    read: "book/10-practical-guidelines.html#see-it-fail",
  },
  {
    key: "labels", name: "the labels are shifted by a row",
    acts: ALL, norms: ["none", "none", "batch"],
    ill: () => ({ fault: { shifted: true } }),
    by: ["rows"],
    told: "The pictures of a batch and their labels do not belong together.",
    treatment: "put each label to its row",
    heal: () => ({ fault: { shifted: false } }),
    read: "book/10-practical-guidelines.html#look-at-the-data-first",
  },
  {
    key: "twice", name: "the softmax is taken twice",
    acts: RECTIFIERS,
    ill: () => ({ fault: { twice: true } }),
    by: ["predictions", "small"],
    told: "The loss that is told is not the one of the predicted probabilities, and on a small batch, learnt by heart, it stays above 1.46.",
    treatment: "take one softmax",
    heal: () => ({ fault: { twice: false } }),
    read: "book/10-practical-guidelines.html#diagnosis",
  },
  {
    key: "pairs", name: "batch normalization has batches of two",
    acts: ALL, norms: ["batch"],
    ill: () => ({ settings: { batch: "2" } }),
    by: ["predictions"],
    told: "In training mode what the network says of a row depends on the others in its batch, and stays when the same batch is asked again.",
    treatment: "take batches of 32",
    heal: () => ({ settings: { batch: "32" } }),
    read: "book/04-batch-normalization.html#batch-size",
  },
  {
    key: "schedule", name: "the schedule shrinks the rate too fast",
    acts: RECTIFIERS, norms: ["none", "none", "batch"],
    ill: (next) => ({ fault: { halved: between(next, 3, 6) } }),
    by: ["rate", "updates"],
    told: "The rate, drawn step by step, is next to nothing before the second epoch.",
    treatment: "keep the rate constant",
    heal: () => ({ fault: { halved: 0 } }),
    read: "book/08-learning-rate-scheduling.html#by-step-a-schedule-object",
  },
  {
    key: "frozen", name: "layers are frozen by mistake",
    acts: ALL,
    ill: (next, { depth }) => ({ fault: { frozen: depth } }),
    by: ["moved", "updates"],
    told: "The tensors of some layers are what they were before the first step.",
    treatment: "let all layers train",
    heal: () => ({ fault: { frozen: 0 } }),
    read: "book/06-reusing-pretrained-layers.html#a-frozen-layer-has-a-ceiling",
  },
  {
    key: "dropout", name: "there is too much dropout",
    acts: ALL,
    ill: (next, { act }) => ({
      settings: { drop: act === "tanh" ? between(next, 0.7, 0.85) : between(next, 0.45, 0.6) },
    }),
    by: ["predictions"],
    told: "In training mode the network says something else of the same batch when it is asked again.",
    treatment: "leave dropout out",
    heal: () => ({ settings: { drop: 0 } }),
    read: "book/09-regularization.html#dropout",
  },
];

const named = (key) => CAUSES.find((cause) => cause.key === key);

/**
 * The patient of a seed; without a cause each is as likely.
 * @param {number} seed
 * @param {string} [cause] key of one of the CAUSES
 * @returns {{seed: number, cause: string, healthy: object, settings: object, fault: object}}
 */
export function patient(seed, cause) {
  const next = stream(seed);
  const drawn = pick(next, CAUSES);
  const { key, acts, norms = ["none"], ill } = cause ? named(cause) : drawn;
  const [act, opt, norm] = [pick(next, acts), pick(next, Object.keys(RATES)), pick(next, norms)];
  const healthy = {
    ...parsed("width=32&batch=32&epochs=5"),
    depth: 4 + Math.floor(3 * next()),
    act, opt, norm,
    init: act === "tanh" ? "glorot" : "he",
    rate: between(next, ...RATES[opt]),
  };
  const { settings, fault = {} } = ill(next, healthy);
  return { seed, cause: key, healthy, settings: { ...healthy, ...settings }, fault };
}

/** A patient with the treatment of a cause, the right one or not. */
export function treated(patient, cause) {
  const { settings, fault } = named(cause).heal(patient.settings, patient.healthy);
  return {
    ...patient,
    settings: { ...patient.settings, ...settings }, fault: { ...patient.fault, ...fault },
  };
}

/**
 * A run of a patient (run.js); its history is the free instrument.
 * @param {ReturnType<typeof patient>} patient
 * @param {import("./data.js").Data} raw digits, 0 to 16; patients have them as bytes, 0 to 255
 * @param {number} [count] of members
 */
export function admitted({ seed, settings, fault }, raw, count = 3) {
  const bytes = (part) => ({ ...part, x: part.x.map((v) => (v * 255) / 16) });
  const data = { ...raw, train: bytes(raw.train), valid: bytes(raw.valid), test: bytes(raw.test) };
  const seeds = Array.from({ length: count }, (_, i) => 10 * seed + i);
  return start(settings, data, { seeds, fault, looks: 2 });
}
