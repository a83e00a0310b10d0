// Twin of ../reference/md5-lanes.ts, where the meaning is written down; this file is only speed. One message after the
// other waits for itself at every step; four side by side, one in each lane, take little longer than one.

// biome-ignore format: eight a row
const SINES: usize = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);

/** The sixteen words of the block at hand, a vector of the four messages each. */
function turnWords(a: usize, b: usize, c: usize, d: usize, words: usize): void {
  for (let at: usize = 0; at < 64; at += 16) {
    const va = v128.load(a + at);
    const vb = v128.load(b + at);
    const vc = v128.load(c + at);
    const vd = v128.load(d + at);
    const ab = v128.shuffle<i32>(va, vb, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5);
    const abHigh = v128.shuffle<i32>(va, vb, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7);
    const to = words + (at << 2);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 48);
  }
}

function step(words: usize, a: v128, b: v128, mixed: v128, word: u32, sine: u32, left: i32): v128 {
  const given = i32x4.add(
    v128.load(words + ((<usize>(word & 15)) << 4)),
    v128.load32_splat(SINES + ((<usize>sine) << 2)),
  );
  const sum = i32x4.add(i32x4.add(a, given), mixed);
  return i32x4.add(b, v128.or(i32x4.shl(sum, left), i32x4.shr_u(sum, 32 - left)));
}

export function md5Lanes(m0: usize, m1: usize, m2: usize, m3: usize, blocks: i32, state: usize, words: usize): void {
  let a = v128.load(state);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  const ones = i32x4.splat(-1);
  for (let block = 0; block < blocks; block++, m0 += 64, m1 += 64, m2 += 64, m3 += 64) {
    turnWords(m0, m1, m2, m3, words);
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    for (let i: u32 = 0; i < 16; i += 4) {
      a = step(words, a, b, v128.xor(d, v128.and(b, v128.xor(c, d))), i, i, 7);
      d = step(words, d, a, v128.xor(c, v128.and(a, v128.xor(b, c))), i + 1, i + 1, 12);
      c = step(words, c, d, v128.xor(b, v128.and(d, v128.xor(a, b))), i + 2, i + 2, 17);
      b = step(words, b, c, v128.xor(a, v128.and(c, v128.xor(d, a))), i + 3, i + 3, 22);
    }
    for (let i: u32 = 16; i < 32; i += 4) {
      a = step(words, a, b, v128.xor(c, v128.and(d, v128.xor(b, c))), 5 * i + 1, i, 5);
      d = step(words, d, a, v128.xor(b, v128.and(c, v128.xor(a, b))), 5 * i + 6, i + 1, 9);
      c = step(words, c, d, v128.xor(a, v128.and(b, v128.xor(d, a))), 5 * i + 11, i + 2, 14);
      b = step(words, b, c, v128.xor(d, v128.and(a, v128.xor(c, d))), 5 * i + 16, i + 3, 20);
    }
    for (let i: u32 = 32; i < 48; i += 4) {
      a = step(words, a, b, v128.xor(b, v128.xor(c, d)), 3 * i + 5, i, 4);
      d = step(words, d, a, v128.xor(a, v128.xor(b, c)), 3 * i + 8, i + 1, 11);
      c = step(words, c, d, v128.xor(d, v128.xor(a, b)), 3 * i + 11, i + 2, 16);
      b = step(words, b, c, v128.xor(c, v128.xor(d, a)), 3 * i + 14, i + 3, 23);
    }
    for (let i: u32 = 48; i < 64; i += 4) {
      a = step(words, a, b, v128.xor(c, v128.or(b, v128.xor(d, ones))), 7 * i, i, 6);
      d = step(words, d, a, v128.xor(b, v128.or(a, v128.xor(c, ones))), 7 * i + 7, i + 1, 10);
      c = step(words, c, d, v128.xor(a, v128.or(d, v128.xor(b, ones))), 7 * i + 14, i + 2, 15);
      b = step(words, b, c, v128.xor(d, v128.or(c, v128.xor(a, ones))), 7 * i + 21, i + 3, 21);
    }
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);
  }
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}
