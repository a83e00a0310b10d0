// Twin of ../reference/tabulate-lines.ts, where the meaning is written down; this file is only speed.

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

function cubic(at: usize, row: usize, a: v128, b: v128, c: v128, d: v128): v128 {
  const first = madd(b, v128.load(at + row), f32x4.mul(a, v128.load(at)));
  return madd(d, v128.load(at + 3 * row), madd(c, v128.load(at + 2 * row), first));
}

export function tabulateLines(
  out: usize,
  peaks: usize,
  terms: i32,
  tangents: usize,
  areas: usize,
  origins: usize,
  parts: usize,
  lines: i32,
  slopes: i32,
  depths: i32,
  depthFirst: f64,
  depthStep: f64,
  reach: f64,
): void {
  const row = (<usize>terms) << 2;
  const size = <usize>depths * row;
  memory.fill(out, 0, (1 + <usize>slopes) * size);
  for (let i = 0; i < depths; i++) {
    const depth = depthFirst + depthStep * <f64>i;
    const q = 1 / ((1 - depth) * (1 - depth));
    for (let line = 0; line < lines; line++) {
      const area = q * load<f64>(areas + ((<usize>line) << 3));
      const perUnit = load<f64>(origins + ((<usize>line) << 4), 8);
      const tangent = load<f64>(tangents + ((<usize>line) << 3));
      const u = ((reach - depth) * tangent - load<f64>(origins + ((<usize>line) << 4))) * perUnit;
      const count = load<i32>(parts + ((<usize>line) << 3), 4);
      if (!(area != 0 && u >= 1 && u < <f64>(count - 2))) continue;
      const node = <i32>u;
      const f = u - <f64>node;
      const at = peaks + <usize>(load<i32>(parts + ((<usize>line) << 3)) + node - 1) * row;
      const a = f32x4.splat(<f32>((area * (-f * (f - 1) * (f - 2))) / 6));
      const b = f32x4.splat(<f32>((area * ((f + 1) * (f - 1) * (f - 2))) / 2));
      const c = f32x4.splat(<f32>((area * (-(f + 1) * f * (f - 2))) / 2));
      const d = f32x4.splat(<f32>((area * ((f + 1) * f * (f - 1))) / 6));
      const to = out + <usize>i * row;
      for (let k: usize = 0; k < row; k += 16) {
        v128.store(to + k, f32x4.add(v128.load(to + k), cubic(at + k, row, a, b, c, d)));
      }
      if (slopes == 0) continue;
      const f2 = f * f;
      const e = f32x4.splat(<f32>((-3 * f2 + 6 * f - 2) / 6));
      const g = f32x4.splat(<f32>((3 * f2 - 4 * f - 1) / 2));
      const h = f32x4.splat(<f32>((-3 * f2 + 2 * f + 2) / 2));
      const m = f32x4.splat(<f32>((3 * f2 - 1) / 6));
      const byTangent = area * (reach - depth) * perUnit;
      for (let k: usize = 0; k < row; k += 16) {
        const slope = cubic(at + k, row, e, g, h, m);
        for (let p = 0; p < slopes; p++) {
          const factor = <f32>(byTangent * load<f64>(tangents + ((<usize>((1 + p) * lines + line)) << 3)));
          const place = to + (1 + <usize>p) * size + k;
          v128.store(place, madd(f32x4.splat(factor), slope, v128.load(place)));
        }
      }
    }
  }
}
