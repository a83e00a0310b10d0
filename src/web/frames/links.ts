/** What links image and pattern: the pixel under the pointer, and the two-theta under it on the pattern. */
import { createCursor } from "../core/cursor.ts";

export interface PixelAt {
  /** in pixels of the frame: (i + 0.5, j + 0.5) is the middle of pixel (i, j) */
  readonly row: number;
  readonly col: number;
}

/** Where the pointer is on the image: the middle of its pixel. */
export const pixelCursor = createCursor<PixelAt>((a, b) => a.row === b.row && a.col === b.col);
/** Degrees, where the pointer is on the pattern. */
export const angleCursor = createCursor<number>();
