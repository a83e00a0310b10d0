/** What a calibration came to, and whether it can be believed. */
import { type Frame, InputError } from "../../data/index.ts";
import { correlations } from "../../fit/index.ts";
import type { Poni } from "../../geometry/index.ts";
import { calibrantName } from "./calibrants.ts";
import type { CalibrateConfig } from "./config.ts";
import { median } from "./contrast-image.ts";
import type { OrientationReport } from "./orientation.ts";
import type { RefinedGeometry } from "./refine-outwards.ts";
import {
  detectorAxes,
  detectorPosition,
  GEOMETRY_PARAMETERS,
  type GeometryParameter,
  ringTwoTheta,
} from "./ring-geometry.ts";
import { pixelAngle } from "./ring-points.ts";
import type { StartGeometry } from "./start-geometry.ts";

/** What a ring of the calibrant came to. */
export interface RingResult {
  readonly dA: number;
  /** calculated */
  readonly twoThetaDeg: number;
  readonly used: boolean;
  /** why it was left out; empty where it was used */
  readonly reason: string;
  /** points kept in the fit */
  readonly points: number;
  /** observed - calculated two-theta, as a fraction of two-theta in millionths; NaN without points */
  readonly meanPpm: number;
  readonly rmsPpm: number;
  readonly meanDeg: number;
  /** median over the points */
  readonly fwhmDeg: number;
}

/** One fitted point of a ring, for figures and tables. */
export interface CalibrationPoint {
  /** index into `rings` */
  readonly ring: number;
  /** detector pixels, 0 at the first pixel's outer corner */
  readonly row: number;
  readonly col: number;
  readonly chiDeg: number;
  readonly residualDeg: number;
  /** from counting statistics and the fit of this peak alone */
  readonly esdDeg: number;
  readonly used: boolean;
}

export interface CalibrationResult {
  /**
   * converged     the parameters are those of the minimum
   * undetermined  a minimum, but the rings do not tell some parameters apart: see messages
   * notConverged  the best that was met
   */
  readonly status: "converged" | "undetermined" | "notConverged";
  readonly poni: Poni;
  readonly energyKeV: number;
  /** parameters that were refined, in the order of `correlation` */
  readonly refined: readonly GeometryParameter[];
  /** standard uncertainty of each refined parameter, unexplained scatter included; m, rad, keV */
  readonly esd: Readonly<Partial<Record<GeometryParameter, number>>>;
  /** [refined, refined] */
  readonly correlation: readonly (readonly number[])[];
  /** where the direct beam would hit, detector pixels with 0 at the first pixel's outer corner */
  readonly beamCentrePx: { readonly row: number; readonly col: number };
  /** angle between the beam and the detector's normal */
  readonly tiltDeg: number;
  readonly rings: readonly RingResult[];
  readonly points: readonly CalibrationPoint[];
  /** scatter of the points that counting does not explain, pixels */
  readonly scatterPx: number;
  readonly orientation: OrientationReport;
  /** what the user should know, one sentence each */
  readonly messages: readonly string[];
}

const DEG = 180 / Math.PI;
/** Beyond this the distance and the energy are one parameter. */
const TOO_CORRELATED = 0.9995;

/** @throws InputError "calibrate-no-match" where the points do not lie on the calibrant's rings */
export function buildResult(
  frame: Frame,
  config: CalibrateConfig,
  start: StartGeometry,
  refined: RefinedGeometry | undefined,
  orientation: OrientationReport,
): CalibrationResult {
  if (!refined) throw notOnRings(config, "no two of its rings could be followed around the image");
  const { fit } = refined;
  const points = listPoints(refined);
  const rings = listRings(start, refined, points);
  believe(config, fit.poni, rings, points);

  const refinedIndex = [...GEOMETRY_PARAMETERS.keys()].filter(
    (i) => fit.covariance[i * GEOMETRY_PARAMETERS.length + i] !== 0,
  );
  const n = GEOMETRY_PARAMETERS.length;
  const all = correlations(fit.covariance);
  const energy = GEOMETRY_PARAMETERS.indexOf("energyKeV");
  const distanceWithEnergy = config.refineEnergy ? all[energy]! : 0;
  const isTooCorrelated = Math.abs(distanceWithEnergy) > TOO_CORRELATED;
  const axes = detectorAxes(fit.poni.rot1, fit.poni.rot2, fit.poni.rot3);
  const [row, col] = detectorPosition(fit.poni, axes, 0, 0);
  return {
    status: fit.undetermined.length > 0 || isTooCorrelated ? "undetermined" : statusOf(refined),
    poni: fit.poni,
    energyKeV: fit.energyKeV,
    refined: refinedIndex.map((i) => GEOMETRY_PARAMETERS[i]!),
    esd: Object.fromEntries(refinedIndex.map((i) => [GEOMETRY_PARAMETERS[i]!, Math.sqrt(fit.covariance[i * n + i]!)])),
    correlation: refinedIndex.map((i) => refinedIndex.map((j) => all[i * n + j]!)),
    beamCentrePx: { row, col },
    tiltDeg: Math.acos(Math.cos(fit.poni.rot1) * Math.cos(fit.poni.rot2)) * DEG,
    rings,
    points,
    scatterPx: fit.scatterPx,
    orientation,
    messages: listMessages(frame, config, refined, rings, distanceWithEnergy, isTooCorrelated, orientation),
  };
}

const statusOf = ({ fit }: RefinedGeometry): "converged" | "notConverged" =>
  fit.summary.status === "converged" ? "converged" : "notConverged";

function listPoints({ fit, points }: RefinedGeometry): CalibrationPoint[] {
  return points.map((point, i) => ({
    ring: point.ring,
    row: point.row,
    col: point.col,
    chiDeg: point.chi * DEG,
    residualDeg: fit.residual[i]! * DEG,
    esdDeg: point.esdTwoTheta * DEG,
    used: fit.kept[i] === 1,
  }));
}

function listRings(
  { rings }: StartGeometry,
  { fit, points: found, reasons }: RefinedGeometry,
  points: readonly CalibrationPoint[],
): RingResult[] {
  return rings.map(({ dA }, ring) => {
    const twoThetaDeg = ringTwoTheta(dA, fit.energyKeV) * DEG;
    const own = points.filter((point) => point.ring === ring && point.used);
    const sum = (f: (residualDeg: number) => number): number => own.reduce((s, p) => s + f(p.residualDeg), 0);
    const meanDeg = own.length > 0 ? sum((r) => r) / own.length : Number.NaN;
    const rmsDeg = own.length > 0 ? Math.sqrt(sum((r) => r * r) / own.length) : Number.NaN;
    return {
      dA,
      twoThetaDeg,
      used: own.length > 0,
      reason: own.length > 0 ? "" : reasons[ring] || "every point of it was an outlier",
      points: own.length,
      meanPpm: (1e6 * meanDeg) / twoThetaDeg,
      rmsPpm: (1e6 * rmsDeg) / twoThetaDeg,
      meanDeg,
      fwhmDeg: median(found.filter((point) => point.ring === ring).map((point) => point.fwhm)) * DEG,
    };
  });
}

/** A geometry that lays the calibrant's rings across the image's by chance is not given out. */
function believe(
  config: CalibrateConfig,
  poni: Poni,
  rings: readonly RingResult[],
  points: readonly CalibrationPoint[],
): void {
  const kept = points.filter((point) => point.used);
  if (kept.length < 0.5 * points.length) {
    throw notOnRings(config, `only ${kept.length} of ${points.length} points found lie on them`);
  }
  const used = rings.filter((ring) => ring.used);
  if (used.length < 2) throw notOnRings(config, "only one of them was found");
  const offPx = median(used.map((ring) => Math.abs(ring.meanDeg) / DEG / pixelAngle(poni, ring.twoThetaDeg / DEG)));
  if (offPx > 1) {
    throw notOnRings(config, `half of those found lie more than ${offPx.toFixed(1)} pixels from where they should be`);
  }
}

function notOnRings(config: CalibrateConfig, found: string): InputError {
  return new InputError(
    "calibrate-no-match",
    `The rings of the image are not those of ${calibrantName(config.calibrant)} at ${config.energyKeV} keV about ` +
      `${config.distanceMm} mm away: ${found}. Check the energy, the calibrant, the distance and the pixel size ` +
      `(${[config.pixelSizeUm].flat().join(" x ")} µm); mask what is not powder; give centrePx where the beam centre is known.`,
  );
}

function listMessages(
  frame: Frame,
  config: CalibrateConfig,
  { fit }: RefinedGeometry,
  rings: readonly RingResult[],
  distanceWithEnergy: number,
  isTooCorrelated: boolean,
  orientation: OrientationReport,
): string[] {
  const messages: string[] = [];
  const used = rings.filter((ring) => ring.used);
  if (config.refineEnergy) {
    const r = distanceWithEnergy.toFixed(4);
    messages.push(
      isTooCorrelated
        ? `The rings do not tell the distance from the energy (correlation ${r}; the highest ring is at ` +
            `${used.at(-1)!.twoThetaDeg.toFixed(1)}°): fix the energy, or take images at two distances.`
        : `Distance and energy were refined together and correlate (${r}): their esd hold only jointly.`,
    );
  }
  if (fit.undetermined.length > 0) {
    const names = fit.undetermined.map((i) => GEOMETRY_PARAMETERS[i]).join(", ");
    messages.push(`The rings do not determine ${names}: fix some (refineTilt, refineEnergy), or show more rings.`);
  }
  if (used.length < 3) messages.push(`Only ${used.length} rings were used: the tilt and the distance rest on little.`);
  const [row, col] = [fit.poni.poni1 / fit.poni.pixel1, fit.poni.poni2 / fit.poni.pixel2];
  if (row < 0 || col < 0 || row > frame.rows || col > frame.cols) {
    messages.push("The point of normal incidence lies off the detector.");
  }
  if (orientation.verdict === "flipped" || orientation.verdict === "none") messages.push(orientation.message);
  return messages;
}
