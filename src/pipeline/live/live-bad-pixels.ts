/**
 * Bad pixels of a scan that is followed: from the first frames, so that there is something to see, and once more from
 * the first line, which shows the sample from its one side to the other. Those are kept, so that a run that goes on
 * goes on with the same. What the finished scan shows to be bad is found by the run that follows, and decides.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { joinMasks, type Mask } from "../../data/index.ts";
import { readSealed, writeSealed } from "../sealed-file.ts";
import {
  badPixels,
  FRAMES_FOR_BAD_PIXELS,
  type FramesInput,
  type PreparedIntegration,
} from "../stages/integrate-stage.ts";
import { setupKey } from "./known-frames.ts";
import { liveFolder } from "./live-store.ts";

type Setup = PreparedIntegration["setup"];

/** What frames are reduced with: the scan's settings, and the pixels that frames show to be bad in the mask. */
export interface LiveSetup {
  readonly setup: Setup;
  /** no frames that are still to come are waited for */
  readonly isFinal: boolean;
}

export class LiveBadPixels {
  /** frames that there have to be for a first search */
  readonly atLeast = FRAMES_FOR_BAD_PIXELS;
  private readonly input: FramesInput;
  private readonly path: string;

  constructor(input: FramesInput, workFolder: string) {
    this.input = input;
    this.path = join(liveFolder(workFolder), "bad-pixels.bin");
  }

  /** and for the last one: a line */
  get enough(): number {
    return Math.max(this.atLeast, this.input.translations ?? 1);
  }

  /** What needs no search: none is asked for, or an earlier session has made it. */
  known(setup: Setup): LiveSetup | undefined {
    if (this.input.badPixels !== "auto") return { setup, isFinal: true };
    const kept = readSealed<{ key: string; mask: Mask | undefined }>(this.path);
    return kept?.key === setupKey(setup) ? { setup: withMask(setup, kept.mask), isFinal: true } : undefined;
  }

  /**
   * @param setup the scan's own
   * @param paths files of the frames so far
   * @param frames how many there are
   */
  async search(setup: Setup, paths: readonly string[], frames: number): Promise<LiveSetup> {
    const { shape, poni, mask } = setup;
    const found = await badPixels(paths, this.input.dataset, shape, poni, mask, "written");
    const isFinal = frames >= this.enough;
    if (isFinal) {
      mkdirSync(dirname(this.path), { recursive: true });
      writeSealed(this.path, { key: setupKey(setup), mask: found?.mask });
    }
    return { setup: withMask(setup, found?.mask), isFinal };
  }
}

function withMask(setup: Setup, bad: Mask | undefined): Setup {
  const mask = joinMasks(setup.mask, bad);
  return { ...setup, ...(mask && { mask }) };
}
