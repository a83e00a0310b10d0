/** Every atom of the unit cell: the sites of the asymmetric unit under all operations. */
import { type ScatteringFactor, scatteringFactor } from "./scattering-factor.ts";
import { projectPosition, siteSymmetry } from "./site-symmetry.ts";
import type { Site, Structure } from "./structure.ts";
import { applyOperation, parseOperation, type SymmetryOperation } from "./symmetry.ts";

export interface SiteAtoms {
  readonly site: Site;
  readonly factor: ScatteringFactor;
  /** [3 x multiplicity] x y z of each equivalent position, 0 to 1 */
  readonly positions: Float64Array;
}

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
  const symmetry = siteSymmetry(x, operations);
  const special = projectPosition(symmetry, x);
  return Float64Array.from(
    symmetry.cosets.flatMap((operation) => applyOperation(operation, special).map((v) => v - Math.floor(v))),
  );
}
