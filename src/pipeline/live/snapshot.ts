/**
 * What there is to see of a live run, as one file that is whole at any time: RESULT.work/live/snapshot.bin. A header
 * in JSON behind its length (uint32), then float32 arrays, each at a multiple of 8 bytes. The app reads it.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { AxisUnit } from "../../data/index.ts";
import type { Notice } from "../../stages/watch/index.ts";
import { writeWhole } from "../write-whole.ts";
import type { LiveEnding } from "./live-ending.ts";

export interface LiveState {
  readonly title: string;
  /** following; or how it ended */
  readonly phase: "waiting" | "following" | LiveEnding;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly updatedAt: string;
  /** last time that a frame came; absent before the first */
  readonly lastFrameAt?: string;
  /** frames that are reduced; seen and not yet reduced; seen and not whole */
  readonly frames: number;
  readonly backlog: number;
  readonly notWhole: number;
  readonly expectedFrames?: number;
  /** frames in a line; lines that have begun */
  readonly points: number;
  readonly lines: number;
  readonly expectedLines?: number;
  readonly framesPerS: number;
  /** from the time that a file was written to its pattern, of the last frames */
  readonly lagS?: { readonly median: number; readonly p95: number; readonly most: number };
  readonly secondsLeft?: number;
  readonly notices: readonly Notice[];
  /** how the lines run, where the axis is: what was found so far */
  readonly found: readonly string[];
  /** of the reconstruction; why there is none */
  readonly projections?: number;
  /** translation steps that a voxel of it is wide */
  readonly voxelSteps?: number;
  readonly noImage?: string;
  readonly bands: readonly string[];
  readonly axisUnit: AxisUnit;
}

/** Something is there and cannot be opened: told while it lasts. */
export const shutNotice = (reason: string): Notice => ({
  kind: "file-shut",
  from: 0,
  text: `${reason} Until then nothing of it is seen; it is tried again every second.`,
});

/** Before the first frame: only why there is none. */
export function showWaiting(folder: string, title: string, points: number, reasons: readonly string[]): LiveState {
  const now = new Date().toISOString();
  const state: LiveState = {
    ...{ title, phase: "waiting", startedAt: now, updatedAt: now },
    ...{ frames: 0, backlog: 0, notWhole: reasons.length, points, lines: 0, framesPerS: 0 },
    ...{ notices: reasons.map(shutNotice), found: [], bands: [], axisUnit: "two-theta" },
  };
  writeSnapshot(folder, state, []);
  return state;
}

export interface LiveArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const snapshotPath = (folder: string): string => join(folder, "snapshot.bin");

interface Header {
  readonly state: LiveState;
  readonly arrays: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

export function writeSnapshot(folder: string, state: LiveState, arrays: readonly LiveArray[]): void {
  const header: Header = { state, arrays: arrays.map(({ name, shape }) => ({ name, shape })) };
  const text = Buffer.from(JSON.stringify(header));
  const parts: Buffer[] = [Buffer.alloc(4), text];
  parts[0]!.writeUInt32LE(text.length);
  let at = 4 + text.length;
  for (const { data } of arrays) {
    const padding = -at & 7;
    parts.push(Buffer.alloc(padding), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    at += padding + data.byteLength;
  }
  writeWhole(snapshotPath(folder), Buffer.concat(parts));
}

const MOST_HEADER = 4e6;
const MOST_BYTES = 512e6;

/**
 * @param names arrays that are wanted; left out: none
 * @returns undefined where there is none, or it is damaged
 */
export function readSnapshot(
  folder: string,
  names: readonly string[] = [],
): { readonly state: LiveState; readonly arrays: readonly LiveArray[] } | undefined {
  const path = snapshotPath(folder);
  if (!existsSync(path)) return undefined;
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const read = (at: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      if (at + length > size || readSync(fd, bytes, 0, length, at) < length) throw new RangeError("it ends too early");
      return bytes;
    };
    const length = read(0, 4).readUInt32LE();
    if (length > MOST_HEADER) return undefined;
    const { state, arrays } = JSON.parse(read(4, length).toString()) as Header;
    const found: LiveArray[] = [];
    let at = 4 + length;
    for (const { name, shape } of arrays) {
      at += -at & 7;
      const bytes = 4 * shape.reduce((product, n) => product * n, 1);
      if (!(bytes >= 0 && bytes <= MOST_BYTES)) return undefined;
      if (names.includes(name)) {
        const data = read(at, bytes);
        found.push({ name, shape, data: new Float32Array(data.buffer, data.byteOffset, bytes / 4) });
      }
      at += bytes;
    }
    return { state, arrays: found };
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
