/**
 * Weight fractions W_p = S_p (Z M V)_p / sum, with the masses of the cells as their occupancies stand.
 *
 * Source: Hill & Howard, J. Appl. Cryst. 20 (1987) 467-474.
 */
import { atomicWeight, cellFreedom, cellVolume, scatteringFactor, unitCellAtoms } from "../crystal/index.ts";
import type { PatternCalculator } from "../pattern/calculator.ts";
import type { PhaseModel } from "../pattern/model.ts";
import { siteKeys } from "../pattern/parameters.ts";

export interface WeightFractions {
  /** phases that count: Rietveld, with a scale */
  readonly phases: readonly number[];
  /** [phase] S Z M V at the values given; NaN for phases that do not count */
  masses(values: Float64Array, out: Float64Array): void;
  /** [phase] fractions; NaN for phases that do not count, or where there is no mass */
  fractions(values: Float64Array, out: Float64Array): void;
  /** [phase] esd from the covariance [m, m] of the refined parameters */
  esd(values: Float64Array, refined: readonly number[], covariance: Float64Array): Float64Array;
}

export function createWeightFractions({
  model,
  indexOf,
}: Pick<PatternCalculator, "model" | "indexOf">): WeightFractions {
  const cells = model.phases.map((phase) => (phase.kind === "rietveld" ? createCellMass(phase, indexOf) : undefined));
  const count = cells.length;
  const phases = [...cells.keys()].filter((p) => cells[p]);

  function masses(values: Float64Array, out: Float64Array): void {
    for (let p = 0; p < count; p++) {
      const cell = cells[p];
      out[p] = cell ? values[cell.scale]! * cell.mass(values) : Number.NaN;
    }
  }
  function fractions(values: Float64Array, out: Float64Array): void {
    masses(values, out);
    let sum = 0;
    for (const p of phases) sum += out[p]!;
    for (let p = 0; p < count; p++) out[p] = sum > 0 ? out[p]! / sum : Number.NaN;
  }
  function esd(values: Float64Array, refined: readonly number[], covariance: Float64Array): Float64Array {
    const m = refined.length;
    const own = refined
      .map((parameter, j) => ({ parameter, j }))
      .filter(({ parameter }) => cells.some((cell) => cell?.uses.has(parameter)));
    const gradient = own.map(({ parameter }) => derivative(values, parameter));
    return Float64Array.from({ length: count }, (_, p) => {
      if (!cells[p]) return Number.NaN;
      let variance = 0;
      own.forEach(({ j }, a) => {
        own.forEach(({ j: k }, b) => {
          variance += gradient[a]![p]! * gradient[b]![p]! * covariance[j * m + k]!;
        });
      });
      return Math.sqrt(variance);
    });
  }
  /** by a central difference: the functions are smooth, products of a few numbers */
  function derivative(values: Float64Array, parameter: number): Float64Array {
    const moved = values.slice();
    const step = 1e-6 * (Math.abs(values[parameter]!) || 1e-6);
    const [high, low] = [new Float64Array(count), new Float64Array(count)];
    moved[parameter] = values[parameter]! + step;
    fractions(moved, high);
    moved[parameter] = values[parameter]! - step;
    fractions(moved, low);
    return high.map((value, p) => (value - low[p]!) / (2 * step));
  }
  return { phases, masses, fractions, esd };
}

interface CellMass {
  /** index of the scale */
  readonly scale: number;
  /** parameters that change S Z M V */
  readonly uses: ReadonlySet<number>;
  /** Z M V, g/mol x angstrom^3 */
  mass(values: Float64Array): number;
}

function createCellMass({ name, structure }: PhaseModel, indexOf: (name: string) => number): CellMass {
  const freedom = cellFreedom(structure);
  const cell = freedom.names.map((key) => indexOf(`${name}/${key}`));
  const keys = siteKeys(structure);
  const sites = unitCellAtoms(structure).map(({ site, positions }, i) => ({
    occupancy: indexOf(`${name}/${keys[i]}/occupancy`),
    weight: (atomicWeight(scatteringFactor(site.scatterer).element) * positions.length) / 3,
  }));
  const scale = indexOf(`${name}/scale`);
  const six = new Float64Array(6);
  return {
    scale,
    uses: new Set([scale, ...cell, ...sites.map(({ occupancy }) => occupancy)]),
    mass(values) {
      for (let i = 0; i < 6; i++) {
        six[i] = freedom.constant[i]!;
        for (let q = 0; q < cell.length; q++) six[i]! += freedom.matrix[i * cell.length + q]! * values[cell[q]!]!;
      }
      const volume = cellVolume({ a: six[0]!, b: six[1]!, c: six[2]!, alpha: six[3]!, beta: six[4]!, gamma: six[5]! });
      let mass = 0;
      for (const { occupancy, weight } of sites) mass += values[occupancy]! * weight;
      return mass * volume;
    },
  };
}
