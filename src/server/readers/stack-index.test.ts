import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { voxelsOf } from "../../data/index.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { binImage } from "./bin-image.ts";
import { buildIndex, indexBytes, indexShape } from "./build-index.ts";
import { OpenResult } from "./open-results.ts";
import { regionPattern } from "./region-pattern.ts";
import { blockCount, type IndexState, OpenIndex } from "./stack-index.ts";

const folder = tempFolder();
const [rows, cols, bins] = [45, 70, 83];

/** Values of several sizes; where asked for with holes: voxels, a bin and single values. */
function valuesOf(hasHoles: boolean): Float32Array {
  return Float32Array.from({ length: rows * cols * bins }, (_, i) => {
    const [y, x, bin] = [Math.floor(i / (cols * bins)), Math.floor(i / bins) % cols, i % bins];
    const isHole = x + y < 20 || bin === 50 || (i * 7919) % 31 === 0;
    return hasHoles && isHole ? Number.NaN : 100 * Math.sin(i * 0.7) + y - x + 3 * bin;
  });
}
const sigma = Float32Array.from({ length: rows * cols * bins }, (_, i) => 1 + (i % 17));

interface Case {
  readonly values: Float32Array;
  readonly open: OpenResult;
  readonly state: IndexState;
}

async function makeCase(name: string, hasHoles: boolean, compress: boolean): Promise<Case> {
  const path = join(folder, `${name}.nxs`);
  const values = valuesOf(hasHoles);
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: name });
  const axes = [{ name: "y" }, { name: "x" }, { name: "q" }];
  writer
    .array("reconstruct/data", {
      shape: [rows, cols, bins],
      dtype: "float32",
      unit: "",
      longName: "volume",
      axes,
      chunk: [16, 40, 8],
      compress,
      errors: true,
    })
    .writeSlab([0, 0, 0], [rows, cols, bins], values, sigma);
  writer.finish();
  const open = await OpenResult.open(path);
  const place = join(folder, name);
  mkdirSync(place);
  const { stack, sigma: errors } = await open.stackWithSigma("reconstruct/data");
  let made = { blocks: 0, firstMissing: 0 };
  const onBlock = (blocks: number, firstMissing: number): void => {
    made = { blocks, firstMissing };
  };
  await buildIndex(stack, errors, place, onBlock, () => {});
  const shape = indexShape(stack, errors);
  return { values, open, state: { ...shape, ...made, identity: open.identity, folder: place } };
}

/** [row, col] mean over the bins with a value, by the definition. */
function meanImage(values: Float32Array, ranges: readonly (readonly [number, number])[]): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const found = ranges.flatMap(([from, to]) => [...values.subarray(at * bins + from, at * bins + to)]);
    const good = found.filter(Number.isFinite);
    return good.reduce((sum, value) => sum + value, 0) / good.length;
  });
}

function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(expected[i]!) !== Number.isNaN(found[i]!)) return Number.POSITIVE_INFINITY;
    if (!Number.isNaN(expected[i]!)) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  }
  return most;
}

const RANGES = [
  [0, 83],
  [0, 1],
  [82, 83],
  [3, 80],
  [16, 48],
  [7, 9],
  [50, 51],
  [15, 65],
  [60, 83],
] as const;
const REGIONS = [
  { kind: "rectangle", from: [0, 0], to: [cols, rows] },
  { kind: "rectangle", from: [3, 2], to: [69, 44] },
  { kind: "ellipse", from: [2, 1], to: [66, 43] },
  { kind: "voxel", y: 30, x: 33 },
] as const;

describe.each([
  ["plain", false, false],
  ["plain-with-holes", true, false],
  ["gzip-with-holes", true, true],
])("%s", async (name, hasHoles, compress) => {
  const { values, open, state } = await makeCase(name, hasHoles, compress);
  const { stack, sigma: errors } = await open.stackWithSigma("reconstruct/data");
  const blocks = blockCount(state);

  it("is read in the way that its storage allows", async () => {
    expect(stack.readRun === undefined).toBe(compress);
    expect([...(await stack.voxel(30, 33))]).toEqual([
      ...values.subarray((30 * cols + 33) * bins, (30 * cols + 34) * bins),
    ]);
  });

  it("keeps its index within what was foreseen, if no value is missing", () => {
    expect(state.firstMissing).toBe(hasHoles ? 0 : blocks);
    expect(indexBytes(state)).toBeGreaterThan(rows * cols * 8 * blocks);
  });

  // without an index, with half of it, with all of it
  describe.each([undefined, 0, 3, blocks])("%s blocks of the index", (made) => {
    const indexOf = async (): Promise<OpenIndex | undefined> =>
      made === undefined ? undefined : OpenIndex.open({ ...state, blocks: made });

    it("gives the mean of every range of bins", async () => {
      const index = await indexOf();
      for (const [from, to] of RANGES) {
        const image = await binImage(stack, { from, to, side: 0 }, index, () => {});
        expect(worst(image, meanImage(values, [[from, to]])), `bins ${from}:${to}`).toBeLessThan(4e-5);
      }
      await index?.close();
    });

    it("takes the mean of the bins on either side off", async () => {
      const index = await indexOf();
      for (const [from, to, side] of [
        [20, 60, 10],
        [2, 30, 5],
        [0, 40, 40],
      ] as const) {
        const image = await binImage(stack, { from, to, side }, index, () => {});
        const inside = meanImage(values, [[from, to]]);
        const beside = meanImage(values, [
          [Math.max(0, from - side), from],
          [to, Math.min(bins, to + side)],
        ]);
        const expected = inside.map((value, at) => value - beside[at]!);
        expect(worst(image, expected), `bins ${from}:${to}`).toBeLessThan(4e-5);
      }
      await index?.close();
    });

    it("gives the mean pattern of every region, with its uncertainty", async () => {
      const index = await indexOf();
      for (const region of REGIONS) {
        const inside = voxelsOf(region, rows, cols);
        const found = await regionPattern(stack, errors, inside, index, () => {});
        const [mean, esd] = [new Float64Array(bins), new Float64Array(bins)];
        let most = 0;
        for (let bin = 0; bin < bins; bin++) {
          const at = [...inside.keys()].filter((i) => inside[i] && Number.isFinite(values[i * bins + bin]!));
          mean[bin] = at.reduce((sum, i) => sum + values[i * bins + bin]!, 0) / at.length;
          esd[bin] = Math.sqrt(at.reduce((sum, i) => sum + sigma[i * bins + bin]! ** 2, 0)) / at.length;
          most = Math.max(most, at.length);
        }
        const [intensity, uncertainty] = found.arrays;
        expect(found.voxels).toBe(most);
        expect(worst(intensity!.data, mean), region.kind).toBeLessThan(1e-10);
        expect(worst(uncertainty!.data, esd), region.kind).toBeLessThan(1e-10);
      }
      await index?.close();
    });
  });

  it("stops where nobody waits any more", async () => {
    const goOn = (): never => {
      throw new DOMException("", "AbortError");
    };
    await expect(binImage(stack, { from: 0, to: bins, side: 0 }, undefined, goOn)).rejects.toThrow(DOMException);
  });
});
