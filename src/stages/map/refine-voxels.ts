/**
 * Rietveld refinement of the voxels of a block, each from the model of the summed pattern.
 *
 * 1. Scales, background and areas, with the cells where they start: a linear fit, which also says what each phase
 *    weighs against its uncertainty. The share of chi^2 that a phase accounts for is (scale / esd)^2.
 * 2. A phase that is not significant keeps its cell; one whose scale is 0 is left out of the pattern altogether.
 * 3. All that is left, together, to the minimum, from the cells of the voxel before or from the sum's, whichever fits
 *    better with scales alone. Where that fails, again from the sum's. Where the voxel's own values of an earlier scan
 *    are known they take the place of the voxel's before.
 *
 * The result depends on the order of voxels within a block (a neighbour's values are a start, and both starts end in
 * the same minimum to the solver's tolerance) but not on which thread does which block.
 */
import { STATUS } from "../../data/index.ts";
import type { NormalSummary } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import { createPatternFit, createWeightFractions } from "../../refinement/index.ts";
import type { BlockValues, VoxelBlock } from "./fit-peaks.ts";
import type { RietveldPlan } from "./rietveld-plan.ts";
import { weighBySlice } from "./slice-weights.ts";
import type { VoxelStarts } from "./voxel-starts.ts";

export interface RietveldBlockResult {
  readonly voxels: number;
  /** by the names of plan.parameters */
  readonly parameters: Readonly<Record<string, BlockValues>>;
  /** [voxel] of STATUS, by phase, by peaks/<name>, and "fit" for the voxel as a whole */
  readonly status: Readonly<Record<string, Uint8Array>>;
  /** times that the normal equations were filled, for the bench */
  readonly linearisations: number;
}

/** Sees [parameter] of the model and [point] weights, both overwritten later; false: the rest is not fitted. */
export type OnVoxel = (voxel: number, values: Float64Array, weight: Float64Array) => boolean;
export interface VoxelRefiner {
  /**
   * @param phaseMasks by phase: [voxel] 1 = the phase is not there
   * @param starts of the block's voxels
   */
  refine(
    block: VoxelBlock,
    phaseMasks?: ReadonlyMap<string, Uint8Array>,
    onVoxel?: OnVoxel,
    starts?: VoxelStarts,
  ): RietveldBlockResult;
  /** gives the memory back */
  close(): void;
}

/** What is known of a phase or a peak in a voxel. */
const HERE = 0;
/** not significant: its scale is fitted, its cell is not */
const WEAK = 1;
const MASKED = 2;
/** Significances, of those asked for, that a phase must have for its cell to be where the next voxel starts. */
export const STRONG = 3;

/** Steps below this many esd are taken unseen; after them an error of about a tenth is left. */
const CLOSE = 0.1;
/** The same where only the weights have changed since the minimum, so that the step is nearly exact. */
const REWEIGHED = 0.5;
/** A start whose reduced chi^2, with scales alone, is within this factor of the neighbour's end needs no other. */
const LIKE_NEIGHBOUR = 2;
/** A voxel whose reduced chi^2 has grown by more than this since the earlier scan is fitted again from the sum. */
const WORSE = 1.5;

interface FittedVoxel {
  readonly summary: NormalSummary;
  /** [refined] */
  readonly esd: Float64Array;
  /** [refined, refined] covariance */
  readonly matrix: Float64Array;
}

/**
 * Rietveld refinement of voxel after voxel; takes kernel memory until closed.
 *
 * @param plan of createRietveldPlan, the same in every thread
 */
export function createVoxelRefiner(kernels: Kernels, plan: RietveldPlan): VoxelRefiner {
  const { arena } = kernels;
  const mark = arena.mark();
  const calculator = createPatternCalculator(kernels, plan.model, plan.wavelengthA, plan.twoThetaDeg);
  const { values, parameters, indexOf, model } = calculator;
  for (const [name, value] of plan.values) values[indexOf(name)] = value;
  const sum = values.slice();
  const refined = plan.refined.map(indexOf);
  // takes the memory of the columns now: what is taken while a block is done is given back after it
  calculator.prepare(refined);
  const lower = Float64Array.from(parameters, ({ min }) => min);
  const upper = Float64Array.from(parameters, ({ max }) => max);
  for (const [name, low, high] of plan.bounds) {
    if (Number.isFinite(low)) lower[indexOf(name)] = low;
    if (Number.isFinite(high)) upper[indexOf(name)] = high;
  }
  const isLowGiven = new Set(plan.bounds.flatMap(([name, low]) => (Number.isFinite(low) ? [name] : [])));
  plan.refined.forEach((name, j) => {
    const i = refined[j]!;
    // scales below 0 are noise that a mean over voxels needs: without them it would be too large
    if (name.endsWith("/scale") && plan.config.scales === "free" && !isLowGiven.has(name)) lower[i] = -Infinity;
    if (!/^[^/]+\/(a|b|c)$/.test(name)) return;
    lower[i] = Math.max(lower[i]!, sum[i]! * (1 - plan.config.cellRange));
    upper[i] = Math.min(upper[i]!, sum[i]! * (1 + plan.config.cellRange));
  });
  const weightFractions = createWeightFractions(calculator);
  const fit = createPatternFit(
    kernels,
    calculator,
    { refined, lower, upper, constraints: plan.constraints },
    weightFractions,
  );
  values.set(sum);
  fit.prepare(); // on the sum, and not on the first voxel, which is another one in another thread
  const n = plan.bins.length;
  const m = refined.length;
  const isLinear = refined.map((i) => parameters[i]!.isLinear);
  const linear = [...refined.keys()].filter((j) => isLinear[j]);
  /** group of each refined parameter, and the parameter that says whether the group is there */
  const groups = groupsOf();
  /** [refined] its group, -1 where it belongs to the whole pattern */
  const groupOf = refined.map((_, j) => groups.findIndex(({ members }) => members.includes(j)));
  /** whether a phase whose cell is frozen changes by its scale alone: nothing else moves it */
  const canHold = plan.constraints.length === 0 && refined.every((_, j) => isLinear[j] || groupOf[j]! >= 0);
  const indexByName = new Map(plan.refined.map((name, j) => [name, j]));
  const fraction = new Float64Array(model.phases.length);

  function groupsOf() {
    const names = [
      ...model.phases.map(({ name }, phase) => ({ name, phase, key: `${name}/scale`, prefix: `${name}/` })),
      ...model.peaks.map((peak) => ({
        name: `peaks/${peak}`,
        phase: -1,
        key: `peaks/${peak}/area`,
        prefix: `peaks/${peak}/`,
      })),
    ];
    return names.flatMap(({ name, phase, key, prefix }) => {
      const lead = plan.refined.indexOf(key);
      const members = [...refined.keys()].filter((j) => plan.refined[j]!.startsWith(prefix));
      return members.length > 0 ? [{ name, phase, lead, members }] : [];
    });
  }

  /** where the model misses more than noise, so does a phase that takes up what is missed */
  const isSignificant = (j: number, esd: Float64Array, misfit: number): boolean =>
    values[refined[j]!]! > plan.config.minSignificance * esd[j]! * misfit;
  /** A cell that is hardly determined may be in a minimum of its own, and must not lead the next voxel there. */
  const isStrong = (j: number, { summary, esd }: FittedVoxel): boolean =>
    values[refined[j]!]! > STRONG * plan.config.minSignificance * esd[j]! * misfitOf(summary);

  /** Scales, background and areas at the cells where they stand. */
  function fitLinear(absent: Uint8Array): NormalSummary {
    groups.forEach((group, g) => {
      if (group.phase >= 0) calculator.isOff[group.phase] = absent[g]! === MASKED ? 1 : 0;
      if (group.phase >= 0 && canHold) calculator.holdsShape[group.phase] = 1;
      if (absent[g] === MASKED && group.lead >= 0) values[refined[group.lead]!] = 0;
    });
    const summary = fit.solve({
      active: linear.filter((j) => isThere(j, absent)),
      keepsColumns: true,
      skipsLinear: true,
      lastStepEsd: Infinity,
      maxIterations: 3,
    });
    linearisations += summary.linearisations;
    return summary;
  }
  const isThere = (j: number, absent: Uint8Array): boolean => absent[groupOf[j]!] !== MASKED;

  /**
   * From the voxel before, where scales and background alone fit about as well as there; else from that or the sum,
   * whichever fits better.
   */
  function refineVoxel(absent: Uint8Array, neighbour: Float64Array | undefined): FittedVoxel {
    values.set(neighbour ?? sum);
    let first = fitLinear(absent);
    if (neighbour && !(reducedOf(first) < LIKE_NEIGHBOUR * startReduced)) {
      const cost = first.finalCost;
      kept.set(values);
      values.set(sum);
      first = fitLinear(absent);
      if (cost < first.finalCost) {
        values.set(kept);
        first = fitLinear(absent);
      }
    }
    const { esd } = scaled(fit.covariance().esd, first.finalCost, linear.length);
    const misfit = misfitOf(first);
    groups.forEach(({ lead }, g) => {
      if (absent[g] !== MASKED && lead >= 0) absent[g] = isSignificant(lead, esd, misfit) ? HERE : WEAK;
    });
    return improve(absent, CLOSE);
  }

  /** @param close esds: how small the step must be that is taken unseen */
  function improve(absent: Uint8Array, close: number): FittedVoxel {
    const active = [...refined.keys()].filter(
      (j) => isThere(j, absent) && (isLinear[j] || groupOf[j]! < 0 || absent[groupOf[j]!] === HERE),
    );
    for (const [g, { phase }] of groups.entries()) {
      if (phase >= 0 && canHold) calculator.holdsShape[phase] = absent[g] === HERE ? 0 : 1;
    }
    const summary = fit.solve({
      active,
      keepsColumns: true,
      skipsLinear: true,
      lastStepEsd: close,
      damping: 1e-5,
      maxIterations: plan.config.maxIterations,
    });
    linearisations += summary.linearisations;
    const { matrix, esd } = fit.covariance();
    return { summary, ...scaled(esd, summary.finalCost, summary.freeCount), matrix };
  }
  let linearisations = 0;
  /** reduced chi^2 of the voxel that neighbour is of */
  let neighbourReduced = 0;
  /** reduced chi^2 of what a voxel starts from, where that came from */
  let startReduced = 0;
  const kept = new Float64Array(values.length);
  /** [n] model that poisson weights start from: of the sum, then of the voxel before */
  const expected = new Float64Array(n);

  /** Goodness of fit where that is over 1; with uniform weights the esds carry it already. */
  const misfitOf = (summary: NormalSummary): number =>
    plan.weights === "uniform" ? 1 : Math.max(1, Math.sqrt(reducedOf(summary)));
  const reducedOf = ({ finalCost, freeCount }: NormalSummary): number => finalCost / Math.max(1, n - freeCount);

  /** Without a known variance the residuals say it. */
  function scaled(esd: Float64Array, chi2: number, free: number): { esd: Float64Array } {
    if (plan.weights === "uniform") {
      const factor = Math.sqrt(chi2 / Math.max(1, n - free));
      for (let j = 0; j < esd.length; j++) esd[j]! *= factor;
    }
    return { esd };
  }

  function load(patterns: Float32Array, sigma: Float32Array | undefined, at: number): boolean {
    const { observed, weight } = fit;
    let points = 0;
    let isZero = true;
    for (let k = 0; k < n; k++) {
      const y = patterns[at + plan.bins[k]!]!;
      const s = sigma ? sigma[at + plan.bins[k]!]! : 1;
      const isGood = Number.isFinite(y) && s > 0 && Number.isFinite(s);
      observed[k] = isGood ? y : 0;
      weight[k] = isGood ? 1 / (s * s) : 0;
      if (isGood) points++;
      if (isGood && y !== 0) isZero = false;
    }
    if (plan.weights === "poisson") weighBy(expected);
    if (plan.sliceSigma) weighBySlice(weight, plan.sliceSigma);
    return points > m && !isZero;
  }
  /** Variance from a model [n], scaled to what is observed. */
  function weighBy(pattern: Float64Array): void {
    const { observed, weight } = fit;
    let [seen, total] = [0, 0];
    for (let k = 0; k < n; k++) {
      seen += observed[k]!;
      total += pattern[k]!;
    }
    const scale = total > 0 && seen > 0 ? seen / total : 1;
    for (let k = 0; k < n; k++) {
      if (weight[k]! > 0) weight[k] = 1 / (plan.config.gain * Math.max(pattern[k]! * scale, 1));
    }
  }
  /** All as on the sum, widths that are held too, whatever this thread has fitted before. */
  function startBlock(): void {
    values.set(sum);
    calculator.isOff.fill(0);
    calculator.holdsShape.fill(0);
    calculator.prepare(refined);
    if (plan.weights !== "poisson") return;
    calculator.evaluate(false);
    expected.set(calculator.calculated);
  }

  /** Puts what is not linear of a voxel's earlier values into `start`; false where nothing is known of it. */
  function takeEarlier(start: Float64Array, { values: earlier, gof }: VoxelStarts, voxel: number): boolean {
    if (!Number.isFinite(gof[voxel]!)) return false;
    for (const [name, of] of earlier) {
      const j = indexByName.get(name);
      if (j === undefined || isLinear[j] || !Number.isFinite(of[voxel]!)) continue;
      const i = refined[j]!;
      start[i] = Math.min(Math.max(of[voxel]!, lower[i]!), upper[i]!);
    }
    return true;
  }

  function refine(
    block: VoxelBlock,
    phaseMasks?: ReadonlyMap<string, Uint8Array>,
    onVoxel?: OnVoxel,
    starts?: VoxelStarts,
  ) {
    const bins = block.patterns.length / voxelsOf(block, plan);
    const voxels = voxelsOf(block, plan);
    const out: Record<string, BlockValues> = {};
    for (const { name, hasEsd } of plan.parameters) {
      const blank = new Float64Array(voxels).fill(Number.NaN);
      out[name] = hasEsd ? { values: blank, esd: blank.slice() } : { values: blank };
    }
    const status: Record<string, Uint8Array> = { fit: new Uint8Array(voxels).fill(STATUS.notFitted) };
    for (const { name } of groups) status[name] = new Uint8Array(voxels).fill(STATUS.notFitted);
    const ownSigma = plan.weights === "sigma" || plan.weights === "slice" ? block.sigma : undefined;
    const absent = new Uint8Array(groups.length);
    const neighbour = sum.slice();
    const earlier = sum.slice();
    let isWarm = false;
    linearisations = 0;
    startBlock();
    for (let voxel = 0; voxel < voxels; voxel++) {
      if (block.mask?.[voxel]) continue;
      if (!load(block.patterns, ownSigma, voxel * bins)) continue;
      const reset = (): void => {
        for (let g = 0; g < absent.length; g++) absent[g] = phaseMasks?.get(groups[g]!.name)?.[voxel] ? MASKED : HERE;
      };
      reset();
      // a phase of which too little was there then has the cell that its neighbour leads to, as without a start
      earlier.set(isWarm ? neighbour : sum);
      const isOwn = starts !== undefined && takeEarlier(earlier, starts, voxel);
      startReduced = isOwn ? starts.gof[voxel]! ** 2 : neighbourReduced;
      let fitted = refineVoxel(absent, isOwn ? earlier : isWarm ? neighbour : undefined);
      const isWorse = isOwn && !(reducedOf(fitted.summary) < WORSE * startReduced);
      if ((fitted.summary.status !== "converged" && (isOwn || isWarm)) || isWorse) {
        const cost = fitted.summary.finalCost;
        const ended = values.slice();
        const there = absent.slice();
        reset();
        fitted = refineVoxel(absent, undefined);
        if ((fitted.summary.status !== "converged" || isWorse) && cost < fitted.summary.finalCost) {
          values.set(ended);
          absent.set(there);
          fitted = improve(absent, CLOSE);
        }
      }
      if (plan.weights === "poisson" && fitted.summary.status === "converged") {
        calculator.evaluate(false);
        expected.set(calculator.calculated);
        weighBy(expected);
        fitted = improve(absent, REWEIGHED);
      }
      const isLast = onVoxel?.(voxel, values, fit.weight) === false;
      write(voxel, fitted, absent, out, status);
      if (isLast) break;
      if (fitted.summary.status === "converged" && plan.config.start !== "sum") {
        takeShapes(neighbour, absent, fitted);
        neighbourReduced = reducedOf(fitted.summary);
        isWarm = true;
      }
    }
    return { voxels, parameters: out, status, linearisations };
  }

  /** Only what is not linear is worth taking over; of phases that are surely there. */
  function takeShapes(start: Float64Array, absent: Uint8Array, fitted: FittedVoxel): void {
    groups.forEach(({ lead, members }, g) => {
      if (absent[g] !== HERE || (lead >= 0 && !isStrong(lead, fitted))) return;
      for (const j of members) if (!isLinear[j]) start[refined[j]!] = values[refined[j]!]!;
    });
  }

  function write(
    voxel: number,
    { summary, esd, matrix }: FittedVoxel,
    absent: Uint8Array,
    out: Record<string, BlockValues>,
    status: Record<string, Uint8Array>,
  ): void {
    const whole = wholeStatus(summary);
    status["fit"]![voxel] = whole;
    for (const { name } of groups) status[name]![voxel] = whole;
    if (whole !== STATUS.converged) return;
    const { rwp, gof } = quality(summary);
    out["rwp"]!.values[voxel] = rwp;
    (out["gof"] ?? out["residual"])!.values[voxel] = gof;
    const factor = plan.weights !== "uniform" && plan.config.esdScale === "gof" ? Math.max(1, gof) : 1;
    const put = (name: string, value: number, uncertainty: number): void => {
      const to = out[name];
      if (!to) return;
      to.values[voxel] = value;
      to.esd![voxel] = uncertainty > 0 ? uncertainty * factor : Number.NaN;
    };
    groups.forEach(({ name, lead, members }, g) => {
      const isHere = absent[g] === HERE && (lead < 0 || isSignificant(lead, esd, misfitOf(summary)));
      const bad = members.find((j) => summary.undetermined[j]);
      const bound = members.find((j) => j !== lead && summary.atBound[j]);
      status[name]![voxel] =
        absent[g] === MASKED
          ? STATUS.notFitted
          : !isHere
            ? STATUS.noSignal
            : bad !== undefined
              ? STATUS.undetermined
              : bound !== undefined
                ? STATUS.atBound
                : STATUS.converged;
      for (const j of members) {
        if (absent[g] === MASKED || (!isLinear[j] && !isHere)) continue;
        if (summary.undetermined[j]) continue;
        put(plan.refined[j]!, values[refined[j]!]!, esd[j]!);
      }
    });
    for (const { name, group } of plan.parameters) {
      const j = indexByName.get(name);
      if (group === "fit" && j !== undefined) put(name, values[refined[j]!]!, esd[j]!);
    }
    for (const { phase, lead } of groups) {
      if (phase >= 0 && lead >= 0) values[refined[lead]!] = Math.max(0, values[refined[lead]!]!);
    }
    // shares of what is all noise say nothing
    const isSample = groups.some(
      ({ name, phase }, g) => phase >= 0 && absent[g] !== MASKED && status[name]![voxel] !== STATUS.noSignal,
    );
    if (!isSample) return;
    weightFractions.fractions(values, fraction);
    const shareEsd = weightFractions.esd(values, refined, matrix);
    const scale = plan.weights === "uniform" ? gof : 1;
    groups.forEach(({ phase, name }, g) => {
      if (phase >= 0 && absent[g] !== MASKED)
        put(`${name}/weight_fraction`, fraction[phase]!, shareEsd[phase]! * scale);
    });
  }

  function quality({ finalCost, freeCount }: NormalSummary): { rwp: number; gof: number } {
    const { observed, weight } = fit;
    let [total, points] = [0, 0];
    for (let k = 0; k < n; k++) {
      total += weight[k]! * observed[k]! * observed[k]!;
      if (weight[k]! > 0) points++;
    }
    return { rwp: Math.sqrt(finalCost / total), gof: Math.sqrt(finalCost / Math.max(1, points - freeCount)) };
  }
  return { refine, close: () => arena.release(mark) };
}

function wholeStatus({ status }: NormalSummary): number {
  if (status === "converged" || status === "undetermined") return STATUS.converged;
  return STATUS.notConverged;
}

function voxelsOf({ patterns, mask }: VoxelBlock, { bins }: RietveldPlan): number {
  return mask ? mask.length : patterns.length / bins.length;
}
