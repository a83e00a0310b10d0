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
