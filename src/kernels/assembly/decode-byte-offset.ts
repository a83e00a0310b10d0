// Twin of ../reference/decode-byte-offset.ts, where the meaning is written down; this file is only speed.
//
// Sixteen differences are summed at a time as if none of them were an escape, and stored; the pixels from the first
// escape on are then simply written again. The branch that is left is taken by nearly every block (bright frames) or
// by nearly none (empty ones), so it is foreseen well. One long function: its state (place, value) is in locals, which
// a helper could not return.
export function decodeByteOffset(source: usize, size: i32, out: usize, n: i32): i32 {
  const start = out;
  const sourceEnd = source + <usize>size;
  const end = out + ((<usize>n) << 2);
  let value: i32 = 0;
  if (size >= 32 && n >= 32) {
    // a block reads 16 bytes and an escape up to 15 behind them; it writes 16 pixels
    const sourceLast = sourceEnd - 32;
    const last = end - 68;
    const escape = i8x16.splat(-128);
    while (source <= sourceLast && out <= last) {
      const deltas = v128.load(source);
      const escapes = i8x16.bitmask(i8x16.eq(deltas, escape)) | 0x10000;
      let low = i16x8.extend_low_i8x16_s(deltas);
      let high = i16x8.extend_high_i8x16_s(deltas);
      const zero = i64x2.splat(0);
      // running sums within eight lanes: shift up by 1, 2 and 4 lanes, zeros from below (consecutive lane numbers,
      // so that engines make one instruction of each)
      low = i16x8.add(low, v128.shuffle<i16>(zero, low, 7, 8, 9, 10, 11, 12, 13, 14));
      high = i16x8.add(high, v128.shuffle<i16>(zero, high, 7, 8, 9, 10, 11, 12, 13, 14));
      low = i16x8.add(low, v128.shuffle<i16>(zero, low, 6, 7, 8, 9, 10, 11, 12, 13));
      high = i16x8.add(high, v128.shuffle<i16>(zero, high, 6, 7, 8, 9, 10, 11, 12, 13));
      low = i16x8.add(low, v128.shuffle<i16>(zero, low, 4, 5, 6, 7, 8, 9, 10, 11));
      high = i16x8.add(high, v128.shuffle<i16>(zero, high, 4, 5, 6, 7, 8, 9, 10, 11));
      high = i16x8.add(high, v128.shuffle<i16>(low, low, 7, 7, 7, 7, 7, 7, 7, 7));
      const base = i32x4.splat(value);
      v128.store(out, i32x4.add(base, i32x4.extend_low_i16x8_s(low)));
      v128.store(out, i32x4.add(base, i32x4.extend_high_i16x8_s(low)), 16);
      v128.store(out, i32x4.add(base, i32x4.extend_low_i16x8_s(high)), 32);
      v128.store(out, i32x4.add(base, i32x4.extend_high_i16x8_s(high)), 48);
      const plain = <usize>ctz(escapes);
      source += plain;
      out += plain << 2;
      if (out > start) value = i32.load(out - 4);
      if (plain < 16) {
        let delta = <i32>i32.load16_s(source, 1);
        source += 3;
        if (delta == -0x8000) {
          delta = i32.load(source);
          source += 4;
          if (delta == i32.MIN_VALUE) {
            delta = i32.load(source);
            source += 8;
          }
        }
        value += delta;
        i32.store(out, value);
        out += 4;
      }
    }
  }
  while (out < end) {
    if (source >= sourceEnd) break;
    let delta = <i32>i32.load8_s(source);
    source += 1;
    if (delta == -0x80) {
      if (source + 2 > sourceEnd) break;
      delta = <i32>i32.load16_s(source);
      source += 2;
      if (delta == -0x8000) {
        if (source + 4 > sourceEnd) break;
        delta = i32.load(source);
        source += 4;
        if (delta == i32.MIN_VALUE) {
          if (source + 8 > sourceEnd) break;
          delta = i32.load(source);
          source += 8;
        }
      }
    }
    value += delta;
    i32.store(out, value);
    out += 4;
  }
  return <i32>((out - start) >> 2);
}
