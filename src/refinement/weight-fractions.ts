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

/** Weight fractions of the phases from their scales and cells, 0 to 1 (Hill and Howard 1987), with their esds. */
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
  /**
   * W_p = M_p / T with T the sum of masses: dW_p / dM_q = ((p = q) - W_p) / T, so the covariance of the masses, phase by
   * phase, says it all.
   */
  function esd(values: Float64Array, refined: readonly number[], covariance: Float64Array): Float64Array {
    if (refined !== last.refined) last = { refined, own: ownParameters(refined) };
    const { own } = last;
    const m = refined.length;
    masses(values, mass);
    let total = 0;
    for (const p of phases) total += mass[p]!;
    for (const one of own) one.slope = cells[one.phase]!.slope(values, refined[one.j]!);
    between.fill(0);
    for (const { phase, j, slope } of own) {
      for (const other of own) {
        between[phase * count + other.phase]! += slope * other.slope * covariance[j * m + other.j]!;
      }
    }
    const out = new Float64Array(count).fill(Number.NaN);
    if (!(total > 0)) return out;
    for (const p of phases) {
      const share = mass[p]! / total;
      let variance = 0;
      for (const q of phases) {
        for (const r of phases) {
          variance += ((p === q ? 1 : 0) - share) * ((p === r ? 1 : 0) - share) * between[q * count + r]!;
        }
      }
      out[p] = Math.sqrt(Math.max(variance, 0)) / total;
    }
    return out;
  }
  /** Where in `refined` each parameter stands that changes a mass, and of which phase. */
  const ownParameters = (refined: readonly number[]): OwnParameter[] =>
    refined.flatMap((parameter, j) => {
      const phase = cells.findIndex((cell) => cell?.uses.has(parameter));
      return phase < 0 ? [] : [{ j, phase, slope: 0 }];
    });
  let last: { refined: readonly number[]; own: OwnParameter[] } = { refined: [], own: [] };
  const mass = new Float64Array(count);
  /** [phase, phase] covariance of the masses */
  const between = new Float64Array(count * count);
  return { phases, masses, fractions, esd };
}

interface OwnParameter {
  readonly j: number;
  readonly phase: number;
  slope: number;
}

interface CellMass {
  /** index of the scale */
  readonly scale: number;
  /** parameters that change S Z M V */
  readonly uses: ReadonlySet<number>;
  /** Z M V, g/mol x angstrom^3 */
  mass(values: Float64Array): number;
  /** derivative of S Z M V by one of `uses` */
  slope(values: Float64Array, parameter: number): number;
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
  function mass(values: Float64Array): number {
    for (let i = 0; i < 6; i++) {
      six[i] = freedom.constant[i]!;
      for (let q = 0; q < cell.length; q++) six[i]! += freedom.matrix[i * cell.length + q]! * values[cell[q]!]!;
    }
    const volume = cellVolume({ a: six[0]!, b: six[1]!, c: six[2]!, alpha: six[3]!, beta: six[4]!, gamma: six[5]! });
    let sum = 0;
    for (const { occupancy, weight } of sites) sum += values[occupancy]! * weight;
    return sum * volume;
  }
  /** by a central difference where not by the scale: the mass is smooth, a product of a few numbers */
  function slope(values: Float64Array, parameter: number): number {
    if (parameter === scale) return mass(values);
    const value = values[parameter]!;
    const step = 1e-6 * (Math.abs(value) || 1e-6);
    values[parameter] = value + step;
    const high = mass(values);
    values[parameter] = value - step;
    const low = mass(values);
    values[parameter] = value;
    return (values[scale]! * (high - low)) / (2 * step);
  }
  return { scale, uses: new Set([scale, ...cell, ...sites.map(({ occupancy }) => occupancy)]), mass, slope };
}
