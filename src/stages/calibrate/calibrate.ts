import { type Frame, InputError, type Mask } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import { buildResult, type CalibrationResult } from "./calibration-result.ts";
import type { CalibrateConfig } from "./config.ts";
import { contrastImage } from "./contrast-image.ts";
import { findCentre } from "./find-centre.ts";
import { orientationOf, unknownOrientation } from "./orientation.ts";
import { refineOutwards } from "./refine-outwards.ts";
import { startGeometry } from "./start-geometry.ts";
import { validPixels } from "./valid-pixels.ts";

export interface CalibrateOptions {
  /** a geometry known from before: the four orientations of the image are tried against it and the fit reported */
  readonly reference?: Poni;
}

/** Rings must hold at least this share of the image's contrast. */
const LEAST_RING_SHARE = 0.02;

/**
 * The geometry of a detector from one image of a standard, without clicks.
 *
 * @param frame  counts; negative and saturated pixels are taken as gaps
 * @param mask   optional
 * @param config a rough distance and the energy: see CalibrateConfig
 * @throws InputError "mask-shape" | "calibrate-calibrant" | "calibrate-no-rings" | "calibrate-rings-off-detector" |
 *         "calibrate-no-match"
 */
export function calibrate(
  frame: Frame,
  mask: Mask | undefined,
  config: CalibrateConfig,
  options: CalibrateOptions = {},
): CalibrationResult {
  const valid = validPixels(frame, mask);
  const size = pixelSizesM(config);
  const image = contrastImage(frame, valid, 400, 8);
  const centre = findCentre(image, size[1] / size[0], config.centrePx);
  if (!(centre.score > LEAST_RING_SHARE)) throw noRings();
  const start = startGeometry(frame, valid, config, centre, size);
  const refined = refineOutwards(frame, valid, start, config);
  const orientation = options.reference ? orientationOf(image, frame, options.reference) : unknownOrientation;
  return buildResult(frame, config, start, refined, orientation);
}

function pixelSizesM({ pixelSizeUm }: CalibrateConfig): [number, number] {
  const [slow, fast] = typeof pixelSizeUm === "number" ? [pixelSizeUm, pixelSizeUm] : pixelSizeUm;
  return [slow * 1e-6, fast * 1e-6];
}

function noRings(): InputError {
  return new InputError(
    "calibrate-no-rings",
    "No powder rings were found in the image: nowhere, on the detector or one detector's side around it, is there a " +
      "centre about which its contrast is round. An exposure of a powder standard with at least two rings is needed; " +
      "where the rings are faint, sum several frames, mask what is not the sample, or give centrePx (row, column).",
  );
}
