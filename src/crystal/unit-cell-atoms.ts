/** Every atom of the unit cell: the sites of the asymmetric unit under all operations. */
import { type ScatteringFactor, scatteringFactor } from "./scattering-factor.ts";
import type { Site, Structure } from "./structure.ts";
import { applyOperation, parseOperation, type SymmetryOperation } from "./symmetry.ts";

export interface SiteAtoms {
  readonly site: Site;
  readonly factor: ScatteringFactor;
  /** [3 x multiplicity] x y z of each equivalent position, 0 to 1 */
  readonly positions: Float64Array;
}

/** CIFs write 0.3333 for a third: images closer than this, in fractions of the cell, are one atom. */
const SAME_POSITION = 1e-3;

/** @throws InputError "bad-symmetry-operation" | "unknown-scatterer" */
export function unitCellAtoms(structure: Structure): SiteAtoms[] {
  const operations = structure.operations.map(parseOperation);
  return structure.sites.map((site) => ({
    site,
    factor: scatteringFactor(site.scatterer),
    positions: equivalentPositions([site.x, site.y, site.z], operations),
  }));
}

/** [3 x multiplicity]; a position close to a special one is moved onto it first. */
export function equivalentPositions(x: readonly number[], operations: readonly SymmetryOperation[]): Float64Array {
  const special = snapToSpecialPosition(x, operations);
  const found: number[][] = [];
  for (const operation of operations) {
    const image = applyOperation(operation, special).map((v) => v - Math.floor(v));
    if (!found.some((other) => isSamePosition(other, image))) found.push(image);
  }
  return Float64Array.from(found.flat());
}

/** The mean of all images that coincide with the position is exactly invariant under those operations. */
function snapToSpecialPosition(x: readonly number[], operations: readonly SymmetryOperation[]): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (const operation of operations) {
    const image = applyOperation(operation, x);
    if (!isSamePosition(image, x)) continue;
    for (let i = 0; i < 3; i++) sum[i]! += image[i]! - Math.round(image[i]! - x[i]!);
    count++;
  }
  return sum.map((value, i) => (count > 0 ? value / count : x[i]!));
}

function isSamePosition(p: readonly number[], q: readonly number[]): boolean {
  for (let i = 0; i < 3; i++) {
    const difference = p[i]! - q[i]!;
    if (Math.abs(difference - Math.round(difference)) > SAME_POSITION) return false;
  }
  return true;
}
