import type { Frame, Mask } from "../data/index.ts";

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
   * @param index 0 to count - 1
   * @throws InputError naming the file and the frame where it is truncated or corrupt
   */
  readFrame(index: number): Frame;
  close(): void;
}
