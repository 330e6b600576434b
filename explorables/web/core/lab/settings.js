// What can be set in the lab, and how it stands in an address.

const list = (...values) => ({ values: values.map(String), first: String(values[0]) });
const span = (from, to, first, whole = false) => ({ from, to, first, whole });

/** Each setting has a list of values, or a range of numbers; `first` is where it stands. */
export const SETTINGS = {
  data: list("digits", "moons"),
  depth: span(1, 20, 5, true),
  width: list(64, 8, 16, 32, 128),
  act: list(
    "relu", "sigmoid", "tanh", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish",
  ),
  init: list("glorot", "he", "lecun", "pytorch", "scale"),
  scale: span(0.01, 100, 1),
  norm: list("none", "batch", "layer"),
  opt: list(
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamax", "nadam", "adamw", "lion",
    "schedule_free", "muon",
  ),
  rate: span(1e-5, 30, 0.1),
  sched: list("constant", "cosine", "1cycle", "compounding"),
  epochs: span(1, 40, 8, true),
  batch: list(64, 2, 8, 16, 32, 128),
  clip: list("none", "value", "norm", "global"),
  most: span(0.001, 100, 1),
  drop: span(0, 0.9, 0),
  l2: span(0, 0.1, 0),
  noise: span(0, 0.6, 0),
  std: list("yes", "no"),
  seeds: list(3, 1, 5, 10),
};

/** What the lab shows of a name. */
export const NAMES = {
  yes: "standardised", no: "as they are", none: "none",
  digits: "digits, 8×8 pixels", moons: "two moons",
  relu: "ReLU", sigmoid: "sigmoid", tanh: "tanh", leaky_relu: "leaky ReLU", prelu: "PReLU",
  elu: "ELU", selu: "SELU", gelu: "GELU", silu: "SiLU", mish: "Mish",
  glorot: "Glorot (default)", he: "He", lecun: "LeCun", pytorch: "PyTorch’s default",
  scale: "a scale of your own",
  sgd: "SGD", momentum: "momentum 0.9", nesterov: "Nesterov", adagrad: "AdaGrad",
  rmsprop: "RMSprop", adam: "Adam", adamax: "Adamax", nadam: "Nadam", adamw: "AdamW",
  lion: "Lion", schedule_free: "schedule-free AdamW", muon: "Muon",
  constant: "constant", cosine: "cosine", compounding: "compounding",
  value: "by value", norm: "by norm", global: "by global norm",
};

const read = ({ values, from, to, whole }, text, otherwise) => {
  if (values) return values.includes(text) ? text : otherwise;
  const value = /^\d*\.?\d+(e-?\d+)?$/i.test(text ?? "") ? Number(text) : NaN;
  return value >= from && value <= to && (!whole || Number.isInteger(value)) ? value : otherwise;
};

/**
 * The settings of an address; what it does not hold, or not within its range, is the preset's.
 * @param {string} hash as `#act=sigmoid&depth=20`
 * @param {Record<string, string | number>} [preset]
 */
export function parsed(hash, preset = {}) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) =>
    [name, read(setting, given.get(name), preset[name] ?? setting.first)]));
}

/** The address of settings: what differs from the preset, or from where the lab stands at first. */
export function written(settings, preset = {}) {
  return Object.entries(SETTINGS)
    .filter(([name, { first }]) => settings[name] !== (preset[name] ?? first))
    .map(([name]) => `${name}=${settings[name]}`)
    .join("&");
}
