/**
 * From the untilted start to the final geometry: a few inner rings first, where a tilt moves nothing far, then ever
 * more rings outwards, extracting the points again with each better geometry.
 */
import type { Frame } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import type { CalibrantRing } from "./calibrants.ts";
import type { CalibrateConfig } from "./config.ts";
import { median } from "./contrast-image.ts";
import { fitGeometry, type GeometryFit } from "./fit-geometry.ts";
import { ringTwoTheta } from "./ring-geometry.ts";
import { pixelAngle, type RingPoint, type RingWindow, ringPoints } from "./ring-points.ts";
import type { StartGeometry } from "./start-geometry.ts";

export interface RefinedGeometry {
  readonly fit: GeometryFit;
  readonly points: readonly RingPoint[];
  /** [ring] why it is left out; empty where it is used */
  readonly reasons: readonly string[];
}

/** Rings in the fit, pass by pass; the last is repeated until nothing moves. */
const GROWTH = [6, 12, 24, Number.POSITIVE_INFINITY];
const LAST_PASSES = 4;
/** Nothing moves: less than this many pixels. */
const STILL_PX = 0.01;
/** rad, of the tilt while the rings are still few: about what detectors are mounted to */
const TILT_PRIOR = 0.05;
const LEAST_POINTS = 3;
/** A neighbour weaker than this share of a ring does not disturb it. */
const NEGLIGIBLE = 0.03;

/** @returns undefined where fewer than two rings, or fewer points than parameters, could be found */
export function refineOutwards(
  frame: Frame,
  valid: Uint8Array,
  start: StartGeometry,
  config: CalibrateConfig,
): RefinedGeometry | undefined {
  const dA = start.rings.map((ring) => ring.dA);
  let state: RefinedGeometry | undefined;
  let [poni, energyKeV, fwhmPx] = [start.poni, config.energyKeV, 4];
  const passes = [...GROWTH, ...new Array<number>(LAST_PASSES - 1).fill(Number.POSITIVE_INFINITY)];
  for (const [pass, ringLimit] of passes.entries()) {
    const isFirst = pass === 0;
    const isLast = pass >= GROWTH.length - 1;
    const { windows, reasons } = chooseWindows(start.rings, poni, energyKeV, fwhmPx, {
      isFirst,
      limit: Math.min(ringLimit, config.maxRings),
    });
    const found = ringPoints(frame, valid, poni, windows, isFirst ? Math.max(config.sectorDeg, 10) : config.sectorDeg);
    const points = dropPoorRings(found, windows, reasons);
    if (points.length < 8 || new Set(points.map((point) => point.ring)).size < 2) return state;
    const fit = fitGeometry(points, dA, poni, energyKeV, {
      tilt: config.refineTilt,
      energy: config.refineEnergy && isLast,
      ...(!isLast && { tiltPrior: TILT_PRIOR }),
    });
    const moved = largestMove(points, poni, fit.poni);
    state = { fit, points, reasons };
    [poni, energyKeV] = [fit.poni, fit.energyKeV];
    fwhmPx = median(points.map((point) => point.fwhm / pixelAngle(poni, ringTwoTheta(dA[point.ring]!, energyKeV))));
    if (isLast && moved < STILL_PX) break;
  }
  return state;
}

/** Where the points are looked for: as wide as the neighbours allow, and no wider than the geometry asks for. */
function chooseWindows(
  rings: readonly CalibrantRing[],
  poni: Poni,
  energyKeV: number,
  fwhmPx: number,
  { isFirst, limit }: { isFirst: boolean; limit: number },
): { windows: RingWindow[]; reasons: string[] } {
  const angle = rings.map((ring) => ringTwoTheta(ring.dA, energyKeV));
  const pixel = angle.map((twoTheta) => pixelAngle(poni, twoTheta));
  const reasons = rings.map((ring, i): string => {
    const disturbs = (j: number): boolean =>
      rings[j] !== undefined &&
      rings[j].intensity > NEGLIGIBLE * ring.intensity &&
      Math.abs(angle[j]! - angle[i]!) < 2.5 * fwhmPx * pixel[i]!;
    return disturbs(i - 1) || disturbs(i + 1) ? "overlaps the next ring" : "";
  });
  const windows: RingWindow[] = [];
  for (let i = 0; i < rings.length; i++) {
    if (reasons[i] || windows.length >= limit) {
      reasons[i] ||= "further out than the rings asked for";
      continue;
    }
    const gap = Math.min(gapTo(i - 1), gapTo(i + 1));
    const radiusPx = (poni.dist * Math.tan(angle[i]!)) / Math.min(poni.pixel1, poni.pixel2);
    const reachPx = isFirst ? Math.max(3 * fwhmPx, 0.015 * radiusPx) : 3 * fwhmPx + 2;
    windows.push({ ring: i, twoTheta: angle[i]!, halfWidth: Math.min(0.45 * gap, reachPx * pixel[i]!) });

    function gapTo(j: number): number {
      const other = rings[j];
      if (!other) return Infinity;
      // A negligible neighbour inside the peak was left out above; it takes no room either.
      if (reasons[j] && other.intensity <= NEGLIGIBLE * rings[i]!.intensity) return Infinity;
      return Math.abs(angle[j]! - angle[i]!);
    }
  }
  return { windows, reasons };
}

/** Points of rings that are seen in few sectors are chance; writes the reasons. */
function dropPoorRings(points: RingPoint[], windows: readonly RingWindow[], reasons: string[]): RingPoint[] {
  const count = new Map<number, number>();
  for (const { ring } of points) count.set(ring, (count.get(ring) ?? 0) + 1);
  for (const { ring } of windows) {
    const n = count.get(ring) ?? 0;
    if (n < LEAST_POINTS)
      reasons[ring] = n === 0 ? "not on the detector, or too weak to be seen" : "seen in too few places";
  }
  return points.filter((point) => !reasons[point.ring]);
}

/** How far the points' two-theta moves between two geometries, in pixels: bounded by how the parameters moved. */
function largestMove(points: readonly RingPoint[], before: Poni, after: Poni): number {
  const pixel = Math.min(before.pixel1, before.pixel2);
  const radius = Math.max(
    ...points.map((p) => Math.hypot(p.row * before.pixel1 - before.poni1, p.col * before.pixel2 - before.poni2)),
  );
  const tilt = Math.hypot(after.rot1 - before.rot1, after.rot2 - before.rot2);
  // A tilt that the PONI follows only moves points by its second-order effect, r^2 / L per radian.
  const turned = (tilt * radius * radius) / before.dist;
  const shiftByTilt = [before.dist * (after.rot2 - before.rot2), before.dist * (after.rot1 - before.rot1)] as const;
  const shift = Math.hypot(after.poni1 - before.poni1 - shiftByTilt[0], after.poni2 - before.poni2 + shiftByTilt[1]);
  return (turned + shift + (Math.abs(after.dist - before.dist) * radius) / before.dist) / pixel;
}
