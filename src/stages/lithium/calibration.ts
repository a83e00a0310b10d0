/** Lattice parameters of a layered oxide over its lithium content: tables, and the curves that posteriors run along. */
import { InputError } from "../../data/index.ts";
import { parseFormula } from "./formula.ts";
import { NMC811_ROWS } from "./tables/nmc811.ts";

export interface LithiumCalibration {
  readonly name: string;
  /** at full lithium, LiNi0.8Mn0.1Co0.1O2 */
  readonly formula: string;
  readonly source: string;
  /** [row] lithium a formula unit, ascending */
  readonly x: Float64Array;
  /** [row] angstrom */
  readonly a: Float64Array;
  readonly c: Float64Array;
  /** [row] angstrom: how far a sample of this composition may lie off the curve */
  readonly esdA: Float64Array;
  readonly esdC: Float64Array;
  /** of the table's x, which every voxel shares */
  readonly xEsd: number;
  /** relative, of differences of x: compositions differ in how fast a falls */
  readonly slopeEsd: number;
}

/** A state whose lithium is known otherwise: as made, or by coulometry. */
export interface ReferenceState {
  readonly x: number;
  /** angstrom */
  readonly a: number;
  readonly c: number;
  readonly xEsd?: number | undefined;
}

export interface CalibrationInput {
  readonly name: string;
  readonly formula: string;
  readonly source: string;
  readonly rows: readonly { x: number; a: number; c: number; esdA?: number; esdC?: number }[];
  readonly xEsd: number;
}

/**
 * A table that can be used: ascending in x, in angstrom, of a layered oxide.
 *
 * @throws InputError "lithium-table" | "lithium-formula"
 */
export function createCalibration({ name, formula, source, rows, xEsd }: CalibrationInput): LithiumCalibration {
  const refuse = (problem: string): InputError => new InputError("lithium-table", `Lithium table ${name}: ${problem}`);
  parseFormula(formula);
  if (rows.length < 3) throw refuse(`${rows.length} rows; three are needed, with x, a and c each.`);
  const sorted = withoutSteps([...rows].sort((p, q) => p.x - q.x));
  for (const [i, { x, a, c, esdA = 0, esdC = 0 }] of sorted.entries()) {
    if (![x, a, c].every(Number.isFinite)) throw refuse(`x = ${x}, a = ${a}, c = ${c}: three numbers are needed.`);
    if (x < 0 || x > 2)
      throw refuse(`x = ${x} is no lithium content: needed is Li a formula unit, 0 to 1 (at most 2).`);
    if (!(a > 1 && a < 20)) throw refuse(`a = ${a} at x = ${x}: angstrom are needed (2.87 for NMC).`);
    if (!(c > 1 && c < 60)) throw refuse(`c = ${c} at x = ${x}: angstrom are needed (14.2 for NMC).`);
    if (!(esdA >= 0 && esdC >= 0)) throw refuse(`an uncertainty below 0 at x = ${x}.`);
    if (i > 0 && !(x > sorted[i - 1]!.x)) throw refuse(`x = ${x} is given twice; each x once.`);
  }
  const jump = sorted.findIndex(({ a }, i) => i > 0 && Math.abs(a / sorted[i - 1]!.a - 1) > 0.05);
  if (jump > 0) throw refuse(`a jumps by more than 5 % at x = ${sorted[jump]!.x}: is a column in another unit?`);
  const column = (pick: (row: (typeof sorted)[number]) => number): Float64Array => Float64Array.from(sorted, pick);
  return {
    name,
    formula,
    source,
    x: column(({ x }) => x),
    a: column(({ a }) => a),
    c: column(({ c }) => c),
    esdA: column(({ esdA }) => esdA ?? 0),
    esdC: column(({ esdC }) => esdC ?? 0),
    xEsd,
    slopeEsd: SLOPE_PER_X * xEsd,
  };
}

/** 0.0805 to 0.0875 angstrom a lithium are found for a of NMC, 4 %, where x is good to 0.05; better tables are in both. */
const SLOPE_PER_X = 0.8;

/** Two rows alike, as of one pattern for two capacities, stand for the point between them; not so at the ends. */
function withoutSteps<T extends { x: number; a: number; c: number }>(rows: readonly T[]): T[] {
  const kept: T[] = [];
  for (const [i, row] of rows.entries()) {
    const before = kept.at(-1);
    const isStep = before && before.a === row.a && before.c === row.c && i > 1 && i < rows.length - 1;
    if (isStep) kept[kept.length - 1] = { ...row, x: (before.x + row.x) / 2 };
    else kept.push(row);
  }
  return kept;
}

/** Of x without coulometry: what two studies of one composition differ by. */
const X_ESD = 0.05;

function nmc811(name: string, formula: string, source: string, esdA: number, esdC: number): LithiumCalibration {
  const rows = NMC811_ROWS.map(([x, a, c]) => ({ x, a, c, esdA, esdC }));
  return createCalibration({ name, formula, source, rows, xEsd: X_ESD });
}

const MAERKER = "Maerker et al., Chem. Mater. 31 (2019) 2545, doi 10.1021/acs.chemmater.9b00140";

/** As synthesised, and where c is largest on charging: Vamvakeros et al., Small Methods 5 (2021) 2100512 */
const NMC532_STATES: readonly ReferenceState[] = [
  { x: 1, a: 2.87, c: 14.25 },
  { x: 0.357, a: 2.8188 - 0.0004, c: 14.508 },
];

/** Tables that come with the program. */
export const CALIBRATIONS = {
  NMC811: nmc811("NMC811", "LiNi0.8Mn0.1Co0.1O2", MAERKER, 0.001, 0.005),
  // neither of its states is known by coulometry: x stays as good as the shape's
  NMC532: anchorCalibration(
    nmc811(
      "NMC532",
      "LiNi0.5Mn0.3Co0.2O2",
      `shape of NMC811 (${MAERKER}), moved to NMC532 as made (2.870, 14.25 Å) and to its largest c (14.508 Å, doi 10.1002/smtd.202100512)`,
      0.002,
      0.02,
    ),
    NMC532_STATES,
  ),
} satisfies Record<string, LithiumCalibration>;
export type CalibrationName = keyof typeof CALIBRATIONS;

/** What other nickel shares do to the curve, angstrom: NMC532 against NMC811. */
const OTHER_COMPOSITION = { a: 0.003, c: 0.06 };

/**
 * The table that suits a composition best; another nickel share widens it.
 *
 * @returns undefined where the oxide is no layered Li(Ni, Mn, Co, Al)O2
 */
export function calibrationFor(composition: ReadonlyMap<string, number>): LithiumCalibration | undefined {
  const metals = ["Ni", "Mn", "Co", "Al"].map((element) => composition.get(element) ?? 0);
  const total = metals.reduce((sum, n) => sum + n, 0);
  const oxygen = composition.get("O") ?? 0;
  if (!(total > 0) || Math.abs(oxygen / total - 2) > 0.1 || !(metals[0]! > 0)) return undefined;
  const nickel = metals[0]! / total;
  if (Math.abs(nickel - 0.5) < 0.03) return CALIBRATIONS.NMC532;
  if (nickel > 0.75) return CALIBRATIONS.NMC811;
  return widenCalibration(CALIBRATIONS.NMC811, OTHER_COMPOSITION.a, OTHER_COMPOSITION.c);
}

/** The table with other distances of samples from its curve, angstrom. */
export const widenCalibration = (table: LithiumCalibration, esdA: number, esdC: number): LithiumCalibration => ({
  ...table,
  esdA: table.esdA.map(() => esdA),
  esdC: table.esdC.map(() => esdC),
});

/**
 * The table moved so that it goes through states that are known: by the same a and c everywhere for one state, by
 * amounts that change linearly with x between several.
 *
 * @throws InputError "lithium-reference"
 */
export function anchorCalibration(table: LithiumCalibration, states: readonly ReferenceState[]): LithiumCalibration {
  if (states.length === 0) return table;
  const sorted = [...states].sort((p, q) => p.x - q.x);
  const [low, high] = [table.x[0]!, table.x.at(-1)!];
  const offsets = sorted.map(({ x, a, c }, i) => {
    if (!(x >= low && x <= high) || !(a > 1 && c > 1) || (i > 0 && x === sorted[i - 1]!.x)) {
      throw new InputError(
        "lithium-reference",
        `Reference state x = ${x}, a = ${a} Å, c = ${c} Å: each state needs an x of its own between ${low} and ${high}, where the table ${table.name} is.`,
      );
    }
    const [da, dc] = [a - interpolate(table.x, table.a, x), c - interpolate(table.x, table.c, x)];
    if (Math.abs(da) > 0.05 || Math.abs(dc) > 0.5) {
      throw new InputError(
        "lithium-reference",
        `Reference state x = ${x}: its a and c are ${da.toFixed(3)} and ${dc.toFixed(3)} Å off the table ${table.name}. That is another material: give its own table.`,
      );
    }
    return { x, da, dc };
  });
  const at = Float64Array.from(offsets, ({ x }) => x);
  const moved = (values: Float64Array, key: "da" | "dc"): Float64Array => {
    const by = Float64Array.from(offsets, (offset) => offset[key]);
    return values.map((value, i) => value + interpolate(at, by, table.x[i]!));
  };
  const known = states.map(({ xEsd }) => xEsd).filter((esd) => esd !== undefined);
  const xEsd = known.length > 0 ? Math.max(...known) : table.xEsd;
  // two states tie the slope as well
  const range = at.at(-1)! - at[0]!;
  const slopeEsd = range > 0 ? Math.min(table.slopeEsd, (Math.SQRT2 * xEsd) / range) : table.slopeEsd;
  return { ...table, a: moved(table.a, "da"), c: moved(table.c, "dc"), xEsd, slopeEsd };
}

/** Between the points of an ascending table, and its ends beyond them. */
export function interpolate(x: Float64Array, y: Float64Array, at: number): number {
  if (!(at > x[0]!)) return y[0]!;
  let i = 1;
  while (i < x.length && x[i]! < at) i++;
  if (i === x.length) return y.at(-1)!;
  const t = (at - x[i - 1]!) / (x[i]! - x[i - 1]!);
  return y[i - 1]! + t * (y[i]! - y[i - 1]!);
}

/**
 * Through the points of an ascending table without kinks and without overshoot, at ascending places within it.
 *
 * Source: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300-304.
 */
export function smoothCurve(x: Float64Array, y: Float64Array, at: Float64Array): Float64Array {
  const n = x.length;
  const secant = (i: number): number => (y[i + 1]! - y[i]!) / (x[i + 1]! - x[i]!);
  const slopes = Float64Array.from({ length: n }, (_, i) => {
    if (i === 0 || i === n - 1) return secant(i === 0 ? 0 : n - 2);
    const [before, after] = [secant(i - 1), secant(i)];
    if (!(before * after > 0)) return 0;
    const [h, k] = [x[i]! - x[i - 1]!, x[i + 1]! - x[i]!];
    const share = (1 + k / (h + k)) / 3;
    return (before * after) / (share * after + (1 - share) * before);
  });
  let i = 0;
  return at.map((place) => {
    while (i < n - 2 && x[i + 1]! < place) i++;
    const h = x[i + 1]! - x[i]!;
    const t = (place - x[i]!) / h;
    const [u, v] = [t * t * (3 - 2 * t), t * (1 - t)];
    return (1 - u) * y[i]! + u * y[i + 1]! + h * v * ((1 - t) * slopes[i]! - t * slopes[i + 1]!);
  });
}

/** a as a straight line of x from full lithium on: good to about 0.03 above x = 0.4. */
export interface LineOfA {
  /** at x = 1, angstrom */
  readonly a0: number;
  /** angstrom a lithium */
  readonly slope: number;
}

/** NMC532: a0 2.866 to 2.872 in the literature; the slope of NMC811 between 0.4 and 1, other compositions 0.0805 to 0.0875. */
export const NMC532_LINE: LineOfA = { a0: 2.87, slope: 0.08441 };

/** x from a alone, to cross-check what a and c say together. */
export const lithiumOnLine = (a: number, { a0, slope }: LineOfA): number => 1 - (a0 - a) / slope;
