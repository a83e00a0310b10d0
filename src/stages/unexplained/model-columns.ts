/** What a model can do to a pattern by changing its own numbers: to first order, its columns. */
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import type { PatternModel } from "../../pattern/model.ts";

/** A model at given values, over the points that are looked at. */
export interface ModelState {
  readonly model: PatternModel;
  readonly wavelengthA: number;
  /** [point] */
  readonly twoThetaDeg: Float64Array;
  /** by name; what is not named is at its default */
  readonly values: ReadonlyMap<string, number>;
}

/** @returns [point] derivative of the pattern by each of the named parameters; where it is 0 everywhere, left out */
export function modelColumns(kernels: Kernels, state: ModelState, names: readonly string[]): Map<string, Float64Array> {
  const mark = kernels.arena.mark();
  try {
    const model = { ...state.model, holdsWidths: false };
    const calculator = createPatternCalculator(kernels, model, state.wavelengthA, state.twoThetaDeg);
    for (const [name, value] of state.values) calculator.values[calculator.indexOf(name)] = value;
    calculator.prepare(names.map(calculator.indexOf));
    const found = new Map<string, Float64Array>();
    if (!calculator.evaluate(true)) return found;
    names.forEach((name, j) => {
      const at = j * calculator.stride;
      const column = calculator.columns.slice(at, at + state.twoThetaDeg.length);
      if (column.some((value) => value !== 0)) found.set(name, column);
    });
    return found;
  } finally {
    kernels.arena.release(mark);
  }
}

/**
 * A phase of the model at cells that are larger or smaller alike, as depth along the beam makes of one phase.
 *
 * @param factors of the cell in the state
 * @returns for each factor [point] the pattern of a unit of scale
 */
export function phaseAtCells(
  kernels: Kernels,
  { model, wavelengthA, twoThetaDeg, values }: ModelState,
  phase: string,
  factors: readonly number[],
): Float64Array[] {
  const mark = kernels.arena.mark();
  try {
    const alone = { ...model, phases: model.phases.filter(({ name }) => name === phase), holdsWidths: false };
    const calculator = createPatternCalculator(kernels, alone, wavelengthA, twoThetaDeg);
    const { parameters, indexOf } = calculator;
    parameters.forEach(({ name }, i) => {
      const value = values.get(name);
      if (value !== undefined) calculator.values[i] = value;
    });
    const edges = [...parameters.keys()].filter((i) => /\/[abc]$/.test(parameters[i]!.name));
    const start = calculator.values.slice();
    calculator.prepare([indexOf(`${phase}/scale`)]);
    return factors.flatMap((factor) => {
      for (const i of edges) calculator.values[i] = start[i]! * factor;
      return calculator.evaluate(true) ? [calculator.columns.slice(0, twoThetaDeg.length)] : [];
    });
  } finally {
    kernels.arena.release(mark);
  }
}
