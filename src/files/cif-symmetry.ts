/**
 * The symmetry operations that a CIF's coordinates mean. The listed operations are taken first, because only they say
 * the origin and axes in use; then the Hall symbol, the Hermann-Mauguin symbol with its setting, the group number.
 * What the file says besides is checked against them.
 */
import {
  type Cell,
  composeOperations,
  findByHall,
  findByNumber,
  findSettings,
  formatOperation,
  hallTriplets,
  parseOperation,
  type SymmetryOperation,
  spaceGroupSettings,
  spaceGroupTriplets,
  uniqueRotations,
} from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import type { CifBlock } from "./cif-syntax.ts";
import { column, present, toNumber } from "./cif-values.ts";

/** F m -3 m has 192 operations, and no group of the International Tables more. */
const MOST_OPERATIONS = 192;

/**
 * Coordinate triplets, "x,y,z" first.
 *
 * @param notes what the user should read is added
 * @param agrees whether operations make of the sites what else the file says; undefined where it says nothing
 * @throws InputError "cif-no-symmetry" | "cif-symmetry-mismatch" | "unknown-space-group" | "ambiguous-origin" |
 *   "bad-symmetry-operation" | "bad-hall-symbol" | "cif-bad-value"
 */
export function readOperations(
  block: CifBlock,
  cell: Cell,
  file: string,
  notes: string[],
  agrees: (operations: readonly string[]) => boolean | undefined,
): string[] {
  const hall = present(block, "_space_group_name_hall", "_symmetry_space_group_name_hall")?.text;
  const symbol = present(
    block,
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_symmetry_space_group_name_h-m_full",
    "_space_group_name_h-m_ref",
    "_space_group_name_h-m",
  )?.text;
  const operations =
    listedOperations(block, symbol, file) ?? namedOperations(block, { hall, symbol }, cell, file, notes, agrees);
  checkSetting(operations, cell, file);
  return operations;
}

function listedOperations(block: CifBlock, symbol: string | undefined, file: string): string[] | undefined {
  const values = column(block, "_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz");
  const texts = values.filter(({ isMissing }) => !isMissing).map(({ text }) => text);
  if (texts.length === 0) return undefined;
  const listed = [...new Set(joinSplit(texts).map((text) => formatOperation(parseOperation(text))))];
  const whole = new Set(symbol === undefined ? [] : settingsOperations(symbol).find((all) => isPart(listed, all)));
  if (whole.size > listed.length) {
    throw mismatch(
      file,
      `lists ${listed.length} of the ${whole.size} operations of the group that it names, ${symbol!.slice(0, 30)}`,
    );
  }
  if (listed.length === 1 && symbol !== undefined && !/^p\s*1$/i.test(symbol.trim())) {
    throw mismatch(file, `lists one operation alone, but names the group ${symbol.slice(0, 30)}`);
  }
  checkGroup(listed, file);
  return listed.sort((p, q) => Number(q === "x,y,z") - Number(p === "x,y,z"));
}

/** Unquoted "x, y, z" arrives as three values that end in commas. */
function joinSplit(texts: readonly string[]): string[] {
  const joined: string[] = [];
  for (const text of texts) {
    const last = joined.at(-1);
    if (last?.trimEnd().endsWith(",")) joined[joined.length - 1] = last + text;
    else joined.push(text);
  }
  return joined;
}

/** The operations of every setting that the symbol may mean. */
const settingsOperations = (symbol: string): string[][] =>
  findSettings(symbol).candidates.map(({ hall }) => hallTriplets(hall));
const isPart = (some: readonly string[], all: readonly string[]): boolean =>
  some.every((operation) => all.includes(operation));

function namedOperations(
  block: CifBlock,
  { hall, symbol }: { readonly hall: string | undefined; readonly symbol: string | undefined },
  cell: Cell,
  file: string,
  notes: string[],
  agrees: (operations: readonly string[]) => boolean | undefined,
): string[] {
  const number = present(block, "_space_group_it_number", "_symmetry_int_tables_number");
  if (hall !== undefined) {
    const operations = hallOperationsOrNone(hall);
    if (operations) {
      const named = symbol === undefined ? [] : findSettings(symbol).candidates;
      const group = findByHall(hall)?.number;
      if (named.length > 0 && group !== undefined && named[0]!.number !== group) {
        notes.push(
          `${file}: the Hall symbol ${hall.slice(0, 30)} (group ${group}) and the symbol ${symbol!.slice(0, 30)} (group ${named[0]!.number}) differ; the Hall symbol was taken`,
        );
      }
      return operations;
    }
    if (symbol === undefined && !number) return hallTriplets(hall);
  }
  if (symbol !== undefined) {
    const group = findSettings(symbol).candidates[0]?.number;
    const given = number ? toNumber(number, "_space_group_IT_number", file) : group;
    if (group !== undefined && given !== group) {
      notes.push(
        `${file}: the symbol ${symbol.slice(0, 30)} is group ${group}, the number given ${given}; the symbol was taken`,
      );
    }
    return operationsOfSymbol(symbol, cell, file, notes, agrees);
  }
  if (number) {
    const value = toNumber(number, "_space_group_IT_number", file);
    const standard = spaceGroupSettings.find((setting) => setting.number === value);
    if (!standard) return hallTriplets(findByNumber(value, cell).hall);
    const { hermannMauguin } = standard;
    notes.push(`${file}: only the group number ${value} is given; its standard setting ${hermannMauguin} was taken`);
    return operationsOfSymbol(hermannMauguin, cell, file, notes, agrees);
  }
  throw new InputError(
    "cif-no-symmetry",
    `${file}: data_${block.name.slice(0, 40)} gives neither symmetry operations nor a space group. Add _space_group_symop_operation_xyz or _space_group_name_H-M_alt.`,
  );
}

/** A symbol of two origins means the one with which the sites make what else the file says, if that is one alone. */
function operationsOfSymbol(
  symbol: string,
  cell: Cell,
  file: string,
  notes: string[],
  agrees: (operations: readonly string[]) => boolean | undefined,
): string[] {
  try {
    return spaceGroupTriplets(symbol, cell);
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "ambiguous-origin") throw error;
    const { candidates } = findSettings(symbol);
    const verdicts = candidates.map(({ hall }) => agrees(hallTriplets(hall)));
    const chosen = candidates[verdicts.indexOf(true)];
    if (!chosen || verdicts.filter((verdict) => verdict !== false).length !== 1) throw error;
    notes.push(
      `${file}: ${symbol.slice(0, 30)} has two origins and the file does not say which; :${chosen.extension} was taken, with which the sites have the content that the file gives`,
    );
    return hallTriplets(chosen.hall);
  }
}

function hallOperationsOrNone(hall: string): string[] | undefined {
  try {
    return hallTriplets(hall);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The product of any two operations must be listed too. */
function checkGroup(listed: readonly string[], file: string): void {
  const known = new Set(listed);
  const operations = listed.map(parseOperation);
  if (!known.has("x,y,z")) throw mismatch(file, "lists symmetry operations without x,y,z");
  if (listed.length > MOST_OPERATIONS) {
    throw mismatch(file, `lists ${listed.length} symmetry operations, more than any group has (${MOST_OPERATIONS})`);
  }
  const keys = new Set(operations.map(({ rotation, translation }) => operationKey(rotation, translation)));
  for (const p of operations) {
    for (const q of operations) {
      if (keys.has(productKey(p, q))) continue;
      throw mismatch(
        file,
        `lists ${listed.length} symmetry operations that are no group: ${formatOperation(p)} after ${formatOperation(q)} gives ${formatOperation(composeOperations(p, q))}, which is not among them`,
      );
    }
  }
}

/** One number for an operation: 36 864 products of a cubic group are looked up, too many to write each out. */
function operationKey(rotation: readonly number[], translation: readonly number[]): number {
  let key = 0;
  for (const entry of rotation) key = key * 7 + entry + 3;
  for (const entry of translation) key = key * 48 + (Math.round((entry - Math.floor(entry)) * 48) % 48);
  return key;
}

const rotationScratch = new Array<number>(9).fill(0);
const translationScratch = new Array<number>(3).fill(0);
function productKey(p: SymmetryOperation, q: SymmetryOperation): number {
  const [r, t] = [p.rotation, q.translation];
  for (let i = 0; i < 3; i++) {
    const [r0, r1, r2] = [r[i * 3]!, r[i * 3 + 1]!, r[i * 3 + 2]!];
    for (let j = 0; j < 3; j++) {
      rotationScratch[i * 3 + j] = r0 * q.rotation[j]! + r1 * q.rotation[3 + j]! + r2 * q.rotation[6 + j]!;
    }
    translationScratch[i] = r0 * t[0]! + r1 * t[1]! + r2 * t[2]! + p.translation[i]!;
  }
  return operationKey(rotationScratch, translationScratch);
}

/** Axes of another setting than the cell's (R on hexagonal axes, b for c unique) change lengths: R' G R = G fails. */
function checkSetting(operations: readonly string[], cell: Cell, file: string): void {
  const metric = metricTensor(cell);
  const rotations = uniqueRotations(operations.map(parseOperation));
  for (const r of rotations) {
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let value = 0;
        for (let k = 0; k < 3; k++) for (let l = 0; l < 3; l++) value += r[k * 3 + i]! * metric[k]![l]! * r[l * 3 + j]!;
        const scale = Math.sqrt(metric[i]![i]! * metric[j]![j]!);
        if (Math.abs(value - metric[i]![j]!) > 0.02 * scale) {
          throw mismatch(file, "has symmetry operations that do not leave its cell unchanged");
        }
      }
    }
  }
}

function mismatch(file: string, found: string): InputError {
  return new InputError(
    "cif-symmetry-mismatch",
    `${file} ${found}: the operations, the setting of the group (axes, origin) and the cell must belong together. Write all operations of the setting that the coordinates are given in.`,
  );
}

function metricTensor({ a, b, c, alpha, beta, gamma }: Cell): number[][] {
  const cosine = (angle: number): number => Math.cos((angle * Math.PI) / 180);
  const [bc, ac, ab] = [b * c * cosine(alpha), a * c * cosine(beta), a * b * cosine(gamma)];
  return [
    [a * a, ab, ac],
    [ab, b * b, bc],
    [ac, bc, c * c],
  ];
}
