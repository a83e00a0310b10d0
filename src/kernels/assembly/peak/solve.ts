// Twin of ../../reference/peak-solve.ts, where the meaning is written down; this file is only speed.
const SINGULAR_PIVOT: f64 = 1e-11;

export function get(p: usize, i: i32): f64 {
  return f64.load(p + ((<usize>i) << 3));
}
export function set(p: usize, i: i32, value: f64): void {
  f64.store(p + ((<usize>i) << 3), value);
}
export function int(p: usize, i: i32): i32 {
  return i32.load(p + ((<usize>i) << 2));
}

export function factorise(
  L: usize,
  s: usize,
  A: usize,
  active: usize,
  count: i32,
  parameters: i32,
  damping: f64,
): bool {
  for (let i = 0; i < count; i++) {
    const diagonal = get(A, int(active, i) * (parameters + 1));
    if (!(diagonal > 0)) return false;
    set(s, i, Math.sqrt(diagonal));
  }
  for (let i = 0; i < count; i++) {
    const p = int(active, i);
    for (let j = 0; j <= i; j++) {
      const q = int(active, j);
      let sum: f64 =
        i == j ? 1.0 + damping : get(A, (p > q ? p : q) * parameters + (p > q ? q : p)) / (get(s, i) * get(s, j));
      for (let k = 0; k < j; k++) sum = sum - get(L, i * parameters + k) * get(L, j * parameters + k);
      if (i == j) {
        if (!(sum > SINGULAR_PIVOT)) return false;
        set(L, i * parameters + i, Math.sqrt(sum));
      } else set(L, i * parameters + j, sum / get(L, j * parameters + j));
    }
  }
  return true;
}

export function substitute(z: usize, L: usize, count: i32, parameters: i32): void {
  for (let i = 0; i < count; i++) {
    let sum = get(z, i);
    for (let k = 0; k < i; k++) sum = sum - get(L, i * parameters + k) * get(z, k);
    set(z, i, sum / get(L, i * parameters + i));
  }
  for (let i = count - 1; i >= 0; i--) {
    let sum = get(z, i);
    for (let k = i + 1; k < count; k++) sum = sum - get(L, k * parameters + i) * get(z, k);
    set(z, i, sum / get(L, i * parameters + i));
  }
}

export function inverseDiagonal(z: usize, L: usize, s: usize, k: i32, count: i32, parameters: i32): f64 {
  let total: f64 = 0;
  for (let i = k; i < count; i++) {
    let sum: f64 = i == k ? 1.0 : 0.0;
    for (let j = k; j < i; j++) sum = sum - get(L, i * parameters + j) * get(z, j);
    const value = sum / get(L, i * parameters + i);
    set(z, i, value);
    total = total + value * value;
  }
  return total / (get(s, k) * get(s, k));
}
