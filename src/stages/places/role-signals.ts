/** How much of each part of a cell a voxel holds, from the maps of its phases. */
import { InputError, type ParameterMap, type PhaseRole, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import { median, medianOfFew, quantile } from "../../fit/index.ts";
import type { Image } from "./polar.ts";

/** Signals of the parts of a cell: about 1 where a voxel is full of one, 0 without it; roles without phases are absent. */
export type RoleSignals = ReadonlyMap<PhaseRole, Image>;

/**
 * Scales count before weight fractions, which are shares of nothing in a void. Phases of one role are added by their
 * mass, so that a mixture is as much as either; the factors come from the weight fractions, where those are known.
 *
 * @throws InputError "places-no-phase" where a phase that was named has no map
 */
export function roleSignals(maps: SliceMaps, roles: PhaseRoles): RoleSignals {
  const signals = new Map<PhaseRole, Image>();
  for (const [role, phases] of Object.entries(roles) as [PhaseRole, readonly string[]][]) {
    if (phases.length === 0) continue;
    signals.set(role, { ny: maps.ny, nx: maps.nx, values: normalised(sumOf(maps, phases)) });
  }
  return signals;
}

/** What says how much there is of a phase; the first that is there. */
const AMOUNTS = ["scale", "area", "weight_fraction"];

function amountOf({ maps, name: sample }: SliceMaps, phase: string): Float32Array {
  for (const name of [phase, `peaks/${phase}`]) {
    for (const amount of AMOUNTS) {
      const map = maps.get(`${name}/${amount}`);
      if (map) return withoutGaps(map);
    }
  }
  const known = [...maps.keys()].filter((name) => /\/(scale|area|weight_fraction)$/.test(name));
  throw new InputError(
    "places-no-phase",
    `${sample}: no map says how much there is of "${phase}". There are ${known.join(", ") || "none at all"}. Correct the phases given for the parts of the cell.`,
  );
}

/** Neighbours of eight that have a value where a voxel without one is a gap and not a void. */
const AROUND_A_GAP = 5;

/** A voxel that was passed over or failed is like those around it; where there are none, there is nothing. */
function withoutGaps({ ny, nx, values }: ParameterMap): Float32Array {
  const near = new Float64Array(8);
  return Float32Array.from(values, (value, i) => {
    if (Number.isFinite(value)) return value;
    let n = 0;
    for (const d of [-nx - 1, -nx, -nx + 1, -1, 1, nx - 1, nx, nx + 1]) {
      const other = i + d < 0 || i + d >= ny * nx ? Number.NaN : values[i + d]!;
      if (Number.isFinite(other)) near[n++] = other;
    }
    return n < AROUND_A_GAP ? 0 : medianOfFew(near, n);
  });
}

function sumOf(maps: SliceMaps, phases: readonly string[]): Float32Array {
  const amounts = phases.map((phase) => amountOf(maps, phase));
  const sizes = amounts.map((amount) => amount.reduce((sum, value) => sum + Math.max(0, value), 0));
  const main = sizes.indexOf(Math.max(...sizes));
  const sum = amounts[main]!.slice();
  for (const [i, amount] of amounts.entries()) {
    if (i === main) continue;
    const factor = massRatio(maps, phases[i]!, phases[main]!, amount, amounts[main]!);
    for (let v = 0; v < sum.length; v++) sum[v]! += factor * amount[v]!;
  }
  return sum;
}

/** Share of both phases from which on a voxel says how their scales compare, and voxels needed for that. */
const [TELLING, ENOUGH] = [0.03, 12];

/** What one scale of `phase` weighs in scales of `main`: w_p / w_m = k S_p / S_m in every voxel that holds both. */
function massRatio(maps: SliceMaps, phase: string, main: string, scale: Float32Array, mainScale: Float32Array): number {
  const [w, wMain] = [phase, main].map((name) => maps.maps.get(`${name}/weight_fraction`)?.values);
  const ratios: number[] = [];
  for (let v = 0; w && wMain && v < scale.length; v++) {
    if (!(w[v]! > TELLING && wMain[v]! > TELLING && scale[v]! > 0 && mainScale[v]! > 0)) continue;
    ratios.push(w[v]! / scale[v]! / (wMain[v]! / mainScale[v]!));
  }
  if (ratios.length >= ENOUGH) return median(ratios);
  const height = quantile(scale, 0.99);
  return height > 0 ? quantile(mainScale, 0.99) / height : 0;
}

/** In units of its plateau: the middle of what is above half of its height. */
function normalised(values: Float32Array): Float32Array {
  const height = quantile(positiveOf(values), 0.98);
  const plateau = median(values.filter((value) => value > 0.5 * height));
  return plateau > 0 ? values.map((value) => value / plateau) : new Float32Array(values.length);
}

/** What stands out of the noise around 0. */
function positiveOf(values: Float32Array): Float32Array {
  const level = 0.1 * quantile(values, 0.998);
  return values.filter((value) => value > level);
}
