/**
 * From the untilted start to the final geometry: a few inner rings first, where a tilt moves nothing far, then ever
 * more rings outwards, extracting the points again with each better geometry.
 */

import type { Frame } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import { type Poni, ringPolylines } from "../../geometry/index.ts";
import type { CalibrantRing } from "./calibrants.ts";
import type { CalibrateConfig } from "./config.ts";
import { fitGeometry, type GeometryFit } from "./fit-geometry.ts";
import { geometryVector, ringTwoTheta, twoThetaOfPoints } from "./ring-geometry.ts";
import { pixelAngle, type RingPoint, type RingWindow, ringPoints } from "./ring-points.ts";
import type { StartGeometry } from "./start-geometry.ts";

export interface RefinedGeometry {
  readonly fit: GeometryFit;
  readonly points: readonly RingPoint[];
  /** [ring] why it is left out; empty where it is used */
  readonly reasons: readonly string[];
}

export const TOO_WEAK = "too weak to be seen";
/** Rings in the fit, pass by pass; the last is repeated until nothing moves. */
const GROWTH = [6, 12, 24, Number.POSITIVE_INFINITY];
const LAST_PASSES = 4;
/** Nothing moves: no point's two-theta by more than this many pixels. */
const STILL_PX = 0.01;
/** rad, of the tilt while the rings are still few: about what detectors are mounted to */
const TILT_PRIOR = 0.05;
const LEAST_POINTS = 3;
/** With so many rings seen well, those that are only seen in corners can be done without. */
const ENOUGH_RINGS = 10;
/** A neighbour weaker than this share of a ring does not disturb it. */
const NEGLIGIBLE = 0.03;
/** Pixels; a first guess before any ring was fitted */
const FIRST_FWHM_PX = 4;

/** @returns undefined where fewer than two rings, or fewer points than parameters, could be found */
export function refineOutwards(
  frame: Frame,
  valid: Uint8Array,
  start: StartGeometry,
  config: CalibrateConfig,
): RefinedGeometry | undefined {
  const dA = start.rings.map((ring) => ring.dA);
  let state: RefinedGeometry | undefined;
  let [poni, energyKeV] = [start.poni, config.energyKeV];
  let fwhmPx = dA.map(() => FIRST_FWHM_PX);
  const passes = [...GROWTH, ...new Array<number>(LAST_PASSES - 1).fill(Number.POSITIVE_INFINITY)];
  for (const [pass, ringLimit] of passes.entries()) {
    const isFirst = pass === 0;
    const isLast = pass >= GROWTH.length - 1;
    const limit = Math.min(ringLimit, config.maxRings);
    const { windows, reasons } = chooseWindows(start.rings, poni, energyKeV, fwhmPx, { isFirst, limit });
    const sectorDeg = isFirst ? Math.max(config.sectorDeg, 10) : config.sectorDeg;
    const points = ringPoints(frame, valid, poni, windows, sectorDeg);
    nameRareRings(points, windows, reasons, config.minCoverage, (ring) =>
      isOnDetector(frame, poni, dA[ring]!, energyKeV),
    );
    if (!isEnough(points, reasons)) return state;
    const fit = fitWithoutStrays(points, dA, poni, energyKeV, reasons, {
      tilt: config.refineTilt,
      energy: config.refineEnergy && isLast,
      ...(!isLast && { tiltPrior: TILT_PRIOR }),
    });
    const moved = largestMove(points, poni, fit.poni);
    state = { fit, points, reasons };
    [poni, energyKeV] = [fit.poni, fit.energyKeV];
    fwhmPx = ringWidths(points, dA, poni, energyKeV);
    if (isLast && moved < STILL_PX) break;
  }
  return state;
}

function isEnough(points: readonly RingPoint[], reasons: readonly string[]): boolean {
  const used = points.filter((point) => !reasons[point.ring]);
  return used.length >= 8 && new Set(used.map((point) => point.ring)).size >= 2;
}

/** Where the points are looked for: as wide as the neighbours allow, and no wider than the geometry asks for. */
function chooseWindows(
  rings: readonly CalibrantRing[],
  poni: Poni,
  energyKeV: number,
  fwhmPx: readonly number[],
  { isFirst, limit }: { isFirst: boolean; limit: number },
): { windows: RingWindow[]; reasons: string[] } {
  const angle = rings.map((ring) => ringTwoTheta(ring.dA, energyKeV));
  const pixel = angle.map((twoTheta) => pixelAngle(poni, twoTheta));
  const reasons = rings.map((ring, i): string => {
    const disturbs = (j: number): boolean =>
      rings[j] !== undefined &&
      rings[j].intensity > NEGLIGIBLE * ring.intensity &&
      Math.abs(angle[j]! - angle[i]!) < 2 * fwhmPx[i]! * pixel[i]!;
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
    const reachPx = isFirst ? Math.max(3 * fwhmPx[i]!, 0.015 * radiusPx) : 3 * fwhmPx[i]! + 2;
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

/** Rings seen in few sectors are chance, or rest on a corner; writes the reasons. */
function nameRareRings(
  points: readonly RingPoint[],
  windows: readonly RingWindow[],
  reasons: string[],
  minCoverage: number,
  isOn: (ring: number) => boolean,
): void {
  const count = new Map<number, number>();
  for (const { ring } of points) count.set(ring, (count.get(ring) ?? 0) + 1);
  const whole = minCoverage * Math.max(0, ...count.values());
  const isWellSeen = (seen: number): boolean => seen >= Math.max(LEAST_POINTS, whole);
  const isChoosy = [...count.values()].filter(isWellSeen).length >= ENOUGH_RINGS;
  for (const { ring } of windows) {
    const seen = count.get(ring) ?? 0;
    if (isChoosy ? isWellSeen(seen) : seen >= LEAST_POINTS) continue;
    if (seen > 0) reasons[ring] = "seen in a small part of its circle only";
    else reasons[ring] = isOn(ring) ? TOO_WEAK : "off the detector";
  }
}

const isOnDetector = (frame: Frame, poni: Poni, dA: number, energyKeV: number): boolean =>
  ringPolylines(poni, frame, ringTwoTheta(dA, energyKeV), 1).length > 0;

/**
 * Fit, and leave out whole rings that lie off the others: those of another phase that happens to be near. Writes the
 * reasons. A ring is a stray where its mean is further from 0 than half a pixel and 3.5 times what is usual.
 */
function fitWithoutStrays(
  points: readonly RingPoint[],
  dA: readonly number[],
  poni: Poni,
  energyKeV: number,
  reasons: string[],
  free: Parameters<typeof fitGeometry>[4],
): GeometryFit {
  for (;;) {
    const leftOut = new Set([...reasons.keys()].filter((ring) => reasons[ring]));
    const fit = fitGeometry(points, dA, poni, energyKeV, free, leftOut);
    const offPx = dA.map((d, ring) => {
      if (reasons[ring]) return Number.NaN;
      const pixel = pixelAngle(fit.poni, ringTwoTheta(d, fit.energyKeV));
      return median(fit.residual.filter((_, i) => points[i]!.ring === ring)) / pixel;
    });
    const known = offPx.filter((off) => !Number.isNaN(off));
    const usual = 1.4826 * median(known.map(Math.abs));
    const worst = offPx.reduce((at, off, ring) => (Math.abs(off) > Math.abs(offPx[at] ?? 0) ? ring : at), -1);
    if (worst < 0 || known.length < 5 || Math.abs(offPx[worst]!) < Math.max(0.5, 3.5 * usual)) return fit;
    reasons[worst] = `lies ${offPx[worst]!.toFixed(1)} pixels off the others: another phase?`;
  }
}

/** [ring] FWHM in pixels: the median of its points, or of the nearest ring that has some. */
function ringWidths(points: readonly RingPoint[], dA: readonly number[], poni: Poni, energyKeV: number): number[] {
  const own = dA.map((d, ring) => {
    const widths = points.filter((point) => point.ring === ring).map((point) => point.fwhm);
    return widths.length < LEAST_POINTS ? Number.NaN : median(widths) / pixelAngle(poni, ringTwoTheta(d, energyKeV));
  });
  return own.map((width, ring) => {
    if (!Number.isNaN(width)) return width;
    for (let step = 1; step < own.length; step++) {
      const near = [own[ring - step], own[ring + step]].find((w) => w !== undefined && !Number.isNaN(w));
      if (near !== undefined) return near;
    }
    return FIRST_FWHM_PX;
  });
}

/** The most that any point's two-theta changes between two geometries, in pixels. */
function largestMove(points: readonly RingPoint[], before: Poni, after: Poni): number {
  const y = points.map((point) => point.row * before.pixel1);
  const x = points.map((point) => point.col * before.pixel2);
  const [old, now] = [new Float64Array(points.length), new Float64Array(points.length)];
  twoThetaOfPoints(geometryVector(before, 1), y, x, old, null);
  twoThetaOfPoints(geometryVector(after, 1), y, x, now, null);
  return old.reduce((most, value, i) => Math.max(most, Math.abs(value - now[i]!) / pixelAngle(after, value)), 0);
}
