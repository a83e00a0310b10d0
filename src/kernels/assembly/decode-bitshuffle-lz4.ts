// Twin of ../reference/decode-bitshuffle-lz4.ts, where the meaning is written down; this file is only speed. A block is
// decompressed into `room` and put in order from there, both in the first level of the cache.
import { bitsToElements } from "./bitshuffle/bits-to-elements";
import { decodeLz4 } from "./bitshuffle/lz4-block";

export function decodeBitshuffleLz4(
  source: usize,
  size: i32,
  blockBytes: i32,
  out: usize,
  n: i32,
  itemBytes: i32,
  room: usize,
): i32 {
  const end = source + <usize>size;
  const whole = (n & ~7) * itemBytes;
  const rows = room + 1024;
  let done = 0;
  while (done < whole) {
    const bytes = min(blockBytes, whole - done);
    if (end - source < 4) break;
    const packed = <usize>bswap<u32>(load<u32>(source));
    source += 4;
    if (packed > end - source || !decodeLz4(source, source + packed, rows, bytes, room)) break;
    source += packed;
    bitsToElements(rows, bytes, itemBytes, out + <usize>done, room);
    done += bytes;
  }
  const rest = <usize>(n * itemBytes - whole);
  if (done < whole || end - source != rest) return done / itemBytes;
  memory.copy(out + <usize>whole, source, rest);
  return n;
}
