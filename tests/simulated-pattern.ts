/** Powder patterns with known answers, from the calculator and Poisson's distribution. */
import { builtInStructure, type Structure } from "../src/crystal/index.ts";
import type { Pattern } from "../src/data/index.ts";
import { createReferenceKernels, type Kernels } from "../src/kernels/index.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import { poisson, seededRandom } from "./seeded-random.ts";

export interface SimulatedPhase {
  readonly name: string;
  readonly scale: number;
  /** by the names of parameters: a, c, size ... */
  readonly values?: Readonly<Record<string, number>>;
}

export const WAVELENGTH_A = 0.2;

/** Sharp lines (TCHZ) over a sloping background, from 3 to 18 degrees in 1500 points. */
export function simulatePattern(
  phases: readonly SimulatedPhase[],
  { seed = 1, zero = 0, kernels = createReferenceKernels() }: { seed?: number; zero?: number; kernels?: Kernels } = {},
): Pattern {
  const values = Float64Array.from({ length: 1500 }, (_, i) => 3 + 0.01 * i);
  const mark = kernels.arena.mark();
  const calculator = createPatternCalculator(
    kernels,
    {
      radiation: [{ ratio: 1, weight: 1 }],
      polarization: 0,
      lorentz: "azimuthal-mean",
      profile: "tchz",
      hasAsymmetry: false,
      background: { chebyshev: 3 },
      peaks: [],
      phases: phases.map(({ name }) => ({ name, kind: "rietveld", structure: builtInStructure(name) })),
      cutoff: 1e-5,
      marginDeg: 1,
      holdsWidths: false,
    },
    WAVELENGTH_A,
    values,
  );
  const set = (name: string, value: number): void => {
    calculator.values[calculator.indexOf(name)] = value;
  };
  set("W", 6e-4);
  set("X", 0.008);
  set("Y", 0.02);
  set("zero", zero);
  [150, -60, 20].forEach((value, k) => {
    set(`background/${k}`, value);
  });
  for (const { name, scale, values: own } of phases) {
    set(`${name}/scale`, scale);
    for (const [key, value] of Object.entries(own ?? {})) set(`${name}/${key}`, value);
  }
  if (!calculator.evaluate(false)) throw new Error("the simulated model makes no sense");
  const random = seededRandom(seed);
  const intensity = Float64Array.from(calculator.calculated, (mean) => poisson(mean, random));
  kernels.arena.release(mark);
  return { axis: { unit: "two-theta", values }, intensity, sigma: intensity.map((y) => Math.sqrt(Math.max(y, 1))) };
}

/** A structure of the program with its edges off by shares. */
export function distorted(name: string, shares: Readonly<Record<string, number>>): Structure {
  const structure = builtInStructure(name);
  const { a, b, c, ...angles } = structure.cell;
  const of = (key: string): number => 1 + (shares[key] ?? 0);
  return { ...structure, cell: { a: a * of("a"), b: b * of("b"), c: c * of("c"), ...angles } };
}
