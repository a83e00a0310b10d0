/** From a resolved region to the two arrays that the peakFit kernel reads. */

import { InputError } from "../../data/index.ts";
import {
  PEAK_KIND,
  PEAK_MAX_PARAMETERS,
  PEAK_MODEL_HEADER,
  PEAK_TABLE_HEADER,
  PEAK_WEIGHTS,
} from "../../kernels/reference/peak-workspace.ts";
import { powerBasis } from "../../pattern/background.ts";
import { pseudoVoigt } from "../../pattern/pseudo-voigt.ts";
import type { MapConfig } from "./config.ts";
import { PEAK_PARAMETERS, type PeakSlot, type ResolvedRegion } from "./resolve-region.ts";

export type WeightMode = keyof typeof PEAK_WEIGHTS;

export interface PeakModel {
  readonly model: Int32Array;
  readonly table: Float64Array;
  readonly points: number;
  readonly padded: number;
  readonly peaks: number;
  readonly parameters: number;
  /** [4 peaks] parameter that feeds each slot; -1: fixed */
  readonly source: Int32Array;
  /** [4 peaks] slot = factor * parameter + offset */
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/**
 * @param level "sum" frees what is refined on the summed pattern or in voxels, "voxel" only the latter
 * @throws InputError "map-too-many-parameters"
 */
export function peakModel(
  resolved: ResolvedRegion,
  axisValues: Float64Array,
  config: MapConfig,
  weights: WeightMode,
  level: "sum" | "voxel",
): PeakModel {
  const { region, from, points, slots } = resolved;
  const peaks = region.peaks.length;
  const padded = points + (points & 1);
  const links = linkSlots(slots, level);
  const terms = region.background + 1;
  const free = links.roots.length;
  const parameters = free + terms;
  checkCount(region.name, parameters);

  const x = new Float64Array(padded).fill(axisValues[from + points - 1]!);
  x.set(axisValues.subarray(from, from + points));
  const basis = powerBasis(x, region.range, region.background);
  const bounds = links.roots.map((root) => slotBounds(resolved, root, config));
  const shifts = level === "voxel" ? shiftGrid(resolved, links.roots, bounds) : [0];
  const templates = shiftTemplates(resolved, x, basis, shifts);

  const kind = new Int32Array(parameters).fill(PEAK_KIND.background);
  const owners = new Int32Array(parameters);
  links.roots.forEach((root, k) => {
    kind[k] = PEAK_KIND[slots[root]!.parameter];
  });
  links.source.forEach((source, slot) => {
    if (source >= 0) owners[source] = owners[source]! | (1 << (slot >> 2));
  });
  const start = new Float64Array(parameters);
  const lower = new Float64Array(parameters).fill(-Infinity);
  const upper = new Float64Array(parameters).fill(Infinity);
  links.roots.forEach((root, k) => {
    [lower[k], upper[k]] = bounds[k]!;
    start[k] = Math.min(Math.max(slots[root]!.value, lower[k]!), upper[k]!);
  });
  const sizes = [points, padded, peaks, terms, parameters, PEAK_WEIGHTS[weights], config.maxIterations, shifts.length];
  const settings = [config.tolerance, config.minSignificance, config.varianceFloor, config.gain];
  const tableHeader = new Float64Array(PEAK_TABLE_HEADER);
  tableHeader.set([...settings, config.spikeSigma ?? 0]);
  const model = new Int32Array(PEAK_MODEL_HEADER + 4 * peaks + 2 * parameters);
  model.set([...sizes, ...links.source, ...kind, ...owners]);
  const { factor, offset } = links;
  const parts = [tableHeader, factor, offset, start, lower, upper, x, basis, Float64Array.from(shifts), templates];
  return { model, table: joined(parts), points, padded, peaks, parameters, source: links.source, factor, offset };
}

function checkCount(name: string, parameters: number): void {
  if (parameters <= PEAK_MAX_PARAMETERS) return;
  throw new InputError(
    "map-too-many-parameters",
    `Region "${name}" has ${parameters} free parameters; at most ${PEAK_MAX_PARAMETERS} can be fitted together. ` +
      `Split the region, or tie widths (tie: another peak's name).`,
  );
}

interface Links {
  /** slots that are free, in the order of the parameters */
  readonly roots: number[];
  readonly source: Int32Array;
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

function linkSlots(slots: readonly PeakSlot[], level: "sum" | "voxel"): Links {
  const roots: number[] = [];
  const source = new Int32Array(slots.length).fill(-1);
  const factor = new Float64Array(slots.length);
  const offset = new Float64Array(slots.length);
  slots.forEach((slot, index) => {
    const root = slot.tie ?? index;
    const { refine, value } = slots[root]!;
    const isTied = slot.tie !== undefined;
    const isFree = refine === "voxel" || (refine === "sum" && level === "sum");
    if (isFree) {
      if (!roots.includes(root)) roots.push(root);
      source[index] = roots.indexOf(root);
      factor[index] = isTied ? slot.factor : 1;
      offset[index] = isTied ? slot.offset : 0;
    } else offset[index] = isTied ? slot.factor * value + slot.offset : value;
  });
  return { roots, source, factor, offset };
}

/** Value of a slot at the start. */
export function slotValue(slots: readonly PeakSlot[], index: number): number {
  const { tie, factor, offset, value } = slots[index]!;
  return tie === undefined ? value : factor * slots[tie]!.value + offset;
}

/** Width of a position's play, and a width's factor, where the user gave no bounds. */
const SHIFT_IN_FWHM = 1.5;
const WIDTH_FACTOR = 3;

function slotBounds({ region, points, slots }: ResolvedRegion, index: number, config: MapConfig): [number, number] {
  const { parameter, value, min, max } = slots[index]!;
  const [low, high] = region.range;
  if (parameter === "area") return [min ?? -Infinity, max ?? Infinity];
  if (parameter === "eta") return [min ?? 0, max ?? 1];
  if (parameter === "fwhm") {
    const step = (high - low) / points;
    return [min ?? Math.max(step / 2, value / WIDTH_FACTOR), max ?? Math.min(value * WIDTH_FACTOR, 2 * (high - low))];
  }
  const play = config.maxShift ?? SHIFT_IN_FWHM * slotValue(slots, index + 1);
  // Neighbours meet half-way, so that two peaks cannot change places.
  let [left, right] = [Math.max(low, value - play), Math.min(high, value + play)];
  slots.forEach((other, i) => {
    if (other.parameter !== "position" || i === index) return;
    const middle = (value + slotValue(slots, i)) / 2;
    if (middle > value) right = Math.min(right, middle);
    if (middle < value) left = Math.max(left, middle);
  });
  return [min ?? left, max ?? right];
}

const MOST_SHIFTS = 41;

/** Common shifts of all peaks at which a fit may start, none first, a third of the narrowest width apart. */
function shiftGrid({ slots }: ResolvedRegion, roots: readonly number[], bounds: readonly [number, number][]): number[] {
  const free = roots.map((root, k) => ({ slot: slots[root]!, bound: bounds[k]! }));
  const positions = free.filter(({ slot }) => slot.parameter === "position");
  if (positions.length === 0) return [0];
  const left = Math.min(...positions.map(({ slot, bound }) => slot.value - bound[0]));
  const right = Math.min(...positions.map(({ slot, bound }) => bound[1] - slot.value));
  const widths = slots.flatMap((slot, i) => (slot.parameter === "fwhm" ? [slotValue(slots, i)] : []));
  const pitch = Math.max(Math.min(...widths) / 3, (left + right) / (MOST_SHIFTS - 1));
  const grid = [0];
  for (let k = 1; k * pitch <= Math.max(left, right); k++) {
    if (k * pitch <= left) grid.push(-k * pitch);
    if (k * pitch <= right) grid.push(k * pitch);
  }
  return grid;
}

/** [shift, padded] the model at each shift, made orthogonal to the background and of unit norm. */
function shiftTemplates(
  { slots, points }: ResolvedRegion,
  x: Float64Array,
  basis: Float64Array,
  shifts: readonly number[],
): Float64Array {
  const padded = x.length;
  const out = new Float64Array(shifts.length * padded);
  const areas = slots.flatMap((slot, i) => (slot.parameter === "area" ? [slotValue(slots, i)] : []));
  const most = Math.max(...areas);
  const orthogonal = orthonormal(basis, padded, points);
  shifts.forEach((shift, s) => {
    const template = out.subarray(s * padded, (s + 1) * padded);
    areas.forEach((area, peak) => {
      const [, position, fwhm, eta] = PEAK_PARAMETERS.map((_, q) => slotValue(slots, 4 * peak + q));
      const shape = { area: most > 0 ? area / most : 1, position: position! + shift, fwhm: fwhm!, eta: eta! };
      for (let i = 0; i < points; i++) template[i] = template[i]! + pseudoVoigt(x[i]!, shape);
    });
    for (const row of orthogonal) subtractProjection(template, row);
    normalise(template);
  });
  return out;
}

function orthonormal(basis: Float64Array, padded: number, points: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let at = 0; at < basis.length; at += padded) {
    const row = basis.slice(at, at + padded).fill(0, points);
    for (const earlier of rows) subtractProjection(row, earlier);
    normalise(row);
    rows.push(row);
  }
  return rows;
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < row.length; i++) dot += row[i]! * unit[i]!;
  for (let i = 0; i < row.length; i++) row[i] = row[i]! - dot * unit[i]!;
}

function normalise(row: Float64Array): void {
  const norm = Math.hypot(...row);
  if (norm > 0) for (let i = 0; i < row.length; i++) row[i] = row[i]! / norm;
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
