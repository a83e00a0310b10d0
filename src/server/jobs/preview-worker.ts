/** The thread that looks at running stages: what was read before is kept, so that a look costs only the new blocks. */
import { parentPort } from "node:worker_threads";
import type { StagePreview } from "../../pipeline/preview.ts";
import { PreviewImage } from "./preview-image.ts";

export interface PreviewRequest {
  readonly id: number;
  readonly preview: StagePreview;
  readonly bin?: number;
}
export interface PreviewReply {
  /** [row, col] */
  readonly values: Float32Array;
  readonly share: number;
}

/** Images in memory: the stage that runs, and those that are looked back at. */
const MOST = 8;
const images = new Map<string, PreviewImage>();

parentPort!.on("message", ({ id, preview, bin }: PreviewRequest) => {
  const { path, items, bins } = preview.array;
  const key = `${path}\0${items}\0${bins}\0${bin ?? ""}`;
  try {
    const image = images.get(key) ?? new PreviewImage(preview, bin);
    images.delete(key);
    images.set(key, image);
    if (images.size > MOST) images.delete(images.keys().next().value!);
    parentPort!.postMessage({ id, ...image.look() });
  } catch (error) {
    images.delete(key);
    parentPort!.postMessage({ id, error: (error as Error).message });
  }
});
