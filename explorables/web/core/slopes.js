// Activation functions and the slope of a chain: arithmetic only, as in explorables/_slopes.py.

const LEAK = 0.2; // slope of Keras' string "leaky_relu" below zero
const LAMBDA = 1.0507009873554805; // of SELU
const ALPHA = 1.6732632423543772;
export const MOST = 50; // layers
const FAR = 8; // from here on the normal distribution function is 0 or 1, to 15 digits

/** Φ(z), as a series of positive terms. @param {number} z */
function normalCdf(z) {
  if (z <= -FAR) return 0;
  if (z >= FAR) return 1;
  let term = z;
  let total = z;
  for (let k = 1; k < 120; k++) {
    term = (term * (z * z)) / (2 * k + 1);
    if (total + term === total) break;
    total += term;
  }
  return 0.5 + density(z) * total;
}
const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
const sigmoid = (z) => 1 / (1 + Math.exp(-Math.max(z, -700)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** @type {Record<string, (z: number) => number>} */
export const FUNCTIONS = {
  relu: (z) => Math.max(z, 0),
  leaky_relu: (z) => Math.max(z, LEAK * z),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  selu: (z) => LAMBDA * (z > 0 ? z : ALPHA * Math.expm1(z)),
  gelu: (z) => z * normalCdf(z),
  silu: (z) => z * sigmoid(z),
  mish: (z) => z * Math.tanh(softplus(z)),
  tanh: Math.tanh,
  sigmoid,
};

/** @type {Record<string, (z: number) => number>} */
export const SLOPES = {
  relu: (z) => (z > 0 ? 1 : 0),
  leaky_relu: (z) => (z > 0 ? 1 : LEAK),
  elu: (z) => (z > 0 ? 1 : Math.exp(z)),
  selu: (z) => LAMBDA * (z > 0 ? 1 : ALPHA * Math.exp(z)),
  gelu: (z) => normalCdf(z) + z * density(z),
  silu(z) {
    const s = sigmoid(z);
    return s * (1 + z * (1 - s));
  },
  mish(z) {
    const t = Math.tanh(softplus(z));
    return t + z * (1 - t * t) * sigmoid(z);
  },
  tanh: (z) => 1 - Math.tanh(z) * Math.tanh(z),
  sigmoid: (z) => sigmoid(z) * (1 - sigmoid(z)),
};

/** Function and slope at each z. @param {string} activation @param {number[]} zs */
export const curves = (activation, zs) =>
  [FUNCTIONS[activation], SLOPES[activation]].map((f) => zs.map(f));

/**
 * Pre-activations z, slopes φ′(z), and the slopes of φ(w φ(… w φ(x))) by x; a number a layer each.
 * @param {string} activation
 * @param {number} x
 * @param {number} layers
 * @param {number} weight
 * @returns {{z: number[], slopes: number[], products: number[]}}
 */
export function chain(activation, x, layers, weight) {
  const run = { z: [], slopes: [], products: [] };
  let z = x;
  let product = 1;
  for (let layer = 0; layer < layers; layer++) {
    const slope = SLOPES[activation](z);
    product = product * slope * (layer ? weight : 1);
    run.z.push(z);
    run.slopes.push(slope);
    run.products.push(product);
    z = weight * FUNCTIONS[activation](z);
  }
  return run;
}
