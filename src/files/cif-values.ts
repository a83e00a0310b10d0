/** Values of a CIF's data block: numbers with their uncertainty, missing ones, columns of loops. */
import { InputError } from "../data/index.ts";
import type { CifBlock, CifValue } from "./cif-syntax.ts";

/** The first of these tags that has a value. */
export const present = (block: CifBlock, ...tags: string[]): CifValue | undefined =>
  tags.map((tag) => block.items.get(tag)?.[0]).find((value) => value !== undefined && !value.isMissing);

/** The first of these tags that is there, as a column; empty where none is. */
export const column = (block: CifBlock, ...tags: string[]): readonly CifValue[] =>
  tags.map((tag) => block.items.get(tag)).find((values) => values !== undefined) ?? [];

/** The text of a row, undefined where it is missing. */
export const textAt = (values: readonly CifValue[], row: number): string | undefined =>
  values[row] && !values[row].isMissing ? values[row].text.trim() : undefined;

const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\([\d.?]*\))?$/;
const FRACTION = /^([+-]?\d+)\/([1-9]\d*)$/;

/** A number, its uncertainty in brackets left out: 2.8665(2); 1/3 where someone wrote that. NaN where it is none. */
export function parseCifNumber(text: string): number {
  const fraction = FRACTION.exec(text);
  return fraction ? Number(fraction[1]) / Number(fraction[2]) : Number(NUMBER.exec(text)?.[1] ?? Number.NaN);
}

/** @param where " of Fe1", or nothing. @throws InputError "cif-bad-value" */
export function toNumber(value: CifValue | undefined, tag: string, file: string, where = ""): number {
  const number = value ? parseCifNumber(value.text.trim()) : Number.NaN;
  if (Number.isFinite(number)) return number;
  const at = value ? `, line ${value.line}` : "";
  const found = value && !value.isMissing ? `found "${value.text.slice(0, 30)}"` : "it is missing";
  throw new InputError(
    "cif-bad-value",
    `${file}${at}: ${tag}${where} must be a number such as 2.8665(2), but ${found}. Give the value in the CIF.`,
  );
}
