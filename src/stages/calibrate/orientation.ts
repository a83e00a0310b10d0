/**
 * Is the image flipped against its .poni? Rings about a tilted or off-centre beam are sharp in two-theta in one of
 * the four orientations of the image only.
 */
import type { Frame, Mask } from "../../data/index.ts";
import { type Poni, placement, twoThetaRad } from "../../geometry/index.ts";
import { type ContrastImage, contrastImage, contrastPoints } from "./contrast-image.ts";
import { createRadialShare } from "./radial-share.ts";
import { validPixels } from "./valid-pixels.ts";

export type Orientation = 1 | 2 | 3 | 4;

export interface OrientationReport {
  /** asIs and flipped: told apart; ambiguous: several fit alike; none: no orientation fits; unknown: no .poni given */
  readonly verdict: "asIs" | "flipped" | "ambiguous" | "none" | "unknown";
  /** as in .poni version 2.1, to be written there: 3 the file as it is, 2 rows, 4 columns, 1 both the other way round */
  readonly orientation: Orientation | undefined;
  /** share of the image's contrast that depends on two-theta only, for each orientation */
  readonly sharpness: Readonly<Record<Orientation, number>> | undefined;
  readonly message: string;
}

const ORIENTATIONS: readonly Orientation[] = [3, 2, 4, 1];
const FLIP: Record<Orientation, string> = {
  3: "as it is in the file",
  2: "flipped upside down (rows in reverse)",
  4: "mirrored left to right (columns in reverse)",
  1: "turned by 180° (rows and columns in reverse)",
};

/** Less than this share of the contrast in rings is no fit. */
const LEAST_SHARPNESS = 0.05;
/** The runner-up must be this much worse than the best. */
const CLEAR = 0.85;

export const unknownOrientation: OrientationReport = {
  verdict: "unknown",
  orientation: undefined,
  sharpness: undefined,
  message:
    "One image of rings fits its own geometry in any orientation; whether the image is flipped shows only against a .poni made before.",
};

/**
 * Which orientation of the image a .poni fits.
 *
 * @throws InputError "mask-shape"
 */
export function checkOrientation(frame: Frame, mask: Mask | undefined, poni: Poni): OrientationReport {
  return orientationOf(contrastImage(frame, validPixels(frame, mask), 400, 8), frame, poni);
}

/** As checkOrientation, of an image that was made before. */
export function orientationOf(image: ContrastImage, frame: Frame, poni: Poni): OrientationReport {
  const sharpness = { 1: 0, 2: 0, 3: 0, 4: 0 } as Record<Orientation, number>;
  for (const orientation of ORIENTATIONS)
    sharpness[orientation] = ringSharpness(image, frame, { ...poni, orientation });
  const [best, second] = [...ORIENTATIONS].sort((p, q) => sharpness[q] - sharpness[p]) as [Orientation, Orientation];
  const written = poni.orientation ?? 3;
  if (sharpness[best] < LEAST_SHARPNESS) {
    return {
      verdict: "none",
      orientation: undefined,
      sharpness,
      message:
        "The .poni fits this image in no orientation: at most " +
        `${percent(sharpness[best])} of its contrast lies on rings. Is it the .poni of this measurement?`,
    };
  }
  if (sharpness[second] > CLEAR * sharpness[best]) {
    return {
      verdict: "ambiguous",
      orientation: undefined,
      sharpness,
      message:
        `The .poni fits the image ${FLIP[best]} and ${FLIP[second]} about alike ` +
        `(${percent(sharpness[best])} and ${percent(sharpness[second])} of the contrast on rings): ` +
        "the beam is near the middle of the detector, and the image cannot tell.",
    };
  }
  const scores = `${percent(sharpness[best])} of the contrast on rings; ${percent(sharpness[written])}`;
  return {
    verdict: best === written ? "asIs" : "flipped",
    orientation: best,
    sharpness,
    message:
      best === written
        ? `The .poni fits the image as it is (${percent(sharpness[best])} of the contrast on rings).`
        : `The .poni fits the image ${FLIP[best]} (${scores} as the .poni says): ` +
          `set orientation ${best} in the .poni, or flip the images.`,
  };
}

const percent = (share: number): string => `${(100 * Math.max(share, 0)).toFixed(0)} %`;

function ringSharpness(image: ContrastImage, frame: Frame, poni: Poni): number {
  const points = contrastPoints(image);
  const place = placement(poni, frame);
  const pixel = Math.min(poni.pixel1, poni.pixel2) * image.binning;
  const t = new Float64Array(3);
  const radius = new Float32Array(points.value.length);
  for (let i = 0; i < radius.length; i++) {
    place(points.row[i]! * image.binning, points.col[i]! * image.binning, t);
    // Two-theta in units of one small pixel at the beam, so that bins are as wide as in the search for the centre.
    radius[i] = (twoThetaRad(t) * poni.dist) / pixel;
  }
  return createRadialShare()(radius, points.value, 1);
}
