/**
 * What a live run has reduced, in RESULT.work/live/: the patterns of frames in the order they came, and one line for
 * each frame in the journal. It outlives the process: the same command goes on, and an ordinary run takes what is there.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diskError } from "../disk-error.ts";
import type { FrameState } from "../tasks/live-task.ts";
import { PatternRows } from "./pattern-rows.ts";

export interface StoredFrame extends FrameState {
  readonly slot: number;
}

/** What a frame is called in the journal: its path; in an HDF5 file with its number. */
export const frameKey = (path: string, index?: number): string => (index === undefined ? path : `${path}#${index}`);

export const liveFolder = (workFolder: string): string => join(workFolder, "live");
export const rowsPath = (folder: string): string => join(folder, "patterns.f32");
const journalPath = (folder: string): string => join(folder, "frames.jsonl");

export class LiveStore {
  readonly folder: string;
  readonly frames = new Map<string, StoredFrame>();
  /** of settings and geometry: what the patterns were made with */
  readonly key: string;
  readonly bins: number;
  /** the next that nothing has been written to */
  nextSlot = 0;

  private constructor(folder: string, key: string, bins: number) {
    this.folder = folder;
    this.key = key;
    this.bins = bins;
  }

  /** What is there of this key; everything of another one is thrown away. */
  static begin(workFolder: string, key: string, bins: number): LiveStore {
    const folder = liveFolder(workFolder);
    const found = LiveStore.find(workFolder);
    if (found?.key === key && found.bins === bins) return found;
    const store = new LiveStore(folder, key, bins);
    try {
      mkdirSync(folder, { recursive: true });
      rmSync(rowsPath(folder), { force: true });
      writeFileSync(journalPath(folder), `${JSON.stringify({ key, bins })}\n`);
      PatternRows.create(rowsPath(folder), bins).close();
    } catch (error) {
      throw diskError(error, folder, 1e6);
    }
    return store;
  }

  /** What a live run has left, whatever it was made with, to go on with. */
  static find(workFolder: string): LiveStore | undefined {
    const { store, validBytes, bytes } = LiveStore.read(workFolder) ?? {};
    if (store) truncateSync(journalPath(store.folder), Math.min(validBytes!, bytes!));
    return store;
  }

  /** The same, for those who only look. */
  static peek(workFolder: string): LiveStore | undefined {
    return LiveStore.read(workFolder)?.store;
  }

  private static read(workFolder: string): { store: LiveStore; validBytes: number; bytes: number } | undefined {
    const folder = liveFolder(workFolder);
    if (!existsSync(journalPath(folder)) || !existsSync(rowsPath(folder))) return undefined;
    const text = readFileSync(journalPath(folder), "utf8");
    const lines = text.split("\n");
    const header = parse<{ key: string; bins: number }>(lines[0]!);
    if (!header) return undefined;
    const store = new LiveStore(folder, header.key, header.bins);
    let validBytes = Buffer.byteLength(lines[0]!) + 1;
    for (const line of lines.slice(1)) {
      const batch = parse<readonly [string, number, number, number, number, number?][]>(line);
      if (!batch) break; // the line that was being written when the run was killed
      for (const [name, slot, bytes, mtimeMs, crc, counts] of batch)
        store.keep(name, { slot, bytes, mtimeMs, crc, ...(counts !== undefined && { counts }) });
      validBytes += Buffer.byteLength(line) + 1;
    }
    return { store, validBytes, bytes: Buffer.byteLength(text) };
  }

  /** Frames whose patterns are written. */
  record(frames: readonly (readonly [string, StoredFrame])[]): void {
    const line = frames.map(([name, { slot, bytes, mtimeMs, crc, counts }]) => [
      ...[name, slot, bytes, mtimeMs, crc],
      ...(counts === undefined ? [] : [counts]),
    ]);
    try {
      appendFileSync(journalPath(this.folder), `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw diskError(error, journalPath(this.folder), 1e6);
    }
    for (const [name, frame] of frames) this.keep(name, frame);
  }

  private keep(name: string, frame: StoredFrame): void {
    this.frames.set(name, frame);
    this.nextSlot = Math.max(this.nextSlot, frame.slot + 1);
  }

  /** Forgets the patterns; what was said and seen stays. */
  discard(): void {
    rmSync(rowsPath(this.folder), { force: true });
    rmSync(journalPath(this.folder), { force: true });
  }
}

function parse<T>(line: string): T | undefined {
  if (!/[\]}]$/.test(line)) return undefined;
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}
