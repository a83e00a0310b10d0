/**
 * Peaks of one phase deposited at their exact parallax-shifted positions:
 *
 *   ln tan(2theta') = ln tan(2theta) + ln(1 - t/L),   intensity times (1 - t/L)^-2
 *
 * Where the cell is the same everywhere the shift is the same for all peaks, so the parcels of a ray are first
 * collected by shift and each peak is deposited once for each shift; a field of cells is deposited parcel by parcel.
 */
import { addPeak, type LineShape } from "./line-shape.ts";
import type { PhantomPhase } from "./phantom.ts";
import { type Parcels, visitRays } from "./rays.ts";
import type { ScanGeometry } from "./scan.ts";
import { logTanOf, type PeakGroup, relativeDensity, type ScatteringPhase } from "./scattering.ts";

export interface Depositor {
  /** Adds the phase's peaks of a line to grid [translation, grid point]. */
  readonly deposit: (grid: Float32Array, scan: ScanGeometry, line: number, shiftSteps: number) => void;
}

export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

export interface Depth {
  /** infinite where parallax is switched off */
  readonly distanceMm: number;
  /** greatest distance of a parcel from the rotation axis, mm */
  readonly reachMm: number;
}

/** How far ln(1 - t/L) goes either way. */
const shiftLimit = ({ distanceMm, reachMm }: Depth): number => -Math.log(1 - reachMm / distanceMm);

/** [voxel used, peak] or [1, peak] ln tan(2theta) */
export interface PeakPositions {
  readonly values: Float64Array;
  /** [voxel] row of values; absent where one row serves all */
  readonly row?: Int32Array;
  /** [row] (V0/V)^2: a larger cell holds less, and scatters less per volume */
  readonly strength?: Float64Array;
}

/** Where the peaks of a phase lie before parallax: for the reference cell, or voxel by voxel where the cell varies. */
export function peakPositions(
  group: PeakGroup,
  phase: ScatteringPhase,
  phantom: PhantomPhase,
  parcels: Parcels,
  wavelengthA: number,
): PeakPositions {
  const { planar, axial } = group;
  const peaks = planar.length;
  const { a, c } = phantom;
  if (!phase.cell || (!a && !c)) {
    return { values: Float64Array.from(planar, (p, i) => logTanOf(p + axial[i]!, wavelengthA)) };
  }
  const voxels = a?.length ?? c!.length;
  const row = new Int32Array(voxels).fill(-1);
  let rows = 0;
  for (const voxel of parcels.voxel) if (row[voxel]! < 0) row[voxel] = rows++;
  const values = new Float64Array(rows * peaks);
  const strength = new Float64Array(rows);
  for (let voxel = 0; voxel < voxels; voxel++) {
    if (row[voxel]! < 0) continue;
    const inPlane = a ? (phase.cell.a / a[voxel]!) ** 2 : 1;
    const alongC = c ? (phase.cell.c / c[voxel]!) ** 2 : 1;
    strength[row[voxel]!] = relativeDensity(phase.cell, a?.[voxel], c?.[voxel]) ** 2;
    for (let i = 0; i < peaks; i++) {
      values[row[voxel]! * peaks + i] = logTanOf(planar[i]! * inPlane + axial[i]! * alongC, wavelengthA);
    }
  }
  return { values, row, strength };
}

/** Lowest and highest position that a line can deposit at. */
export function positionRange({ values }: PeakPositions, depth: Depth): PositionRange {
  const limit = shiftLimit(depth);
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  // the far side of the sample moves outwards by less than the near side moves inwards
  return values.length > 0 ? { from: from - limit, to: to + limit } : { from: 0, to: 0 };
}

export function createDepositor(
  shape: LineShape,
  positions: PeakPositions,
  areas: Float64Array,
  parcels: Parcels,
  depth: Depth,
): Depositor {
  const { x0, dx, count } = shape;
  const points = Float64Array.from(positions.values, (value) => (value - x0) / dx);
  const { row, strength } = positions;
  return row && strength
    ? { deposit: depositField(points, { row, strength }, areas, parcels, depth, dx, count) }
    : { deposit: depositUniform(points, areas, parcels, depth, dx, count) };
}

function depositUniform(
  points: Float64Array,
  areas: Float64Array,
  parcels: Parcels,
  depth: Depth,
  dx: number,
  count: number,
): Depositor["deposit"] {
  const reach = Math.ceil(shiftLimit(depth) / dx) + 2;
  const width = 2 * reach + 2;
  let shifts = new Float32Array(0);
  return (grid, scan, line, shiftSteps) => {
    if (shifts.length !== scan.translations * width) shifts = new Float32Array(scan.translations * width);
    shifts.fill(0);
    visitRays(parcels, scan, line, shiftSteps, (translation, weight, t) => {
      const near = 1 - t / depth.distanceMm;
      addPeak(shifts, translation * width, Math.log(near) / dx + reach, weight / (near * near));
    });
    for (let j = 0; j < scan.translations; j++) {
      for (let k = 0; k < width; k++) {
        const weight = shifts[j * width + k]!;
        if (weight === 0) continue;
        for (let i = 0; i < points.length; i++) {
          addPeak(grid, j * count, points[i]! + k - reach, weight * areas[i]!);
        }
      }
    }
  };
}

function depositField(
  points: Float64Array,
  { row, strength }: { readonly row: Int32Array; readonly strength: Float64Array },
  areas: Float64Array,
  parcels: Parcels,
  depth: Depth,
  dx: number,
  count: number,
): Depositor["deposit"] {
  const peaks = areas.length;
  return (grid, scan, line, shiftSteps) => {
    visitRays(parcels, scan, line, shiftSteps, (translation, weight, t, voxel) => {
      const near = 1 - t / depth.distanceMm;
      const shift = Math.log(near) / dx;
      const scaled = (weight * strength[row[voxel]!]!) / (near * near);
      const start = row[voxel]! * peaks;
      for (let i = 0; i < peaks; i++) {
        addPeak(grid, translation * count, points[start + i]! + shift, scaled * areas[i]!);
      }
    });
  };
}
