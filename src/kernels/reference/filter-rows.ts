/**
 * Convolves the rows of 16 bins with one even kernel, in place, through the Fourier transform.
 *
 * A complex transform carries two angles of 8 bins: the first angle of a pair is the real part, the second the
 * imaginary part. An even kernel has a real spectrum, which multiplies both alike, so they do not mix; and no bin ever
 * meets another bin, however much stronger. The forward transform decimates in frequency and leaves its result in
 * digit-reversed order, the spectrum is given in that order, and the inverse transform starts from it: nothing is ever
 * reordered. Radices 4, 3 and 2 (Gentleman & Sande, AFIPS 29 (1966) 563-578).
 *
 * @param rows         [angle, rowLength, 16] f32; elements pad to pad + translations of each row are replaced
 * @param angle0,angle1 angles to filter
 * @param weights      [angle] f32, multiplies the filtered row
 * @param length       transform length, product of the radices, at least 2 translations - 1
 * @param radices      [stages] i32 of 4, 3, 2; the first stage first
 * @param twiddles     f32 pairs cos, -sin of 2 pi j m / block, for each stage, j, m = 1 to radix - 1
 * @param spectrum     [length] f32, digit-reversed, divided by length
 * @param scratch      [length, 16] f32
 */
export function filterRows(
  rows: Float32Array,
  rowLength: number,
  pad: number,
  translations: number,
  angle0: number,
  angle1: number,
  weights: Float32Array,
  length: number,
  radices: Int32Array,
  stages: number,
  twiddles: Float32Array,
  spectrum: Float32Array,
  scratch: Float32Array,
): void {
  for (let angle = angle0; angle < angle1; angle += 2) {
    const first = (angle * rowLength + pad) * 16;
    const second = angle + 1 < angle1 ? first + rowLength * 16 : -1;
    for (let half = 0; half < 16; half += 8) {
      scratch.fill(0, 0, length * 16);
      for (let i = 0; i < translations; i++) {
        for (let lane = 0; lane < 8; lane++) {
          const at = i * 16 + half + lane;
          scratch[i * 16 + lane] = rows[first + at]!;
          if (second >= 0) scratch[i * 16 + 8 + lane] = rows[second + at]!;
        }
      }
      transform(scratch, length, radices, stages, twiddles, false);
      for (let i = 0; i < length * 16; i++) scratch[i]! *= spectrum[i >> 4]!;
      transform(scratch, length, radices, stages, twiddles, true);
      for (let i = 0; i < translations; i++) {
        for (let lane = 0; lane < 8; lane++) {
          const at = i * 16 + half + lane;
          rows[first + at] = scratch[i * 16 + lane]! * weights[angle]!;
          if (second >= 0) rows[second + at] = scratch[i * 16 + 8 + lane]! * weights[angle + 1]!;
        }
      }
    }
  }
}

type Complex = [number, number];
const f = Math.fround;
const add = (a: Complex, b: Complex): Complex => [f(a[0] + b[0]), f(a[1] + b[1])];
const subtract = (a: Complex, b: Complex): Complex => [f(a[0] - b[0]), f(a[1] - b[1])];
const scale = (a: Complex, by: number): Complex => [f(a[0] * by), f(a[1] * by)];
/** a (c + i d) */
const turn = (a: Complex, c: number, d: number): Complex => [
  f(f(a[0] * c) - f(a[1] * d)),
  f(f(a[1] * c) + f(a[0] * d)),
];
const byMinusI = (a: Complex): Complex => [a[1], -a[0]];
const SIN_60 = f(Math.sqrt(3) / 2);

/** The transform of each radix, forward; the inverse exchanges outputs k and radix - k. */
function butterfly(x: Complex[]): Complex[] {
  if (x.length === 2) return [add(x[0]!, x[1]!), subtract(x[0]!, x[1]!)];
  if (x.length === 3) {
    const sum = add(x[1]!, x[2]!);
    const middle = subtract(x[0]!, scale(sum, 0.5));
    const side = byMinusI(scale(subtract(x[1]!, x[2]!), SIN_60));
    return [add(x[0]!, sum), add(middle, side), subtract(middle, side)];
  }
  const even = add(x[0]!, x[2]!);
  const odd = add(x[1]!, x[3]!);
  const evenDifference = subtract(x[0]!, x[2]!);
  const side = byMinusI(subtract(x[1]!, x[3]!));
  return [add(even, odd), add(evenDifference, side), subtract(even, odd), subtract(evenDifference, side)];
}

function transform(
  data: Float32Array,
  length: number,
  radices: Int32Array,
  stages: number,
  twiddles: Float32Array,
  inverse: boolean,
): void {
  const plan: { radix: number; block: number; twiddle: number }[] = [];
  let block = length;
  let twiddle = 0;
  for (let stage = 0; stage < stages; stage++) {
    const radix = radices[stage]!;
    plan.push({ radix, block, twiddle });
    block /= radix;
    twiddle += 2 * (radix - 1) * block;
  }
  if (inverse) plan.reverse();
  for (const stage of plan) {
    const step = stage.block / stage.radix;
    for (let at = 0; at < length; at += stage.block) {
      for (let j = 0; j < step; j++) {
        const t = stage.twiddle + 2 * (stage.radix - 1) * j;
        for (let lane = 0; lane < 8; lane++) {
          const x: Complex[] = [];
          for (let m = 0; m < stage.radix; m++) {
            const i = (at + j + m * step) * 16 + lane;
            const value: Complex = [data[i]!, data[i + 8]!];
            const isTurned = inverse && m > 0;
            x.push(isTurned ? turn(value, twiddles[t + 2 * m - 2]!, -twiddles[t + 2 * m - 1]!) : value);
          }
          const y = butterfly(x);
          for (let m = 0; m < stage.radix; m++) {
            const i = (at + j + m * step) * 16 + lane;
            const value = y[inverse && m > 0 ? stage.radix - m : m]!;
            const isTurned = !inverse && m > 0;
            const result = isTurned ? turn(value, twiddles[t + 2 * m - 2]!, twiddles[t + 2 * m - 1]!) : value;
            data[i] = result[0];
            data[i + 8] = result[1];
          }
        }
      }
    }
  }
}
