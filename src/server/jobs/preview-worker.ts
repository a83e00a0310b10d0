/** The thread that looks at running stages: what was read before is kept, so that a look costs only the new blocks. */
import type { StagePreview } from "../../pipeline/preview.ts";
import { answerTasks } from "../threads/answer-tasks.ts";
import { PreviewImage } from "./preview-image.ts";

export interface PreviewRequest {
  readonly preview: StagePreview;
  readonly bin?: number;
}
export interface PreviewReply {
  /** [row, col], NaN where nothing is done */
  readonly values: Float32Array;
  /** of the blocks that are in them */
  readonly share: number;
}

/** Images in memory: the stage that runs, and those that are looked back at. */
const MOST = 8;
const images = new Map<string, PreviewImage>();

answerTasks(({ preview, bin }: PreviewRequest): PreviewReply => {
  const { path, items, bins } = preview.array;
  const key = `${path}\0${items}\0${bins}\0${bin ?? ""}`;
  const image = images.get(key) ?? new PreviewImage(preview, bin);
  // one that fails is begun anew
  images.delete(key);
  const seen = image.look();
  images.set(key, image);
  if (images.size > MOST) images.delete(images.keys().next().value!);
  return seen;
});
