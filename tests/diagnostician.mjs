// A reader who knows the chapter: names the cause from the numbers of the instruments alone.

/** Who can read digits: the label that each row looks like, by the mean picture of each. */
export function eyes({ train, valid }) {
  const size = valid.x.length / valid.rows;
  const row = ({ x }, r) => x.subarray(r * size, (r + 1) * size);
  const means = Array.from({ length: 10 }, (_, label) => {
    const [sum, rows] = [new Float64Array(size), valid.y.reduce((n, y) => n + (y === label), 0)];
    valid.y.forEach((y, r) => y === label && row(valid, r).forEach((v, k) => { sum[k] += v / rows; }));
    return sum;
  });
  const away = (a, b) => a.reduce((total, v, k) => total + (v - b[k]) ** 2, 0);
  return (rows) => rows.map((r) => {
    const found = means.map((mean) => away(mean, row(train, r)));
    return found.indexOf(Math.min(...found));
  });
}

/**
 * @param {(test: string) => object} order
 * @param {(rows: number[]) => number[]} look
 * @returns {string} the key of a cause
 */
export function diagnosed(order, look) {
  const { rows, labels, mean, deviation } = order("rows");
  if (Math.abs(mean) > 1 || deviation > 3) return "inputs";
  const seen = look(rows);
  if (labels.filter((label, i) => label === seen[i]).length < rows.length / 2) return "labels";
  const { rates } = order("rate");
  if (rates.at(-1) < rates[0] / 100) return "schedule";
  const { again, elsewhere, told, byHand } = order("predictions");
  if (again < 1) return "dropout";
  if (elsewhere < 0.8) return "pairs";
  if (told < Math.log(Math.E + 9) && Math.abs(told - byHand) > 0.005) return "twice";
  const { start: { spread, dead, saturated } } = order("activations");
  if (Math.max(...dead) > 0.5) return "dead";
  const factor = (spread.at(-1) / spread[0]) ** (1 / (spread.length - 1));
  if (factor < 0.5 || factor > 1.4 || Math.max(...saturated) > 0.5) return "kernels";
  const [first, ...others] = order("updates").start;
  if (first === 0) return "frozen";
  return [first, ...others].sort((a, b) => a - b)[1] > 0.004 ? "high" : "low";
}
