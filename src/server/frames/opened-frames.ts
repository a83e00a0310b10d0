/** Frames that a thread has open, and those that it has decoded: parts of a large one are asked for again and again. */
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type Frame, InputError } from "../../data/index.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import type { FrameAt } from "./frame-tasks.ts";

const MOST_OPEN = 4;
const MOST_BYTES = 300e6;

interface Opened {
  readonly source: FrameSource;
  /** of the file when it was opened */
  readonly state: string;
}
const open = new Map<string, Opened>();
const decoded = new Map<string, Frame>();

const keyOf = ({ path, dataset = "" }: FrameAt): string => `${path}\0${dataset}`;

/** Another one when the file was written again, or when files came to a folder; "" where nothing is. */
export function stateOf({ path }: FrameAt): string {
  const isPattern = /[*?]/.test(basename(path));
  const stat = statSync(isPattern ? dirname(path) : path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino}-${stat.size}-${stat.mtimeNs}` : "";
}

/**
 * Opened anew where the file is another one by now: a scan that is being measured grows.
 *
 * @param isFresh open it anew in any case
 * @throws as openFrames
 */
export async function sourceOf(at: FrameAt, isFresh = false): Promise<FrameSource> {
  const key = keyOf(at);
  const state = stateOf(at);
  const known = open.get(key);
  open.delete(key);
  const isKept = known !== undefined && known.state === state && !isFresh;
  if (!isKept) forget(key, known);
  const source = isKept
    ? known.source
    : await openFrames(at.path, { missing: "flag", ...(at.dataset && { dataset: at.dataset }) });
  open.set(key, { source, state }); // the last in the map is the one used last
  for (const [oldest, other] of open) {
    if (open.size <= MOST_OPEN) break;
    open.delete(oldest);
    forget(oldest, other);
  }
  return source;
}

function forget(key: string, opened: Opened | undefined): void {
  opened?.source.close();
  for (const one of decoded.keys()) if (one.startsWith(`${key}\0`)) decoded.delete(one);
}

/** @throws InputError "frame-number", and as FrameSource.readFrame */
export async function frameOf(at: FrameAt): Promise<Frame> {
  const source = await sourceOf(at);
  if (at.frame >= source.count)
    throw new InputError(
      "frame-number",
      `${at.name} has no frame ${at.frame}: it has ${source.count}, the first of them 0. Choose one of these.`,
    );
  const key = `${keyOf(at)}\0${at.frame}`;
  const known = decoded.get(key);
  decoded.delete(key);
  const frame = known ?? source.readFrame(at.frame);
  decoded.set(key, frame);
  let bytes = 0;
  for (const [one, { data }] of [...decoded].reverse()) {
    bytes += data.byteLength;
    if (bytes > MOST_BYTES && one !== key) decoded.delete(one);
  }
  return frame;
}
