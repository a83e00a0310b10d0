import fc from "fast-check";
import { expect, it } from "vitest";
import { blocksOf, copyBox, sizeOf } from "./hdf5-blocks.ts";

const boxes = fc
  .array(fc.record({ offset: fc.nat(9), n: fc.integer({ min: 1, max: 9 }), chunk: fc.integer({ min: 1, max: 12 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((axes) => ({
    offset: axes.map((axis) => axis.offset),
    shape: axes.map((axis) => axis.n),
    chunks: axes.map((axis) => axis.chunk),
    whole: axes.map((axis) => axis.offset + axis.n + 2),
  }));

it("covers every element of a hyperslab once, and no chunk twice", () => {
  fc.assert(
    fc.property(boxes, fc.integer({ min: 1, max: 400 }), ({ offset, shape, chunks, whole }, limit) => {
      const seen = new Map<string, number>();
      const chunkOf = new Map<string, number>();
      for (const [k, block] of blocksOf(offset, shape, chunks, limit).entries()) {
        const inChunks = new Set<string>();
        forEachIndex(block.shape, (index) => {
          const at = index.map((i, axis) => i + block.offset[axis]!);
          seen.set(at.join(), (seen.get(at.join()) ?? 0) + 1);
          inChunks.add(at.map((i, axis) => Math.floor(i / chunks[axis]!)).join());
        });
        for (const chunk of inChunks) {
          expect(chunkOf.has(chunk)).toBe(false);
          chunkOf.set(chunk, k);
        }
      }
      expect(seen.size).toBe(sizeOf(shape));
      expect([...seen.values()].every((count) => count === 1)).toBe(true);
      forEachIndex(shape, (index) => expect(seen.has(index.map((i, axis) => i + offset[axis]!).join())).toBe(true));
      expect(whole.length).toBe(shape.length);
    }),
    { numRuns: 60 },
  );
});

it("keeps blocks below the limit where chunks allow it", () => {
  fc.assert(
    fc.property(boxes, fc.integer({ min: 1, max: 400 }), ({ offset, shape }, limit) => {
      for (const block of blocksOf(offset, shape, null, limit)) expect(sizeOf(block.shape)).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 60 },
  );
});

it("copies a box as an element-by-element copy does", () => {
  fc.assert(
    fc.property(boxes, ({ offset, shape, whole }) => {
      const from = Float32Array.from({ length: sizeOf(whole) }, (_, i) => i + 1);
      const out = new Float32Array(sizeOf(shape));
      const zero = shape.map(() => 0);
      copyBox(from as never, whole, offset, out as never, shape, zero, shape);
      const back = new Float32Array(from.length);
      copyBox(out as never, shape, zero, back as never, whole, offset, shape);
      let k = 0;
      forEachIndex(shape, (index) => {
        const flat = index.reduce((sum, i, axis) => sum * whole[axis]! + i + offset[axis]!, 0);
        expect(out[k++]).toBe(flat + 1);
        expect(back[flat]).toBe(flat + 1);
      });
      expect(back.filter((value) => value !== 0).length).toBe(sizeOf(shape));
    }),
    { numRuns: 60 },
  );
});

function forEachIndex(shape: readonly number[], visit: (index: number[]) => void): void {
  const index = shape.map(() => 0);
  for (let left = sizeOf(shape); left > 0; left--) {
    visit(index);
    for (let k = shape.length - 1; k >= 0 && ++index[k]! === shape[k]; k--) index[k] = 0;
  }
}
