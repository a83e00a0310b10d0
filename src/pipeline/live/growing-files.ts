/** HDF5 files that are being written: how many of their frames are there, and one of them. */
import { statSync } from "node:fs";
import type { FrameArray } from "../../data/index.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import type { Shape } from "../../geometry/index.ts";

/** Opened again whenever a file has changed, since the library keeps what it read of a file's structure. */
export class GrowingFiles {
  private readonly dataset: string | undefined;
  private readonly open = new Map<string, { readonly stamp: string; readonly source: FrameSource }>();

  constructor(dataset: string | undefined) {
    this.dataset = dataset;
  }

  /** @throws InputError as openFrames: an EIGER's links to files that are not there yet, a header that is not whole */
  async source(path: string): Promise<FrameSource> {
    const { size, mtimeMs } = statSync(path);
    const stamp = `${size} ${mtimeMs}`;
    const known = this.open.get(path);
    if (known?.stamp === stamp) return known.source;
    known?.source.close();
    this.open.delete(path);
    const source = await openFrames([path], { missing: "flag", ...(this.dataset && { dataset: this.dataset }) });
    this.open.set(path, { stamp, source });
    return source;
  }

  async read(
    path: string,
    index: number,
    { rows, cols }: Shape,
    slot: Int32Array,
  ): Promise<{ state: { bytes: number; mtimeMs: number }; data: FrameArray } | { reason: string }> {
    const source = await this.source(path);
    if (source.rows !== rows || source.cols !== cols) return { reason: `${path}: its frames are of another size` };
    if (index >= source.count) return { reason: `${path}: frame ${index} is not written yet` };
    const { data } = source.readFrame(index);
    // what is in the file but not written yet reads as the fill value
    if (data.every((value) => value === data[0])) return { reason: `${path}: frame ${index} is not written yet` };
    const isFloat = data instanceof Float32Array || data instanceof Float64Array;
    if (!isFloat) slot.set(data);
    return { state: { bytes: 0, mtimeMs: 0 }, data: isFloat ? data : slot };
  }

  close(): void {
    for (const { source } of this.open.values()) source.close();
  }
}
