/** What there is to see of a stage while it runs: the array that its blocks fill, item by item an image. */
import { dirname, join } from "node:path";
import type { ArrayReference } from "./array-reference.ts";

/** Plain data, so that another process can look while the run goes on. */
export interface StagePreview {
  readonly title: string;
  readonly unit: string;
  /** items of the array are rows x cols of this */
  readonly image: "line-point" | "angle-translation" | "y-x";
  readonly rows: number;
  readonly cols: number;
  readonly array: ArrayReference;
  /** what a finished block has filled: so many items in a row, or whole blocks of bins (left out: the one of its number) */
  readonly filled:
    | { readonly kind: "items"; readonly each: number }
    | { readonly kind: "bins"; readonly of?: readonly (readonly number[])[] };
  readonly blocks: number;
  /** where the bins are no bins but results: what to show of them; left out: the mean over the bins */
  readonly columns?: readonly { readonly bin: number; readonly name: string; readonly unit: string }[];
}

/** The journal that says which blocks of it are finished. */
export const journalPath = ({ array }: StagePreview): string => join(dirname(array.path), "journal.jsonl");
