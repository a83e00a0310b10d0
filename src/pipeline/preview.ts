/** What there is to see of a stage while it runs: the array that its blocks fill, item by item an image. */
import { renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArrayReference } from "./array-reference.ts";
import { BlockedArray } from "./blocked-array.ts";

/** Plain data, so that another process can look while the run goes on. */
export interface StagePreview {
  readonly title: string;
  readonly unit: string;
  /** items of the array are rows x cols of this */
  readonly image: "line-point" | "angle-translation" | "y-x";
  readonly rows: number;
  readonly cols: number;
  readonly array: ArrayReference;
  /**
   * What a finished block has filled: so many items in a row, or whole blocks of bins (left out: the one of its number);
   * whole: all of it, written anew now and then
   */
  readonly filled:
    | { readonly kind: "whole" }
    | { readonly kind: "items"; readonly each: number }
    | { readonly kind: "bins"; readonly of?: readonly (readonly number[])[] };
  readonly blocks: number;
  /** where the bins are no bins but results: what to show of them; left out: the mean over the bins */
  readonly columns?: readonly { readonly bin: number; readonly name: string; readonly unit: string }[];
}

/** The journal that says which blocks of it are finished. */
export const journalPath = ({ array }: StagePreview): string => join(dirname(array.path), "journal.jsonl");

/** An image that a stage has come to so far. */
export interface PreviewImage {
  readonly name: string;
  readonly unit: string;
  /** [y, x] */
  readonly values: ArrayLike<number>;
}

/**
 * Writes images of a stage that is no blocks for others to look at.
 *
 * @param path of the array; it is whole at any time
 */
export function writePreview(
  path: string,
  title: string,
  size: { readonly ny: number; readonly nx: number },
  images: readonly PreviewImage[],
): StagePreview {
  const shape = { items: size.ny * size.nx, bins: images.length };
  const table = new Float32Array(shape.items * shape.bins);
  images.forEach(({ values }, at) => {
    for (let item = 0; item < shape.items; item++) table[item * shape.bins + at] = values[item]!;
  });
  const array = BlockedArray.create(`${path}.new`, shape);
  array.writeItems(0, shape.items, table);
  array.close();
  renameSync(`${path}.new`, path);
  return {
    title,
    unit: "",
    image: "y-x",
    rows: size.ny,
    cols: size.nx,
    array: { path, ...shape },
    filled: { kind: "whole" },
    blocks: 1,
    columns: images.map(({ name, unit }, bin) => ({ bin, name, unit })),
  };
}
