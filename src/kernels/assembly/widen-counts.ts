// Twin of ../reference/widen-counts.ts, where the meaning is written down; this file is only speed.

export function widenCounts(source: usize, out: usize, n: i32, itemBytes: i32, isSigned: i32): void {
  const end = out + ((<usize>n) << 2);
  if (itemBytes == 1) {
    if (isSigned) {
      for (; out < end; source += 1, out += 4) store<i32>(out, load<i8>(source));
    } else widenBytes(source, out, end);
  } else if (isSigned) {
    for (; out < end; source += 2, out += 4) store<i32>(out, load<i16>(source));
  } else widenWords(source, out, end);
}

function widenBytes(source: usize, out: usize, end: usize): void {
  const bad = i8x16.splat(-1);
  for (; out + 32 <= end; source += 8, out += 32) {
    const counts = v128.load64_zero(source);
    const words = v128.or(i16x8.extend_low_i8x16_u(counts), i16x8.extend_low_i8x16_s(i8x16.eq(counts, bad)));
    v128.store(out, i32x4.extend_low_i16x8_s(words));
    v128.store(out, i32x4.extend_high_i16x8_s(words), 16);
  }
  for (; out < end; source += 1, out += 4) {
    const count = <i32>load<u8>(source);
    store<i32>(out, count == 0xff ? -1 : count);
  }
}

function widenWords(source: usize, out: usize, end: usize): void {
  const bad = i32x4.splat(0xffff);
  for (; out + 32 <= end; source += 16, out += 32) {
    const counts = v128.load(source);
    const low = i32x4.extend_low_i16x8_u(counts);
    const high = i32x4.extend_high_i16x8_u(counts);
    v128.store(out, v128.or(low, i32x4.eq(low, bad)));
    v128.store(out, v128.or(high, i32x4.eq(high, bad)), 16);
  }
  for (; out < end; source += 2, out += 4) {
    const count = <i32>load<u16>(source);
    store<i32>(out, count == 0xffff ? -1 : count);
  }
}
