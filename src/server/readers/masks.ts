/**
 * Masks of a slice, kept beside its result: `<result>.<name>.mask.npy`, uint8 [y, x] with 1 inside, as NumPy reads it,
 * and `<result>.<name>.mask.json` with the shapes that it was drawn with.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { InputError, voxelsOf } from "../../data/index.ts";
import { assertPlain, assertReachable } from "../../files/confinement.ts";
import { decodeNpy, encodeNpy } from "../../files/npy.ts";
import type { MaskInfo, MaskSave } from "../wire.ts";

export interface StoredMask {
  readonly rows: number;
  readonly cols: number;
  /** [y, x] */
  readonly values: Uint8Array;
  readonly shapes: MaskSave["shapes"];
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} _+-]{0,59}$/u;
const ENDING = ".mask.npy";
/** Voxels of a slice, and a header. */
const MOST_BYTES = 64e6;

const stemOf = (result: string): string => basename(result, extname(result));

/** @throws InputError "mask-name" */
function pathOf(result: string, name: string): string {
  if (!NAME.test(name)) {
    throw new InputError(
      "mask-name",
      `"${name}" cannot name a mask: letters, digits, spaces, "_", "+" and "-" are allowed, 60 at most, a letter or digit first.`,
    );
  }
  return join(dirname(result), `${stemOf(result)}.${name}${ENDING}`);
}

const shapesPath = (path: string): string => path.replace(/\.npy$/, ".json");

/** Masks beside a result, by name. @param nameOf a path as the page calls it */
export function listMasks(result: string, nameOf: (path: string) => string): MaskInfo[] {
  const start = `${stemOf(result)}.`;
  return readdirSync(dirname(result))
    .filter((file) => file.startsWith(start) && file.endsWith(ENDING))
    .map((file) => file.slice(start.length, -ENDING.length))
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => {
      const path = pathOf(result, name);
      return { name, path: nameOf(path), voxels: countOf(readMask(result, name).values) };
    });
}

/** @throws InputError "mask-not-found" and those of decodeNpy */
export function readMask(result: string, name: string): StoredMask {
  const path = pathOf(result, name);
  if (!existsSync(path)) {
    throw new InputError(
      "mask-not-found",
      `There is no mask "${name}" of ${basename(result)}. It may have been removed.`,
    );
  }
  const { shape, data } = decodeNpy(readSmall(path), basename(path));
  const [rows, cols] = shape;
  if (shape.length !== 2 || rows === undefined || cols === undefined) {
    throw new InputError("mask-shape", `${basename(path)} is an array of [${shape.join(", ")}]; a mask is [y, x].`);
  }
  const beside = shapesPath(path);
  const shapes = existsSync(beside) ? parseShapes(readSmall(beside).toString("utf8")) : [];
  return { rows, cols, values: Uint8Array.from(data as ArrayLike<number>, (value) => (value ? 1 : 0)), shapes };
}

/** @throws InputError "path-outside" | "path-special" | "mask-too-large" */
function readSmall(path: string): Buffer {
  assertReachable(path);
  assertPlain(path);
  const { size } = statSync(path);
  if (size <= MOST_BYTES) return readFileSync(path);
  throw new InputError(
    "mask-too-large",
    `${basename(path)} has ${Math.round(size / 1e6)} MB; masks of the app have at most ${MOST_BYTES / 1e6}. Is it a mask?`,
  );
}

/** Something else than ours beside a mask is no hindrance: its voxels are in the mask itself. */
function parseShapes(text: string): StoredMask["shapes"] {
  try {
    const shapes: unknown = JSON.parse(text);
    return Array.isArray(shapes) ? shapes : [];
  } catch {
    return [];
  }
}

/**
 * @param slice rows and columns of the result's slice
 * @throws InputError "mask-exists" | "mask-name" | "mask-empty" and those of voxelsOf
 */
export function saveMask(
  result: string,
  { name, shapes, overwrite }: MaskSave,
  [rows, cols]: readonly [number, number],
  nameOf: (path: string) => string,
): MaskInfo {
  const path = pathOf(result, name);
  if (existsSync(path) && !overwrite) {
    throw new InputError(
      "mask-exists",
      `There is a mask "${name}" already. Choose another name, or say to replace it.`,
    );
  }
  const values = joinShapes(result, shapes, rows, cols);
  const voxels = countOf(values);
  if (voxels === 0) {
    throw new InputError(
      "mask-empty",
      `The mask "${name}" would have no voxel of the slice in it. Draw it on the slice.`,
    );
  }
  writeWhole(shapesPath(path), `${JSON.stringify(shapes, null, 1)}\n`);
  writeWhole(path, encodeNpy({ shape: [rows, cols], data: values }));
  return { name, path: nameOf(path), voxels };
}

/** @throws InputError "mask-not-found" */
export function removeMask(result: string, name: string): void {
  readMask(result, name);
  const path = pathOf(result, name);
  rmSync(path);
  rmSync(shapesPath(path), { force: true });
}

function joinShapes(result: string, shapes: MaskSave["shapes"], rows: number, cols: number): Uint8Array {
  const values = new Uint8Array(rows * cols);
  for (const { region, isHole } of shapes) {
    const part = region.kind === "mask" ? readMask(result, region.name).values : voxelsOf(region, rows, cols);
    for (let i = 0; i < values.length; i++) if (part[i]) values[i] = isHole ? 0 : 1;
  }
  return values;
}

const countOf = (values: Uint8Array): number => values.reduce((sum, value) => sum + value, 0);

/** A reader never sees half a file. */
function writeWhole(path: string, content: string | Uint8Array): void {
  const partial = `${path}.partial`;
  writeFileSync(partial, content);
  renameSync(partial, path);
}
