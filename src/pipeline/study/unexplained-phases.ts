/**
 * What the mean pattern of a slice hides: from the result of a Rietveld map to components of the voxels' residuals, their
 * peaks, and the structures that they may be of.
 */
import type { ParameterMap } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import {
  type Candidate,
  commonMisfit,
  createProjection,
  type Factors,
  factorise,
  modelColumns,
  normaliseRows,
  type Pooling,
  planPooling,
  poolRows,
  subtractMisfit,
  type UnexplainedConfig,
} from "../../stages/unexplained/index.ts";
import { loadKernels } from "../load-kernels.ts";
import type { LoadedModel } from "../refine/load-model.ts";
import { mapPlanOf, type Slice, sliceOf } from "../refine/map-plan.ts";
import { type AddedPhase, tryPhases } from "./added-phase.ts";
import { hotVoxels, mapAmounts } from "./unexplained-amounts.ts";
import { clustersOf, factorPatterns, type UnexplainedCluster, unlikePatterns } from "./unexplained-clusters.ts";
import { type DescribedComponent, describeComponent, numberComponents } from "./unexplained-components.ts";
import { residualMaps } from "./unexplained-maps.ts";
import { modelOf, pooledScales, type WholeModel, wholeModelOf } from "./unexplained-model.ts";
import { type CleanResiduals, cleanResiduals, noiseOfVoxels, spreadMisfit } from "./unexplained-rows.ts";
import { type HiddenPhase, hiddenShares } from "./unexplained-shares.ts";
import { collectSpots } from "./unexplained-spots.ts";
import { computeResiduals, type ResidualOptions, type SliceResiduals } from "./voxel-residuals.ts";

export interface UnexplainedOptions extends ResidualOptions {
  readonly config: UnexplainedConfig;
  /** besides the phases of the model, which are always tried at other cells */
  readonly candidates: readonly Candidate[];
}

export interface UnexplainedPhases {
  readonly slice: Slice;
  readonly model: LoadedModel;
  readonly components: readonly DescribedComponent[];
  /** of the components whose verdict is phase */
  readonly phases: readonly HiddenPhase[];
  /** the same, in the same order, tried in the mean pattern of their hot spots */
  readonly added: readonly AddedPhase[];
  /** of voxels that stand out, by the form of their residuals alone: groups that no component is like are new too */
  readonly clusters: readonly UnexplainedCluster[];
  /** without a stage before their names: rwp, residual, component-1/amount ... */
  readonly maps: readonly ParameterMap[];
  /** share of all squared residuals, in units of their usual spread, that components explain: by their number */
  readonly explained: readonly number[];
  readonly twoThetaDeg: Float64Array;
  readonly notes: readonly string[];
}
/**
 * @throws InputError "unexplained-needs-map" where the result has no Rietveld map
 */
export async function findUnexplained(result: Result, options: UnexplainedOptions): Promise<UnexplainedPhases> {
  const model = modelOf(result);
  const { config } = options;
  const plan = mapPlanOf(result, model);
  const slice = sliceOf(result);
  const residuals = await computeResiduals(result, plan, slice, config, options);
  try {
    const whole = wholeModelOf(result, plan, slice);
    const pooling = planPooling(slice.ny, slice.nx, residuals.points, config.memoryMb * 1e6);
    const { misfit, factors, clusters, patterns } = takeApart(residuals, whole, pooling, config);
    const clean = cleanResiduals(residuals, whole, misfit);
    const work = { result, model, whole, residuals, clean, patterns };
    const found = describeComponents(work, options);
    return {
      slice,
      model,
      ...found,
      clusters: clusters.map(({ pattern: _, ...cluster }) => cluster),
      maps: [...residualMaps(clean, residuals.rwp, plan.twoThetaDeg), ...found.maps],
      explained: factors.explained,
      twoThetaDeg: plan.twoThetaDeg,
      notes: notesOf(pooling, factors, config),
    };
  } finally {
    residuals.close();
  }
}

/** What all voxels miss alike, [phase, point], and the patterns that some of them hold besides, each [point]. */
function takeApart(residuals: SliceResiduals, whole: WholeModel, pooling: Pooling, config: UnexplainedConfig) {
  const { columns, points: merged } = pooling;
  const { points } = residuals;
  const pooled = poolRows(pooling, residuals, residuals.readRow);
  const scales = pooledScales(whole, pooled, pooling.voxels, residuals);
  const count = whole.phases.length;
  const misfit = commonMisfit(pooled.data, columns, scales, count);
  subtractMisfit(pooled.data, columns, scales, misfit, count);
  const normalised = normaliseRows(pooled.data, columns);
  const factors = factorise(normalised.data, columns, config);
  const clusters = clustersOf(normalised.data, columns, factors);
  const patterns = [...factorPatterns(factors, columns), ...unlikePatterns(clusters)].map((pattern) =>
    Float64Array.from({ length: points }, (_, point) => {
      const column = Math.floor(point / merged);
      return pattern[column]! * normalised.ofColumn[column]!;
    }),
  );
  return { misfit: spreadMisfit(misfit, columns, merged, points), factors, clusters, patterns };
}

interface Work {
  readonly result: Result;
  readonly model: LoadedModel;
  readonly whole: WholeModel;
  readonly residuals: SliceResiduals;
  readonly clean: CleanResiduals;
  /** [component][point] intensity, of any size */
  readonly patterns: readonly Float64Array[];
}

function describeComponents(work: Work, options: UnexplainedOptions) {
  const { result, model, whole, residuals, clean } = work;
  const { plan } = whole;
  const { ny, nx, sigma } = clean;
  const kernels = loadKernels();
  const noise = noiseOfVoxels(clean);
  const values = new Map(plan.values);
  const state = { model: plan.model, wavelengthA: plan.wavelengthA, twoThetaDeg: plan.twoThetaDeg, values };
  const background = plan.refined.filter((name) => name.startsWith("background/"));
  const flat = createProjection(modelColumns(kernels, state, background).values(), sigma);
  // each by itself: together, patterns that are alike would be told apart by their extremes
  const sought = work.patterns.map((pattern) => ({ patterns: [pattern] }));
  const amounts = mapAmounts(clean, noise, flat, sought).map(([one]) => one!);
  const spots = collectSpots(result, whole, residuals, clean, hotVoxels(amounts), amounts);
  const kept = [...spots.keys()].filter((k) => spots[k]!.voxels.length > 0);
  const components = numberComponents(kept.map((k) => describeComponent(kernels, whole, spots[k]!, options)));
  const heads = components.filter(({ verdict }) => verdict === "phase");
  const added = tryPhases(kernels, model, plan.twoThetaDeg, heads);
  const everything = createProjection(modelColumns(kernels, state, plan.refined).values(), sigma);
  const phases = hiddenShares(clean, noise, whole, heads, added, everything);
  const others = components.filter(({ verdict }) => verdict !== "phase" && verdict !== "same");
  const plain = others.map(({ index }): ParameterMap => {
    const { values: amount, esd } = amounts[kept[index - 1]!]!;
    return { name: `component-${index}/amount`, ny, nx, unit: "", values: amount, esd };
  });
  return { components, phases, added, maps: [...phases.flatMap(({ maps }) => maps), ...plain] };
}

function notesOf({ voxels, points }: Pooling, { rank, explained }: Factors, config: UnexplainedConfig): string[] {
  const share = rank > 0 ? `, which explain ${(100 * explained.at(-1)!).toFixed(1)} % of what is left` : "";
  return [
    `${rank} components${config.rank === "auto" ? " stand out from noise" : ""}${share}`,
    ...(voxels > 1 || points > 1
      ? [`components were looked for in pools of ${voxels} x ${voxels} voxels and ${points} bins (memoryMb)`]
      : []),
  ];
}
