/** HDF5 files that are being written: how many of their frames are there, and one of them. */
import { statSync } from "node:fs";
import type { FrameArray } from "../../data/index.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import type { Shape } from "../../geometry/index.ts";

/** Files that open others of their set: an EIGER's master, the first module of a LAMBDA. */
const isLeader = (path: string): boolean => /(_master\.h5|_m1(_part\d+)?\.nxs)$/.test(path);

export const isMissing = ({ missing = [] }: FrameSource, index: number): boolean =>
  missing.some(({ first, count }) => index >= first && index < first + count);

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
    if (known?.stamp === stamp && !isLeader(path)) return known.source;
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
    const before = statSync(path);
    const source = await this.sourceWith(path, index);
    if (source.rows !== rows || source.cols !== cols) return { reason: `${path}: its frames are of another size` };
    if (index >= source.count) return { reason: `${path}: frame ${index} is not written yet` };
    const { data } = source.readFrame(index);
    // what is in the file but not written yet reads as the fill value
    if (data.every((value) => value === data[0])) return { reason: `${path}: frame ${index} is not written yet` };
    const isFloat = data instanceof Float32Array || data instanceof Float64Array;
    if (!isFloat) slot.set(data);
    const after = statSync(path);
    // frames in other files than the one that is named cannot be told to be unchanged by it
    const isSame = !isLeader(path) && before.size === after.size && before.mtimeMs === after.mtimeMs;
    return { state: { bytes: isSame ? after.size : -1, mtimeMs: after.mtimeMs }, data: isFloat ? data : slot };
  }

  /** A leader says nothing of its other files: it is opened again where the frame was not there yet. */
  private async sourceWith(path: string, index: number): Promise<FrameSource> {
    const known = this.open.get(path);
    const isThere = known && index < known.source.count && !isMissing(known.source, index);
    return isThere && isLeader(path) ? known.source : this.source(path);
  }

  close(): void {
    for (const { source } of this.open.values()) source.close();
  }
}
