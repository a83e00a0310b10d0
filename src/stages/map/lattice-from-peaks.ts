/**
 * Lattice parameters from fitted spacings: weighted least squares in the reciprocal metric, where 1/d^2 is linear.
 *
 *   cubic         1/d^2 = (h^2 + k^2 + l^2) / a^2
 *   tetragonal    1/d^2 = (h^2 + k^2) / a^2 + l^2 / c^2
 *   hexagonal     1/d^2 = 4/3 (h^2 + h k + k^2) / a^2 + l^2 / c^2     (trigonal in hexagonal axes too)
 *   orthorhombic  1/d^2 = h^2 / a^2 + k^2 / b^2 + l^2 / c^2
 */
import { InputError, STATUS } from "../../data/index.ts";
import { linearFit } from "../../fit/index.ts";
import { LatticeConfig, type LatticeConfigInput } from "./config.ts";
import type { BlockValues, PeakBlockResult } from "./fit-peaks.ts";
import type { PeakPlan } from "./peak-plan.ts";

export type CrystalSystem = LatticeConfig["system"];
type Hkl = readonly [number, number, number];
type Edge = "a" | "b" | "c";

export const EDGES: Record<CrystalSystem, readonly Edge[]> = {
  cubic: ["a"],
  tetragonal: ["a", "c"],
  hexagonal: ["a", "c"],
  orthorhombic: ["a", "b", "c"],
};

const COEFFICIENTS: Record<CrystalSystem, (hkl: Hkl) => number[]> = {
  cubic: ([h, k, l]) => [h * h + k * k + l * l],
  tetragonal: ([h, k, l]) => [h * h + k * k, l * l],
  hexagonal: ([h, k, l]) => [(4 / 3) * (h * h + h * k + k * k), l * l],
  orthorhombic: ([h, k, l]) => [h * h, k * k, l * l],
};

/** Spacings of one reflection over the voxels. */
export interface SpacingMap {
  readonly hkl: Hkl;
  /** [voxel] angstrom; NaN where the peak was not found */
  readonly dA: ArrayLike<number>;
  /** [voxel] angstrom; a spacing without one does not count */
  readonly esd: ArrayLike<number>;
}

export interface LatticeResult {
  /** a, and b and c where the system has them, angstrom */
  readonly edges: Readonly<Partial<Record<Edge, Required<BlockValues>>>>;
  /** [voxel] sqrt of chi^2 per degree of freedom; NaN with no reflection to spare */
  readonly gof: Float64Array;
  /** [voxel] of STATUS: noSignal without any reflection, undetermined with too few */
  readonly status: Uint8Array;
}

/**
 * Lattice parameters, angstrom, of every voxel from the spacings of several peaks.
 *
 * @param spacings the peaks of one phase, at least one that depends on each edge
 * @param esdScale gof: esds times the goodness of fit where it is over 1 (the reflections disagree by more than theirs)
 * @throws InputError "map-lattice-hkl" where the reflections cannot determine the edges even if all are found
 */
export function latticeFromPeaks(
  system: CrystalSystem,
  spacings: readonly SpacingMap[],
  esdScale: LatticeConfig["esdScale"] = "gof",
): LatticeResult {
  const names = EDGES[system];
  const rows = spacings.map(({ hkl }) => COEFFICIENTS[system](hkl));
  checkReflections(
    system,
    spacings.map(({ hkl }) => hkl),
  );
  const voxels = spacings[0]!.dA.length;
  const blank = (): Float64Array => new Float64Array(voxels).fill(Number.NaN);
  const edges: Partial<Record<Edge, Required<BlockValues>>> = {};
  for (const name of names) edges[name] = { values: blank(), esd: blank() };
  const gof = blank();
  const status = new Uint8Array(voxels);
  for (let v = 0; v < voxels; v++) {
    const used = spacings.flatMap(({ dA, esd }, i) => (dA[v]! > 0 && esd[v]! > 0 ? [i] : []));
    const observed = Float64Array.from(used, (i) => spacings[i]!.dA[v]! ** -2);
    const weight = Float64Array.from(used, (i) => (spacings[i]!.dA[v]! ** 3 / (2 * spacings[i]!.esd[v]!)) ** 2);
    const usedRows = used.map((i) => rows[i]!);
    const solution = linearFit(usedRows, observed, weight);
    if (solution === undefined || solution.values.some((value) => !(value > 0))) {
      status[v] = used.length === 0 ? STATUS.noSignal : STATUS.undetermined;
      continue;
    }
    const spare = used.length - names.length;
    if (spare > 0) gof[v] = Math.sqrt(chiSquared(usedRows, observed, weight, solution.values) / spare);
    const scale = esdScale === "gof" && gof[v]! > 1 ? gof[v]! : 1;
    names.forEach((name, k) => {
      const edge = solution.values[k]! ** -0.5;
      edges[name]!.values[v] = edge;
      edges[name]!.esd[v] = scale * (edge ** 3 / 2) * Math.sqrt(solution.variances[k]!);
    });
  }
  return { edges, gof, status };
}

/** @throws InputError "map-lattice-hkl" where the reflections cannot determine the edges even if all are found */
export function checkReflections(system: CrystalSystem, hkls: readonly Hkl[], phase = "the phase"): void {
  const ones = new Float64Array(hkls.length).fill(1);
  if (linearFit(hkls.map(COEFFICIENTS[system]), ones, ones) !== undefined) return;
  throw new InputError(
    "map-lattice-hkl",
    `The reflections ${hkls.map((hkl) => hkl.join(" ")).join(", ") || "(none)"} do not determine ` +
      `${EDGES[system].join(", ")} of a ${system} cell: give ${phase} more peaks with hkl (phase: in the region, ` +
      "hkl: in the peak) whose positions are fitted.",
  );
}

/** Lattice parameters of a phase of the plan, from its peaks that have hkl. */
export function latticeOfPhase(plan: PeakPlan, result: PeakBlockResult, lattice: LatticeConfigInput): LatticeResult {
  const { phase, system, esdScale } = LatticeConfig.parse(lattice);
  const peaks = plan.regions.flatMap((region) => region.peaks).filter((peak) => peak.phase === phase && peak.hkl);
  const spacings = peaks.flatMap(({ name, hkl }): SpacingMap[] => {
    const d = result.parameters[`${name}/d`];
    return d && hkl ? [{ hkl, dA: d.values, esd: d.esd! }] : [];
  });
  return latticeFromPeaks(system, spacings, esdScale);
}

function chiSquared(rows: readonly number[][], observed: Float64Array, weight: Float64Array, values: number[]): number {
  return rows.reduce((total, row, i) => {
    const calculated = row.reduce((sum, coefficient, k) => sum + coefficient * values[k]!, 0);
    return total + weight[i]! * (observed[i]! - calculated) ** 2;
  }, 0);
}

/** Ratio of two areas with its esd; the covariance of peaks of one region is neglected. */
export function areaRatio(top: Required<BlockValues>, bottom: Required<BlockValues>): Required<BlockValues> {
  const values = top.values.map((value, v) => value / bottom.values[v]!);
  const esd = values.map((ratio, v) =>
    Math.hypot(top.esd[v]! / bottom.values[v]!, (ratio * bottom.esd[v]!) / bottom.values[v]!),
  );
  return { values, esd };
}
