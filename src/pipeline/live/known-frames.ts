/** Frames that a live run has reduced, for the run that follows: which they are, and what their patterns were made of. */
import { crc32 } from "node:zlib";
import { type FrameArray, InputError } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { findFramePaths, findGaps, isList } from "../../files/frame-paths.ts";
import { openFrames } from "../../files/frames.ts";
import { openHdf5 } from "../../files/hdf5.ts";
import { withoutMembersOfSets } from "../../files/hdf5-sets.ts";
import { digest } from "../stage-store.ts";
import type { IntegratePayload } from "../tasks/integrate-task.ts";
import { IS_HDF5, isMissing } from "./growing-files.ts";
import { frameKey, LiveStore, rowsPath } from "./live-store.ts";
import { PatternRows } from "./pattern-rows.ts";

type Setup = Pick<IntegratePayload, "poni" | "config" | "mask" | "flat" | "dark">;

/** Everything that decides the pattern of a frame. */
export const setupKey = ({ poni, config, mask, flat, dark }: Setup): string =>
  digest({
    version,
    poni,
    config,
    mask: mask && [mask.rows, mask.cols, crc32(mask.data)],
    images: [flat, dark].map((image) => image && checksumOf(image)),
  });

export const checksumOf = ({ buffer, byteOffset, byteLength }: FrameArray): number =>
  crc32(new Uint8Array(buffer, byteOffset, byteLength));

/** A frame of the finished scan. */
export interface Wanted {
  /** what the live run called it */
  readonly key: string;
  /** the file whose size and time tell whether it is what it was; undefined where nothing but its counts does */
  readonly file: string | undefined;
}

/** [frame of the source] undefined where there is none. */
export async function wantedFrames({
  files,
  dataset,
}: Pick<IntegratePayload, "files" | "dataset">): Promise<(Wanted | undefined)[]> {
  const options = { missing: "flag", ...(dataset && { dataset }) } as const;
  const found = withoutMembersOfSets(findFramePaths(files));
  const first = await openFrames([found[0]!], options);
  first.close();
  if (found.length > 1 && first.count === 1 && !IS_HDF5.test(found[0]!)) {
    const paths = isList(files) ? found : findGaps(found).paths;
    return paths.map((path) => (path === undefined ? undefined : { key: frameKey(path), file: path }));
  }
  const frames: (Wanted | undefined)[] = [];
  const whole = new Map<string, boolean>();
  for (const path of found) {
    const source = await openFrames([path], options);
    try {
      for (let index = 0; index < source.count; index++) {
        const file = isMissing(source, index) ? undefined : source.fileOf?.(index);
        if (file !== undefined && !whole.has(file)) whole.set(file, await isSelfContained(file));
        frames.push(
          isMissing(source, index)
            ? undefined
            : { key: frameKey(path, index), file: file !== undefined && whole.get(file) ? file : undefined },
        );
      }
    } finally {
      source.close();
    }
  }
  return frames;
}

async function isSelfContained(path: string): Promise<boolean> {
  try {
    const file = await openHdf5(path);
    try {
      return file.isSelfContained;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof InputError) return false; // what is wrong with it is said where its frames are read
    throw error;
  }
}

/** Frames of which only their counts tell that they are what they were: they are read again, and not integrated again. */
export interface KnownFrames {
  readonly rows: string;
  /** [frame of the source] its place among the rows, -1 where it is not known */
  readonly slots: Int32Array;
  /** [frame of the source] of the row, and of the counts that it was made from */
  readonly rowChecksums: Uint32Array;
  readonly countChecksums: Uint32Array;
}

/** @returns undefined where there is none, or patterns were made with other settings */
export async function knownFrames(workFolder: string, payload: IntegratePayload): Promise<KnownFrames | undefined> {
  const live = LiveStore.peek(workFolder);
  if (!live || ![...live.frames.values()].some(({ counts }) => counts !== undefined)) return undefined;
  if (setupKey(payload) !== live.key) return undefined;
  const wanted = await wantedFrames(payload);
  const slots = new Int32Array(wanted.length).fill(-1);
  const [rowChecksums, countChecksums] = [new Uint32Array(wanted.length), new Uint32Array(wanted.length)];
  for (const [i, one] of wanted.entries()) {
    const frame = one && live.frames.get(one.key);
    if (frame?.counts === undefined) continue;
    slots[i] = frame.slot;
    rowChecksums[i] = frame.crc;
    countChecksums[i] = frame.counts;
  }
  return { rows: rowsPath(live.folder), slots, rowChecksums, countChecksums };
}

/**
 * A way to a pattern without integrating: undefined where the frame is not known, or is not what it was.
 *
 * @param bins of a pattern
 */
export function openKnownFrames(known: KnownFrames, bins: number) {
  const rows = PatternRows.open(known.rows, bins);
  return {
    /** @param index in the source */
    find(index: number, counts: FrameArray): ReturnType<PatternRows["read"]> {
      const slot = known.slots[index] ?? -1;
      if (slot < 0 || checksumOf(counts) !== known.countChecksums[index]) return undefined;
      return rows.read(slot, known.rowChecksums[index]!);
    },
    close: () => rows.close(),
  };
}
