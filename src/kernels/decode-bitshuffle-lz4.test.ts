import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import type { Kernels } from "./index.ts";
import { decodeBitshuffleLz4 } from "./reference/index.ts";

type Random = () => number;

/** Bit by bit as the definition has it: bit number 8 b + k of element e is bit e of row 8 b + k. */
function shuffled(elements: Uint8Array, itemBytes: number): number[] {
  const count = elements.length / itemBytes;
  const rows = new Array<number>(elements.length).fill(0);
  for (let bit = 0; bit < 8 * itemBytes; bit++) {
    for (let e = 0; e < count; e++) {
      const value = (elements[e * itemBytes + (bit >> 3)]! >> (bit & 7)) & 1;
      rows[(bit * count + e) >> 3]! |= value << (e & 7);
    }
  }
  return rows;
}

/** An LZ4 block: at each place a copy of something earlier, of any length that fits, where chance wants one. */
function lz4(bytes: readonly number[], random: Random): number[] {
  const out: number[] = [];
  const pushLength = (length: number) => {
    for (let left = length - 15; left >= 0; left -= 255) out.push(Math.min(left, 255));
  };
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const back = 1 + Math.floor(random() ** 3 * Math.min(at, 65535));
    let length = 0;
    while (at >= back && at + length < bytes.length && bytes[at + length] === bytes[at + length - back]) length++;
    if (length < 4 || random() < 0.1) {
      at++;
      continue;
    }
    const literals = at - from;
    out.push((Math.min(literals, 15) << 4) | Math.min(length - 4, 15));
    pushLength(literals);
    out.push(...bytes.slice(from, at), back & 255, back >> 8);
    pushLength(length - 4);
    at += length;
    from = at;
  }
  out.push(Math.min(bytes.length - from, 15) << 4);
  pushLength(bytes.length - from);
  return [...out, ...bytes.slice(from)];
}

/** The chunk of these elements, without its header. */
function chunkOf(elements: Uint8Array, itemBytes: number, blockBytes: number, random: Random): Uint8Array {
  const whole = 8 * itemBytes * Math.floor(elements.length / itemBytes / 8);
  const parts: number[] = [];
  for (let at = 0; at < whole; at += blockBytes) {
    const block = lz4(shuffled(elements.subarray(at, Math.min(at + blockBytes, whole)), itemBytes), random);
    parts.push(0, 0, block.length >> 8, block.length & 255, ...block);
  }
  return Uint8Array.of(...parts, ...elements.subarray(whole));
}

const decode = ({ arena, run }: Kernels, chunk: Uint8Array, blockBytes: number, n: number, itemBytes: number) => {
  const mark = arena.mark();
  const source = arena.u8(chunk.length + 32);
  const out = arena.u8(n * itemBytes + 8).fill(0xa5);
  source.set(chunk);
  const done = run.decodeBitshuffleLz4(
    ...([source, chunk.length, blockBytes, out, n, itemBytes] as const),
    arena.u8(blockBytes + 1088),
  );
  const found = { done, bytes: [...out.subarray(0, done * itemBytes)], behind: [...out.subarray(n * itemBytes)] };
  arena.release(mark);
  return found;
};

/** Counts as a detector's: mostly small, some large. */
const countsOf = (n: number, itemBytes: number, random: Random): Uint8Array =>
  Uint8Array.from({ length: n * itemBytes }, (_, i) =>
    random() < (i % itemBytes === 0 ? 0.8 : 0.02) ? Math.floor(256 * random() ** 2) : 0,
  );

describe.each(kernelBuilds)("decodeBitshuffleLz4, $name", ({ create }) => {
  const kernels = create();

  it.each([1, 2, 4])("gives back elements of %i bytes, however many", (itemBytes) => {
    const random = seededRandom(itemBytes);
    for (const n of [0, 1, 7, 8, 9, 64, 127, 128, 129, 136, 255, 256, 1000, 1029]) {
      for (const block of [8, 64, 128, 512]) {
        const elements = countsOf(n, itemBytes, random);
        const found = decode(
          ...([
            kernels,
            chunkOf(elements, itemBytes, block * itemBytes, random),
            block * itemBytes,
            n,
            itemBytes,
          ] as const),
        );
        expect(found).toEqual({ done: n, bytes: [...elements], behind: new Array(8).fill(0xa5) });
      }
    }
  });

  it("gives back any bits of 32", () => {
    const random = seededRandom(5);
    const elements = Uint8Array.from({ length: 4 * 640 }, () => Math.floor(256 * random()));
    expect(decode(kernels, chunkOf(elements, 4, 2048, random), 2048, 640, 4).bytes).toEqual([...elements]);
  });

  it("copies what repeats after 1 to 40 bytes", () => {
    for (let back = 1; back <= 40; back++) {
      const rows = Array.from({ length: 512 }, (_, i) => (7 + (i % back) * 37) & 255);
      const block = [0xff, ...(back >= 15 ? [back - 15] : []), ...rows.slice(0, back), back, 0];
      if (back < 15) block[0] = (back << 4) | 15;
      const left = 512 - back - 4 - 15 - 5;
      block.push(...(left >= 255 ? [255, left - 255] : [left]), 0x50, ...rows.slice(-5));
      const chunk = Uint8Array.of(0, 0, block.length >> 8, block.length & 255, ...block);
      const want = new Uint8Array(512);
      const room = new Uint8Array(512 + 1088);
      const padded = new Uint8Array(chunk.length + 32);
      padded.set(chunk);
      expect(decodeBitshuffleLz4(padded, chunk.length, 512, want, 512, 1, room)).toBe(512);
      expect(shuffled(want, 1)).toEqual(rows);
      expect(decode(kernels, chunk, 512, 512, 1).bytes).toEqual([...want]);
    }
  });

  it("finds a chunk damaged where its twin does, and never writes behind the elements", () => {
    const random = seededRandom(11);
    const elements = countsOf(600, 2, random);
    const good = chunkOf(elements, 2, 512, random);
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const cut = fc.integer({ min: -8, max: good.length });
    fc.assert(
      fc.property(changes, fc.option(cut, { nil: 0 }), fc.boolean(), (bytes, shorter, isNoise) => {
        const chunk = new Uint8Array(Math.max(0, good.length - shorter));
        chunk.set(good.subarray(0, chunk.length));
        for (const [at, value] of bytes) if (at < chunk.length) chunk[at] = value;
        if (isNoise) for (let i = 4; i < chunk.length; i++) chunk[i] = Math.floor(256 * random());
        const [padded, want] = [new Uint8Array(chunk.length + 32), new Uint8Array(1200)];
        padded.set(chunk);
        const done = decodeBitshuffleLz4(padded, chunk.length, 512, want, 600, 2, new Uint8Array(512 + 1088));
        const found = decode(kernels, chunk, 512, 600, 2);
        expect(found).toEqual({ done, bytes: [...want.subarray(0, 2 * done)], behind: new Array(8).fill(0xa5) });
      }),
      { numRuns: 400 },
    );
  });

  it("says where a chunk is too short, too long, or has no block of the length that it names", () => {
    const elements = countsOf(259, 1, seededRandom(3));
    const good = chunkOf(elements, 1, 128, seededRandom(4));
    expect(decode(kernels, good.subarray(0, -1), 128, 259, 1).done).toBe(256);
    expect(decode(kernels, Uint8Array.of(...good, 0), 128, 259, 1).done).toBe(256);
    const second = 4 + good[3]! + 256 * good[2]!;
    expect(decode(kernels, good.with(second, 1), 128, 259, 1).done).toBe(128);
    expect(decode(kernels, new Uint8Array(0), 128, 259, 1).done).toBe(0);
  });
});
