/**
 * Maps of lithium in graphite, from the shares of its stages.
 *
 *   x in Li_x C6 = 6 sum_p n_Li,p / sum_p n_C,p
 *
 * Where stages lie side by side their shares tell x better than spacings do.
 */
import type { ParameterMap } from "../../data/index.ts";
import { type PhaseAmount, whereEnough } from "./amounts.ts";
import { type GraphiteStage, lithiumOfSpacing, stageOf } from "./graphite-stages.ts";

/** A phase of the anode: carbon a voxel and its lithium. */
export interface StagedPhase {
  readonly name: string;
  readonly stage: GraphiteStage;
  /** x in Li_x C6 as its structure says */
  readonly x: number;
  /** [y, x] carbon, as `PhaseAmount.cells` times atoms a cell */
  readonly carbon: Float64Array;
  readonly esd: Float64Array;
}

export interface GraphiteLithium {
  readonly phases: readonly StagedPhase[];
  /** Li_x C6; esd: of the phases' scales. Not held between 0 and 1: noise goes both ways */
  readonly x: ParameterMap;
  /** 95 %, with what the compositions of the stages leave open */
  readonly low: ParameterMap;
  readonly high: ParameterMap;
  /** x by the mean distance of layers: a cross-check */
  readonly bySpacing: ParameterMap;
  /** [y, x] carbon of all stages, and its esd */
  readonly carbon: Float64Array;
  readonly carbonEsd: Float64Array;
}

/** @returns undefined where it holds no carbon */
export function stagedPhase({ name, content, cells, esd }: PhaseAmount): StagedPhase | undefined {
  const atoms = content.get("C") ?? 0;
  if (!(atoms > 0)) return undefined;
  const x = (6 * (content.get("Li") ?? 0)) / atoms;
  return { name, stage: stageOf(x), x, carbon: cells.map((n) => n * atoms), esd: esd.map((sigma) => sigma * atoms) };
}

/**
 * What errors of the amounts of stages against each other do to the mean x: lines of one may be too broad in the model, or
 * lie on a background that is not right.
 *
 * @param shares of the carbon, by stage
 * @param ratioEsd relative, of the amounts of two stages against each other
 */
export function stageAmountsEsd(
  phases: readonly Pick<StagedPhase, "x">[],
  shares: readonly number[],
  ratioEsd: number,
): number {
  const mean = phases.reduce((sum, { x }, p) => sum + shares[p]! * x, 0);
  // each by itself, so that a ratio of two is off by ratioEsd
  return (ratioEsd / Math.SQRT2) * Math.hypot(...phases.map(({ x }, p) => shares[p]! * (x - mean)));
}

/** Carbon layers a unit cell: along c. */
export const layersAlongC = (c: number): number => Math.max(1, Math.round(c / 3.5));

export interface GraphiteInput {
  readonly ny: number;
  readonly nx: number;
  readonly phases: readonly StagedPhase[];
  /** c of each phase, where it was fitted */
  readonly spacings: ReadonlyMap<string, ParameterMap>;
  /** see whereEnough */
  readonly leastShare: number;
}

export function graphiteLithium({ ny, nx, phases, spacings, leastShare }: GraphiteInput): GraphiteLithium {
  const size = ny * nx;
  const carbon = new Float64Array(size);
  const carbonEsd = new Float64Array(size);
  for (let v = 0; v < size; v++) {
    carbon[v] = phases.reduce((sum, phase) => sum + finite(phase.carbon[v]!), 0);
    carbonEsd[v] = Math.hypot(...phases.map((phase) => finite(phase.esd[v]!)));
  }
  const enough = whereEnough(carbon, carbonEsd, leastShare);
  const empty = (): Float32Array => new Float32Array(size).fill(Number.NaN);
  const [x, esd, low, high, bySpacing] = [empty(), empty(), empty(), empty(), empty()];
  for (let v = 0; v < size; v++) {
    if (!enough[v]) continue;
    const share = (phase: StagedPhase): number => finite(phase.carbon[v]!) / carbon[v]!;
    const mean = phases.reduce((sum, phase) => sum + share(phase) * phase.x, 0);
    x[v] = mean;
    esd[v] = Math.hypot(...phases.map((phase) => ((phase.x - mean) * finite(phase.esd[v]!)) / carbon[v]!));
    // what is not there has no composition to be wrong about
    const held = phases.map((phase) => Math.max(0, share(phase)));
    low[v] = mean - Math.hypot(1.96 * esd[v]!, openRange(phases, held, "low"));
    high[v] = mean + Math.hypot(1.96 * esd[v]!, openRange(phases, held, "high"));
    bySpacing[v] = lithiumOfSpacing(meanSpacing(phases, held, spacings, v));
  }
  const map = (suffix: string, values: Float32Array): ParameterMap => ({
    name: `anode/${suffix}`,
    ny,
    nx,
    unit: "",
    values,
  });
  return {
    phases,
    x: { ...map("x", x), esd },
    low: map("x_low", low),
    high: map("x_high", high),
    bySpacing: map("x_spacing", bySpacing),
    carbon,
    carbonEsd,
  };
}

/** How far x moves where every stage has the lowest, or the highest, lithium that it is found with. */
export const openRange = (phases: readonly StagedPhase[], shares: readonly number[], end: "low" | "high"): number =>
  Math.abs(phases.reduce((sum, { stage, x }, p) => sum + shares[p]! * (clampEnd(stage, x, end) - x), 0));

/** A structure may say a little more or less lithium than the range: then that is the end. */
const clampEnd = (stage: GraphiteStage, x: number, end: "low" | "high"): number =>
  end === "low" ? Math.min(stage.low, x) : Math.max(stage.high, x);

function meanSpacing(
  phases: readonly StagedPhase[],
  shares: readonly number[],
  spacings: ReadonlyMap<string, ParameterMap>,
  v: number,
): number {
  let [sum, weight] = [0, 0];
  for (const [p, { name, stage }] of phases.entries()) {
    const c = spacings.get(name)?.values[v] ?? Number.NaN;
    const spacing = Number.isFinite(c) ? c / layersAlongC(c) : stage.spacing;
    sum += shares[p]! * spacing;
    weight += shares[p]!;
  }
  return sum / weight;
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

/**
 * x of a mixture of stages from their weights, in any unit; the formula of the maps, for tables.
 *
 * @param phases grams and grams a mole of formula, with the atoms in the formula
 */
export function lithiumOfWeights(
  phases: readonly { readonly weight: number; readonly molarMass: number; readonly li: number; readonly c: number }[],
): number {
  const moles = (of: "li" | "c"): number => phases.reduce((sum, p) => sum + (p.weight / p.molarMass) * p[of], 0);
  return (6 * moles("li")) / moles("c");
}
