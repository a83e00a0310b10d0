/** Maps of what parallax did to the cells of a conventional map, and the cells without it, to first order. */
import { type ParameterMap, STATUS } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import type { MapConfig } from "../stages/map/index.ts";
import type { ReconstructConfig } from "../stages/reconstruct/index.ts";
import { createReconstructionPlan, firstMomentShift } from "../stages/reconstruct/index.ts";
import type { SinogramMeta } from "./stages/meta.ts";

/** The scan that the volume came from. */
export interface ScanDepth {
  readonly report: SinogramMeta["report"];
  readonly stepMm: number;
  readonly distanceMm: number;
  readonly reconstruct: ReconstructConfig;
}

export interface FirstMomentMaps {
  readonly maps: readonly ParameterMap[];
  readonly notes: readonly string[];
}

/** A shift of this share of the usual esd is worth a map. */
const SIGNIFICANT = 0.1;

/**
 * For every phase with a scale and lengths of its cell, every peak with an area and a lattice spacing, and every cell from
 * peaks: NAME/parallax_shift, and a_parallax_corrected and so on.
 *
 * @param maps of the slice, as fitted
 */
export function firstMomentMaps(
  kernels: Kernels,
  maps: readonly ParameterMap[],
  { regions, lattices }: Pick<MapConfig, "regions" | "lattices">,
  { report, stepMm, distanceMm, reconstruct }: ScanDepth,
): FirstMomentMaps {
  const { filter, cutoff, size, depthSign } = reconstruct;
  const plan = createReconstructionPlan(
    { method: "fbp", filter, cutoff, ...(size !== undefined && { size }) },
    {
      omegaDeg: report.omegaDeg,
      translations: report.translations,
      rotationAxis: report.rotationAxis.value,
      stepMm,
    },
  );
  const out: ParameterMap[] = [];
  const notes: string[] = [];
  const ofPeaks = lattices.flatMap(({ phase }) => {
    const region = regions.find((candidate) => candidate.phase === phase);
    return region ? [[`map/${phase}`, `map/${region.name}/${region.peaks[0]!.name}/area`] as const] : [];
  });
  for (const { name, amount, lengths } of whatMoves(maps, new Map(ofPeaks))) {
    const there = Float64Array.from(amount.values, (value, i) =>
      amount.status && !HAS_AMOUNT.has(amount.status[i]!) ? 0 : value,
    );
    const shift = firstMomentShift(kernels, plan, there, { distanceMm, depthSign });
    if (!lengths.some((length) => matters(shift, length))) continue;
    const { ny, nx } = amount;
    // where a voxel has no shift there is nothing to tell, however well it was fitted
    const status = lengths[0]!.status?.map((was, i) =>
      was === STATUS.converged && Number.isNaN(shift[i]!) ? STATUS.notFitted : was,
    );
    const told = status && { status };
    const ppm = shift.map((value) => 1e6 * value);
    out.push({ name: `${name}/parallax_shift`, ny, nx, unit: "ppm", values: ppm, ...told });
    for (const length of lengths) {
      // a correction of first order: times 1 - shift
      const values = Float32Array.from(length.values, (value, i) => value * (1 - shift[i]!));
      out.push({ ...length, name: `${length.name}_parallax_corrected`, values, ...told });
    }
    notes.push(`${name.slice(4)}: ${describeShift(shift, lengths[0]!)}`);
  }
  return { maps: out, notes };
}

const HAS_AMOUNT = new Set<number>([STATUS.converged, STATUS.atBound, STATUS.noSignal]);

/** How much of something there is in each voxel, and what of it parallax moves. */
interface Moving {
  /** as in map/NMC532 */
  readonly name: string;
  readonly amount: ParameterMap;
  readonly lengths: readonly ParameterMap[];
}

/** @param ofPeaks cell from peaks -> the area of one of them, which says how much of the phase there is */
function whatMoves(maps: readonly ParameterMap[], ofPeaks: ReadonlyMap<string, string>): Moving[] {
  const byName = new Map(maps.map((map) => [map.name, map]));
  const moving = (name: string, amount: ParameterMap | undefined, parts: readonly string[]): Moving[] => {
    const lengths = parts.flatMap((part) => byName.get(`${name}/${part}`) ?? []);
    return amount && lengths.length > 0 ? [{ name, amount, lengths }] : [];
  };
  const own = maps.flatMap((amount) => {
    const [, name, kind] = /^(.*)\/(scale|area)$/.exec(amount.name) ?? [];
    return name === undefined ? [] : moving(name, amount, kind === "scale" ? CELL : ["d"]);
  });
  const cells = [...ofPeaks].filter(([name]) => !byName.has(`${name}/scale`));
  return [...own, ...cells.flatMap(([name, area]) => moving(name, byName.get(area), CELL))];
}

const CELL = ["a", "b", "c"];

/** Whether a tenth of the fitted voxels or more are shifted by more than a tenth of the usual esd. */
function matters(shift: Float32Array, { values, esd, status }: ParameterMap): boolean {
  const fitted = fittedVoxels(shift, status);
  if (!esd || fitted.length === 0) return fitted.length > 0;
  const usual = quantile(
    fitted.map((i) => esd[i]! / values[i]!),
    0.5,
  );
  const shifts = fitted.map((i) => Math.abs(shift[i]!));
  return !(quantile(shifts, 0.9) <= SIGNIFICANT * usual);
}

const fittedVoxels = (shift: Float32Array, status: Uint8Array | undefined): number[] =>
  [...shift.keys()].filter((i) => Number.isFinite(shift[i]!) && (!status || status[i] === STATUS.converged));

function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

function describeShift(shift: Float32Array, { status }: ParameterMap): string {
  const ppm = fittedVoxels(shift, status).map((i) => 1e6 * shift[i]!);
  const mean = ppm.reduce((sum, value) => sum + value, 0) / ppm.length;
  const [low, high] = [quantile(ppm, 0.05), quantile(ppm, 0.95)];
  return `parallax moved it by ${mean.toFixed(0)} ppm on average, ${low.toFixed(0)} to ${high.toFixed(0)} in 90 % of the voxels (first moment); corrected to first order in *_parallax_corrected`;
}
