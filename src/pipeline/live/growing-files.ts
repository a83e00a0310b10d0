/** HDF5 files that are being written: how many of their frames are there, and one of them. */
import { type Stats, statSync } from "node:fs";
import type { FrameArray } from "../../data/index.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import type { Shape } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";

export const IS_HDF5 = /\.(h5|hdf5?|nxs|nx5)$/i;

/** A file that was written a moment before it was read may be written again without its time telling. */
const SURE_AFTER_MS = 500;

export const isMissing = ({ missing = [] }: FrameSource, index: number): boolean =>
  missing.some(({ first, count }) => index >= first && index < first + count);

const stampOf = ({ size, mtimeMs }: Stats): string => `${size} ${mtimeMs}`;

/** Opened again where a frame was not there yet, since the library keeps what it read of a file's structure. */
export class GrowingFiles {
  private readonly dataset: string | undefined;
  private readonly open = new Map<string, FrameSource>();

  constructor(dataset: string | undefined) {
    this.dataset = dataset;
  }

  /** @throws InputError as openFrames: an EIGER's links to files that are not there yet, a header that is not whole */
  async source(path: string): Promise<FrameSource> {
    this.forget(path);
    const source = await openFrames([path], { missing: "flag", ...(this.dataset && { dataset: this.dataset }) });
    this.open.set(path, source);
    return source;
  }

  /**
   * One frame, as an offline run reads it.
   *
   * @param slot [row, col] i32 in the memory of `kernels`; filled and given back where the file holds integers
   * @returns with size and time of the file that it lies in, size -1 where they say nothing of the frame; or why it is
   *   not whole
   */
  async read(
    path: string,
    index: number,
    { rows, cols }: Shape,
    slot: Int32Array,
    kernels: Kernels,
  ): Promise<{ state: { bytes: number; mtimeMs: number }; data: FrameArray } | { reason: string }> {
    const known = this.open.get(path);
    const isThere = known && index < known.count && !isMissing(known, index);
    const source = isThere ? known : await this.source(path);
    if (source.rows !== rows || source.cols !== cols) return { reason: `${path}: its frames are of another size` };
    const notYet = { reason: `${path}: frame ${index} is not written yet` };
    if (index >= source.count || isMissing(source, index)) return notYet;
    const file = source.fileOf?.(index);
    const before = statSync(file ?? path);
    const data = source.readInto ? slot : source.readFrame(index).data;
    source.readInto?.(index, slot, kernels);
    // what is in the file but not written yet reads as the fill value
    if (data.every((value) => value === data[0])) {
      this.forget(path);
      return notYet;
    }
    const after = statSync(file ?? path);
    const isSame =
      file !== undefined && stampOf(before) === stampOf(after) && Date.now() - after.mtimeMs > SURE_AFTER_MS;
    return { state: { bytes: isSame ? after.size : -1, mtimeMs: after.mtimeMs }, data };
  }

  private forget(path: string): void {
    this.open.get(path)?.close();
    this.open.delete(path);
  }

  close(): void {
    for (const source of this.open.values()) source.close();
    this.open.clear();
  }
}
