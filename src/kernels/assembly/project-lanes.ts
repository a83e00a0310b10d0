// Twins of ../reference/project-lanes.ts, where the meaning is written down; this file is only speed.

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

export function packLanes(out: usize, source: usize, n: i32, stride: i32, bins: i32): void {
  const step = (<usize>stride) << 2;
  const end = out + ((<usize>n) << 6);
  if (bins == 16) {
    for (; out < end; out += 64, source += step) {
      v128.store(out, v128.load(source));
      v128.store(out, v128.load(source, 16), 16);
      v128.store(out, v128.load(source, 32), 32);
      v128.store(out, v128.load(source, 48), 48);
    }
    return;
  }
  memory.fill(out, 0, (<usize>n) << 6);
  const bytes = (<usize>bins) << 2;
  for (; out < end; out += 64, source += step)
    for (let b: usize = 0; b < bytes; b += 4) store<f32>(out + b, load<f32>(source + b));
}

export function unpackLanes(out: usize, source: usize, n: i32, stride: i32, bins: i32, factor: f32): void {
  const step = (<usize>stride) << 2;
  const end = source + ((<usize>n) << 6);
  if (bins == 16) {
    const by = f32x4.splat(factor);
    for (; source < end; source += 64, out += step) {
      v128.store(out, f32x4.mul(by, v128.load(source)));
      v128.store(out, f32x4.mul(by, v128.load(source, 16)), 16);
      v128.store(out, f32x4.mul(by, v128.load(source, 32)), 32);
      v128.store(out, f32x4.mul(by, v128.load(source, 48)), 48);
    }
    return;
  }
  const bytes = (<usize>bins) << 2;
  for (; source < end; source += 64, out += step)
    for (let b: usize = 0; b < bytes; b += 4) store<f32>(out + b, factor * load<f32>(source + b));
}

function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}

// Four lanes at a time, so that the sums stay in registers over all n.
export function projectDot(sums: usize, a: usize, b: usize, n: i32): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const sum = sums + (quarter << 1);
    let s0 = v128.load(sum);
    let s1 = v128.load(sum, 16);
    let p = a + quarter;
    let q = b + quarter;
    for (let i = 0; i < n; i++, p += 64, q += 64) {
      const x = v128.load(p);
      const y = v128.load(q);
      s0 = f64x2.add(s0, f64x2.mul(low(x), low(y)));
      s1 = f64x2.add(s1, f64x2.mul(high(x), high(y)));
    }
    v128.store(sum, s0);
    v128.store(sum, s1, 16);
  }
}

export function projectAdd(out: usize, added: usize, factors: usize, n: i32): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const by = v128.load(factors + quarter);
    let p = out + quarter;
    let q = added + quarter;
    for (let i = 0; i < n; i++, p += 64, q += 64) v128.store(p, madd(by, v128.load(q), v128.load(p)));
  }
}

export function projectTurn(out: usize, added: usize, factors: usize, n: i32): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const by = v128.load(factors + quarter);
    let p = out + quarter;
    let q = added + quarter;
    for (let i = 0; i < n; i++, p += 64, q += 64) v128.store(p, madd(by, v128.load(p), v128.load(q)));
  }
}

export function projectWeigh(out: usize, weights: usize, n: i32): void {
  for (let i = 0; i < n; i++, out += 64, weights += 4) {
    const by = v128.load32_splat(weights);
    v128.store(out, f32x4.mul(by, v128.load(out)));
    v128.store(out, f32x4.mul(by, v128.load(out, 16)), 16);
    v128.store(out, f32x4.mul(by, v128.load(out, 32)), 32);
    v128.store(out, f32x4.mul(by, v128.load(out, 48)), 48);
  }
}

export function projectResidual(out: usize, measured: usize, weights: usize, sums: usize, n: i32): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const sum = sums + (quarter << 1);
    let s0 = v128.load(sum);
    let s1 = v128.load(sum, 16);
    let p = out + quarter;
    let q = measured + quarter;
    let w = weights;
    for (let i = 0; i < n; i++, p += 64, q += 64, w += 4) {
      const difference = f32x4.sub(v128.load(q), v128.load(p));
      if (load<f32>(w) > 0) {
        const x = low(difference);
        const y = high(difference);
        s0 = f64x2.add(s0, f64x2.mul(x, x));
        s1 = f64x2.add(s1, f64x2.mul(y, y));
      }
      v128.store(p, f32x4.mul(v128.load32_splat(w), difference));
    }
    v128.store(sum, s0);
    v128.store(sum, s1, 16);
  }
}

export function projectStep(image: usize, step: usize, weights: usize, factors: usize, lowest: f32, n: i32): void {
  const floor = f32x4.splat(lowest);
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const by = v128.load(factors + quarter);
    let p = image + quarter;
    let q = step + quarter;
    let w = weights;
    for (let i = 0; i < n; i++, p += 64, q += 64, w += 4) {
      const moved = madd(by, f32x4.mul(v128.load32_splat(w), v128.load(q)), v128.load(p));
      v128.store(p, v128.bitselect(moved, floor, f32x4.gt(moved, floor)));
    }
  }
}

export function projectOntoFree(step: usize, image: usize, n: i32): void {
  const zero = f32x4.splat(0);
  const end = step + ((<usize>n) << 6);
  for (; step < end; step += 16, image += 16) {
    const s = v128.load(step);
    const stuck = v128.and(f32x4.le(v128.load(image), zero), f32x4.lt(s, zero));
    v128.store(step, v128.andnot(s, stuck));
  }
}

export function projectRatio(out: usize, measured: usize, weights: usize, sums: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const sum = sums + (quarter << 1);
    let s0 = v128.load(sum);
    let s1 = v128.load(sum, 16);
    let p = out + quarter;
    let q = measured + quarter;
    let w = weights;
    for (let i = 0; i < n; i++, p += 64, q += 64, w += 4) {
      if (load<f32>(w) > 0) {
        const model = v128.load(p);
        const data = v128.load(q);
        const difference = f32x4.sub(data, model);
        const x = low(difference);
        const y = high(difference);
        s0 = f64x2.add(s0, f64x2.mul(x, x));
        s1 = f64x2.add(s1, f64x2.mul(y, y));
        v128.store(p, v128.and(f32x4.div(f32x4.max(zero, data), model), f32x4.gt(model, zero)));
      } else v128.store(p, zero);
    }
    v128.store(sum, s0);
    v128.store(sum, s1, 16);
  }
}

export function projectScale(image: usize, step: usize, weights: usize, factors: usize, n: i32): void {
  for (let quarter: usize = 0; quarter < 64; quarter += 16) {
    const still = f32x4.eq(v128.load(factors + quarter), f32x4.splat(0));
    let p = image + quarter;
    let q = step + quarter;
    let w = weights;
    for (let i = 0; i < n; i++, p += 64, q += 64, w += 4) {
      const old = v128.load(p);
      v128.store(p, v128.bitselect(old, f32x4.mul(old, f32x4.mul(v128.load32_splat(w), v128.load(q))), still));
    }
  }
}
