// The value of a rank in one row: a selection, not a sort (after Floyd & Rivest, Comm. ACM 18 (1975) 165). A sorted
// sample brackets the rank, one SIMD pass counts what lies below and packs what lies inside, and the same again on the
// few that are left. A wrong bracket costs one more pass, never a wrong value.

const SAMPLE: u32 = 32;
/** So few values are sorted at once. */
export const SMALL: u32 = 40;

// Shuffles that pack the lanes of a 4-bit mask to the front, and how many lanes those are.
// biome-ignore format: one row a mask
const PACK: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0000
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0001
  4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0010
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0011
  8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0100
  0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, // 0101
  4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, // 0110
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0111
  12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 1000
  0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1001
  4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1010
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15, // 1011
  8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1100
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, // 1101
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, // 1110
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 1111
]);

let below: u32 = 0;

/** Packs the values low <= x <= high of [from, end) to `out`; counts those < low into `below`. Returns how many it packed. */
function packBetween(from: usize, end: usize, low: f32, high: f32, out: usize): u32 {
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let under = i32x4.splat(0);
  let to = out;
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const isUnder = f32x4.lt(x, lo);
    under = i32x4.sub(under, isUnder);
    const outside = i32x4.bitmask(v128.or(isUnder, f32x4.gt(x, hi)));
    const inside = outside ^ 15;
    v128.store(to, i8x16.swizzle(x, v128.load(PACK + ((<usize>inside) << 4))));
    to += (<usize>popcnt(inside)) << 2;
  }
  below =
    i32x4.extract_lane(under, 0) +
    i32x4.extract_lane(under, 1) +
    i32x4.extract_lane(under, 2) +
    i32x4.extract_lane(under, 3);
  return <u32>((to - out) >> 2);
}

function insertionSort(x: usize, n: u32): void {
  const end = x + ((<usize>n) << 2);
  for (let i = x + 4; i < end; i += 4) {
    const value = load<f32>(i);
    let j = i;
    while (j > x && load<f32>(j - 4) > value) {
      store<f32>(j, load<f32>(j - 4));
      j -= 4;
    }
    store<f32>(j, value);
  }
}

/**
 * The value of the given rank (from 0) of x[0..n), followed by up to three times +infinity; x is left as it is.
 * @param first, second buffers of n + 4 values; sample: of SMALL
 */
export function selectRank(x: usize, n: u32, rank: u32, first: usize, second: usize, sample: usize): f32 {
  let source = x;
  let out = first;
  while (n > SMALL) {
    const step = n / SAMPLE;
    for (let i: u32 = 0; i < SAMPLE; i++)
      store<f32>(sample + ((<usize>i) << 2), load<f32>(source + ((<usize>(i * step)) << 2)));
    insertionSort(sample, SAMPLE);
    const q = (<f32>rank + 0.5) / <f32>n;
    const half: f32 = 2 * sqrt<f32>(<f32>SAMPLE * q * (1 - q)) + 0.5;
    const lowAt = <i32>floor<f32>(q * <f32>SAMPLE - half);
    const highAt = <i32>floor<f32>(q * <f32>SAMPLE + half);
    let low: f32 = lowAt < 0 ? -Infinity : load<f32>(sample + ((<usize>lowAt) << 2));
    let high: f32 = highAt >= <i32>SAMPLE ? Infinity : load<f32>(sample + ((<usize>highAt) << 2));
    // Padding to a multiple of 4 is +infinity and comes last; `inside` never counts it.
    const end = source + ((<usize>((n + 3) & ~3)) << 2);
    let inside = min(packBetween(source, end, low, high, out), n - below);
    if (inside == n) {
      // Ties: the bracket holds everything. Split about one value instead, which always gets further.
      low = load<f32>(sample + ((<usize>(SAMPLE / 2)) << 2));
      high = low;
      inside = min(packBetween(source, end, low, high, out), n - below);
    }
    if (rank < below) {
      inside = below;
      // The largest float below `low`: everything under the bracket.
      packBetween(source, end, -Infinity, nextBelow(low), out);
    } else if (rank < below + inside) {
      if (low == high) return low;
      rank -= below;
    } else {
      const passed = below + inside;
      rank -= passed;
      inside = n - passed;
      packBetween(source, end, nextAbove(high), Infinity, out);
    }
    n = inside;
    v128.store(out + ((<usize>n) << 2), f32x4.splat(Infinity));
    source = out;
    out = out == first ? second : first;
  }
  memory.copy(sample, source, (<usize>n) << 2);
  insertionSort(sample, n);
  return load<f32>(sample + ((<usize>rank) << 2));
}

function nextBelow(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x == 0) return reinterpret<f32>(0x80000001);
  return reinterpret<f32>(bits < 0 ? bits + 1 : bits - 1);
}

function nextAbove(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x == 0) return reinterpret<f32>(1);
  return reinterpret<f32>(bits < 0 ? bits - 1 : bits + 1);
}
