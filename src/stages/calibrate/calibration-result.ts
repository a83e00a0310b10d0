/** What a calibration came to. */
import type { Frame } from "../../data/index.ts";
import { correlations, median } from "../../fit/index.ts";
import { detectorAxes, detectorPosition, type Poni } from "../../geometry/index.ts";
import type { CalibrantRing } from "./calibrants.ts";
import type { GeometryFit } from "./fit-geometry.ts";
import type { OrientationReport } from "./orientation.ts";
import type { RefinedGeometry } from "./refine-outwards.ts";
import { GEOMETRY_PARAMETERS, type GeometryParameter, ringTwoTheta } from "./ring-geometry.ts";

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

/** Geometry with uncertainties, and how well each ring fits it. */
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

/** What came of refining the energy with the distance. */
export interface JointEnergy {
  readonly energyKeV: number;
  readonly energyEsdKeV: number;
  readonly distanceM: number;
  /** of energy and distance */
  readonly correlation: number;
  /** they are one parameter, and the energy was held after all */
  readonly isTooCorrelated: boolean;
}

/** What was found beside the geometry. */
export interface Findings {
  readonly joint: JointEnergy | undefined;
  /** a fit with the energy free, where it is clearly better */
  readonly better: Pick<GeometryFit, "energyKeV" | "poni"> | undefined;
  readonly orientation: OrientationReport;
  /** two-theta of rings that are not the calibrant's, degrees */
  readonly strangeTwoThetaDeg: readonly number[];
}

const DEG = 180 / Math.PI;

export function buildResult(
  frame: Frame,
  rings: readonly CalibrantRing[],
  refined: RefinedGeometry,
  findings: Findings,
): CalibrationResult {
  const { fit } = refined;
  const { joint, orientation } = findings;
  const points = listPoints(refined);
  const ringResults = listRings(rings, refined, points);
  const n = GEOMETRY_PARAMETERS.length;
  const free = [...GEOMETRY_PARAMETERS.keys()].filter((i) => fit.covariance[i * n + i] !== 0);
  const all = correlations(fit.covariance);
  const axes = detectorAxes(fit.poni.rot1, fit.poni.rot2, fit.poni.rot3);
  const [row, col] = detectorPosition(fit.poni, axes, 0, 0);
  const isUndetermined = fit.undetermined.length > 0 || joint?.isTooCorrelated === true;
  return {
    status: isUndetermined ? "undetermined" : fit.summary.status === "converged" ? "converged" : "notConverged",
    poni: fit.poni,
    energyKeV: fit.energyKeV,
    refined: free.map((i) => GEOMETRY_PARAMETERS[i]!),
    esd: Object.fromEntries(free.map((i) => [GEOMETRY_PARAMETERS[i]!, Math.sqrt(fit.covariance[i * n + i]!)])),
    correlation: free.map((i) => free.map((j) => all[i * n + j]!)),
    beamCentrePx: { row, col },
    tiltDeg: Math.acos(Math.cos(fit.poni.rot1) * Math.cos(fit.poni.rot2)) * DEG,
    rings: ringResults,
    points,
    scatterPx: fit.scatterPx,
    orientation,
    messages: listMessages(frame, refined, ringResults, findings),
  };
}

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
  rings: readonly CalibrantRing[],
  { fit, points: found, reasons }: RefinedGeometry,
  points: readonly CalibrationPoint[],
): RingResult[] {
  return rings.map(({ dA }, ring) => {
    const twoThetaDeg = ringTwoTheta(dA, fit.energyKeV) * DEG;
    const all = points.filter((point) => point.ring === ring);
    // A ring left out shows how far off it lies by all its points.
    const used = all.filter((point) => point.used);
    const own = used.length > 0 ? used : all;
    const mean = (f: (residualDeg: number) => number): number =>
      own.length > 0 ? own.reduce((sum, point) => sum + f(point.residualDeg), 0) / own.length : Number.NaN;
    const meanDeg = mean((r) => r);
    return {
      dA,
      twoThetaDeg,
      used: used.length > 0,
      reason: used.length > 0 ? "" : reasons[ring] || "every point of it was an outlier",
      points: own.length,
      meanPpm: (1e6 * meanDeg) / twoThetaDeg,
      rmsPpm: (1e6 * Math.sqrt(mean((r) => r * r))) / twoThetaDeg,
      meanDeg,
      fwhmDeg: median(found.filter((point) => point.ring === ring).map((point) => point.fwhm)) * DEG,
    };
  });
}

function listMessages(
  frame: Frame,
  { fit }: RefinedGeometry,
  rings: readonly RingResult[],
  { joint, better, orientation, strangeTwoThetaDeg: strange }: Findings,
): string[] {
  const messages: string[] = [];
  const used = rings.filter((ring) => ring.used);
  if (joint) messages.push(jointMessage(joint));
  if (better) {
    messages.push(
      `The rings fit better at ${better.energyKeV.toFixed(2)} keV with ${(better.poni.dist * 1e3).toFixed(2)} mm: ` +
        "check the energy; where it is sure, check the calibrant and its place.",
    );
  }
  if (fit.undetermined.length > 0) {
    const names = fit.undetermined.map((i) => GEOMETRY_PARAMETERS[i]).join(", ");
    messages.push(`The rings do not determine ${names}: fix some (refineTilt, refineEnergy), or show more rings.`);
  }
  if (used.length < 3) messages.push(`Only ${used.length} rings were used: the tilt and the distance rest on little.`);
  if (strange.length > 0) {
    const where = strange.slice(0, 6).map((twoTheta) => `${twoTheta.toFixed(2)}°`);
    messages.push(
      `${strange.length} clear ${strange.length === 1 ? "ring is" : "rings are"} not the calibrant's (two-theta ` +
        `${where.join(", ")}${strange.length > where.length ? ", ..." : ""}): another phase in the beam, or another calibrant?`,
    );
  }
  const [row, col] = [fit.poni.poni1 / fit.poni.pixel1, fit.poni.poni2 / fit.poni.pixel2];
  if (row < 0 || col < 0 || row > frame.rows || col > frame.cols) {
    messages.push("The point of normal incidence lies off the detector.");
  }
  if (orientation.verdict === "flipped" || orientation.verdict === "none") messages.push(orientation.message);
  return messages;
}

function jointMessage({ energyKeV, energyEsdKeV, distanceM, correlation, isTooCorrelated }: JointEnergy): string {
  const found = `${energyKeV.toFixed(3)} +- ${energyEsdKeV.toFixed(3)} keV with ${(distanceM * 1e3).toFixed(2)} mm`;
  return isTooCorrelated
    ? `The rings do not tell the energy from the distance (refined together: ${found}, correlation ` +
        `${correlation.toFixed(5)}): the energy was held as given. Refine it with rings at higher angles, or from ` +
        "images at two distances."
    : `Energy and distance were refined together (${found}) and correlate by ${correlation.toFixed(4)}: an error of ` +
        "one is an error of the other.";
}
