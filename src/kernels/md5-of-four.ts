import type { Kernels } from "./index.ts";

const BEGIN = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
const BLOCK = 64;

/**
 * MD5 of up to four messages at once, each at its own length: for checksums of frames, where one after the other takes
 * longer than to decode them. Source: R. Rivest, RFC 1321 (1992).
 *
 * @param messages none to four, in the memory of `kernels`
 * @returns [16] bytes each
 */
export function md5OfFour(messages: readonly Uint8Array[], { run, arena }: Kernels): Uint8Array[] {
  if (messages.length === 0) return [];
  const mark = arena.mark();
  const state = arena.i32(16);
  const words = arena.i32(64);
  for (let word = 0; word < 4; word++) state.fill(BEGIN[word]!, 4 * word, 4 * word + 4);
  const four = [0, 1, 2, 3].map((lane) => messages[Math.min(lane, messages.length - 1)]!);
  const together = Math.floor(Math.min(...four.map(({ length }) => length)) / BLOCK);
  add(four, together);
  const common = state.slice();
  const digests = messages.map((message, lane) => {
    // what is left of one message goes through all lanes
    state.set(common);
    const rest = message.subarray(together * BLOCK);
    const whole = Math.floor(rest.length / BLOCK);
    add([rest, rest, rest, rest], whole);
    const last = lastBlocks(rest.subarray(whole * BLOCK), message.length);
    add([last, last, last, last], last.length / BLOCK);
    const words = Int32Array.from([0, 4, 8, 12], (at) => state[at + lane]!);
    return new Uint8Array(words.buffer);
  });
  arena.release(mark);
  return digests;

  function add([a, b, c, d]: readonly Uint8Array[], blocks: number): void {
    if (blocks > 0) run.md5Lanes(a!, b!, c!, d!, blocks, state, words);
  }

  /** A bit, zeros, and the length in bits. */
  function lastBlocks(rest: Uint8Array, length: number): Uint8Array {
    const last = arena.u8(rest.length + 9 <= BLOCK ? BLOCK : 2 * BLOCK);
    last.fill(0);
    last.set(rest);
    last[rest.length] = 0x80;
    new DataView(last.buffer, last.byteOffset).setBigUint64(last.length - 8, BigInt(length) * 8n, true);
    return last;
  }
}
