// One LZ4 block. Copies go in steps of 16 bytes and may write up to 31 bytes behind what they are for, and read as many
// ahead: the next copy writes over it, and both ends have the room.

/** What lengthAt answers where the length is longer than anything asked for. */
const TOO_LONG: i32 = i32.MAX_VALUE;

/** A length that goes on in bytes of 255; where it ends is left at `place`. */
function longLength(at: usize, end: usize, most: i32, place: usize): i32 {
  let length: i32 = 15;
  let next: i32 = 255;
  while (next == 255) {
    if (at >= end || length > most) return TOO_LONG;
    next = load<u8>(at);
    at += 1;
    length += next;
  }
  store<usize>(place, at);
  return length;
}

// biome-ignore format: sixteen a row
/** For 1 to 15 bytes that repeat: which of them is at each of 16 places. */
const REPEATS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);
/** For 1 to 15 bytes that repeat: how many of 16 places are whole repeats. */
const WHOLE: usize = memory.data<u8>([16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/** Bytes that lie `back` before `out`, repeated where there are fewer than are asked for. */
function copyBack(out: usize, back: usize, length: usize): void {
  const end = out + length;
  if (back < 16) {
    const repeats = i8x16.swizzle(v128.load(out - back), v128.load(REPEATS + ((back - 1) << 4)));
    const step = <usize>load<u8>(WHOLE + back - 1);
    for (; out < end; out += step) v128.store(out, repeats);
    return;
  }
  for (; out < end; out += 16) v128.store(out, v128.load(out - back));
}

/** @param place [8] u8, room for an address */
export function decodeLz4(at: usize, end: usize, out: usize, bytes: i32, place: usize): bool {
  const outEnd = out + <usize>bytes;
  const start = out;
  while (at < end) {
    const token = <i32>load<u8>(at);
    at += 1;
    let literals = token >> 4;
    if (literals == 15) {
      literals = longLength(at, end, bytes, place);
      if (literals == TOO_LONG) return false;
      at = load<usize>(place);
    }
    if (<usize>literals > end - at || <usize>literals > outEnd - out) return false;
    v128.store(out, v128.load(at));
    for (let i: usize = 16; i < <usize>literals; i += 16) v128.store(out + i, v128.load(at + i));
    at += <usize>literals;
    out += <usize>literals;
    if (at == end) return out == outEnd;
    if (end - at < 2) return false;
    const back = <usize>load<u16>(at);
    at += 2;
    let copied = token & 15;
    if (copied == 15) {
      copied = longLength(at, end, bytes, place);
      if (copied == TOO_LONG) return false;
      at = load<usize>(place);
    }
    copied += 4;
    if (back == 0 || back > out - start || <usize>copied > outEnd - out) return false;
    copyBack(out, back, <usize>copied);
    out += <usize>copied;
  }
  return false;
}
