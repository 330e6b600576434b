// The data of the lab: the book's digits, and two moons. Arithmetic only.
import { stream } from "./stream.js";

const ROWS = [1078, 359, 360]; // training, validation and test set of lib.data.load_digits()
const PIXELS = 64;

/**
 * @typedef {{x: Float64Array, y: Int32Array, rows: number}} Part
 * @typedef {{train: Part, valid: Part, test: Part, features: number, classes: number}} Data
 */

/** Pixels (0 to 16) and labels from the text of `web/data/digits.js`. @returns {Promise<Uint8Array>} */
export async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array} bytes of each row the pixels, then all labels @returns {Data} */
export function digits(bytes) {
  const all = ROWS.reduce((a, b) => a + b);
  let at = 0;
  const parts = ROWS.map((rows) => {
    const x = Float64Array.from(bytes.subarray(at * PIXELS, (at + rows) * PIXELS));
    const start = all * PIXELS + at;
    at += rows;
    return { x, y: Int32Array.from(bytes.subarray(start, start + rows)), rows };
  });
  return together(parts, PIXELS, 10);
}

/** Two half circles with noise of 0.2, as scikit-learn's `make_moons` puts them. @returns {Data} */
export function moons() {
  const next = stream(11);
  const parts = [400, 200, 200].map((rows) => {
    const x = new Float64Array(2 * rows);
    const y = new Int32Array(rows);
    for (let r = 0; r < rows; r++) {
      y[r] = r % 2;
      const angle = Math.PI * next();
      const [a, b] = [Math.cos(angle), Math.sin(angle)];
      x[2 * r] = (y[r] ? 1 - a : a) + 0.2 * next.normal();
      x[2 * r + 1] = (y[r] ? 0.5 - b : b) + 0.2 * next.normal();
    }
    return { x, y, rows };
  });
  return together(parts, 2, 2);
}

const together = ([train, valid, test], features, classes) =>
  ({ train, valid, test, features, classes });

/** With mean 0 and deviation 1 in each feature of the training set. @param {Data} data */
export function standardised(data) {
  const { train, features } = data;
  const shift = new Float64Array(features);
  const scale = new Float64Array(features);
  for (let j = 0; j < features; j++) {
    let [sum, square] = [0, 0];
    for (let r = 0; r < train.rows; r++) sum += train.x[r * features + j];
    shift[j] = sum / train.rows;
    for (let r = 0; r < train.rows; r++) square += (train.x[r * features + j] - shift[j]) ** 2;
    scale[j] = Math.sqrt(square / train.rows) || 1;
  }
  const mapped = (part) =>
    ({ ...part, x: part.x.map((v, k) => (v - shift[k % features]) / scale[k % features]) });
  return { ...data, train: mapped(train), valid: mapped(data.valid), test: mapped(data.test) };
}

/** The first rows of the training set, so many of them, `wrong`, with another label. */
export function few(data, rows, count) {
  const next = stream(29);
  const x = data.train.x.subarray(0, rows * data.features);
  const y = data.train.y.slice(0, rows);
  const chosen = new Set();
  while (chosen.size < count) chosen.add(Math.floor(rows * next()));
  const others = data.classes - 1;
  for (const r of chosen) y[r] = (y[r] + 1 + Math.floor(others * next())) % data.classes;
  const train = { x, y, rows };
  return { ...data, train, wrong: [...chosen] };
}

/** A share of the training labels replaced by any of the others. @param {Data} data */
export function mislabelled(data, share) {
  const next = stream(23);
  const y = data.train.y.map((label) => {
    const other = (label + 1 + Math.floor((data.classes - 1) * next())) % data.classes;
    return next() < share ? other : label;
  });
  return { ...data, train: { ...data.train, y } };
}
