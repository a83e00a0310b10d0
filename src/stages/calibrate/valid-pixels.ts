import { type Frame, InputError, type Mask } from "../../data/index.ts";

/**
 * Which pixels can be used: not masked, finite, not negative (gaps are written as -1 and -2), not saturated and not
 * hot. A pixel is hot where it stands alone: over three times its second brightest neighbour, and far over its noise.
 *
 * @returns [row, col] 1 = usable
 * @throws InputError "mask-shape"
 */
export function validPixels(frame: Frame, mask: Mask | undefined): Uint8Array {
  const { rows, cols, data } = frame;
  if (mask && (mask.rows !== rows || mask.cols !== cols)) {
    throw new InputError(
      "mask-shape",
      `The mask has ${mask.rows} x ${mask.cols} pixels (rows x columns) but the frame has ${rows} x ${cols}: ` +
        `give the mask of this detector${mask.rows === cols && mask.cols === rows ? "; this one looks transposed" : ""}.`,
    );
  }
  const valid = new Uint8Array(rows * cols);
  const limit = saturation(data);
  for (let i = 0; i < valid.length; i++) {
    const value = data[i]!;
    // NaN fails every comparison
    if (value >= 0 && value < limit && !mask?.data[i]) valid[i] = 1;
  }
  removeHotPixels(frame, valid);
  return valid;
}

/** The largest number of the file's type means "no count" on most detectors; the two below it are used as flags. */
function saturation(data: Frame["data"]): number {
  if (data instanceof Uint32Array) return 2 ** 32 - 3;
  if (data instanceof Int32Array) return 2 ** 31 - 3;
  if (data instanceof Uint16Array) return 2 ** 16 - 3;
  if (data instanceof Int16Array) return 2 ** 15 - 3;
  return Infinity;
}

function removeHotPixels({ rows, cols, data }: Frame, valid: Uint8Array): void {
  const hot: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [above, below] = [Math.max(row - 1, 0), Math.min(row + 1, rows - 1)];
    for (let col = 0; col < cols; col++) {
      const at = row * cols + col;
      const value = data[at]!;
      if (!valid[at] || value <= 10) continue;
      const [left, right] = [Math.max(col - 1, 0), Math.min(col + 1, cols - 1)];
      let [first, second] = [0, 0];
      // Two bright neighbours settle it: most pixels leave here.
      for (let r = above; r <= below && 3 * second < value; r++) {
        for (let near = r * cols + left; near <= r * cols + right; near++) {
          if (near === at || !valid[near]) continue;
          const other = data[near]!;
          if (other > first) {
            second = first;
            first = other;
          } else if (other > second) second = other;
        }
      }
      if (value > 3 * second + 10 * Math.sqrt(second + 1)) hot.push(at);
    }
  }
  for (const at of hot) valid[at] = 0;
}
