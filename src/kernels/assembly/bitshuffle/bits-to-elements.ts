// Rows of bits to elements, 128 at a time. Eight rows of sixteen bytes are transposed bit by bit across the vectors
// (three rounds of swaps); then vector `element x itemBytes + byte` holds that byte of sixteen groups of eight, and
// interleaving the first half of the vectors with the second, once for each bit of the vector's number, moves the
// number behind the lane: elements in order.

/** Bits of the lower vector, moved down, that differ from those of the upper one. */
function differences(low: v128, high: v128, shift: i32, mask: v128): v128 {
  return v128.and(v128.xor(i32x4.shr_u(low, shift), high), mask);
}

/** Bit e of row k becomes bit k of vector e, which goes to `to + e stride`. */
function transposeBits(rows: usize, rowBytes: usize, to: usize, stride: usize): void {
  let r0 = v128.load(rows + 0 * rowBytes);
  let r1 = v128.load(rows + 1 * rowBytes);
  let r2 = v128.load(rows + 2 * rowBytes);
  let r3 = v128.load(rows + 3 * rowBytes);
  let r4 = v128.load(rows + 4 * rowBytes);
  let r5 = v128.load(rows + 5 * rowBytes);
  let r6 = v128.load(rows + 6 * rowBytes);
  let r7 = v128.load(rows + 7 * rowBytes);
  const any = v128.or(v128.or(v128.or(r0, r1), v128.or(r2, r3)), v128.or(v128.or(r4, r5), v128.or(r6, r7)));
  // the high bytes of most counts are zeros
  if (v128.any_true(any)) {
    const nibbles = i8x16.splat(0x0f);
    const pairs = i8x16.splat(0x33);
    const bits = i8x16.splat(0x55);
    let t: v128;
    t = differences(r0, r4, 4, nibbles);
    r4 = v128.xor(r4, t);
    r0 = v128.xor(r0, i32x4.shl(t, 4));
    t = differences(r1, r5, 4, nibbles);
    r5 = v128.xor(r5, t);
    r1 = v128.xor(r1, i32x4.shl(t, 4));
    t = differences(r2, r6, 4, nibbles);
    r6 = v128.xor(r6, t);
    r2 = v128.xor(r2, i32x4.shl(t, 4));
    t = differences(r3, r7, 4, nibbles);
    r7 = v128.xor(r7, t);
    r3 = v128.xor(r3, i32x4.shl(t, 4));
    t = differences(r0, r2, 2, pairs);
    r2 = v128.xor(r2, t);
    r0 = v128.xor(r0, i32x4.shl(t, 2));
    t = differences(r1, r3, 2, pairs);
    r3 = v128.xor(r3, t);
    r1 = v128.xor(r1, i32x4.shl(t, 2));
    t = differences(r4, r6, 2, pairs);
    r6 = v128.xor(r6, t);
    r4 = v128.xor(r4, i32x4.shl(t, 2));
    t = differences(r5, r7, 2, pairs);
    r7 = v128.xor(r7, t);
    r5 = v128.xor(r5, i32x4.shl(t, 2));
    t = differences(r0, r1, 1, bits);
    r1 = v128.xor(r1, t);
    r0 = v128.xor(r0, i32x4.shl(t, 1));
    t = differences(r2, r3, 1, bits);
    r3 = v128.xor(r3, t);
    r2 = v128.xor(r2, i32x4.shl(t, 1));
    t = differences(r4, r5, 1, bits);
    r5 = v128.xor(r5, t);
    r4 = v128.xor(r4, i32x4.shl(t, 1));
    t = differences(r6, r7, 1, bits);
    r7 = v128.xor(r7, t);
    r6 = v128.xor(r6, i32x4.shl(t, 1));
  }
  v128.store(to + 0 * stride, r0);
  v128.store(to + 1 * stride, r1);
  v128.store(to + 2 * stride, r2);
  v128.store(to + 3 * stride, r3);
  v128.store(to + 4 * stride, r4);
  v128.store(to + 5 * stride, r5);
  v128.store(to + 6 * stride, r6);
  v128.store(to + 7 * stride, r7);
}

function low(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Vectors i and i + half, byte by byte in turn, become vectors 2 i and 2 i + 1. */
function interleave(from: usize, to: usize, half: usize): void {
  for (const end = from + half; from < end; from += 16, to += 32) {
    const a = v128.load(from);
    const b = v128.load(from + half);
    v128.store(to, low(a, b));
    v128.store(to, high(a, b), 16);
  }
}

/** The same twice over: half of the ways to memory. */
function interleaveTwice(from: usize, to: usize, quarter: usize): void {
  for (const end = from + quarter; from < end; from += 16, to += 64) {
    const a = v128.load(from);
    const b = v128.load(from + quarter);
    const c = v128.load(from + 2 * quarter);
    const d = v128.load(from + 3 * quarter);
    const ac = low(a, c);
    const bd = low(b, d);
    const acHigh = high(a, c);
    const bdHigh = high(b, d);
    v128.store(to, low(ac, bd));
    v128.store(to, high(ac, bd), 16);
    v128.store(to, low(acHigh, bdHigh), 32);
    v128.store(to, high(acHigh, bdHigh), 48);
  }
}

/** @param room [1024] u8 */
export function bitsToElements(rows: usize, bytes: i32, itemBytes: i32, out: usize, room: usize): void {
  const rowBytes = <usize>(bytes / itemBytes / 8);
  const group = (<usize>itemBytes) << 3;
  const vectors = group << 4;
  const other = room + 512;
  let column: usize = 0;
  for (; column + 16 <= rowBytes; column += 16, out += vectors) {
    for (let byte: usize = 0; byte < <usize>itemBytes; byte++) {
      transposeBits(rows + (byte << 3) * rowBytes + column, rowBytes, room + (byte << 4), (<usize>itemBytes) << 4);
    }
    // 8, 16 or 32 vectors: three, four or five rounds
    if (itemBytes == 2) {
      interleaveTwice(room, other, vectors >> 2);
      interleaveTwice(other, out, vectors >> 2);
      continue;
    }
    interleave(room, other, vectors >> 1);
    if (itemBytes == 4) interleaveTwice(other, room, vectors >> 2);
    interleaveTwice(itemBytes == 4 ? room : other, out, vectors >> 2);
  }
  for (; column < rowBytes; column++, out += group) restOfBits(rows + column, rowBytes, itemBytes, out);
}

/** Eight elements whose rows are one byte each. */
function restOfBits(rows: usize, rowBytes: usize, itemBytes: i32, out: usize): void {
  for (let byte = 0; byte < itemBytes; byte++) {
    for (let element = 0; element < 8; element++) {
      let value = 0;
      for (let k = 0; k < 8; k++) {
        value |= ((<i32>load<u8>(rows + <usize>(8 * byte + k) * rowBytes) >> element) & 1) << k;
      }
      store<u8>(out + <usize>(element * itemBytes + byte), <u8>value);
    }
  }
}
