/**
 * The operations of a space group from its Hall symbol, such as '-R 3 2"c': a lattice letter, then generators, each
 * a rotation with its axis and translation, then an origin shift in twelfths of the cell.
 *
 * Sources: Hall, Acta Cryst. A37 (1981) 517; International Tables for Crystallography B (2010), A1.4.2.3.
 */
import { InputError } from "../data/index.ts";
import { composeOperations, formatOperation, type SymmetryOperation, snapTranslation } from "./symmetry.ts";

const CENTRINGS: Record<string, number[][]> = {
  P: [],
  A: [[0, 1 / 2, 1 / 2]],
  B: [[1 / 2, 0, 1 / 2]],
  C: [[1 / 2, 1 / 2, 0]],
  I: [[1 / 2, 1 / 2, 1 / 2]],
  R: [
    [2 / 3, 1 / 3, 1 / 3],
    [1 / 3, 2 / 3, 2 / 3],
  ],
  F: [
    [0, 1 / 2, 1 / 2],
    [1 / 2, 0, 1 / 2],
    [1 / 2, 1 / 2, 0],
  ],
};

const SHIFTS: Record<string, number[]> = {
  a: [1 / 2, 0, 0],
  b: [0, 1 / 2, 0],
  c: [0, 0, 1 / 2],
  n: [1 / 2, 1 / 2, 1 / 2],
  u: [1 / 4, 0, 0],
  v: [0, 1 / 4, 0],
  w: [0, 0, 1 / 4],
  d: [1 / 4, 1 / 4, 1 / 4],
};

/** About z; the other axes follow by cyclic permutation. ' and " are the face diagonals a-b and a+b. */
const ROTATIONS: Record<string, number[]> = {
  "1": [1, 0, 0, 0, 1, 0, 0, 0, 1],
  "2": [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  "3": [0, -1, 0, 1, -1, 0, 0, 0, 1],
  "4": [0, -1, 0, 1, 0, 0, 0, 0, 1],
  "6": [1, -1, 0, 1, 0, 0, 0, 0, 1],
  "2'": [0, -1, 0, -1, 0, 0, 0, 0, -1],
  '2"': [0, 1, 0, 1, 0, 0, 0, 0, -1],
  "3*": [0, 0, 1, 1, 0, 0, 0, 1, 0],
};

const IDENTITY: SymmetryOperation = { rotation: ROTATIONS["1"]!, translation: [0, 0, 0] };

/** What the generators before this one were: they decide which axis an unmarked one has. */
interface Context {
  axis: string;
  order: string;
  position: number;
}

/**
 * All operations, the identity first.
 *
 * @throws InputError "bad-hall-symbol"
 */
export function hallOperations(symbol: string): SymmetryOperation[] {
  const match = /^(-?)([PABCIRF])((?:\s+-?[12346][^\s(]*)+)\s*(?:\(\s*(-?\d+)\s+(-?\d+)\s+(-?\d+)\s*\))?$/.exec(
    symbol.trim().replaceAll("_", " ").replaceAll("=", '"'),
  );
  if (!match) throw badHall(symbol);
  const generators: SymmetryOperation[] = CENTRINGS[match[2]!]!.map((t) => ({ ...IDENTITY, translation: t }));
  if (match[1]) generators.push({ rotation: IDENTITY.rotation.map((x) => -x), translation: [0, 0, 0] });
  const context: Context = { axis: "", order: "", position: 0 };
  for (const token of match[3]!.trim().split(/\s+/)) generators.push(parseGenerator(token, context, symbol));
  const shift = [match[4], match[5], match[6]].map((n) => Number(n ?? 0) / 12);
  return closeGroup(generators.map((generator) => moveOrigin(generator, shift)));
}

/** The operations as triplets, as Structure.operations holds them. @throws InputError "bad-hall-symbol" */
export const hallTriplets = (symbol: string): string[] => hallOperations(symbol).map(formatOperation);

function parseGenerator(token: string, context: Context, symbol: string): SymmetryOperation {
  const match = /^(-?)([12346])([1-5]?)([xyz'"*]?)([1-5]?)([abcnuvwd]*)$/.exec(token);
  if (!match) throw badHall(symbol);
  const order = match[2]!;
  const axis = match[4] || defaultAxis(order, context);
  const screw = match[3] || match[5];
  const along = axis === "x" ? 0 : axis === "y" ? 1 : 2;
  // ' and " are diagonals of the face normal to the axis before: z unless that was x or y
  const diagonal = axis === "'" || axis === '"';
  const frame = diagonal ? (context.axis === "x" ? 0 : context.axis === "y" ? 1 : 2) : along;
  const base = ROTATIONS[`${order}${diagonal || axis === "*" ? axis : ""}`];
  if (!base) throw badHall(symbol);
  const rotation = axis === "*" ? base : permuteAxes(base, (frame + 1) % 3);
  const translation = [0, 0, 0];
  for (const letter of match[6]!) SHIFTS[letter]!.forEach((t, i) => (translation[i]! += t));
  if (screw) translation[along]! += Number(screw) / Number(order);
  if (!diagonal && axis !== "*") context.axis = axis;
  context.order = order;
  context.position++;
  return {
    rotation: match[1] ? rotation.map((x) => -x) : rotation,
    translation: translation.map(snapTranslation),
  };
}

function defaultAxis(order: string, { position, order: before }: Context): string {
  if (position === 0 || order === "1") return "z";
  if (position === 1 && order === "2") return before === "2" || before === "4" ? "x" : "'";
  return order === "3" ? "*" : "z";
}

/** The matrix with every axis moved on by `steps` in the cycle x, y, z. */
function permuteAxes(m: readonly number[], steps: number): number[] {
  const out = new Array<number>(9).fill(0);
  for (let row = 0; row < 3; row++) {
    for (let col = 0; col < 3; col++) out[((row + steps) % 3) * 3 + ((col + steps) % 3)] = m[row * 3 + col]!;
  }
  return out;
}

/** t' = t + v - R v: the same operation seen from an origin moved by -v. */
function moveOrigin({ rotation: r, translation: t }: SymmetryOperation, v: readonly number[]): SymmetryOperation {
  const moved = t.map((ti, i) => ti + v[i]! - (r[i * 3]! * v[0]! + r[i * 3 + 1]! * v[1]! + r[i * 3 + 2]! * v[2]!));
  return { rotation: r, translation: moved.map(snapTranslation) };
}

function closeGroup(generators: readonly SymmetryOperation[]): SymmetryOperation[] {
  const found = new Map([[formatOperation(IDENTITY), IDENTITY]]);
  const queue: SymmetryOperation[] = [IDENTITY];
  for (let operation = queue.shift(); operation; operation = queue.shift()) {
    for (const generator of generators) {
      const product = composeOperations(generator, operation);
      const key = formatOperation(product);
      if (found.has(key)) continue;
      found.set(key, product);
      queue.push(product);
    }
  }
  return [...found.values()];
}

function badHall(symbol: string): InputError {
  return new InputError(
    "bad-hall-symbol",
    `The Hall symbol "${symbol.slice(0, 60)}" cannot be read: needed a lattice letter and generators such as '-R 3 2"'. List the symmetry operations in the CIF instead.`,
  );
}
