// Products of matrices in rows, one after the other in a Float64Array: arithmetic only.
// Two rows at a time, since an entry of w that is read once then serves both.

/** out = x · w + b, for x (rows, n), w (n, m) and b (m) or null. */
export function times(x, w, b, out, rows, n, m) {
  for (let r = 0; r < rows; r++) {
    const o = r * m;
    if (b) for (let j = 0; j < m; j++) out[o + j] = b[j];
    else out.fill(0, o, o + m);
  }
  let r = 0;
  for (; r + 1 < rows; r += 2) addTwo(x, r * n, (r + 1) * n, 1, w, n, m, out, r * m);
  if (r < rows) add(x, r * n, 1, w, 0, n, m, out, r * m);
}

/** out = xᵀ · d, for x (rows, n) and d (rows, m). */
export function outer(x, d, out, rows, n, m) {
  out.fill(0, 0, n * m);
  let i = 0;
  for (; i + 1 < n; i += 2) addTwo(x, i, i + 1, n, d, rows, m, out, i * m);
  if (i < n) add(x, i, n, d, 0, rows, m, out, i * m);
}

/** out = d · wᵀ, for d (rows, m) and w (n, m). */
export function back(d, w, out, rows, n, m) {
  let r = 0;
  for (; r + 1 < rows; r += 2) {
    const o = r * m;
    const p = (r + 1) * m;
    let i = 0;
    for (; i + 3 < n; i += 4) {
      const k0 = i * m;
      const k1 = (i + 1) * m;
      const k2 = (i + 2) * m;
      const k3 = (i + 3) * m;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let t0 = 0;
      let t1 = 0;
      let t2 = 0;
      let t3 = 0;
      for (let j = 0; j < m; j++) {
        const v = d[o + j];
        const u = d[p + j];
        const w0 = w[k0 + j];
        const w1 = w[k1 + j];
        const w2 = w[k2 + j];
        const w3 = w[k3 + j];
        s0 += v * w0;
        s1 += v * w1;
        s2 += v * w2;
        s3 += v * w3;
        t0 += u * w0;
        t1 += u * w1;
        t2 += u * w2;
        t3 += u * w3;
      }
      const a = r * n + i;
      const b = (r + 1) * n + i;
      out[a] = s0;
      out[a + 1] = s1;
      out[a + 2] = s2;
      out[a + 3] = s3;
      out[b] = t0;
      out[b + 1] = t1;
      out[b + 2] = t2;
      out[b + 3] = t3;
    }
    for (; i < n; i++) {
      out[r * n + i] = dot(d, o, w, i * m, m);
      out[(r + 1) * n + i] = dot(d, p, w, i * m, m);
    }
  }
  if (r < rows) for (let i = 0; i < n; i++) out[r * n + i] = dot(d, r * m, w, i * m, m);
}

function dot(d, o, w, k, m) {
  let sum = 0;
  for (let j = 0; j < m; j++) sum += d[o + j] * w[k + j];
  return sum;
}

/** Add to two rows of out, from o on, those of w times entries of x, from p and from q on. */
function addTwo(x, p, q, stride, w, count, m, out, o) {
  const o2 = o + m;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    const at = p + i * stride;
    const to = q + i * stride;
    const a = x[at];
    const b = x[at + stride];
    const c = x[at + 2 * stride];
    const d = x[at + 3 * stride];
    const e = x[to];
    const f = x[to + stride];
    const g = x[to + 2 * stride];
    const h = x[to + 3 * stride];
    const k0 = i * m;
    const k1 = (i + 1) * m;
    const k2 = (i + 2) * m;
    const k3 = (i + 3) * m;
    for (let j = 0; j < m; j++) {
      const w0 = w[k0 + j];
      const w1 = w[k1 + j];
      const w2 = w[k2 + j];
      const w3 = w[k3 + j];
      out[o + j] += a * w0 + b * w1 + c * w2 + d * w3;
      out[o2 + j] += e * w0 + f * w1 + g * w2 + h * w3;
    }
  }
  add(x, p, stride, w, i, count, m, out, o);
  add(x, q, stride, w, i, count, m, out, o2);
}

/** Add to a row of out, from o on, the rows of w from i on times entries of x. */
function add(x, p, stride, w, i, count, m, out, o) {
  for (; i < count; i++) {
    const a = x[p + i * stride];
    for (let j = 0; j < m; j++) out[o + j] += a * w[i * m + j];
  }
}
