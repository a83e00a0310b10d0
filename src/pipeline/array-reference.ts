import { BlockedArray, type BlockedArrayShape } from "./blocked-array.ts";

/** Where an array lies, as plain data that can be told to a worker thread. */
export interface ArrayReference extends BlockedArrayShape {
  readonly path: string;
}

export const openArray = ({ path, items, bins }: ArrayReference): BlockedArray =>
  BlockedArray.open(path, { items, bins });

export const referenceTo = ({ path, items, bins }: BlockedArray): ArrayReference => ({ path, items, bins });
