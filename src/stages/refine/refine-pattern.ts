/** Refines one pattern: the stages in their order, then what came out with its uncertainties. */
import { InputError, type Pattern } from "../../data/index.ts";
import { berarLelannFactor, type Covariance, scaleCovariance, strongCorrelations } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import {
  applySettings,
  createPatternFit,
  createWeightFractions,
  fitStatistics,
  loadData,
  type ModelConfig,
  type ModelFiles,
  type PatternData,
  type PatternFit,
  resolveModel,
  selectData,
} from "../../refinement/index.ts";
import { describeResult } from "./describe-result.ts";
import { estimateWidth } from "./estimate-width.ts";
import type { RefinementResult, StageReport } from "./result.ts";
import { stagesOf } from "./schedule.ts";

export interface RefineOptions {
  readonly isCancelled?: () => boolean;
  readonly onStage?: (stage: StageReport) => void;
  /** values to start from, by name: those of a neighbour in a series */
  readonly start?: ReadonlyMap<string, number>;
}

/** Correlations above this are named in the result. */
const STRONG = 0.95;
const MOST_WEIGHT_CYCLES = 4;
const MOST_LE_BAIL_CYCLES = 30;

/**
 * @param name of the pattern, for messages
 * @throws InputError for models and patterns that cannot be refined; a fit that fails is a status in the result
 */
export function refinePattern(
  kernels: Kernels,
  config: ModelConfig,
  files: ModelFiles,
  pattern: Pattern,
  name: string,
  options: RefineOptions = {},
): RefinementResult {
  const resolved = resolveModel(config, files);
  const data = selectData(pattern, name, config);
  const mark = kernels.arena.mark();
  try {
    const calculator = createPatternCalculator(kernels, resolved.model, resolved.wavelengthA, data.twoThetaDeg);
    const { refined, stage, lower, upper } = applySettings(calculator, resolved);
    options.start?.forEach((value, key) => {
      calculator.values[calculator.indexOf(key)] = value;
    });
    if (resolved.isProfileUnknown && !options.start) {
      calculator.values[calculator.indexOf("W")] = estimateWidth(data.twoThetaDeg, data.observed) ** 2;
    }
    const weightFractions = createWeightFractions(calculator);
    const { constraints } = resolved;
    const fit = createPatternFit(kernels, calculator, { refined, lower, upper, constraints }, weightFractions);
    loadData(fit, data);
    if (!Number.isFinite(fit.chi2())) throw noStart(calculator);
    if (refined.length >= data.observed.length) {
      throw new InputError(
        "model-parameters",
        `${name} has ${data.observed.length} points in the range and the model refines ${refined.length} parameters: fewer parameters or more points are needed.`,
      );
    }
    const reports: StageReport[] = [];
    for (const active of stagesOf(config, calculator, refined, stage)) {
      const report = runStage(fit, calculator, data, active, options);
      reports.push(report);
      options.onStage?.(report);
      if (options.isCancelled?.()) break;
    }
    return finish(fit, calculator, data);

    function finish(done: PatternFit, with_: PatternCalculator, points: PatternData): RefinementResult {
      const background = new Float64Array(points.observed.length);
      with_.background(background);
      const last = reports.at(-1);
      const statistics = fitStatistics(
        points.observed,
        with_.calculated,
        background,
        done.weight,
        last?.freeParameters ?? 0,
      );
      const plain = refined.length > 0 ? done.covariance() : emptyCovariance;
      const factor = esdFactor(config.esd, statistics.gof, points, with_, done.weight);
      const covariance = scaleCovariance(plain, factor);
      return describeResult({
        config,
        resolved,
        calculator: with_,
        fit: done,
        data: points,
        background,
        covariance,
        esdFactor: factor,
        correlations: strongCorrelations(covariance.matrix, STRONG),
        statistics,
        weightFractions,
        stages: reports,
      });
    }
  } finally {
    kernels.arena.release(mark);
  }
}

const emptyCovariance: Covariance = { matrix: new Float64Array(0), esd: new Float64Array(0), undetermined: [] };

/** One stage; with weights from the model, and Le Bail intensities, until they no longer change. */
function runStage(
  fit: PatternFit,
  calculator: PatternCalculator,
  { observed, weights }: PatternData,
  active: readonly number[],
  { isCancelled }: RefineOptions,
): StageReport {
  const hasLeBail = calculator.model.phases.some(({ kind }) => kind === "le-bail");
  let iterations = 0;
  let chi2Start = Number.NaN;
  for (let cycle = 0; ; cycle++) {
    if (weights === "model") weighByModel(fit, calculator, cycle);
    if (hasLeBail) for (let k = 0; k < 3; k++) if (calculator.evaluate(false)) calculator.shareOut(observed);
    const before = fit.chi2();
    if (cycle === 0) chi2Start = before;
    const summary = fit.solve({ active, isCancelled, ...(hasLeBail && { maxIterations: 4 }) });
    iterations += summary.iterations;
    const isSettled = Math.abs(before - summary.finalCost) < 1e-5 * before;
    const most = hasLeBail ? MOST_LE_BAIL_CYCLES : weights === "model" ? MOST_WEIGHT_CYCLES : 1;
    if (cycle + 1 < most && !isSettled && !isCancelled?.()) continue;
    const isOnlyCycling = hasLeBail && summary.status === "notConverged" && isSettled;
    return {
      parameters: active.map((j) => calculator.parameters[fit.refined[j]!]!.name),
      status: isOnlyCycling ? "converged" : summary.status,
      reason: summary.reason,
      iterations,
      chi2Start,
      chi2End: summary.finalCost,
      freeParameters: summary.freeCount,
      atBound: namesOf(summary.atBound),
      undetermined: namesOf(summary.undetermined),
    };
  }

  function namesOf(flags: ArrayLike<number>): string[] {
    return Array.from(flags).flatMap((flag, j) => (flag ? [calculator.parameters[fit.refined[j]!]!.name] : []));
  }
}

/** Variance of counts = the calculated intensity: no bias towards points that happen to be low. */
function weighByModel({ weight }: PatternFit, calculator: PatternCalculator, cycle: number): void {
  if (cycle === 0 || !calculator.evaluate(false)) return;
  for (let i = 0; i < weight.length; i++) weight[i] = 1 / Math.max(calculator.calculated[i]!, 0.5);
}

function esdFactor(
  kind: ModelConfig["esd"],
  gof: number,
  { observed }: PatternData,
  { calculated }: PatternCalculator,
  weight: Float64Array,
): number {
  if (kind === "plain") return 1;
  if (kind === "gof") return gof;
  return berarLelannFactor(observed.map((o, i) => Math.sqrt(weight[i]!) * (o - calculated[i]!)));
}

function noStart({ values, indexOf }: PatternCalculator): InputError {
  const [u, v, w] = ["U", "V", "W"].map((key) => values[indexOf(key)]!);
  return new InputError(
    "model-start",
    `The model makes no sense where it starts: with U, V, W = ${u}, ${v}, ${w} the Gaussian FWHM² = U tan² θ + V tan θ + W must be above 0 over the whole range, and cells must enclose a volume. Change the start values.`,
  );
}
