/**
 * An internal standard: a phase whose lattice is the same in all cells (a collector's foil, the casing).
 *
 * A wrong distance or wavelength stretches all lattice parameters of a cell by one factor. So does the standard's, whose
 * mean in a cell over that in the reference is therefore divided out of all lattice parameters of the cell.
 */
import { InputError, type ParameterMap, type SliceMaps } from "../../data/index.ts";
import { usable } from "../../registration/index.ts";
import { describe } from "./statistics.ts";

export interface StandardOutcome {
  readonly phase: string;
  /** map that it was taken from: without parallax where there is one */
  readonly map: string;
  readonly cell: string;
  /** angstrom, weighted mean over the cell */
  readonly mean: number;
  readonly esd: number;
  /** relative error that was divided out, and its standard uncertainty */
  readonly error: number;
  readonly errorEsd: number;
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
