/** Refines one pattern: the stages in their order, then what came out with its uncertainties. */
import { InputError, type Pattern } from "../../data/index.ts";
import { berarLelannFactor, type Covariance, scaleCovariance, strongCorrelations } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import { checkModel } from "../../pattern/check-model.ts";
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
import type { RefinementResult, StageReport } from "./result.ts";
import { stagesOf } from "./schedule.ts";
import { LEAST_SIGNIFICANCE, parametersHeld, phaseSignificance } from "./significant-phases.ts";
import { findStart, settleWidths } from "./start-values.ts";

/** How refinePattern goes about it. */
export interface RefineOptions {
  readonly isCancelled?: () => boolean;
  readonly onStage?: (stage: StageReport) => void;
  /** values to start from, by name: those of a neighbour in a series */
  readonly start?: ReadonlyMap<string, number>;
  /** names of parameters that are not refined, whatever the model says */
  readonly hold?: ReadonlySet<string>;
}

/** Correlations above this are named in the result. */
const STRONG = 0.95;
/** Rounds of the last stage in which phases may be found to be there, or not, after all. */
const MOST_ROUNDS = 3;
/** What chi^2 must fall by, in units of reduced chi^2, and how far the zero may go with a cell, for it to be kept. */
const [ZERO_GAIN, ZERO_CORRELATION] = [16, 0.98] as const;
const MOST_WEIGHT_CYCLES = 4;
const MOST_LE_BAIL_CYCLES = 30;
/** Of a Le Bail fit before its intensities are shared out anew; enough for a wild start to find a step downhill. */
const STEPS_A_CYCLE = 12;

/**
 * Rietveld, Pawley or Le Bail refinement of one pattern, in stages, with esds and correlations.
 *
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
  const data = selectData(pattern, name, config);
  const resolved = settleWidths(resolveModel(config, files), data);
  const mark = kernels.arena.mark();
  try {
    const calculator = createPatternCalculator(kernels, resolved.model, resolved.wavelengthA, data.twoThetaDeg);
    const { lower, upper, ...chosen } = applySettings(calculator, resolved);
    const kept = [...chosen.refined.keys()].filter((k) => !options.hold?.has(nameOf(chosen.refined[k]!)));
    const [refined, stage] = [kept.map((k) => chosen.refined[k]!), kept.map((k) => chosen.stage[k]!)];
    const zero = calculator.indexOf("zero");
    const tried = resolved.isZeroOpen && !options.start && refined.length > 0 ? [zero] : [];
    const weightFractions = createWeightFractions(calculator);
    const { constraints } = resolved;
    const settings = { refined: [...refined, ...tried], lower, upper, constraints };
    const fit = createPatternFit(kernels, calculator, settings, weightFractions);
    loadData(fit, data);
    if (refined.length >= data.observed.length) {
      throw new InputError(
        "model-parameters",
        `${name} has ${data.observed.length} points in the range and the model refines ${refined.length} parameters: fewer parameters or more points are needed.`,
      );
    }
    const problems = options.start ? [] : checkModel(calculator);
    if (problems.length > 0) throw new InputError("model-check", [`The model of ${name}:`, ...problems].join("\n  "));
    const notes: string[] = [];
    const home = calculator.values.slice();
    let found = new Map<string, number>();
    if (options.start) takeStart(calculator, fit, options.start);
    else found = findStart(kernels, config, resolved, data, calculator, fit);
    if (!Number.isFinite(fit.chi2())) throw noStart(calculator);
    const order = stagesOf(config, calculator, refined, stage);
    const stages = options.start && order.length > 0 ? [order.at(-1)!] : order;
    const run = runStages({ fit, calculator, data, options, home: options.start ? undefined : home }, stages);
    const stayed = [...found].filter(([key]) => !run.idle.has(fit.refined.indexOf(calculator.indexOf(key))));
    if (stayed.length > 0) {
      const list = stayed.map(([key, value]) => `${key} ${value.toFixed(3)}`).join(", ");
      notes.push(`the search for cells moved them by more than 0.2 %, to ${list}`);
    }
    if (tried.length > 0 && !options.isCancelled?.()) notes.push(...tryZero({ fit, calculator, data, options }, run));
    return finish();

    function nameOf(parameter: number): string {
      return calculator.parameters[parameter]!.name;
    }
    function finish(): RefinementResult {
      const background = new Float64Array(data.observed.length);
      calculator.background(background);
      const freeParameters = run.reports.at(-1)?.freeParameters ?? 0;
      const { observed } = data;
      const statistics = fitStatistics(observed, calculator.calculated, background, fit.weight, freeParameters);
      const plain = run.reports.length > 0 ? fit.covariance() : emptyCovariance;
      // uniform weights have no unit: sigma is what the misfit makes it
      const esd = config.esd === "plain" && data.weights === "uniform" ? "gof" : config.esd;
      if (data.weights === "uniform") {
        notes.push("weights are uniform: esds are times GoF, and Rexp, GoF and chi² only compare fits of this pattern");
      }
      const factor = esdFactor(esd, statistics.gof, data, calculator, fit.weight);
      const covariance = scaleCovariance(plain, factor);
      return describeResult({
        config: { ...config, esd },
        resolved: { ...resolved, notes: [...resolved.notes, ...notes] },
        calculator,
        fit,
        data,
        background,
        covariance,
        esdFactor: factor,
        correlations: strongCorrelations(covariance.matrix, STRONG),
        statistics,
        weightFractions,
        significance: run.significance,
        idle: run.idle,
        stages: run.reports,
      });
    }
  } finally {
    kernels.arena.release(mark);
  }
}

const emptyCovariance: Covariance = { matrix: new Float64Array(0), esd: new Float64Array(0), undetermined: [] };

interface Work {
  readonly fit: PatternFit;
  readonly calculator: PatternCalculator;
  readonly data: PatternData;
  readonly options: RefineOptions;
  /** [parameter] where a phase that is not there goes back to: what the structure file or the model has */
  readonly home?: Float64Array | undefined;
}

interface Run {
  readonly reports: StageReport[];
  /** [phase] scale over esd */
  significance: Float64Array;
  /** refined parameters, as indices into `refined`, that did not move in the last stage */
  idle: Set<number>;
}

/** Values of a neighbour, as far as the model has them, inside its bounds. */
function takeStart(
  { values, parameters }: PatternCalculator,
  fit: PatternFit,
  start: ReadonlyMap<string, number>,
): void {
  parameters.forEach(({ name }, i) => {
    const value = start.get(name);
    if (value === undefined) return;
    const j = fit.refined.indexOf(i);
    values[i] = j < 0 ? value : Math.min(Math.max(value, fit.lower[j]!), fit.upper[j]!);
  });
}

/** All stages; before each, phases that are not there are found and held; after the last it is looked at once more. */
function runStages(work: Work, stages: readonly (readonly number[])[]): Run {
  const { fit, calculator, options, home } = work;
  const nameOf = (j: number): string => calculator.parameters[fit.refined[j]!]!.name;
  const run: Run = { reports: [], significance: new Float64Array(0), idle: new Set() };
  for (const [k, stage] of stages.entries()) {
    const most = k + 1 === stages.length ? MOST_ROUNDS : 1;
    let before: number[] | undefined;
    for (let round = 0; round < most && !options.isCancelled?.(); round++) {
      run.significance = phaseSignificance(fit, calculator, work.data.weights !== "uniform");
      const held = parametersHeld(fit, calculator, run.significance);
      if (home && k + 1 === stages.length) {
        for (const j of held)
          if (/\/(a|b|c)$/.test(nameOf(j))) calculator.values[fit.refined[j]!] = home[fit.refined[j]!]!;
      }
      const active = stage.filter((j) => !held.has(j));
      run.idle = new Set(fit.refined.flatMap((_, j) => (active.includes(j) ? [] : [j])));
      if (before?.join() === active.join()) {
        fit.solve({ active }); // nothing has changed: only the covariance is to be that of all
        break;
      }
      const report = runCarefully(work, active);
      run.reports.push(report);
      options.onStage?.(report);
      before = active;
      if (run.significance.every((one) => one > 3 * LEAST_SIGNIFICANCE)) break;
    }
  }
  return run;
}

/** A stage that does not converge is tried once more in small steps; one that fails leaves everything as it was. */
function runCarefully({ fit, calculator, data, options }: Work, active: readonly number[]): StageReport {
  const before = calculator.values.slice();
  const report = runStage(fit, calculator, data, active, options);
  if (report.status !== "notConverged" && report.status !== "failed") return report;
  if (report.reason !== "iterations") calculator.values.set(before);
  const again = runStage(fit, calculator, data, active, options, { damping: 0.1, maxIterations: 200 });
  if (again.status === "failed") {
    calculator.values.set(before);
    calculator.evaluate(false);
  }
  return { ...again, chi2Start: report.chi2Start, iterations: report.iterations + again.iterations };
}

/** The zero is kept where the pattern needs it and tells it apart from the cells. */
function tryZero(work: Work, run: Run): string[] {
  const { fit, calculator, data } = work;
  const last = run.reports.at(-1);
  if (last?.status !== "converged") return [];
  const before = calculator.values.slice();
  const zero = fit.refined.indexOf(calculator.indexOf("zero"));
  const active = fit.refined.flatMap((_, j) => (run.idle.has(j) && j !== zero ? [] : [j]));
  const report = runStage(fit, calculator, data, active, work.options);
  const reduced = report.chi2End / Math.max(1, data.observed.length - report.freeParameters);
  const gain = (last.chi2End - report.chi2End) / Math.max(1, reduced);
  const matrix = fit.covariance().matrix;
  const m = fit.refined.length;
  const variance = (j: number): number => matrix[j * m + j]!;
  const isApart = fit.refined.every((parameter, j) => {
    if (!/\/(a|b|c)$/.test(calculator.parameters[parameter]!.name) || !(variance(j) > 0)) return true;
    return Math.abs(matrix[zero * m + j]!) < ZERO_CORRELATION * Math.sqrt(variance(zero) * variance(j));
  });
  if (report.status === "converged" && gain > ZERO_GAIN && isApart && variance(zero) > 0) {
    run.reports.push(report);
    run.idle.delete(zero);
    // a zero in place of a height costs a hundred ppm of the cell without a sign of it in the fit
    const isTube = calculator.model.polarization > 0;
    return [
      `the zero is refined, which the model leaves open: chi² falls by ${gain.toPrecision(3)} reduced chi²; write zero: 0 to hold it`,
      ...(isTube
        ? [
            "in Bragg-Brentano geometry it is the height of the sample that is off, which a zero imitates with a wrong cell: give displacement: {geometry: bragg-brentano, lengthMm: radius} instead",
          ]
        : []),
    ];
  }
  calculator.values.set(before);
  run.reports.push(
    runStage(
      fit,
      calculator,
      data,
      active.filter((j) => j !== zero),
      work.options,
    ),
  );
  return [];
}

/** One stage; with weights from the model, and Le Bail intensities, until they no longer change. */
function runStage(
  fit: PatternFit,
  calculator: PatternCalculator,
  { observed, weights }: PatternData,
  active: readonly number[],
  { isCancelled }: RefineOptions,
  care: { readonly damping?: number; readonly maxIterations?: number } = {},
): StageReport {
  const hasLeBail = calculator.model.phases.some(({ kind }) => kind === "le-bail");
  let iterations = 0;
  let chi2Start = Number.NaN;
  for (let cycle = 0; ; cycle++) {
    if (weights === "model") weighByModel(fit, calculator, cycle);
    if (hasLeBail) for (let k = 0; k < 3; k++) if (calculator.evaluate(false)) calculator.shareOut(observed);
    const before = fit.chi2();
    if (cycle === 0) chi2Start = before;
    const summary = fit.solve({ active, isCancelled, ...care, ...(hasLeBail && { maxIterations: STEPS_A_CYCLE }) });
    iterations += summary.iterations;
    // weights of the model are not those of the first cycle, which may have been at its minimum already
    const isReweighed = weights !== "model" || cycle > 0;
    const isSettled = isReweighed && Math.abs(before - summary.finalCost) < 1e-5 * before;
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
  // the size of the residuals and how they go together are two things: either alone promises too much
  return gof * berarLelannFactor(observed.map((o, i) => Math.sqrt(weight[i]!) * (o - calculated[i]!)));
}

function noStart({ values, indexOf }: PatternCalculator): InputError {
  const [u, v, w] = ["U", "V", "W"].map((key) => values[indexOf(key)]!);
  return new InputError(
    "model-start",
    `The model makes no sense where it starts: with U, V, W = ${u}, ${v}, ${w} the Gaussian FWHM² = U tan² θ + V tan θ + W must be above 0 over the whole range, and cells must enclose a volume. Change the start values.`,
  );
}
