/**
 * What each ray of a line meets. A parcel at (x, y) is hit at s = x cos(omega) + y sin(omega) and scatters from depth
 * t = -x sin(omega) + y cos(omega). A beam as wide as a step that moves on by a step while it counts sees a parcel
 * with a triangular weight of base two steps: linear interpolation to the two nearest translations.
 */
import type { ScanGeometry } from "./scan.ts";

/** Parcels that hold something of one phase. */
export interface Parcels {
  /** [parcel] mm */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** [parcel] volume fraction times the parcel's share of a voxel */
  readonly weight: Float64Array;
  /** [parcel] index of the voxel it lies in */
  readonly voxel: Int32Array;
}

/** @param fraction [y, x] of parcels */
export function collectParcels(fraction: Float32Array, size: number, subVoxels: number, voxelMm: number): Parcels {
  const edge = size * subVoxels;
  const count = fraction.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0);
  const parcels = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    weight: new Float64Array(count),
    voxel: new Int32Array(count),
  };
  const h = voxelMm / subVoxels;
  const half = (size * voxelMm) / 2;
  let at = 0;
  for (let row = 0; row < edge; row++) {
    for (let col = 0; col < edge; col++) {
      const value = fraction[row * edge + col]!;
      if (value === 0) continue;
      parcels.x[at] = (col + 0.5) * h - half;
      parcels.y[at] = (row + 0.5) * h - half;
      parcels.weight[at] = value / subVoxels ** 2;
      parcels.voxel[at++] = Math.floor(row / subVoxels) * size + Math.floor(col / subVoxels);
    }
  }
  return parcels;
}

/** Called for each parcel and translation that meet: the weight includes the overlap; depth in mm. */
export type RayVisitor = (translation: number, weight: number, depthMm: number, voxel: number) => void;

/** @param shiftSteps translation offset of this line */
export function visitRays(
  parcels: Parcels,
  scan: ScanGeometry,
  line: number,
  shiftSteps: number,
  visit: RayVisitor,
): void {
  if (scan.point) {
    visitTurn(parcels, scan, line, visit);
    return;
  }
  const { omegaDeg, rotationAxis, stepMm, translations } = scan;
  const omega = (omegaDeg[line]! * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(omega), Math.sin(omega)];
  const { x, y, weight, voxel } = parcels;
  for (let i = 0; i < x.length; i++) {
    const at = rotationAxis - shiftSteps + (x[i]! * cosine + y[i]! * sine) / stepMm;
    const depth = y[i]! * cosine - x[i]! * sine;
    const j = Math.floor(at);
    const share = at - j;
    if (j >= 0 && j < translations && share < 1) visit(j, (1 - share) * weight[i]!, depth, voxel[i]!);
    if (j + 1 >= 0 && j + 1 < translations && share > 0) visit(j + 1, share * weight[i]!, depth, voxel[i]!);
  }
}

/** As visitRays, of a sample that turns: each point has an angle and a position of its own. */
function visitTurn(
  { x, y, weight, voxel }: Parcels,
  { point, rotationAxis, stepMm, translations }: ScanGeometry,
  line: number,
  visit: RayVisitor,
): void {
  for (let j = 0; j < translations; j++) {
    const { omegaDeg, position } = point!(line, j);
    const omega = (omegaDeg * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(omega), Math.sin(omega)];
    for (let i = 0; i < x.length; i++) {
      const share = 1 - Math.abs(rotationAxis + (x[i]! * cosine + y[i]! * sine) / stepMm - position);
      if (share > 0) visit(j, share * weight[i]!, y[i]! * cosine - x[i]! * sine, voxel[i]!);
    }
  }
}
