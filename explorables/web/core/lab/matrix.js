// Products of matrices in rows, one after the other in a Float64Array: arithmetic only.

/** out = x · w + b, for x (rows, n), w (n, m) and b (m) or null. */
export function times(x, w, b, out, rows, n, m) {
  for (let r = 0; r < rows; r++) {
    const o = r * m;
    if (b) for (let j = 0; j < m; j++) out[o + j] = b[j];
    else out.fill(0, o, o + m);
    add(x, r * n, 1, w, n, m, out, o);
  }
}

/** out = xᵀ · d, for x (rows, n) and d (rows, m). */
export function outer(x, d, out, rows, n, m) {
  out.fill(0, 0, n * m);
  for (let i = 0; i < n; i++) add(x, i, n, d, rows, m, out, i * m);
}

/** out = d · wᵀ, for d (rows, m) and w (n, m). */
export function back(d, w, out, rows, n, m) {
  for (let r = 0; r < rows; r++) {
    const o = r * m;
    let i = 0;
    for (; i + 3 < n; i += 4) {
      const [k0, k1, k2, k3] = [i * m, (i + 1) * m, (i + 2) * m, (i + 3) * m];
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let j = 0; j < m; j++) {
        const v = d[o + j];
        s0 += v * w[k0 + j];
        s1 += v * w[k1 + j];
        s2 += v * w[k2 + j];
        s3 += v * w[k3 + j];
      }
      out[r * n + i] = s0;
      out[r * n + i + 1] = s1;
      out[r * n + i + 2] = s2;
      out[r * n + i + 3] = s3;
    }
    for (; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < m; j++) sum += d[o + j] * w[i * m + j];
      out[r * n + i] = sum;
    }
  }
}

/** Add to m entries of out, from o on, the rows of w times the entries of x (first, stride). */
function add(x, first, stride, w, count, m, out, o) {
  let i = 0;
  for (; i + 3 < count; i += 4) {
    const at = first + i * stride;
    const a = x[at];
    const b = x[at + stride];
    const c = x[at + 2 * stride];
    const d = x[at + 3 * stride];
    const [k0, k1, k2, k3] = [i * m, (i + 1) * m, (i + 2) * m, (i + 3) * m];
    for (let j = 0; j < m; j++) {
      out[o + j] += a * w[k0 + j] + b * w[k1 + j] + c * w[k2 + j] + d * w[k3 + j];
    }
  }
  for (; i < count; i++) {
    const a = x[first + i * stride];
    for (let j = 0; j < m; j++) out[o + j] += a * w[i * m + j];
  }
}
