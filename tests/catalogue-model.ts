/** A pattern model of phases that come with the program, as a synchrotron sees them. */
import { builtInStructure } from "../src/crystal/index.ts";
import type { Kernels } from "../src/kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../src/pattern/calculator.ts";
import type { PatternModel } from "../src/pattern/model.ts";
import { kernelBuilds } from "./kernel-builds.ts";

export const CATALOGUE_WAVELENGTH = 0.2;

export const catalogueChannels = (count = 1000, first = 1.2, last = 8): Float64Array =>
  Float64Array.from({ length: count }, (_, j) => first + ((last - first) * j) / (count - 1));

/**
 * @param values by parameter name, besides those of an instrument with lines of 0.024 to 0.03 degrees
 * @param model  terms that differ
 */
export function catalogueModel(
  phases: readonly string[],
  values: Readonly<Record<string, number>> = {},
  model: Partial<PatternModel> = {},
  twoTheta = catalogueChannels(),
  kernels: Kernels = kernelBuilds.find(({ name }) => name === "simd")!.create(),
): PatternCalculator {
  const calculator = createPatternCalculator(
    kernels,
    {
      radiation: [{ ratio: 1, weight: 1 }],
      polarization: 0,
      lorentz: "azimuthal-mean",
      profile: "tchz",
      hasAsymmetry: false,
      background: { chebyshev: 0 },
      peaks: [],
      cutoff: 0,
      marginDeg: 0.3,
      holdsWidths: false,
      ...model,
      phases: phases.map((name) => ({
        name,
        kind: "rietveld",
        structure: builtInStructure(name),
        ...model.phases?.[0],
      })),
    },
    CATALOGUE_WAVELENGTH,
    twoTheta,
  );
  for (const [name, value] of Object.entries({ U: 2e-2, W: 4e-4, X: 0.006, ...values })) {
    calculator.values[calculator.indexOf(name)] = value;
  }
  return calculator;
}
