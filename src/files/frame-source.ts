import type { Frame, InputError, Mask } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";

/** Frames of one file or dataset, read one at a time; a 2 TB scan is only a matter of time. */
export interface FrameSource {
  /** what to call it in messages: the path, with the dataset inside where there is one */
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly count: number;
  /** pixels that the file itself marks as bad or missing */
  readonly mask?: Mask;
  /**
   * The file that a frame's counts lie in, where that is one and known: an EIGER's data file, and not its master. What
   * such a file was when it was read says something of the frame only if it takes nothing from others itself.
   */
  fileOf?(index: number): string | undefined;
  /** frames that should be there and are not: reading one throws InputError "frame-missing" */
  readonly missing?: readonly MissingFrames[];
  /**
   * @param index 0 to count - 1
   * @throws InputError "frame-missing", and those of the formats, naming the file and the frame where it is
   *         truncated or corrupt
   */
  readFrame(index: number): Frame;
  /**
   * The same counts straight into an array of a kernel arena, allocating nothing outside it: for the loop over all
   * frames. Only where the file holds integers; unsigned 32-bit counts above 2147483647 come out negative.
   *
   * @param out [row, col] i32, in the memory of `kernels`
   */
  readInto?(index: number, out: Int32Array, kernels: Kernels): void;
  /**
   * Up to four frames that are there, into an array each; only where that costs less than one after the other.
   *
   * @returns for each frame what is wrong with it, or undefined
   */
  readFourInto?(indices: readonly number[], outs: readonly Int32Array[], kernels: Kernels): (InputError | undefined)[];
  close(): void;
}

/** A run of missing frames. */
export interface MissingFrames {
  readonly first: number;
  readonly count: number;
  readonly reason: string;
}
