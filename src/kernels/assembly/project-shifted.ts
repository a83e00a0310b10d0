// Twins of ../reference/project-shifted.ts, where the meaning is written down; this file is only speed.
// Pixels go in squares of 8 x 8, which meet the same elements of the rows while these are in the second cache.

const SQUARE: i32 = 8;

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// Where a pixel falls at every angle, 16 bytes each: offset of the row element and of the delayed pattern in bytes, and
// the two weights. By themselves, so that the divisions of many angles are under way at once.
function placePixel(
  places: usize,
  directions: usize,
  angles: i32,
  dx: f64,
  dy: f64,
  axis: f64,
  depthStep: f64,
  binsPerUnit: f64,
  phases: i32,
  rowLength: i32,
  rowStride: i32,
  imageBins: i32,
  offset: i32,
): void {
  const fine = <f64>phases;
  for (let angle = 0; angle < angles; angle++, directions += 24, places += 16) {
    const c = load<f64>(directions);
    const s = load<f64>(directions, 8);
    const width = load<f64>(directions, 16);
    const u = axis + (dx * c + dy * s);
    const whole = Math.floor(u);
    const share = u - whole;
    const tau = depthStep * (dy * c - dx * s);
    const log =
      -tau * (1 + tau * (1.0 / 2.0 + tau * (1.0 / 3.0 + tau * (1.0 / 4.0 + tau * (1.0 / 5.0 + tau * (1.0 / 6.0))))));
    const shift = Math.floor(log * binsPerUnit * fine + 0.5);
    const height = 1 / (width * width * (1 - tau) * (1 - tau));
    const bins = Math.floor(shift / fine);
    const phase = <i32>(shift - bins * fine);
    store<i32>(places, ((angle * rowLength + <i32>whole) * rowStride) << 2);
    store<i32>(places, (phase * imageBins + offset - <i32>bins) << 2, 4);
    store<f32>(places, <f32>(Math.max(0, width - share) * height), 8);
    store<f32>(places, <f32>(Math.max(0, share - (1 - width)) * height), 12);
  }
}

// scratch[k, b] = the pixel's pattern delayed by k / phases
function delayPixel(scratch: usize, pixel: usize, imageBins: i32, taps: usize, phases: i32): void {
  const last = pixel + ((<usize>(imageBins - 4)) << 2);
  for (let k = 0; k < phases; k++, taps += 24) {
    const t0 = v128.load32_splat(taps);
    const t1 = v128.load32_splat(taps, 4);
    const t2 = v128.load32_splat(taps, 8);
    const t3 = v128.load32_splat(taps, 12);
    const t4 = v128.load32_splat(taps, 16);
    const t5 = v128.load32_splat(taps, 20);
    let to = scratch + ((<usize>(k * imageBins + 4)) << 2);
    for (let p = pixel + 16; p < last; p += 16, to += 16) {
      let sum = f32x4.mul(t0, v128.load(p - 12));
      sum = madd(t1, v128.load(p - 8), sum);
      sum = madd(t2, v128.load(p - 4), sum);
      sum = madd(t3, v128.load(p), sum);
      sum = madd(t4, v128.load(p, 4), sum);
      sum = madd(t5, v128.load(p, 8), sum);
      v128.store(to, sum);
    }
  }
}

// The transpose of delayPixel, added to the pixel.
function gatherPixel(pixel: usize, scratch: usize, imageBins: i32, taps: usize, phases: i32): void {
  const stride = (<usize>imageBins) << 2;
  const last = pixel + ((<usize>(imageBins - 4)) << 2);
  let from = scratch + 16;
  for (let p = pixel + 16; p < last; p += 16, from += 16) {
    let sum = v128.load(p);
    let at = from;
    let t = taps;
    for (let k = 0; k < phases; k++, at += stride, t += 24) {
      sum = madd(v128.load32_splat(t), v128.load(at, 12), sum);
      sum = madd(v128.load32_splat(t, 4), v128.load(at, 8), sum);
      sum = madd(v128.load32_splat(t, 8), v128.load(at, 4), sum);
      sum = madd(v128.load32_splat(t, 12), v128.load(at), sum);
      sum = madd(v128.load32_splat(t, 16), v128.load(at - 4), sum);
      sum = madd(v128.load32_splat(t, 20), v128.load(at - 8), sum);
    }
    v128.store(p, sum);
  }
}

export function projectShifted(
  rows: usize,
  rowLength: i32,
  rowStride: i32,
  rowBins: i32,
  image: usize,
  nx: i32,
  imageBins: i32,
  offset: i32,
  y0: i32,
  y1: i32,
  spans: usize,
  directions: usize,
  angles: i32,
  centreX: f64,
  centreY: f64,
  axis: f64,
  depthStep: f64,
  binsPerUnit: f64,
  taps: usize,
  phases: i32,
  scratch: usize,
): void {
  const next = (<usize>rowStride) << 2;
  const whole = (<usize>(rowBins & ~15)) << 2;
  const rest = rowBins & 15;
  const places = scratch + ((<usize>(phases * imageBins)) << 2);
  for (let ty = y0; ty < y1; ty += SQUARE) {
    for (let tx = 0; tx < nx; tx += SQUARE) {
      for (let y = ty; y < min(ty + SQUARE, y1); y++) {
        const span = spans + ((<usize>y) << 3);
        const end = min(tx + SQUARE, load<i32>(span, 4));
        for (let x = max(tx, load<i32>(span)); x < end; x++) {
          const pixel = image + ((<usize>((y - y0) * nx + x) * imageBins) << 2);
          delayPixel(scratch, pixel, imageBins, taps, phases);
          placePixel(
            places,
            directions,
            angles,
            <f64>x - centreX,
            <f64>y - centreY,
            axis,
            depthStep,
            binsPerUnit,
            phases,
            rowLength,
            rowStride,
            imageBins,
            offset,
          );
          const lastPlace = places + ((<usize>angles) << 4);
          for (let place = places; place < lastPlace; place += 16) {
            let row = rows + <usize>load<i32>(place);
            let from = scratch + <usize>load<i32>(place, 4);
            const left = load<f32>(place, 8);
            const right = load<f32>(place, 12);
            const l = f32x4.splat(left);
            const r = f32x4.splat(right);
            for (const stop = row + whole; row < stop; row += 64, from += 64) {
              const other = row + next;
              const e0 = v128.load(from);
              const e1 = v128.load(from, 16);
              const e2 = v128.load(from, 32);
              const e3 = v128.load(from, 48);
              v128.store(row, madd(l, e0, v128.load(row)));
              v128.store(row, madd(l, e1, v128.load(row, 16)), 16);
              v128.store(row, madd(l, e2, v128.load(row, 32)), 32);
              v128.store(row, madd(l, e3, v128.load(row, 48)), 48);
              v128.store(other, madd(r, e0, v128.load(other)));
              v128.store(other, madd(r, e1, v128.load(other, 16)), 16);
              v128.store(other, madd(r, e2, v128.load(other, 32)), 32);
              v128.store(other, madd(r, e3, v128.load(other, 48)), 48);
            }
            for (let i = 0; i < rest; i++, row += 4, from += 4) {
              const value = load<f32>(from);
              store<f32>(row, load<f32>(row) + left * value);
              store<f32>(row + next, load<f32>(row + next) + right * value);
            }
          }
        }
      }
    }
  }
}

export function backprojectShifted(
  image: usize,
  nx: i32,
  imageBins: i32,
  offset: i32,
  y0: i32,
  y1: i32,
  spans: usize,
  rows: usize,
  rowLength: i32,
  rowStride: i32,
  rowBins: i32,
  directions: usize,
  angles: i32,
  centreX: f64,
  centreY: f64,
  axis: f64,
  depthStep: f64,
  binsPerUnit: f64,
  taps: usize,
  phases: i32,
  scratch: usize,
): void {
  const next = (<usize>rowStride) << 2;
  const whole = (<usize>(rowBins & ~15)) << 2;
  const rest = rowBins & 15;
  const places = scratch + ((<usize>(phases * imageBins)) << 2);
  for (let ty = y0; ty < y1; ty += SQUARE) {
    for (let tx = 0; tx < nx; tx += SQUARE) {
      for (let y = ty; y < min(ty + SQUARE, y1); y++) {
        const span = spans + ((<usize>y) << 3);
        const end = min(tx + SQUARE, load<i32>(span, 4));
        for (let x = max(tx, load<i32>(span)); x < end; x++) {
          memory.fill(scratch, 0, (<usize>(phases * imageBins)) << 2);
          placePixel(
            places,
            directions,
            angles,
            <f64>x - centreX,
            <f64>y - centreY,
            axis,
            depthStep,
            binsPerUnit,
            phases,
            rowLength,
            rowStride,
            imageBins,
            offset,
          );
          const lastPlace = places + ((<usize>angles) << 4);
          for (let place = places; place < lastPlace; place += 16) {
            let row = rows + <usize>load<i32>(place);
            let to = scratch + <usize>load<i32>(place, 4);
            const left = load<f32>(place, 8);
            const right = load<f32>(place, 12);
            const l = f32x4.splat(left);
            const r = f32x4.splat(right);
            for (const stop = row + whole; row < stop; row += 64, to += 64) {
              const other = row + next;
              const e0 = madd(r, v128.load(other), madd(l, v128.load(row), v128.load(to)));
              const e1 = madd(r, v128.load(other, 16), madd(l, v128.load(row, 16), v128.load(to, 16)));
              const e2 = madd(r, v128.load(other, 32), madd(l, v128.load(row, 32), v128.load(to, 32)));
              const e3 = madd(r, v128.load(other, 48), madd(l, v128.load(row, 48), v128.load(to, 48)));
              v128.store(to, e0);
              v128.store(to, e1, 16);
              v128.store(to, e2, 32);
              v128.store(to, e3, 48);
            }
            for (let i = 0; i < rest; i++, row += 4, to += 4) {
              store<f32>(to, right * load<f32>(row + next) + (left * load<f32>(row) + load<f32>(to)));
            }
          }
          gatherPixel(image + ((<usize>((y - y0) * nx + x) * imageBins) << 2), scratch, imageBins, taps, phases);
        }
      }
    }
  }
}
