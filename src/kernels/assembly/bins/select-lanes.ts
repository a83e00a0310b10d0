// Both thresholds of a bin in four frames side by side, one in each lane: a sorted sample says about where they lie,
// passes that only count narrow that down, and the few values that are left are sorted. A wrong bracket costs one more
// pass, or the bin is left to ./select-rank.ts; never a wrong value.

// What is known of one threshold, in memory, a vector of the four frames each: it lies in LOW <= value < HIGH,
// UNDER_LOW and UNDER_HIGH values lie below these, they stand at the places AT_LOW and AT_HIGH of the sorted sample, and
// the next pass counts what lies below FIRST and SECOND, from the places AT_FIRST and AT_SECOND.
const LOW: usize = 0;
const HIGH: usize = 16;
const UNDER_LOW: usize = 32;
const UNDER_HIGH: usize = 48;
const AT_LOW: usize = 64;
const AT_HIGH: usize = 80;
const FIRST: usize = 96;
const SECOND: usize = 112;
const AT_FIRST: usize = 128;
const AT_SECOND: usize = 144;
const BRACKET: usize = 160;

/** Vectors in the sample; a power of 2. Before and behind it are minus and plus infinity. */
const PLACES: i32 = 128;
/** So few values a frame are sorted rather than counted once more; and at most, a power of 2. */
const FEW: i32 = 64;
const MOST: i32 = 256;
const PASSES: i32 = 3;
/** Bytes of the sample, and later of the values that are sorted. */
const TABLE: usize = (<usize>MOST + 2) << 4;

/** Sorts n vectors, a power of 2, each lane by itself. Odd-even merge: Batcher, Proc. AFIPS 32 (1968) 307. */
function sortLanes(from: usize, n: u32): void {
  for (let p: u32 = 1; p < n; p <<= 1) {
    for (let k = p; k > 0; k >>= 1) {
      const apart = (<usize>k) << 4;
      for (let j = k & (p - 1); j + k < n; j += 2 * k) {
        // these would be of two pairs of runs
        if (k < p && ((j + k) & (2 * p - 1)) == 0) continue;
        const end = from + ((<usize>j) << 4) + apart;
        for (let at = end - apart; at < end; at += 16) {
          const a = v128.load(at);
          const b = v128.load(at + apart);
          v128.store(at, f32x4.pmin(a, b));
          v128.store(at + apart, f32x4.pmax(a, b));
        }
      }
    }
  }
}

function beginBracket(bracket: usize, n: u32): void {
  v128.store(bracket, f32x4.splat(-Infinity), LOW);
  v128.store(bracket, f32x4.splat(Infinity), HIGH);
  v128.store(bracket, i32x4.splat(0), UNDER_LOW);
  v128.store(bracket, i32x4.splat(n), UNDER_HIGH);
  v128.store(bracket, i32x4.splat(-1), AT_LOW);
  v128.store(bracket, i32x4.splat(PLACES), AT_HIGH);
}

/**
 * The next two values to count below: those of the sample somewhat before and behind where the rank is to be expected
 * between LOW and HIGH. By the place in the sample and not by the value, because counts come in lumps.
 */
function proposeBracket(bracket: usize, rank: u32, sample: usize): void {
  for (let lane = bracket; lane < bracket + 16; lane += 4) {
    const underLow = load<i32>(lane, UNDER_LOW);
    const atLow = load<i32>(lane, AT_LOW);
    const atHigh = load<i32>(lane, AT_HIGH);
    const share = (<f32>(<i32>rank - underLow) + 0.5) / <f32>(load<i32>(lane, UNDER_HIGH) - underLow);
    const places = <f32>(atHigh - atLow);
    const margin: f32 = 1.2 * sqrt<f32>(places * share * (1 - share)) + 0.5;
    const first = max(atLow, <i32>floor<f32>(<f32>atLow + share * places - margin));
    const second = min(atHigh, <i32>ceil<f32>(<f32>atLow + share * places + margin));
    store<i32>(lane, first, AT_FIRST);
    store<i32>(lane, second, AT_SECOND);
    const ofLane = sample + (lane - bracket);
    store<f32>(lane, load<f32>(ofLane + ((<usize>(first + 1)) << 4)), FIRST);
    store<f32>(lane, load<f32>(ofLane + ((<usize>(second + 1)) << 4)), SECOND);
  }
}

/** First or second becomes the low or the high one where that is nearer to the rank. */
function narrowField(
  bracket: usize,
  low: usize,
  high: usize,
  first: v128,
  second: v128,
  isOver1: v128,
  isOver2: v128,
): void {
  const above1 = v128.bitselect(first, v128.load(bracket + low), isOver1);
  const below2 = v128.bitselect(v128.load(bracket + high), second, isOver2);
  v128.store(bracket + low, v128.bitselect(second, above1, isOver2));
  v128.store(bracket + high, v128.bitselect(below2, first, isOver1));
}

/** What the counts below FIRST and SECOND say. */
function narrowBracket(bracket: usize, rank: u32, underFirst: v128, underSecond: v128): void {
  const wanted = i32x4.splat(rank);
  const a = i32x4.le_s(underFirst, wanted);
  const b = i32x4.le_s(underSecond, wanted);
  narrowField(bracket, LOW, HIGH, v128.load(bracket, FIRST), v128.load(bracket, SECOND), a, b);
  narrowField(bracket, AT_LOW, AT_HIGH, v128.load(bracket, AT_FIRST), v128.load(bracket, AT_SECOND), a, b);
  narrowField(bracket, UNDER_LOW, UNDER_HIGH, underFirst, underSecond, a, b);
}

function hasAtMost(bracket: usize, n: i32): bool {
  const inside = i32x4.sub(v128.load(bracket, UNDER_HIGH), v128.load(bracket, UNDER_LOW));
  return i32x4.all_true(i32x4.le_s(inside, i32x4.splat(n)));
}

let under0: v128 = i32x4.splat(0);
let under1: v128 = i32x4.splat(0);
let under2: v128 = i32x4.splat(0);
let under3: v128 = i32x4.splat(0);

/** Counts into under0 to under3 what lies below t0 to t3. Returns whether all values are numbers, infinite ones not. */
function countBelow(at: usize, end: usize, t0: v128, t1: v128, t2: v128, t3: v128): bool {
  let n0 = i32x4.splat(0),
    n1 = i32x4.splat(0);
  let n2 = i32x4.splat(0),
    n3 = i32x4.splat(0);
  let bad = f32x4.splat(0);
  for (; at < end; at += 16) {
    const x = v128.load(at);
    n0 = i32x4.sub(n0, f32x4.lt(x, t0));
    n1 = i32x4.sub(n1, f32x4.lt(x, t1));
    n2 = i32x4.sub(n2, f32x4.lt(x, t2));
    n3 = i32x4.sub(n3, f32x4.lt(x, t3));
    bad = f32x4.add(bad, f32x4.sub(x, x));
  }
  under0 = n0;
  under1 = n1;
  under2 = n2;
  under3 = n3;
  return i32x4.all_true(f32x4.eq(bad, bad));
}

/** Puts the vectors with a value in either bracket one behind the other, in place too. Returns the end of them. */
function collect(at: usize, end: usize, low: usize, high: usize, to: usize): usize {
  const a = v128.load(low, LOW);
  const b = v128.load(low, HIGH);
  const c = v128.load(high, LOW);
  const d = v128.load(high, HIGH);
  for (; at < end; at += 16) {
    const x = v128.load(at);
    const isInLow = v128.and(f32x4.ge(x, a), f32x4.lt(x, b));
    const isInHigh = v128.and(f32x4.ge(x, c), f32x4.lt(x, d));
    v128.store(to, x);
    to += (<usize>v128.any_true(v128.or(isInLow, isInHigh))) << 4;
  }
  return to;
}

/** The value of a rank in each lane; at most MOST lie in the bracket of each. `sorted` takes MOST + 1 vectors. */
function pickRank(bracket: usize, rank: u32, from: usize, end: usize, sorted: usize): v128 {
  const low = v128.load(bracket, LOW);
  const high = v128.load(bracket, HIGH);
  const none = f32x4.splat(Infinity);
  for (let i: usize = 0; i <= <usize>MOST; i++) v128.store(sorted + (i << 4), none);
  let to0 = sorted;
  let to1 = sorted + 4;
  let to2 = sorted + 8;
  let to3 = sorted + 12;
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const isIn = v128.and(f32x4.ge(x, low), f32x4.lt(x, high));
    const v = v128.bitselect(x, none, isIn);
    const inside = <usize>i32x4.bitmask(isIn);
    v128.store_lane<f32>(to0, v, 0);
    v128.store_lane<f32>(to1, v, 1);
    v128.store_lane<f32>(to2, v, 2);
    v128.store_lane<f32>(to3, v, 3);
    to0 += (inside & 1) << 4;
    to1 += (inside & 2) << 3;
    to2 += (inside & 4) << 2;
    to3 += (inside & 8) << 1;
  }
  const most = max(max(to0, to1), max(to2, to3)) - sorted;
  let size: u32 = 16;
  while ((<usize>size) << 4 < most - 12) size <<= 1;
  sortLanes(sorted, size);
  const at = i32x4.shl(i32x4.sub(i32x4.splat(rank), v128.load(bracket, UNDER_LOW)), 4);
  return f32x4(
    load<f32>(sorted + i32x4.extract_lane(at, 0)),
    load<f32>(sorted + i32x4.extract_lane(at, 1), 4),
    load<f32>(sorted + i32x4.extract_lane(at, 2), 8),
    load<f32>(sorted + i32x4.extract_lane(at, 3), 12),
  );
}

export let lows: v128 = f32x4.splat(0);
export let highs: v128 = f32x4.splat(0);

function drawSample(at: usize, n: u32, sample: usize): void {
  v128.store(sample, f32x4.splat(-Infinity));
  const first = sample + 16;
  const step = (<usize>(n / PLACES)) << 4;
  for (let to = first; to < first + ((<usize>PLACES) << 4); to += 16, at += step) v128.store(to, v128.load(at));
  v128.store(first + ((<usize>PLACES) << 4), f32x4.splat(Infinity));
  sortLanes(first, PLACES);
}

/** Finds the two thresholds of all four frames, in lows and highs. Returns false where it cannot: gaps, many equal values. */
export function selectBoth(at: usize, n: u32, k: u32, scratch: usize): bool {
  const low = scratch + TABLE;
  const high = low + BRACKET;
  const list = high + BRACKET;
  const last = n - 1 - k;
  let end = at + ((<usize>n) << 4);
  beginBracket(low, n);
  beginBracket(high, n);
  // of few pixels all are sorted
  if (n <= <u32>MOST) {
    const any = f32x4.splat(0);
    if (!countBelow(at, end, any, any, any, any)) return false;
  } else {
    drawSample(at, n, scratch);
    for (let pass = 0; pass < PASSES && !(hasAtMost(low, FEW) && hasAtMost(high, FEW)); pass++) {
      proposeBracket(low, k, scratch);
      proposeBracket(high, last, scratch);
      const a = v128.load(low, FIRST);
      const b = v128.load(low, SECOND);
      if (!countBelow(at, end, a, b, v128.load(high, FIRST), v128.load(high, SECOND))) return false;
      narrowBracket(low, k, under0, under1);
      narrowBracket(high, last, under2, under3);
    }
    if (!(hasAtMost(low, MOST) && hasAtMost(high, MOST))) return false;
  }
  end = collect(at, end, low, high, list);
  // the sample is done with
  lows = pickRank(low, k, list, end, scratch);
  highs = pickRank(high, last, list, end, scratch);
  return true;
}
