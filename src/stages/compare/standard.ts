/**
 * An internal standard: a phase whose lattice is the same in all cells (a collector's foil, the casing).
 *
 * A wrong distance or wavelength stretches all lattice parameters of a cell by one factor. So does the standard's, whose
 * mean in a cell over that in the reference is therefore divided out of all lattice parameters of the cell. Every other
 * foil and the casing should give the same factor. Where one does not, lines overlap or a lattice has changed, and the
 * factor is no surer than they agree.
 */
import { InputError, type ParameterMap, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import { usable } from "../../registration/index.ts";
import { describe, LEAST_VOXELS } from "./statistics.ts";

export interface StandardOutcome {
  readonly phase: string;
  /** map that it was taken from: without parallax where there is one */
  readonly map: string;
  readonly cell: string;
  /** angstrom, weighted mean over the cell */
  readonly mean: number;
  readonly esd: number;
  /** relative error that was divided out, and its standard uncertainty: of the mean, and of what others say */
  readonly error: number;
  readonly errorEsd: number;
  /** the phase that says something else, and the error by it; left out where all agree */
  readonly against?: { readonly phase: string; readonly error: number };
}

const LENGTHS = /\/(a|b|c)(_parallax_corrected)?$/;

/** @throws InputError "compare-standard" where a cell has no such map, or no voxel of it */
export function measureStandard(slices: readonly SliceMaps[], reference: SliceMaps, phase: string): StandardOutcome[] {
  const name = [`${phase}/a_parallax_corrected`, `${phase}/a`].find((map) => slices.every(({ maps }) => maps.has(map)));
  if (name === undefined) {
    const without = slices.find(({ maps }) => !maps.has(`${phase}/a`))!;
    const phases = [...without.maps.keys()].filter((map) => map.endsWith("/a")).map((map) => map.slice(0, -2));
    throw new InputError(
      "compare-standard",
      `--standard ${phase}: ${without.name} has no lattice parameter ${phase}/a. It has those of ${phases.join(", ") || "no phase"}. Name one that every cell has.`,
    );
  }
  const means = slices.map((slice) => ({ slice, ...meanOf(slice, name, phase) }));
  const of = means.find(({ slice }) => slice === reference)!;
  return means.map(({ slice, mean, esd }) => ({
    ...{ phase, map: name, cell: slice.name, mean, esd },
    error: mean / of.mean - 1,
    errorEsd: slice === reference ? 0 : Math.hypot(esd / mean, of.esd / of.mean),
  }));
}

/** Standards that differ by less than this, or by less than so many uncertainties, are one. */
const ALIKE_PPM = 20;
const ALIKE_ESD = 4;
/** A disagreement of less than this is left to the uncertainty, however small the correction: 0.0007 angstrom of c. */
const HARMLESS_PPM = 50;

export interface Witnesses {
  readonly roles: PhaseRoles;
  /** what the user vouches for: others are then not asked */
  readonly vouchedPpm?: number | undefined;
}

/**
 * The standard with the uncertainty that the other foils and the casing leave it.
 *
 * @throws InputError "compare-standard-doubtful" where they differ by more than the standard corrects
 */
export function withWitnesses(
  standard: readonly StandardOutcome[],
  slices: readonly SliceMaps[],
  reference: SliceMaps,
  { roles, vouchedPpm }: Witnesses,
): StandardOutcome[] {
  const widened = (one: StandardOutcome, by: number): StandardOutcome => ({
    ...one,
    errorEsd: one.cell === reference.name ? 0 : Math.hypot(one.errorEsd, by),
  });
  if (vouchedPpm !== undefined) return standard.map((one) => widened(one, 1e-6 * vouchedPpm));
  const chosen = standard[0]!.phase;
  const others = [...roles.cathodeCollector, ...roles.anodeCollector, ...roles.casing]
    .filter((phase) => phase !== chosen && slices.every((slice) => hasLattice(slice, phase)))
    .map((phase) => measureStandard(slices, reference, phase));
  return standard.map((one, i) => {
    const [furthest] = others
      .map((of) => of[i]!)
      .filter((other) => Math.abs(other.error - one.error) >= leastApart(other, one))
      .sort((a, b) => Math.abs(b.error - one.error) - Math.abs(a.error - one.error));
    if (!furthest) return one;
    const apart = Math.abs(furthest.error - one.error);
    if (apart > Math.max(Math.abs(one.error), 1e-6 * HARMLESS_PPM)) throw doubtful(one, furthest, reference.name);
    return { ...widened(one, apart), against: { phase: furthest.phase, error: furthest.error } };
  });
}

const hasLattice = ({ maps }: SliceMaps, phase: string): boolean => {
  const map = maps.get(`${phase}/a`);
  return map !== undefined && usable(map).reduce((sum, used) => sum + used, 0) >= 10 * LEAST_VOXELS;
};

const leastApart = (a: StandardOutcome, b: StandardOutcome): number =>
  Math.max(1e-6 * ALIKE_PPM, ALIKE_ESD * Math.hypot(a.errorEsd, b.errorEsd));

function doubtful(one: StandardOutcome, other: StandardOutcome, reference: string): InputError {
  const ppm = (value: number): string => `${(1e6 * value).toFixed(0)} ppm`;
  return new InputError(
    "compare-standard-doubtful",
    `--standard ${one.phase}: between ${one.cell} and ${reference} it differs by ${ppm(one.error)} (${one.map}), but ${other.phase} by ${ppm(other.error)}: they disagree by more than there is to correct. Lines of one of them overlap with others, or it is not the same in both cells. Leave --standard out; or, where ${one.phase} is known to be right, say to how many ppm with --standard-esd-ppm.`,
  );
}

function meanOf(slice: SliceMaps, name: string, phase: string): { mean: number; esd: number } {
  const map = slice.maps.get(name)!;
  const found = describe(map, usable(map));
  if (!found)
    throw new InputError(
      "compare-standard",
      `--standard ${phase}: no voxel of ${slice.name} has a converged ${name}. Name a phase that was found.`,
    );
  return Number.isFinite(found.weightedMean)
    ? { mean: found.weightedMean, esd: found.weightedEsd }
    : { mean: found.mean, esd: found.esd };
}

/** All lattice parameters without the relative error; whatever else the slice has stays as it is. */
export function divideOut(slice: SliceMaps, error: number): SliceMaps {
  if (error === 0) return slice;
  const scaled = (map: ParameterMap): ParameterMap => ({
    ...map,
    values: map.values.map((value) => value / (1 + error)) as ParameterMap["values"],
    ...(map.esd && { esd: map.esd.map((value) => value / (1 + error)) as ParameterMap["values"] }),
  });
  const maps = [...slice.maps].map(([name, map]) => [name, LENGTHS.test(name) ? scaled(map) : map] as const);
  return { ...slice, maps: new Map(maps) };
}

/** Whether a map is of lattice parameters, which a standard's error is in. */
export const isLength = (name: string): boolean => LENGTHS.test(name);
