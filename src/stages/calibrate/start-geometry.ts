import { type Frame, InputError, KEV_ANGSTROM } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import { type CalibrantRing, calibrantName, calibrantRings } from "./calibrants.ts";
import type { CalibrateConfig } from "./config.ts";
import type { Centre } from "./find-centre.ts";
import { matchRings, radialProfile } from "./match-rings.ts";
import { ringTwoTheta } from "./ring-geometry.ts";

export interface StartGeometry {
  readonly poni: Poni;
  /** rings of the calibrant that can be on this detector, from the centre outwards */
  readonly rings: readonly CalibrantRing[];
  /** mean contrast on the rings, see RingMatch */
  readonly score: number;
}

/** A match must stand this far over the noise of the radial profile. */
const LEAST_SCORE = 3;
/** Distances are also tried this far beyond the tolerance, to tell the user of a better match there. */
const WIDE = 0.45;

/**
 * The untilted geometry at which the calibrant's rings fall on the image's.
 *
 * @throws InputError "calibrate-calibrant" | "calibrate-rings-off-detector" | "calibrate-no-match"
 */
export function startGeometry(
  frame: Frame,
  valid: Uint8Array,
  config: CalibrateConfig,
  centre: Centre,
  [pixel1, pixel2]: readonly [number, number],
): StartGeometry {
  const { energyKeV, distanceTolerance } = config;
  const distanceM = config.distanceMm * 1e-3;
  const at = [centre.row * pixel1, centre.col * pixel2] as const;
  const [nearest, farthest] = radialReach(frame, pixel1, pixel2, at);
  const ringsWithin = (from: number, to: number): CalibrantRing[] => {
    const dMinA = KEV_ANGSTROM / energyKeV / (2 * Math.sin(Math.atan2(farthest, from) / 2));
    return calibrantRings(config.calibrant, Math.max(dMinA, (KEV_ANGSTROM / energyKeV) * 0.51)).filter(
      (ring) => Math.tan(ringTwoTheta(ring.dA, energyKeV)) * to > nearest,
    );
  };
  const rings = ringsWithin(distanceM * (1 - distanceTolerance), distanceM * (1 + distanceTolerance));
  if (rings.length < 2) throw ringsOffDetector(config, rings.length, nearest, farthest);

  const profile = radialProfile(
    frame,
    valid,
    (row, col) => Math.sqrt((row * pixel1 - at[0]) ** 2 + (col * pixel2 - at[1]) ** 2),
    Math.min(pixel1, pixel2),
  );
  const angles = rings.map((ring) => ringTwoTheta(ring.dA, energyKeV));
  const match = matchRings(profile, rings, angles, distanceM, distanceTolerance);
  const far = ringsWithin(distanceM * (1 - WIDE), distanceM * (1 + WIDE));
  const wide = matchRings(
    profile,
    far,
    far.map((ring) => ringTwoTheta(ring.dA, energyKeV)),
    distanceM,
    WIDE,
  );
  if (match.score < LEAST_SCORE || wide.score > 1.5 * match.score) {
    const isElsewhere = wide.score > Math.max(LEAST_SCORE, 1.5 * match.score);
    throw noMatch(config, isElsewhere ? wide.distanceM : undefined);
  }
  const poni: Poni = {
    dist: match.distanceM,
    poni1: at[0],
    poni2: at[1],
    rot1: 0,
    rot2: 0,
    rot3: 0,
    pixel1,
    pixel2,
    wavelength: (KEV_ANGSTROM / energyKeV) * 1e-10,
  };
  return { poni, rings, score: match.score };
}

/** Least and greatest distance of the detector's area from the centre, m. */
function radialReach(
  { rows, cols }: Frame,
  pixel1: number,
  pixel2: number,
  [y, x]: readonly [number, number],
): [number, number] {
  const [height, width] = [rows * pixel1, cols * pixel2];
  const outside = (v: number, size: number): number => Math.max(-v, v - size, 0);
  const farther = (v: number, size: number): number => Math.max(Math.abs(v), Math.abs(size - v));
  return [Math.hypot(outside(y, height), outside(x, width)), Math.hypot(farther(y, height), farther(x, width))];
}

function ringsOffDetector(config: CalibrateConfig, found: number, nearest: number, farthest: number): InputError {
  const degrees = (radius: number): string =>
    ((Math.atan2(radius * 1e3, config.distanceMm) * 180) / Math.PI).toFixed(2);
  return new InputError(
    "calibrate-rings-off-detector",
    `${found === 0 ? "No ring" : "Only one ring"} of ${calibrantName(config.calibrant)} falls on the detector: at ` +
      `${config.distanceMm} mm it covers two-theta ${degrees(nearest)}° to ${degrees(farthest)}° about the beam ` +
      `centre that was found, at ${config.energyKeV} keV. At least two rings are needed: check the distance, the ` +
      "energy and the pixel size, or take a calibrant with larger lattice spacings.",
  );
}

function noMatch(config: CalibrateConfig, elsewhereM: number | undefined): InputError {
  const name = calibrantName(config.calibrant);
  const percent = (100 * config.distanceTolerance).toFixed(0);
  const tried =
    `Rings were found, but those of ${name} at ${config.energyKeV} keV do not fall on them at any distance within ` +
    `${percent} % of ${config.distanceMm} mm.`;
  if (elsewhereM === undefined) {
    return new InputError(
      "calibrate-no-match",
      `${tried} Check the energy (keV, not the wavelength), the calibrant, the pixel size and the distance; ` +
        "where the distance is not known well, raise distanceTolerance.",
    );
  }
  // To first order a ring's radius goes as distance / energy: the same picture has two readings.
  const energy = (config.energyKeV * config.distanceMm) / (elsewhereM * 1e3);
  return new InputError(
    "calibrate-no-match",
    `${tried} They do at about ${(elsewhereM * 1e3).toFixed(0)} mm, or at about ${energy.toFixed(1)} keV with the ` +
      "distance as given: check both, then give the right one.",
  );
}
