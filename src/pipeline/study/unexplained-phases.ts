/**
 * What the mean pattern of a slice hides: from the result of a Rietveld map to components of the voxels' residuals, their
 * peaks, and the structures that they may be of.
 */
import { cellVolume, density } from "../../crystal/index.ts";
import { InputError, type ParameterMap, STATUS } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { quantile } from "../../fit/index.ts";
import type { RietveldPlan } from "../../stages/map/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";
import {
  type Candidate,
  clusterRows,
  commonMisfit,
  createAmounts,
  createProjection,
  type Factors,
  factorise,
  modelColumns,
  normaliseRows,
  type PooledRows,
  type Projection,
  planPooling,
  poolRows,
  spreadOfColumns,
  spreadOfRows,
  subtractMisfit,
  type UnexplainedConfig,
} from "../../stages/unexplained/index.ts";
import { loadKernels } from "../load-kernels.ts";
import { type LoadedModel, parseModel } from "../refine/load-model.ts";
import { mapPlanOf, type Slice, sliceOf } from "../refine/map-plan.ts";
import {
  type DescribedComponent,
  describeComponent,
  type HotSpots,
  numberComponents,
  type WholeModel,
} from "./unexplained-components.ts";
import { computeResiduals, type ResidualOptions, type SliceResiduals } from "./voxel-residuals.ts";

export interface UnexplainedOptions extends ResidualOptions {
  readonly config: UnexplainedConfig;
  /** besides the phases of the model, which are always tried at other cells */
  readonly candidates: readonly Candidate[];
}

export interface UnexplainedCluster {
  /** voxels, or pools of them */
  readonly members: number;
  /** the component that its mean pattern is most like, and how much: a cosine */
  readonly component: number;
  readonly likeness: number;
}

/** How much there is of a phase that the map's model does not have. */
export interface HiddenPhase {
  /** index of the component */
  readonly component: number;
  /** of the slice's mass, with what noise alone makes of it; 0 to 1 */
  readonly bulkShare: number;
  readonly bulkShareEsd: number;
  /** mean of the largest weight fractions of voxels */
  readonly largestShare: number;
  readonly maps: readonly ParameterMap[];
}

export interface UnexplainedPhases {
  readonly slice: Slice;
  readonly model: LoadedModel;
  readonly components: readonly DescribedComponent[];
  /** of the components whose verdict is phase */
  readonly phases: readonly HiddenPhase[];
  /** of voxels that stand out, by the form of their residuals alone: groups that no component is like are new too */
  readonly clusters: readonly UnexplainedCluster[];
  /** without a stage before their names: rwp, residual, component-1/amount ... */
  readonly maps: readonly ParameterMap[];
  /** share of all squared residuals, in units of their usual spread, that components explain: by their number */
  readonly explained: readonly number[];
  readonly twoThetaDeg: Float64Array;
  readonly notes: readonly string[];
}

/** Amounts above this many esds, and above this share of the largest, are a hot spot. */
const [SURE, HOT] = [5, 0.4] as const;
/** How many of the largest amounts say what is large. */
const LARGEST = 5;
/** Voxels that the spread of bins is taken from. */
const SAMPLE = 4096;

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
    const whole = wholeModelOf(result, plan, residuals);
    const pooling = planPooling(slice.ny, slice.nx, residuals.points, config.memoryMb * 1e6);
    const pooled = poolRows(pooling, residuals, residuals.readRow);
    const scales = pooledScales(whole, pooled, pooling.voxels, slice);
    const count = whole.phases.length;
    const misfit = commonMisfit(pooled.data, pooling.columns, scales, count);
    subtractMisfit(pooled.data, pooling.columns, scales, misfit, count);
    const normalised = normaliseRows(pooled.data, pooling.columns);
    const factors = factorise(normalised.data, pooling.columns, config);
    const clusters = clustersOf(normalised.data, pooling.columns, factors);
    const cleaned = cleanRows(
      residuals,
      whole,
      spreadMisfit(misfit, pooling.columns, pooling.points, residuals.points),
    );
    const sigma = sampleSpread(cleaned, residuals);
    const patterns = [...factorPatterns(factors, pooling.columns), ...unlikePatterns(clusters)].map((pattern) =>
      Float64Array.from({ length: residuals.points }, (_, point) => {
        const column = Math.floor(point / pooling.points);
        return pattern[column]! * normalised.ofColumn[column]!;
      }),
    );
    const found = describeComponents(result, { plan, whole, residuals, cleaned, sigma, patterns }, options);
    return {
      slice,
      model,
      components: found.components,
      phases: found.phases,
      clusters: clusters.map(({ pattern: _, ...cluster }) => cluster),
      maps: [...residualMaps(residuals, cleaned, sigma, plan), ...found.maps],
      explained: factors.explained,
      twoThetaDeg: plan.twoThetaDeg,
      notes: notesOf(pooling.voxels, pooling.points, factors, config),
    };
  } finally {
    residuals.close();
  }
}

function modelOf(result: Result): LoadedModel {
  const text = result.readNote("map/model");
  if (text !== undefined && result.readNote("map/refinement") !== undefined)
    return parseModel(text, `${result.path}: map/model`, ".");
  throw new InputError(
    "unexplained-needs-map",
    `${result.path} has no Rietveld map, so nothing says what its voxels should look like. Add map: {rietveld: {model: model.yaml}} to its scan.yaml, and run it again.`,
  );
}

/** Phases with a scale in the voxels, what a unit of scale weighs, and how much of them there is where. */
function wholeModelOf(result: Result, plan: RietveldPlan, { ny, nx }: SliceResiduals): WholeModel {
  const refinement = JSON.parse(result.readNote("map/refinement")!) as RefinementResult;
  const maps = new Set(result.list().map(({ name }) => name));
  const names = plan.model.phases.map(({ name }) => name).filter((name) => maps.has(`map/${name}/scale`));
  const phases = names.map((name) => {
    const { density, volume } = refinement.phases.find((phase) => phase.name === name)!;
    return { name, massPerScale: (density ?? 0) * volume * volume };
  });
  const scales = new Float64Array(ny * nx * names.length);
  names.forEach((name, p) => {
    const { values } = result.readMap(`map/${name}/scale`);
    for (let voxel = 0; voxel < values.length; voxel++) {
      const value = values[voxel]!;
      scales[voxel * names.length + p] = Number.isFinite(value) ? value : 0;
    }
  });
  return { plan, refinement, phases, scales };
}

function pooledScales(
  { phases, scales }: WholeModel,
  { pool }: PooledRows,
  voxels: number,
  { ny, nx }: { readonly ny: number; readonly nx: number },
): Float64Array {
  const count = phases.length;
  const across = Math.ceil(nx / voxels);
  const out = new Float64Array(pool.length * count);
  pool.forEach((at, row) => {
    const [top, left] = [Math.floor(at / across) * voxels, (at % across) * voxels];
    let members = 0;
    for (let y = top; y < Math.min(ny, top + voxels); y++) {
      for (let x = left; x < Math.min(nx, left + voxels); x++) {
        members++;
        for (let p = 0; p < count; p++) out[row * count + p]! += scales[(y * nx + x) * count + p]!;
      }
    }
    for (let p = 0; p < count; p++) out[row * count + p]! /= members;
  });
  return out;
}

/** From pooled bins back to all points. */
function spreadMisfit(misfit: Float64Array, columns: number, merged: number, points: number): Float64Array {
  if (merged === 1) return misfit;
  return Float64Array.from({ length: (misfit.length / columns) * points }, (_, i) => {
    const [phase, point] = [Math.floor(i / points), i % points];
    return misfit[phase * columns + Math.floor(point / merged)]!;
  });
}

/** Row y of the residuals [x, point] without what all voxels of a phase miss alike. */
export type CleanRow = (y: number) => Float32Array;

function cleanRows({ nx, points, readRow }: SliceResiduals, whole: WholeModel, misfit: Float64Array): CleanRow {
  const count = whole.phases.length;
  return (y) => {
    const row = readRow(y);
    subtractMisfit(row, points, whole.scales.subarray(y * nx * count, (y + 1) * nx * count), misfit, count);
    return row;
  };
}

/** [point] usual spread of a bin over the voxels. */
function sampleSpread(cleaned: CleanRow, { ny, nx, points }: SliceResiduals): Float64Array {
  const step = Math.max(1, Math.floor((ny * nx) / SAMPLE));
  const rows: Float32Array[] = [];
  for (let y = 0; y < ny; y++) {
    const row = cleaned(y);
    for (let x = (step - ((y * nx) % step)) % step; x < nx; x += step) {
      if (Number.isFinite(row[x * points]!)) rows.push(row.slice(x * points, (x + 1) * points));
    }
  }
  const sample = new Float32Array(rows.length * points);
  rows.forEach((row, i) => {
    sample.set(row, i * points);
  });
  const spread = spreadOfColumns(sample, points);
  const largest = spread.reduce((most, value) => Math.max(most, value), 0);
  return spread.map((value) => Math.max(value, 1e-6 * largest));
}

/** Most rows that are grouped by likeness: memory goes with the square. */
const MOST_GROUPED = 1200;
/** Voxels whose residuals are this many times as large as usual stand out. */
const STANDS_OUT = 1.5;
/** Mean cosine of one group, and the fewest members of a group that is told of. */
const [LIKE, LEAST_MEMBERS] = [0.35, 3] as const;

const factorPatterns = ({ rank, patterns }: Factors, columns: number): Float64Array[] =>
  Array.from({ length: rank }, (_, k) => patterns.subarray(k * columns, (k + 1) * columns));

/** A group that no component is like is a component of its own: few voxels of one phase among many of another. */
const UNLIKE = 0.5;
const MOST_UNLIKE = 4;

const unlikePatterns = (clusters: readonly PatternOfCluster[]): Float64Array[] =>
  clusters
    .filter(({ likeness }) => likeness < UNLIKE)
    .slice(0, MOST_UNLIKE)
    .map(({ pattern }) => pattern.map((value) => Math.max(0, value)));

type PatternOfCluster = UnexplainedCluster & { readonly pattern: Float64Array };

function clustersOf(data: Float32Array, columns: number, { rank, patterns }: Factors): PatternOfCluster[] {
  const rows = data.length / columns;
  const size = Float64Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += data[r * columns + c]! ** 2;
    return Math.sqrt(sum / columns);
  });
  const chosen = [...size.keys()]
    .filter((r) => size[r]! > STANDS_OUT)
    .sort((a, b) => size[b]! - size[a]! || a - b)
    .slice(0, MOST_GROUPED);
  if (chosen.length < 2 || rank === 0) return [];
  return clusterRows(data, columns, chosen, LIKE)
    .filter(({ members }) => members.length >= LEAST_MEMBERS)
    .map(({ members, pattern }) => {
      const length = Math.hypot(...pattern);
      const likeness = Array.from({ length: rank }, (_, k) =>
        pattern.reduce((sum, value, c) => sum + (value * patterns[k * columns + c]!) / length, 0),
      );
      const best = likeness.indexOf(Math.max(...likeness));
      return { members: members.length, component: best + 1, likeness: likeness[best]!, pattern };
    });
}

interface Work {
  readonly plan: RietveldPlan;
  readonly whole: WholeModel;
  readonly residuals: SliceResiduals;
  readonly cleaned: CleanRow;
  /** [point] */
  readonly sigma: Float64Array;
  /** [component][point] intensity, of any size */
  readonly patterns: readonly Float64Array[];
}

function describeComponents(result: Result, work: Work, options: UnexplainedOptions) {
  const { plan, residuals, sigma } = work;
  const { ny, nx } = residuals;
  const kernels = loadKernels();
  const values = new Map(plan.values);
  const state = { model: plan.model, wavelengthA: plan.wavelengthA, twoThetaDeg: plan.twoThetaDeg, values };
  const background = plan.refined.filter((name) => name.startsWith("background/"));
  const flat = createProjection(modelColumns(kernels, state, background).values(), sigma);
  // each by itself: together, patterns that are alike would be told apart by their extremes
  const amounts = work.patterns.map((pattern) => mapAmounts(work, [pattern], flat)[0]!);
  const hot = hotVoxels(amounts);
  const spots = collectSpots(result, work, hot, amounts);
  const found = spots.flatMap((spot) =>
    spot.voxels.length === 0 ? [] : [describeComponent(kernels, work.whole, spot, options)],
  );
  const components = numberComponents(found);
  const everything = createProjection(modelColumns(kernels, state, plan.refined).values(), sigma);
  const phases = addedPhases(work, components, everything);
  const others = components.filter(({ verdict }) => verdict !== "phase" && verdict !== "same");
  const kept = [...spots.keys()].filter((k) => spots[k]!.voxels.length > 0);
  const plain = others.map(({ index }): ParameterMap => {
    const { values: amount, esd } = amounts[kept[index - 1]!]!;
    return { name: `component-${index}/amount`, ny, nx, unit: "", values: amount, esd };
  });
  return { components, phases, maps: [...phases.flatMap(({ maps }) => maps), ...plain] };
}

/** What a map would find of the phases, had they been in its model: to first order, from the residuals alone. */
function addedPhases(work: Work, components: readonly DescribedComponent[], everything: Projection): HiddenPhase[] {
  const { residuals, whole } = work;
  const { ny, nx } = residuals;
  const heads = components.filter(({ verdict }) => verdict === "phase");
  if (heads.length === 0) return [];
  // lines may be slightly elsewhere in a voxel, as parallax moves them
  const slopes = heads.flatMap(({ best }) => best!.slopes);
  const scales = mapAmounts(
    work,
    heads.map(({ best }) => best!.pattern),
    everything,
    slopes,
  );
  const masses = heads.map(({ best }) => density(best!.structure) * cellVolume(best!.cell) ** 2);
  const count = whole.phases.length;
  const known = Float64Array.from({ length: ny * nx }, (_, voxel) =>
    whole.phases.reduce((sum, { massPerScale }, p) => sum + whole.scales[voxel * count + p]! * massPerScale, 0),
  );
  const isFitted = (voxel: number): boolean => Number.isFinite(scales[0]!.values[voxel]!);
  const totalMass = known.reduce(
    (sum, mass, voxel) =>
      isFitted(voxel) ? scales.reduce((all, { values }, h) => all + values[voxel]! * masses[h]!, sum + mass) : sum,
    0,
  );
  const thin =
    THIN *
    quantile(
      known.filter((_, voxel) => isFitted(voxel)),
      0.95,
    );
  return heads.map(({ index }, h) => {
    const { values, esd } = scales[h]!;
    const mass = masses[h]!;
    const status = statusOf(scales[h]!);
    const [ofPhase, variance] = massOfPhase(scales[h]!, status, ny, nx, mass);
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
    const common = { ny, nx, unit: "", status };
    return {
      component: index,
      bulkShare: ofPhase / totalMass,
      bulkShareEsd: Math.sqrt(variance) / totalMass,
      largestShare: largestOf(fraction, status),
      maps: [
        { ...common, name: `component-${index}/weight_fraction`, values: fraction, esd: fractionEsd },
        { ...common, name: `component-${index}/scale`, values, esd },
      ],
    };
  });
}

/** Of the mass of dense voxels: where there is less, weight fractions are shares of noise. */
const THIN = 0.02;
/** Of the largest amounts: less is not told from what the model misses. */
const LEAST_AMOUNT = 0.1;

function statusOf({ values, esd }: Amounts): Uint8Array {
  const least =
    LEAST_AMOUNT *
    meanOfLargest(
      [...values.keys()].filter((v) => values[v]! > SURE * esd[v]!),
      values,
    );
  return Uint8Array.from(values, (value, voxel) =>
    Number.isNaN(value)
      ? STATUS.notFitted
      : value > SURE * esd[voxel]! && value > least
        ? STATUS.converged
        : STATUS.noSignal,
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

/** Whether the status of a voxel or of one of its neighbours is converged. */
export function isBeside(status: Uint8Array, ny: number, nx: number, voxel: number): boolean {
  const [y, x] = [Math.floor(voxel / nx), voxel % nx];
  for (let v = Math.max(0, y - 1); v <= Math.min(ny - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(nx - 1, x + 1); u++) {
      if (status[v * nx + u] === STATUS.converged) return true;
    }
  }
  return false;
}

function meanOfLargest(voxels: readonly number[], values: ArrayLike<number>): number {
  const top = voxels
    .map((voxel) => values[voxel]!)
    .sort((a, b) => b - a)
    .slice(0, LARGEST);
  return top.reduce((sum, value) => sum + value, 0) / (top.length || 1);
}

/** Mean of the largest where the phase is surely there. */
const largestOf = (values: Float32Array, status: Uint8Array): number =>
  meanOfLargest(
    [...values.keys()].filter((voxel) => status[voxel] === STATUS.converged),
    values,
  );

interface Amounts {
  /** [voxel] */
  readonly values: Float32Array;
  readonly esd: Float32Array;
}

/** How much of each pattern the voxels hold. */
function mapAmounts(
  { residuals: { ny, nx, points }, cleaned, sigma }: Work,
  patterns: readonly Float64Array[],
  projection: Projection,
  beside: readonly Float64Array[] = [],
): Amounts[] {
  const amountsOf = createAmounts(patterns, projection, beside);
  const found = patterns.map(() => ({
    values: new Float32Array(ny * nx).fill(Number.NaN),
    esd: new Float32Array(ny * nx).fill(Number.NaN),
  }));
  const [value, esd] = [new Float64Array(patterns.length), new Float64Array(patterns.length)];
  for (let y = 0; y < ny; y++) {
    const row = cleaned(y);
    const scaled = row.map((one, i) => one / sigma[i % points]!);
    const noise = spreadOfRows(scaled, points);
    for (let x = 0; x < nx; x++) {
      if (!Number.isFinite(row[x * points]!)) continue;
      amountsOf(row.subarray(x * points, (x + 1) * points), Math.max(1, noise[x]!), value, esd);
      found.forEach((one, k) => {
        one.values[y * nx + x] = value[k]!;
        one.esd[y * nx + x] = esd[k]!;
      });
    }
  }
  return found;
}

/** [component] voxels that hold much of it, and more of it than of the others; the strongest first. */
function hotVoxels(amounts: readonly Amounts[]): number[][] {
  const significance = (k: number, voxel: number): number => amounts[k]!.values[voxel]! / amounts[k]!.esd[voxel]!;
  return amounts.map(({ values }, k) => {
    const own = [...values.keys()].filter(
      (voxel) =>
        significance(k, voxel) > SURE &&
        amounts.every((_, other) => other === k || significance(other, voxel) <= significance(k, voxel)),
    );
    const least = HOT * meanOfLargest(own, values);
    return own.filter((voxel) => values[voxel]! >= least).sort((a, b) => values[b]! - values[a]! || a - b);
  });
}

/** Mean patterns of the hot spots: what is left of them, and what was observed. */
function collectSpots(result: Result, work: Work, hot: readonly number[][], amounts: readonly Amounts[]): HotSpots[] {
  const { residuals, cleaned, sigma, plan, whole } = work;
  const { ny, nx, points } = residuals;
  const slice = sliceOf(result);
  const chosen = hot.map((voxels) => new Set(voxels));
  const residual = hot.map(() => new Float64Array(points));
  const observed = hot.map(() => new Float64Array(points));
  const variance = hot.map(() => new Float64Array(points));
  for (let y = 0; y < ny; y++) {
    const here = hot.map((voxels, k) => voxels.filter((v) => Math.floor(v / nx) === y && chosen[k]!.has(v)));
    if (here.every((voxels) => voxels.length === 0)) continue;
    const row = cleaned(y);
    const rows = result.readArray(slice.name, [y, 0, 0], [1, nx, slice.bins]);
    const errors = slice.hasSigma ? result.readArray(`${slice.name}_esd`, [y, 0, 0], [1, nx, slice.bins]) : undefined;
    here.forEach((voxels, k) => {
      for (const voxel of voxels) {
        const x = voxel % nx;
        for (let i = 0; i < points; i++) {
          residual[k]![i]! += row[x * points + i]! / hot[k]!.length;
          observed[k]![i]! += rows[x * slice.bins + plan.bins[i]!]! / hot[k]!.length;
          if (errors) variance[k]![i]! += (errors[x * slice.bins + plan.bins[i]!]! / hot[k]!.length) ** 2;
        }
      }
    });
  }
  const count = whole.phases.length;
  return hot.map((voxels, k) => ({
    voxels,
    residual: residual[k]!,
    sigma: sigma.map((value) => value / Math.sqrt(Math.max(1, voxels.length))),
    observed: observed[k]!,
    ...(slice.hasSigma && { observedSigma: variance[k]!.map(Math.sqrt) }),
    shapes: new Map(
      [...residuals.shapes].flatMap(([name, values]) => {
        const known = voxels.map((voxel) => values[voxel]!).filter(Number.isFinite);
        return known.length === 0 ? [] : [[name, known.reduce((a, b) => a + b) / known.length] as const];
      }),
    ),
    scales: whole.phases.map(
      (_, p) => voxels.reduce((sum, voxel) => sum + whole.scales[voxel * count + p]!, 0) / (voxels.length || 1),
    ),
    meanAmount: voxels.reduce((sum, voxel) => sum + amounts[k]!.values[voxel]!, 0) / (voxels.length || 1),
    share: voxels.length / result.readMap("map/rwp").status!.filter((status) => status !== STATUS.notFitted).length,
  }));
}

/** Positive residuals below this many spreads are noise. */
const POSITIVE = 3;

function residualMaps(
  { ny, nx, points, rwp }: SliceResiduals,
  cleaned: CleanRow,
  sigma: Float64Array,
  { twoThetaDeg }: RietveldPlan,
): ParameterMap[] {
  const rms = new Float32Array(ny * nx).fill(Number.NaN);
  const positive = new Float32Array(ny * nx).fill(Number.NaN);
  const width = (twoThetaDeg.at(-1)! - twoThetaDeg[0]!) / (points - 1);
  for (let y = 0; y < ny; y++) {
    const row = cleaned(y);
    for (let x = 0; x < nx; x++) {
      if (!Number.isFinite(row[x * points]!)) continue;
      let [squares, area] = [0, 0];
      for (let k = 0; k < points; k++) {
        const value = row[x * points + k]!;
        squares += (value / sigma[k]!) ** 2;
        if (value > POSITIVE * sigma[k]!) area += value * width;
      }
      rms[y * nx + x] = Math.sqrt(squares / points);
      positive[y * nx + x] = area;
    }
  }
  const common = { ny, nx };
  return [
    { name: "rwp", ...common, unit: "", values: rwp },
    { name: "residual_rms", ...common, unit: "usual spread", values: rms },
    { name: "positive_residual", ...common, unit: "intensity °", values: positive },
  ];
}

function notesOf(voxels: number, points: number, { rank, explained }: Factors, config: UnexplainedConfig): string[] {
  const share = rank > 0 ? `, which explain ${(100 * explained.at(-1)!).toFixed(1)} % of what is left` : "";
  return [
    `${rank} components${config.rank === "auto" ? " stand out from noise" : ""}${share}`,
    ...(voxels > 1 || points > 1
      ? [`components were looked for in pools of ${voxels} x ${voxels} voxels and ${points} bins (memoryMb)`]
      : []),
  ];
}
