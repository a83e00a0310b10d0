/** (2) The summed patterns of all cells with their fits, ticks and indices. */
import { convertAxis } from "../../../data/index.ts";
import type { Result } from "../../../files/result-reader.ts";
import {
  type FittedPattern,
  type IndexedPhase,
  indexedPatternBlock,
  PHASE_COLOURS,
  printFigure,
} from "../../../stages/figure/index.ts";
import type { RefinementResult } from "../../../stages/refine/index.ts";
import { readPatternOf } from "../../result-figures.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** The summed pattern of a slice, its fit, and where the reflections of its phases lie, over 2θ in degrees. */
export interface SummedPattern {
  readonly pattern: FittedPattern;
  readonly phases: readonly Omit<IndexedPhase, "colour">[];
}

const SUM = "map/summed_pattern";

/**
 * The mean pattern of a result with its refinement.
 *
 * @returns undefined where the result has no summed pattern that was refined
 */
export function readSummedPattern(result: Result, label: string): SummedPattern | undefined {
  const note = result.readNote("map/refinement");
  const has = (name: string): boolean => result.list().some((entry) => entry.name === name);
  if (note === undefined || !has(SUM) || !has(`${SUM}_calculated`)) return undefined;
  const { phases, statistics, wavelengthA } = JSON.parse(note) as RefinementResult;
  const { axis, intensity } = readPatternOf(result, SUM);
  const x = convertAxis(axis.values, axis.unit, "two-theta", { wavelengthA });
  const calculated = Float64Array.from(result.readArray(`${SUM}_calculated`));
  const fitted = [...calculated.keys()].filter((bin) => Number.isFinite(calculated[bin]!));
  if (fitted.length < 2) return undefined;
  const part = (values: ArrayLike<number>): Float64Array => Float64Array.from(fitted, (bin) => values[bin]!);
  return {
    pattern: {
      label,
      x: part(x),
      observed: part(intensity),
      calculated: part(calculated),
      note: `Rwp ${(100 * statistics.rwp).toFixed(2)} %`,
    },
    phases: phases.map(({ name, reflections }) => ({
      name,
      reflections: reflections
        .filter(({ twoThetaDeg }) => twoThetaDeg > 0)
        .map(({ h, k, l, twoThetaDeg, calculated: intensity }) => ({
          position: twoThetaDeg,
          hkl: [h, k, l] as const,
          intensity,
        })),
    })),
  };
}

/**
 * Reflections are those of each cell's own fit; ticks and indices are drawn for the first cell, which the others differ
 * from by less than is seen.
 */
export function indexedPatternFigure(summed: readonly SummedPattern[]): StudyFigure[] {
  if (summed.length === 0) return [];
  const names = [...new Set(summed.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const phases = names.map((name, i): IndexedPhase => {
    // the cell that has most of it says best which of its lines are strong
    const candidates = summed.flatMap(({ phases: own }) => own.filter((phase) => phase.name === name));
    const most = (phase: (typeof candidates)[0]): number => Math.max(0, ...phase.reflections.map((r) => r.intensity));
    const chosen = candidates.reduce((best, one) => (most(one) > most(best) ? one : best));
    return { name, colour: PHASE_COLOURS[i % PHASE_COLOURS.length]!, reflections: chosen.reflections };
  });
  const block = indexedPatternBlock({ unit: "two-theta", patterns: summed.map(({ pattern }) => pattern), phases });
  const note =
    "Dots: observed; red: calculated; grey: their difference, all as square roots, each pattern on a scale of its own. Ticks and indices: reflections of the phases, each where the cell that holds most of it has them.";
  const title = "Summed patterns";
  return [{ name: "summed-patterns", title, svg: printFigure({ ...PRINT, title, note }, block) }];
}
