/**
 * Volume fractions from Rietveld scales, but for one factor: a voxel scatters S of a phase in proportion to the volume
 * it fills over the volume of the cell squared, so
 *
 *   volume fraction = K S V_cell^2        one K for all phases and voxels
 *
 * Source: Hill & Howard, J. Appl. Cryst. 20 (1987) 467-474 (mass S Z M V, over density Z M / V).
 */
import { InputError } from "../../data/index.ts";
import { fillGaps } from "./fill-gaps.ts";
import { withHoles } from "./sample-mask.ts";

/** A Rietveld phase in all voxels of a slice. */
export interface AbsorbingPhase {
  readonly name: string;
  /** [y, x] as refined, negative ones and those without signal included; NaN where there is none */
  readonly scale: ArrayLike<number>;
  /** of the cell, angstrom^3 */
  readonly volume: number;
  /** of the dense phase, 1/mm */
  readonly muPerMm: number;
}

export interface PhaseVolumes {
  readonly nx: number;
  readonly names: readonly string[];
  /** by phase: [y, x] S V_cell^2 */
  readonly volumes: readonly Float64Array[];
  /** [y, x] their sum */
  readonly total: Float64Array;
  /** [y, x] their sum, each times its mu: mu over K */
  readonly attenuation: Float64Array;
  /** scales that were missing and filled in from neighbours */
  readonly filled: number;
}

/**
 * What the volume of each phase in every voxel is in proportion to, [y, x] a phase: its scale times its cell volume squared.
 *
 * @param scattering [y, x] 1 in the sample: elsewhere there is nothing
 * @throws InputError "absorb-no-signal"
 */
export function phaseVolumes(phases: readonly AbsorbingPhase[], scattering: Uint8Array, nx: number): PhaseVolumes {
  let filled = 0;
  const volumes = phases.map(({ scale, volume }) => {
    const values = Float64Array.from(scale, (s, i) => (scattering[i] ? s * volume * volume : 0));
    filled += fillGaps(values, scattering, nx);
    return values;
  });
  return addUp(volumes, phases, nx, filled);
}

/** The same phases with other volumes. @throws InputError "absorb-no-signal" */
export const withVolumes = (
  { nx, filled }: PhaseVolumes,
  volumes: readonly Float64Array[],
  phases: readonly AbsorbingPhase[],
): PhaseVolumes => addUp(volumes, phases, nx, filled);

function addUp(
  volumes: readonly Float64Array[],
  phases: readonly AbsorbingPhase[],
  nx: number,
  filled: number,
): PhaseVolumes {
  const total = new Float64Array(volumes[0]?.length ?? 0);
  const attenuation = new Float64Array(total.length);
  volumes.forEach((values, p) => {
    for (let i = 0; i < values.length; i++) {
      total[i] = total[i]! + values[i]!;
      attenuation[i] = attenuation[i]! + values[i]! * phases[p]!.muPerMm;
    }
  });
  const names = phases.map(({ name }) => name);
  if (total.reduce((sum, value) => sum + value, 0) > 0) return { nx, names, volumes, total, attenuation, filled };
  throw new InputError(
    "absorb-no-signal",
    `No phase of the map (${names.join(", ")}) has a scale above 0, so nothing can be said about the absorption. Look at map/*/scale and the refinement of the mean pattern, or give the attenuation another way: absorb.from.`,
  );
}

/** What fills voxels up to 1. */
export interface Rest {
  readonly muPerMm: number;
  /** volume fraction of all phases from which on a voxel is sample */
  readonly least: number;
  /** also in holes that the sample encloses */
  readonly fillsHoles: boolean;
}

/** [y, x] share of a voxel that the rest fills. @param factor K */
export function restShare(total: Float64Array, factor: number, { least, fillsHoles }: Rest, nx: number): Float64Array {
  const sample = Uint8Array.from(total, (value) => (factor * value >= least ? 1 : 0));
  const where = fillsHoles ? withHoles(sample, nx) : sample;
  return total.map((value, i) => (where[i] ? Math.min(1, Math.max(0, 1 - factor * value)) : 0));
}

/** [y, x] mu, 1/mm; below 0 where noise takes it there, so that rays keep their mean. @param factor K */
export function attenuationOfPhases(
  { total, attenuation, nx }: PhaseVolumes,
  factor: number,
  rest: Rest | undefined,
): Float64Array {
  const share = rest && restShare(total, factor, rest, nx);
  return attenuation.map((value, i) => factor * value + (share ? share[i]! * rest.muPerMm : 0));
}
