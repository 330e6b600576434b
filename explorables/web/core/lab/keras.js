// The network on the screen as Python for Keras.

const INITIALIZERS = { he: '"he_normal"', lecun: '"lecun_normal"' };
const CLIPPING = { value: "clipvalue", norm: "clipnorm", global: "global_clipnorm" };
const OPTIMIZERS = {
  sgd: ["SGD"], momentum: ["SGD", "momentum=0.9"], nesterov: ["SGD", "momentum=0.9", "nesterov=True"],
  adagrad: ["Adagrad"], rmsprop: ["RMSprop"], adam: ["Adam"], adamax: ["Adamax"], nadam: ["Nadam"],
  adamw: ["AdamW"], lion: ["Lion"], schedule_free: ["ScheduleFreeAdamW"],
  muon: ["Muon", "weight_decay=None", "adam_weight_decay=None", 'exclude_layers=["output"]'],
};

/** @param {ReturnType<typeof import("./settings.js").parsed>} s @returns {string} */
export function asKeras(s) {
  const lines = ["import keras", "import numpy as np", "import tensorflow as tf", ""];
  const moons = s.data === "moons";
  lines.push(...(moons ? MOONS : s.std === "yes" ? DIGITS : PIXELS));
  if (moons && s.std === "yes") lines.push(...SCALED);
  if (s.noise) {
    lines.push("rng = np.random.default_rng(0)", `wrong = rng.random(len(y)) < ${s.noise}`,
      `y = np.where(wrong, (y + rng.integers(1, ${moons ? 2 : 10}, len(y))) % ${moons ? 2 : 10}, y)`);
  }
  const torch = s.init === "pytorch";
  const features = moons ? 2 : 64;
  lines.push("", "keras.utils.set_random_seed(0)",
    `model = keras.Sequential([keras.Input((${features},))])`,
    torch ? `for fan_in in [${features}] + ${s.depth - 1} * [${s.width}]:`
      : `for _ in range(${s.depth}):`);
  if (torch) lines.push(...uniform("    "));
  const kernel = kernels(s);
  const penalty = s.l2 ? [`kernel_regularizer=keras.regularizers.L2(${s.l2})`] : [];
  const layer = (name, ...settings) =>
    lines.push(`    model.add(keras.layers.${name}(${settings.filter(Boolean).join(", ")}))`);
  layer("Dense", s.width, ...kernel, s.norm === "batch" && "use_bias=False", ...penalty);
  if (s.norm === "batch") layer("BatchNormalization", "momentum=0.9");
  if (s.norm === "layer") layer("LayerNormalization");
  if (s.act === "prelu") layer("PReLU");
  else layer("Activation", `"${s.act}"`);
  if (s.drop) layer("Dropout", s.drop);
  if (torch) lines.push(`fan_in = ${s.width}`, ...uniform(""));
  lines.push(`model.add(keras.layers.Dense(${
    [moons ? 2 : 10, '"softmax"', ...(torch ? LAST : []), ...penalty, 'name="output"'].join(", ")}))`);

  lines.push("", `steps = len(x) // ${s.batch}`, ...schedule(s));
  const [rule, ...settings] = OPTIMIZERS[s.opt];
  const cut = s.clip === "none" ? [] : [`${CLIPPING[s.clip]}=${s.most}`];
  lines.push(
    `model.compile(`, `    keras.optimizers.${rule}(${["rate", ...settings, ...cut].join(", ")}),`,
    '    "sparse_categorical_crossentropy", metrics=["accuracy"],', ")",
    `batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=0)`,
    `batches = batches.batch(${s.batch}, drop_remainder=True)`,
    `model.fit(batches, epochs=${s.epochs}, validation_data=(x_valid, y_valid)${
      s.sched === "compounding" ? ", callbacks=[compounding]" : ""})`, "");
  return lines.join("\n");
}

const DIGITS = [
  "from lib import data", "", "digits = data.load_digits()", "x, y = digits.x_train, digits.y_train",
  "x_valid, y_valid = digits.x_valid, digits.y_valid",
];
const PIXELS = [
  "from sklearn import datasets", "from sklearn.model_selection import train_test_split", "",
  "x, y = datasets.load_digits(return_X_y=True)",
  "x, x_rest, y, y_rest = train_test_split(", "    x, y, test_size=0.4, random_state=42, stratify=y", ")",
  "x_valid, _, y_valid, _ = train_test_split(",
  "    x_rest, y_rest, test_size=0.5, random_state=42, stratify=y_rest", ")",
];
const MOONS = [
  "from sklearn import datasets", "", "x, y = datasets.make_moons(600, noise=0.2, random_state=0)",
  "x, x_valid, y, y_valid = x[:400], x[400:], y[:400], y[400:]",
];
const SCALED = ["mean, deviation = x.mean(axis=0), x.std(axis=0)",
  "x, x_valid = (x - mean) / deviation, (x_valid - mean) / deviation"];

const LAST = ["kernel_initializer=start", "bias_initializer=start"];
const uniform = (indent) =>
  [`${indent}start = keras.initializers.RandomUniform(-(fan_in**-0.5), fan_in**-0.5)`];

/** Arguments of a hidden layer for its kernel, and with PyTorch's default for its bias. */
function kernels({ init, scale, norm }) {
  if (init === "scale") {
    const scaled = `keras.initializers.VarianceScaling(${scale}, "fan_in")`;
    return [`kernel_initializer=${scaled}`];
  }
  if (init === "pytorch") {
    return ["kernel_initializer=start", norm !== "batch" && "bias_initializer=start"];
  }
  return INITIALIZERS[init] ? [`kernel_initializer=${INITIALIZERS[init]}`] : [];
}

function schedule({ sched, rate, epochs }) {
  const total = `${epochs} * steps`;
  if (sched === "cosine") return [`rate = keras.optimizers.schedules.CosineDecay(${rate}, ${total})`];
  if (sched === "1cycle") {
    return ["from lib.schedules import OneCycle", "",
      `rate = OneCycle(${rate} / 10, ${rate}, ${total}, end=${rate} / 1000)`];
  }
  if (sched === "compounding") {
    return [`rate = ${rate}`, "compounding = keras.callbacks.LearningRateScheduler(",
      "    lambda epoch, now: float(now * np.exp(-0.1 * epoch))", ")"];
  }
  return [`rate = ${rate}`];
}
