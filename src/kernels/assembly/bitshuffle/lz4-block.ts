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

/** Bytes that lie `back` before `out`, repeated where there are fewer than are asked for. */
function copyBack(out: usize, back: usize, length: usize): void {
  const end = out + length;
  if (back == 1) {
    const same = i8x16.splat(load<i8>(out - 1));
    for (; out < end; out += 16) v128.store(out, same);
    return;
  }
  if (back < 16) {
    // from sixteen bytes on, a whole number of repeats ago is far enough away for steps of 16
    const period = back * ((15 + back) / back);
    const near = out + min(period, length);
    for (; out < near; out += 1) store<u8>(out, load<u8>(out - back));
    back = period;
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
