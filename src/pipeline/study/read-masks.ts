/** Masks that were drawn in the app: `<result>.<name>.mask.npy` beside a result, [y, x], not 0 inside. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { InputError } from "../../data/index.ts";
import { decodeNpy } from "../../files/npy.ts";

const ENDING = ".mask.npy";

/**
 * @returns by name: [y, x] 1 inside
 * @throws InputError "mask-shape" where one is of another size, and those of decodeNpy
 */
export function readMasks(result: string, [ny, nx]: readonly [number, number]): Map<string, Uint8Array> {
  const start = `${basename(result, extname(result))}.`;
  const folder = dirname(result);
  const files = readdirSync(folder)
    .filter((file) => file.startsWith(start) && file.endsWith(ENDING))
    .sort();
  return new Map(files.map((file) => [file.slice(start.length, -ENDING.length), readOne(join(folder, file), ny, nx)]));
}

function readOne(path: string, ny: number, nx: number): Uint8Array {
  const { shape, data } = decodeNpy(readFileSync(path), path);
  if (shape.length === 2 && shape[0] === ny && shape[1] === nx) {
    return Uint8Array.from(data as ArrayLike<number>, (value) => (value ? 1 : 0));
  }
  throw new InputError(
    "mask-shape",
    `${path}: the mask has ${shape.join(" x ")} voxels, and the slice ${ny} x ${nx} (y, x). Draw it again on this result, or move it away.`,
  );
}
