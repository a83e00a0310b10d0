/** What a user would tell of a phantom: phases, energy, distance and the peak shape of a calibrant. */
import { builtInStructure } from "../../src/crystal/index.ts";
import type { Kernels } from "../../src/kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../src/pattern/calculator.ts";
import { CAGLIOTI, ETA, type PhantomScan, WIDTH_FACTORS } from "./phantoms.ts";

/** A box of one bin widens a Gaussian of variance s^2 to s^2 + bin^2 / 12: what a fit to a calibrant finds. */
const binnedW = (twoThetaDeg: ArrayLike<number>): number => {
  const bin = (twoThetaDeg[twoThetaDeg.length - 1]! - twoThetaDeg[0]!) / (twoThetaDeg.length - 1);
  return CAGLIOTI.W + (8 * Math.LN2 * bin * bin) / 12;
};

/** FWHM in degrees at an apparent angle, of a phase. */
export function phantomWidth(scan: PhantomScan, phase: string): (twoThetaDeg: number) => number {
  const W = binnedW(scan.twoThetaDeg);
  return (twoThetaDeg) => {
    const t = Math.tan((twoThetaDeg * Math.PI) / 360);
    return (WIDTH_FACTORS[phase] ?? 1) * Math.sqrt((CAGLIOTI.U * t + CAGLIOTI.V) * t + W);
  };
}

export interface ModelChanges {
  /** by phase, factor on the width of its lines */
  readonly width?: Readonly<Record<string, number>>;
  /** by phase, factor on all lengths of its cell */
  readonly cell?: Readonly<Record<string, number>>;
  /** by phase, March and Dollase's r about c that the object does not have: intensities are wrong by it */
  readonly texture?: Readonly<Record<string, number>>;
}

/** The calculator of all crystalline phases, at the values that a fit to the mean pattern would settle on. */
export function phantomModel(kernels: Kernels, scan: PhantomScan, changes: ModelChanges = {}): PatternCalculator {
  const names = Object.keys(scan.truth);
  const calculator = createPatternCalculator(
    kernels,
    {
      radiation: [{ ratio: 1, weight: 1 }],
      polarization: 0,
      lorentz: "azimuthal-mean",
      profile: "pseudo-voigt",
      hasAsymmetry: false,
      background: { chebyshev: 6 },
      peaks: [],
      phases: names.map((name) => ({
        name,
        kind: "rietveld",
        structure: builtInStructure(name),
        ...(changes.texture?.[name] !== undefined && { texture: [{ hkl: [0, 0, 1] }] }),
      })),
      cutoff: 1e-4,
      marginDeg: 0.2,
      holdsWidths: false,
    },
    scan.wavelengthA,
    scan.twoThetaDeg,
  );
  const set = (name: string, value: number): void => {
    calculator.values[calculator.indexOf(name)] = value;
  };
  set("U", CAGLIOTI.U);
  set("W", binnedW(scan.twoThetaDeg));
  set("eta0", ETA);
  for (const name of names) {
    const { fraction, a, c } = scan.truth[name]!;
    set(`${name}/width`, (WIDTH_FACTORS[name] ?? 1) * (changes.width?.[name] ?? 1));
    const factor = changes.cell?.[name] ?? 1;
    const march = calculator.parameters.find((one) => one.name.startsWith(`${name}/`) && one.name.includes("exture"));
    if (march) set(march.name, changes.texture![name]!);
    set(`${name}/a`, factor * weightedMean(a, fraction));
    if (calculator.parameters.some((parameter) => parameter.name === `${name}/c`)) {
      set(`${name}/c`, factor * weightedMean(c, fraction));
    }
  }
  return calculator;
}

function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (weights[i]! > 0) {
      sum += weights[i]! * values[i]!;
      total += weights[i]!;
    }
  }
  return sum / total;
}
