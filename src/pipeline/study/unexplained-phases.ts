/**
 * What the mean pattern of a slice hides: from the result of a Rietveld map to components of the voxels' residuals, their
 * peaks, and the structures that they may be of.
 */
import type { ParameterMap } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
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
import { type AddedPhase, tryPhase } from "./added-phase.ts";
import { hotVoxels, mapAmounts } from "./unexplained-amounts.ts";
import { clustersOf, factorPatterns, type UnexplainedCluster, unlikePatterns } from "./unexplained-clusters.ts";
import {
  type ComponentDescription,
  type DescribedComponent,
  describeComponent,
  numberComponents,
} from "./unexplained-components.ts";
import { type ResidualSurvey, surveyResiduals } from "./unexplained-maps.ts";
import { modelOf, pooledScales, type WholeModel, wholeModelOf } from "./unexplained-model.ts";
import { type CleanResiduals, cleanResiduals, spreadMisfit } from "./unexplained-rows.ts";
import { type HiddenPhase, hiddenShares } from "./unexplained-shares.ts";
import { collectSpots } from "./unexplained-spots.ts";
import { inSteps, type Step } from "./unexplained-steps.ts";
import { judgeTrial } from "./unexplained-verdict.ts";
import { automaticWindows, givenWindows, mapWindows, type WindowOfSlice } from "./unexplained-windows.ts";
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
  /** of the pattern, whose misfit is mapped */
  readonly windows: readonly WindowOfSlice[];
  /** without a stage before their names: rwp, residual, component-1/amount ... */
  readonly maps: readonly ParameterMap[];
  /** share of all squared residuals, in units of their usual spread, that components explain: by their number */
  readonly explained: readonly number[];
  readonly twoThetaDeg: Float64Array;
  readonly wavelengthA: number;
  readonly notes: readonly string[];
}
/**
 * @throws InputError "unexplained-needs-map" where the result has no Rietveld map, "run-in-progress" while another process
 * works in the same folder
 */
export async function findUnexplained(result: Result, options: UnexplainedOptions): Promise<UnexplainedPhases> {
  const model = modelOf(result);
  const { config } = options;
  const plan = mapPlanOf(result, model);
  const slice = sliceOf(result);
  const given = givenWindows(config, plan.twoThetaDeg);
  const residuals = await computeResiduals(result, plan, slice, config, options);
  let isDone = false;
  try {
    const whole = wholeModelOf(result, plan, slice);
    const pooling = planPooling(slice.ny, slice.nx, residuals.points, config.memoryMb * 1e6);
    const { misfit, factors, clusters, patterns } = await takeApart(residuals, whole, pooling, options);
    const clean = await inSteps("spread", slice.ny, options, (step) => cleanResiduals(residuals, whole, misfit, step));
    const survey = await inSteps("residual maps", slice.ny, options, (step) =>
      surveyResiduals(clean, residuals.rwp, plan.twoThetaDeg, step),
    );
    const found = await describeComponents({ result, model, whole, residuals, clean, survey, patterns }, options);
    const windows = [...given, ...automaticWindows(found.components, given, config)];
    const misfits =
      windows.length === 0
        ? { windows: [], maps: [] }
        : await inSteps("windows", slice.ny, options, (step) =>
            mapWindows(result, whole, residuals, clean, survey.noise, windows, step),
          );
    isDone = true;
    return {
      slice,
      model,
      ...found,
      clusters: clusters.map(({ pattern: _, ...cluster }) => cluster),
      maps: [...survey.maps, ...found.maps, ...misfits.maps],
      windows: misfits.windows,
      explained: factors.explained,
      twoThetaDeg: plan.twoThetaDeg,
      wavelengthA: plan.wavelengthA,
      notes: notesOf(pooling, factors, whole, config),
    };
  } finally {
    residuals.close(isDone);
  }
}

/** What all voxels miss alike, [phase, point], and the patterns that some of them hold besides, each [point]. */
async function takeApart(residuals: SliceResiduals, whole: WholeModel, pooling: Pooling, options: UnexplainedOptions) {
  const { columns, points: merged } = pooling;
  const { points } = residuals;
  const { config } = options;
  return inSteps("components", 3 + config.maxRank + config.iterations, options, async (step) => {
    const pooled = poolRows(pooling, residuals, residuals.readRow);
    await step();
    const scales = pooledScales(whole, pooled, pooling.voxels, residuals);
    const count = whole.phases.length;
    const misfit = commonMisfit(pooled.data, columns, scales, count);
    subtractMisfit(pooled.data, columns, scales, misfit, count);
    await step();
    const normalised = normaliseRows(pooled.data, columns);
    await step();
    const factors = await factorise(normalised.data, columns, config, step);
    const clusters = clustersOf(normalised.data, columns, factors);
    const patterns = [...factorPatterns(factors, columns), ...unlikePatterns(clusters)].map((pattern) =>
      Float64Array.from({ length: points }, (_, point) => {
        const column = Math.floor(point / merged);
        return pattern[column]! * normalised.ofColumn[column]!;
      }),
    );
    return { misfit: spreadMisfit(misfit, columns, merged, points), factors, clusters, patterns };
  });
}

interface Work {
  readonly result: Result;
  readonly model: LoadedModel;
  readonly whole: WholeModel;
  readonly residuals: SliceResiduals;
  readonly clean: CleanResiduals;
  readonly survey: ResidualSurvey;
  /** [component][point] intensity, of any size */
  readonly patterns: readonly Float64Array[];
}

async function describeComponents(work: Work, options: UnexplainedOptions) {
  const { result, model, whole, residuals, clean, survey } = work;
  const { noise } = survey;
  const { plan } = whole;
  const { ny, nx, sigma } = clean;
  const kernels = loadKernels();
  const values = new Map(plan.values);
  const state = { model: plan.model, wavelengthA: plan.wavelengthA, twoThetaDeg: plan.twoThetaDeg, values };
  const background = plan.refined.filter((name) => name.startsWith("background/"));
  const flat = createProjection(modelColumns(kernels, state, background).values(), sigma);
  // each by itself: together, patterns that are alike would be told apart by their extremes
  const sought = work.patterns.map((pattern) => ({ patterns: [pattern] }));
  const found = await inSteps("amounts", ny, options, (step) => mapAmounts(clean, noise, flat, sought, step));
  const amounts = found.map(([one]) => one!);
  const spots = collectSpots(result, whole, residuals, clean, hotVoxels(amounts), amounts);
  const kept = [...spots.keys()].filter((k) => spots[k]!.voxels.length > 0);
  const { components, added } = await inSteps("candidates", 2 * kept.length, options, async (step) => {
    const described: ComponentDescription[] = [];
    for (const k of kept) {
      described.push(describeComponent(kernels, whole, spots[k]!, options));
      await step();
    }
    return tryComponents(kernels, model, plan.twoThetaDeg, numberComponents(described), options.config, step);
  });
  const heads = components.filter(({ verdict }) => verdict === "phase");
  const everything = createProjection(modelColumns(kernels, state, plan.refined).values(), sigma);
  const phases =
    heads.length === 0
      ? []
      : await inSteps("shares", ny, options, (step) =>
          hiddenShares(clean, noise, whole, heads, added, everything, step),
        );
  const others = components.filter(({ verdict }) => verdict !== "phase" && verdict !== "same");
  const plain = others.map(({ index }): ParameterMap => {
    const { values: amount, esd } = amounts[kept[index - 1]!]!;
    return { name: `component-${index}/amount`, ny, nx, unit: "", values: amount, esd };
  });
  return { components, phases, added, maps: [...phases.flatMap(({ maps }) => maps), ...plain] };
}

/** A phase must make its hot spots fit better than chance would. */
async function tryComponents(
  kernels: Kernels,
  model: LoadedModel,
  twoThetaDeg: Float64Array,
  described: readonly DescribedComponent[],
  config: UnexplainedConfig,
  step: Step,
): Promise<{ readonly components: DescribedComponent[]; readonly added: AddedPhase[] }> {
  const added: AddedPhase[] = [];
  const components: DescribedComponent[] = [];
  for (const component of described) {
    await step();
    if (component.verdict !== "phase") {
      components.push(component);
      continue;
    }
    const taken = new Set(added.map(({ name }) => name));
    const trial = tryPhase(kernels, model, twoThetaDeg, component, component.best!, taken);
    const judgement = judgeTrial(component, trial, config);
    if (judgement.verdict === "phase") added.push(trial);
    components.push({ ...component, ...judgement });
  }
  return { components, added };
}

function notesOf(
  { voxels, points }: Pooling,
  { rank, explained }: Factors,
  { parallax }: WholeModel,
  config: UnexplainedConfig,
): string[] {
  const share = rank > 0 ? `, which explain ${(100 * explained.at(-1)!).toFixed(1)} % of what is left` : "";
  return [
    `${rank} components${config.rank === "auto" ? " stand out from noise" : ""}${share}`,
    ...(voxels > 1 || points > 1
      ? [`components were looked for in pools of ${voxels} x ${voxels} voxels and ${points} bins (memoryMb)`]
      : []),
    ...(parallax.some(Number.isNaN)
      ? ["the result does not know the detector's distance: what depth along the beam does to lines is not allowed for"]
      : []),
  ];
}
