const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))) | 0);
const LEFT = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/**
 * MD5 of four messages side by side: whole blocks of 64 bytes; the last block, which holds the length, is the caller's to
 * make. Source: R. Rivest, RFC 1321 (1992).
 *
 * @param m0, m1, m2, m3 [64 blocks] u8, may be the same
 * @param blocks  how many of each
 * @param state   [4, 4] i32: A, B, C and D, of the four messages each; replaced by those after the blocks
 * @param _words  [64] i32: room for the words of a block, of the caller, since threads may share a module's own memory
 */
export function md5Lanes(
  m0: Uint8Array,
  m1: Uint8Array,
  m2: Uint8Array,
  m3: Uint8Array,
  blocks: number,
  state: Int32Array,
  _words: Int32Array,
): void {
  [m0, m1, m2, m3].forEach((message, lane) => {
    const words = new DataView(message.buffer, message.byteOffset);
    for (let block = 0; block < blocks; block++) addBlock(words, 64 * block, state, lane);
  });
}

function addBlock(words: DataView, start: number, state: Int32Array, lane: number): void {
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => state[at + lane]!) as [number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round]!;
    const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round]! & 15;
    const sum = (a + mixed + SINES[i]! + words.getInt32(start + 4 * word, true)) | 0;
    const left = LEFT[4 * round + (i & 3)]!;
    [a, d, c, b] = [d, c, b, (b + ((sum << left) | (sum >>> (32 - left)))) | 0];
  }
  [a, b, c, d].forEach((value, i) => {
    state[4 * i + lane] = (state[4 * i + lane]! + value) | 0;
  });
}
