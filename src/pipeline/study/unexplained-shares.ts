/** How much there is of phases that the map's model does not have: what a map would find, had they been in its model. */
import { cellVolume, density } from "../../crystal/index.ts";
import { type ParameterMap, STATUS } from "../../data/index.ts";
import { quantile } from "../../fit/index.ts";
import type { Projection, RankedCandidate } from "../../stages/unexplained/index.ts";
import type { AddedPhase } from "./added-phase.ts";
import { type Amounts, isBeside, mapAmounts, shareOfLargest, statusOfAmounts } from "./unexplained-amounts.ts";
import type { DescribedComponent } from "./unexplained-components.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";
import type { Step } from "./unexplained-steps.ts";
import { TIE } from "./unexplained-verdict.ts";

/** How much there is of a phase that the map's model does not have. */
export interface HiddenPhase {
  /** index of the component */
  readonly component: number;
  /** as in the model with it, and in its maps */
  readonly name: string;
  /** structure that is proposed: a phase of the model, of the program, or the path of a CIF */
  readonly candidate: string;
  /** of the slice's mass, with what noise alone makes of it; 0 to 1 */
  readonly bulkShare: number;
  /**
   * Standard uncertainty: noise; how far the refinement of the hot spots is from amounts to first order; and how far apart
   * the amounts are of structures that explain it as well, each with its own scattering and mass. Of the last two the
   * truth may be anywhere that near: a rectangle's half-width over sqrt(3) (GUM, JCGM 100:2008, 4.3.7).
   */
  readonly bulkShareEsd: number;
  /** noise alone */
  readonly bulkShareNoise: number;
  /** mass of the phase in its hot spots: as refined over as found to first order */
  readonly refinedRatio: number;
  /** mass of the phase as structures have it that explain it as well, least and most, over that of the candidate */
  readonly alikeRatios: readonly [least: number, most: number];
  /** mean weight fraction of the voxels that hold most of it */
  readonly largestShare: number;
  readonly maps: readonly ParameterMap[];
}

/** Of the mass of dense voxels: where there is less, weight fractions are shares of noise. */
const THIN = 0.02;

/**
 * To first order, from the residuals alone.
 *
 * @param tried of each of the components, in their order
 * @param everything what the model of the map can do to a pattern
 */
export async function hiddenShares(
  clean: CleanResiduals,
  noise: Float32Array,
  whole: WholeModel,
  components: readonly DescribedComponent[],
  tried: readonly AddedPhase[],
  everything: Projection,
  step: Step,
): Promise<HiddenPhase[]> {
  if (components.length === 0) return [];
  const { ny, nx } = clean;
  const patterns = components.map(({ best }) => best!.pattern);
  // lines may be slightly elsewhere in a voxel, as parallax moves them
  const beside = components.flatMap(({ best }) => best!.slopes);
  const [found] = await mapAmounts(clean, noise, everything, [{ patterns, beside }], step);
  const scales = found!;
  const masses = components.map(({ best }) => density(best!.structure) * cellVolume(best!.cell) ** 2);
  const known = knownMass(whole, ny * nx);
  const isFitted = (voxel: number): boolean => Number.isFinite(noise[voxel]!);
  const totalMass = known.reduce(
    (sum, mass, voxel) =>
      isFitted(voxel) ? scales.reduce((all, { values }, h) => all + values[voxel]! * masses[h]!, sum + mass) : sum,
    0,
  );
  const fitted = known.filter((_, voxel) => isFitted(voxel));
  const thin = THIN * quantile(fitted, 0.95);
  return components.map(({ index, best, spots, candidates }, h) => {
    const { values, esd } = scales[h]!;
    const mass = masses[h]!;
    const status = statusOfAmounts(scales[h]!);
    const fraction = new Float32Array(ny * nx).fill(Number.NaN);
    const fractionEsd = new Float32Array(ny * nx).fill(Number.NaN);
    for (let voxel = 0; voxel < ny * nx; voxel++) {
      const total = scales.reduce(
        (sum, one, i) => sum + Math.max(0, one.values[voxel]!) * masses[i]!,
        Math.max(0, known[voxel]!),
      );
      // shares of next to nothing say nothing
      if (!isFitted(voxel) || (total < thin && status[voxel] !== STATUS.converged)) continue;
      const share = (Math.max(0, values[voxel]!) * mass) / total;
      fraction[voxel] = share;
      fractionEsd[voxel] = ((esd[voxel]! * mass) / total) * (1 - share);
    }
    const [ofPhase, variance] = massOfPhase(scales[h]!, status, ny, nx, mass);
    const bulkShare = ofPhase / totalMass;
    const bulkShareNoise = Math.sqrt(variance) / totalMass;
    const refinedRatio = ratioInSpots(tried[h]!, spots.voxels, values, mass);
    const alikeRatios = ratiosOfAlike(best!, candidates);
    const farthest = Math.max(1 - alikeRatios[0], alikeRatios[1] - 1);
    const common = { ny, nx, unit: "", status };
    return {
      component: index,
      name: tried[h]!.name,
      candidate: best!.name,
      bulkShare,
      bulkShareEsd: Math.hypot(bulkShareNoise, (bulkShare * Math.hypot(refinedRatio - 1, farthest)) / Math.sqrt(3)),
      bulkShareNoise,
      refinedRatio,
      alikeRatios,
      largestShare: shareOfLargest(scales[h]!, status, fraction),
      maps: [
        { ...common, name: `component-${index}/weight_fraction`, values: fraction, esd: fractionEsd },
        { ...common, name: `component-${index}/scale`, values, esd },
      ],
    };
  });
}

/** [voxel] of the phases of the model. */
function knownMass({ phases, scales }: WholeModel, voxels: number): Float64Array {
  const count = phases.length;
  return Float64Array.from({ length: voxels }, (_, voxel) =>
    phases.reduce((sum, { massPerScale }, p) => sum + scales[voxel * count + p]! * massPerScale, 0),
  );
}

/** Where a phase was found and beside it, as a reconstruction blurs; elsewhere misfits of the model would add up. */
function massOfPhase(
  { values, esd }: Amounts,
  status: Uint8Array,
  ny: number,
  nx: number,
  mass: number,
): [mass: number, variance: number] {
  let [sum, variance] = [0, 0];
  for (let voxel = 0; voxel < values.length; voxel++) {
    if (!Number.isFinite(values[voxel]!) || !isBeside(status, ny, nx, voxel)) continue;
    sum += values[voxel]! * mass;
    variance += (esd[voxel]! * mass) ** 2;
  }
  return [sum, variance];
}

/** Mass that a candidate makes of the mean residual of the hot spots. */
const massOf = ({ scale, structure, cell }: RankedCandidate): number =>
  scale * density(structure) * cellVolume(cell) ** 2;

function ratiosOfAlike(best: RankedCandidate, candidates: readonly RankedCandidate[]): [least: number, most: number] {
  const ratios = candidates.filter(({ score }) => score > best.score - TIE).map((one) => massOf(one) / massOf(best));
  return [Math.min(1, ...ratios), Math.max(1, ...ratios)];
}

/** Mass of the phase in its hot spots: refined over first order. */
function ratioInSpots(
  { after, name }: AddedPhase,
  spots: readonly number[],
  scales: Float32Array,
  mass: number,
): number {
  const refined = after.phases.find((phase) => phase.name === name)!;
  const scale = after.parameters.find((one) => one.name === `${name}/scale`)!.value;
  const mean = spots.reduce((sum, voxel) => sum + scales[voxel]!, 0) / spots.length;
  return (scale * refined.density! * refined.volume ** 2) / (mean * mass);
}
