import { type Frame, InputError, type Mask } from "../../data/index.ts";
import { correlations, median } from "../../fit/index.ts";
import { type Poni, placement } from "../../geometry/index.ts";
import { calibrantName } from "./calibrants.ts";
import { buildResult, type CalibrationResult, type JointEnergy } from "./calibration-result.ts";
import type { CalibrateConfig } from "./config.ts";
import { contrastImage } from "./contrast-image.ts";
import { findCentre } from "./find-centre.ts";
import { fitGeometry, type GeometryFit } from "./fit-geometry.ts";
import { radialProfile, strangeRings } from "./match-rings.ts";
import { orientationOf, unknownOrientation } from "./orientation.ts";
import { type RefinedGeometry, refineOutwards, TOO_WEAK } from "./refine-outwards.ts";
import { GEOMETRY_PARAMETERS, ringTwoTheta } from "./ring-geometry.ts";
import { pixelAngle } from "./ring-points.ts";
import { type StartGeometry, startGeometry } from "./start-geometry.ts";
import { validPixels } from "./valid-pixels.ts";

export interface CalibrateOptions {
  /** a geometry known from before: the four orientations of the image are tried against it and the fit reported */
  readonly reference?: Poni;
}

/** Rings must hold at least this share of the image's contrast. */
const LEAST_RING_SHARE = 0.02;
/** Beyond this correlation the distance and the energy are one parameter. */
const TOO_CORRELATED = 0.9995;
/** An energy that the rings place further off than this is not a matter of a scale, it is wrong. */
const WRONG_ENERGY = 0.06;
/** A ring of this intensity, relative to the strongest, should be seen. */
const STRONG = 0.1;

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

  let refined = refineOutwards(frame, valid, start, config);
  const joint = config.refineEnergy && refined ? jointEnergy(refined) : undefined;
  if (joint?.isTooCorrelated) refined = refineOutwards(frame, valid, start, { ...config, refineEnergy: false });
  const doubt = doubtAbout(refined, start);
  if (doubt) throw notOnRings(config, doubt, energyThatFits(frame, valid, start, config));
  const better = config.refineEnergy ? undefined : betterEnergy(refined!, start, config);
  if (better && Math.abs(better.energyKeV / config.energyKeV - 1) > WRONG_ENERGY) {
    throw notOnRings(config, "their spacing does not fit", { fit: better });
  }
  const orientation = options.reference ? orientationOf(image, frame, options.reference) : unknownOrientation;
  const strange = strangeAngles(frame, valid, refined!, start);
  return buildResult(frame, start.rings, refined!, { joint, better, orientation, strangeTwoThetaDeg: strange });
}

/** Two-theta in degrees of rings between the calibrant's used ones that are not its own. */
function strangeAngles(
  frame: Frame,
  valid: Uint8Array,
  { fit, points }: RefinedGeometry,
  { rings }: StartGeometry,
): number[] {
  const { poni } = fit;
  const place = placement(poni, frame);
  const t = new Float64Array(3);
  const radius = (row: number, col: number): number => {
    place(row, col, t);
    return (poni.dist * Math.sqrt(t[0]! * t[0]! + t[1]! * t[1]!)) / t[2]!;
  };
  const profile = radialProfile(frame, valid, radius, Math.min(poni.pixel1, poni.pixel2));
  const outermost = Math.max(...points.map((point) => point.ring));
  const known = rings.slice(0, outermost + 1).map((ring) => poni.dist * Math.tan(ringTwoTheta(ring.dA, fit.energyKeV)));
  const widthPx = median(points.map((point) => point.fwhm / pixelAngle(poni, point.twoTheta)));
  return strangeRings(profile, known, Math.max(1.5 * widthPx, 4)).map(
    (r) => (Math.atan2(r, poni.dist) * 180) / Math.PI,
  );
}

function pixelSizesM({ pixelSizeUm }: CalibrateConfig): [number, number] {
  const [slow, fast] = typeof pixelSizeUm === "number" ? [pixelSizeUm, pixelSizeUm] : pixelSizeUm;
  return [slow * 1e-6, fast * 1e-6];
}

function jointEnergy({ fit }: Pick<RefinedGeometry, "fit">): JointEnergy {
  const n = GEOMETRY_PARAMETERS.length;
  const energy = GEOMETRY_PARAMETERS.indexOf("energyKeV");
  const correlation = correlations(fit.covariance)[energy]!;
  return {
    energyKeV: fit.energyKeV,
    energyEsdKeV: Math.sqrt(fit.covariance[energy * n + energy]!),
    distanceM: fit.poni.dist,
    correlation,
    isTooCorrelated: !(Math.abs(correlation) < TOO_CORRELATED),
  };
}

/** Why a geometry should not be believed: it lays the calibrant's rings across the image's by chance. Else empty. */
function doubtAbout(refined: RefinedGeometry | undefined, { rings }: StartGeometry): string {
  if (!refined) return "no two of its rings could be followed around the image";
  const { fit, points, reasons } = refined;
  const wanted = points.filter((point) => !reasons[point.ring]).length;
  const kept = points.filter((_, i) => fit.kept[i] === 1);
  if (kept.length < 0.5 * wanted) return `only ${kept.length} of ${wanted} points found lie on them`;
  const seen = [...new Set(kept.map((point) => point.ring))];
  if (seen.length < 2) return "only one of them was found";
  const offPx = median(ringOffsetsPx(refined));
  if (offPx > 1) return `half of those found lie over ${offPx.toFixed(1)} pixels from where they should be`;
  // By chance some rings always fall on others; what tells is that the strong ones are missing.
  const missing = rings.filter((ring, i) => ring.intensity > STRONG && reasons[i] === TOO_WEAK);
  if (missing.length > seen.length) return `${missing.length} of its strong rings are not there`;
  return "";
}

/** How far each ring in use lies from where it should, pixels: the median of its points, without sign. */
function ringOffsetsPx({ fit, points }: RefinedGeometry): number[] {
  const byRing = new Map<number, number[]>();
  points.forEach((point, i) => {
    if (!fit.kept[i]) return;
    const own = byRing.get(point.ring) ?? [];
    byRing.set(point.ring, own);
    own.push(fit.residual[i]! / pixelAngle(fit.poni, point.twoTheta));
  });
  return [...byRing.values()].map((own) => Math.abs(median(own)));
}

/** The same points with the energy free, where that fits clearly better: by over five esd and half a per cent. */
function betterEnergy(
  { fit, points, reasons }: RefinedGeometry,
  { rings }: StartGeometry,
  config: CalibrateConfig,
): GeometryFit | undefined {
  const leftOut = new Set([...reasons.keys()].filter((ring) => reasons[ring]));
  const dA = rings.map((ring) => ring.dA);
  const free = { tilt: config.refineTilt, energy: true };
  const freed = fitGeometry(points, dA, fit.poni, fit.energyKeV, free, leftOut);
  const change = Math.abs(freed.energyKeV - config.energyKeV);
  const isBetter =
    freed.undetermined.length === 0 &&
    change > 5 * jointEnergy({ fit: freed }).energyEsdKeV &&
    change > 0.005 * config.energyKeV;
  return isBetter ? freed : undefined;
}

/** With the energy free, do the rings fit? Then that is worth telling. */
function energyThatFits(
  frame: Frame,
  valid: Uint8Array,
  start: StartGeometry,
  config: CalibrateConfig,
): RefinedGeometry | undefined {
  if (config.refineEnergy) return undefined;
  const freed = refineOutwards(frame, valid, start, { ...config, refineEnergy: true });
  return freed && freed.fit.summary.status === "converged" && !doubtAbout(freed, start) ? freed : undefined;
}

function notOnRings(
  config: CalibrateConfig,
  doubt: string,
  freed: Pick<RefinedGeometry, "fit"> | undefined,
): InputError {
  const hint = freed
    ? `With the energy free they fit at about ${freed.fit.energyKeV.toFixed(1)} keV and ` +
      `${(freed.fit.poni.dist * 1e3).toFixed(0)} mm: is the energy right?`
    : `Check the energy, the calibrant, the distance and the pixel size (${[config.pixelSizeUm].flat().join(" x ")} ` +
      "µm); mask what is not powder; give centrePx where the beam centre is known.";
  return new InputError(
    "calibrate-no-match",
    `The rings of the image are not those of ${calibrantName(config.calibrant)} at ${config.energyKeV} keV about ` +
      `${config.distanceMm} mm away: ${doubt}. ${hint}`,
  );
}

function noRings(): InputError {
  return new InputError(
    "calibrate-no-rings",
    "No powder rings were found in the image: nowhere, on the detector or one detector's side around it, is there a " +
      "centre about which its contrast is round. An exposure of a powder standard with at least two rings is needed; " +
      "where the rings are faint, sum several frames, mask what is not the sample, or give centrePx (row, column).",
  );
}
