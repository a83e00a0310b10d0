/** Patterns out of a stack: of one voxel, and the mean of a region. */
import type { FrameArray } from "../../data/index.ts";
import { InputError } from "../../data/index.ts";
import { blocksOf } from "../../files/hdf5-blocks.ts";
import type { Result } from "../../files/result-reader.ts";
import type { NamedArray } from "../replies.ts";

/** Values of a stack that are held at a time. */
const AT_ONCE = 4 << 20;

/** @throws InputError "result-name-unknown" | "not-a-stack" */
export function stackShape(result: Result, name: string): readonly [number, number, number] {
  const { shape } = result.entry(name);
  if (shape.length === 3) return shape as unknown as readonly [number, number, number];
  throw new InputError(
    "not-a-stack",
    `${name} is an array of [${shape.join(", ")}] and no stack [row, column, bin]. Ask for reconstruct/data or sinogram/data.`,
  );
}

const hasEsd = (result: Result, name: string): boolean => result.list().some((one) => one.name === `${name}_esd`);

/** @throws InputError "voxel-outside" */
export function voxelPattern(result: Result, name: string, y: number, x: number): NamedArray[] {
  const [rows, cols, bins] = stackShape(result, name);
  if (!(Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < rows && x >= 0 && x < cols)) {
    throw new InputError(
      "voxel-outside",
      `${name} has ${rows} x ${cols} voxels; row ${y}, column ${x} (from 0) is not one of them.`,
    );
  }
  const read = (array: string): FrameArray => result.readArray(array, [y, x, 0], [1, 1, bins]);
  return [
    { name: "intensity", shape: [bins], data: read(name) },
    ...(hasEsd(result, name) ? [{ name: "sigma", shape: [bins], data: read(`${name}_esd`) }] : []),
  ];
}

export interface RegionPattern {
  readonly arrays: NamedArray[];
  /** voxels that have a value */
  readonly voxels: number;
}

/**
 * Mean over the voxels that have a value, bin by bin, and its standard uncertainty: the root of the sum of the squares
 * over their number. NaN where no voxel has a value.
 *
 * @param inside [row, col] of the stack, 1 inside
 * @param goOn called between blocks; throws where nobody waits any more
 */
export function regionPattern(result: Result, name: string, inside: Uint8Array, goOn: () => void): RegionPattern {
  const [, , bins] = stackShape(result, name);
  const sum = new Float64Array(bins);
  const count = new Float64Array(bins);
  const squares = hasEsd(result, name) ? new Float64Array(bins) : undefined;
  for (const block of regionBlocks(result, name, inside)) {
    goOn();
    const values = result.readArray(name, block.offset, block.shape);
    const sigma = squares && result.readArray(`${name}_esd`, block.offset, block.shape);
    addBlock(block, inside, stackShape(result, name)[1], values, sum, count, sigma, squares);
  }
  const voxels = count.reduce((most, n) => Math.max(most, n), 0);
  return {
    arrays: [
      { name: "intensity", shape: [bins], data: sum.map((value, bin) => value / count[bin]!) },
      ...(squares
        ? [{ name: "sigma", shape: [bins], data: squares.map((value, bin) => Math.sqrt(value) / count[bin]!) }]
        : []),
    ],
    voxels,
  };
}

interface Box {
  readonly offset: readonly number[];
  readonly shape: readonly number[];
}

/** The blocks that hold the region, along the chunks of the file. */
function regionBlocks(result: Result, name: string, inside: Uint8Array): Box[] {
  const [rows, cols, bins] = stackShape(result, name);
  let [top, bottom, left, right] = [rows, 0, cols, 0];
  for (let at = 0; at < inside.length; at++) {
    if (!inside[at]) continue;
    const [y, x] = [Math.floor(at / cols), at % cols];
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
  }
  if (top >= bottom) return [];
  return blocksOf([top, left, 0], [bottom - top, right - left, bins], result.chunks(name) ?? null, AT_ONCE);
}

function addBlock(
  { offset, shape }: Box,
  inside: Uint8Array,
  cols: number,
  values: FrameArray,
  sum: Float64Array,
  count: Float64Array,
  sigma: FrameArray | undefined,
  squares: Float64Array | undefined,
): void {
  const [rows, width, bins] = shape as [number, number, number];
  const [y, x, first] = offset as [number, number, number];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < width; col++) {
      if (!inside[(y + row) * cols + x + col]) continue;
      const at = (row * width + col) * bins;
      for (let bin = 0; bin < bins; bin++) {
        const value = values[at + bin]!;
        if (!Number.isFinite(value)) continue;
        sum[first + bin] = sum[first + bin]! + value;
        count[first + bin] = count[first + bin]! + 1;
        if (squares) squares[first + bin] = squares[first + bin]! + sigma![at + bin]! ** 2;
      }
    }
  }
}
