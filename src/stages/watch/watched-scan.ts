/** What is known of a scan that is still being measured: a few numbers for each frame, in the order of acquisition. */

export interface WatchedScan {
  /** frames in a line */
  readonly points: number;
  /** numbers for each frame: the mean intensity, then those of groups of neighbouring bins */
  readonly bands: number;
  /** [frame, band], NaN where the frame is not there (yet) */
  readonly sums: Float32Array;
  /** [frame] incident beam, as far as it is known */
  readonly monitor?: ArrayLike<number>;
}

/** Something that a person at the beamline would want to know at once. Frames are counted from 0. */
export interface Notice {
  readonly kind:
    | "beam-lost"
    | "translation-stuck"
    | "rotation-stuck"
    | "order"
    | "axis"
    | "jump"
    | "frames-missing"
    | "file-shut"
    | "scan-stopped";
  /** first frame that it is about */
  readonly from: number;
  /** first frame that it is not about any more; absent while it lasts */
  readonly to?: number;
  readonly text: string;
}

export const linesOf = ({ sums, bands, points }: WatchedScan): number => Math.floor(sums.length / bands / points);

export const framesOf = ({ sums, bands }: WatchedScan): number => Math.floor(sums.length / bands);

/** "frame 1647 (line 3, point 0)" */
export const placeOf = (frame: number, points: number): string =>
  `frame ${frame} (line ${Math.floor(frame / points)}, point ${frame % points})`;

/** Whether all frames of a line are there. */
export function isComplete({ sums, bands, points }: WatchedScan, line: number): boolean {
  for (let p = 0; p < points; p++) if (Number.isNaN(sums[(line * points + p) * bands]!)) return false;
  return true;
}
