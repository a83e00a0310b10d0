import { type Frame, InputError } from "../../data/index.ts";
import { openFrames } from "../../files/frames.ts";

/**
 * One slice of an image of another kind.
 *
 * @param path of a TIFF, or of any frame that is read; a slice or a stack
 * @param slice of a stack, from 0
 * @throws InputError "overlay-slice" and those of openFrames
 */
export async function readImage(path: string, slice: number): Promise<Frame> {
  const frames = await openFrames(path);
  try {
    if (slice < frames.count) return await frames.readFrame(slice);
    throw new InputError(
      "overlay-slice",
      `${path} has ${frames.count === 1 ? "one slice" : `${frames.count} slices, 0 to ${frames.count - 1}`}, and slice ${slice} was asked for.`,
    );
  } finally {
    frames.close();
  }
}
