/** Space groups by symbol, in the setting the symbol names. */
import { InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import { hallTriplets } from "./hall-symbol.ts";
import type { Cell } from "./structure.ts";
import { SPACE_GROUPS } from "./tables/space-groups.ts";

export interface SpaceGroupSetting {
  readonly number: number;
  readonly hermannMauguin: string;
  /** origin choice "1" or "2", "H" or "R" for rhombohedral groups, else empty */
  readonly extension: string;
  readonly hall: string;
}

/** Every setting of the table, in its order: the standard setting of a group first. */
export const spaceGroupSettings: readonly SpaceGroupSetting[] = SPACE_GROUPS.trim()
  .split("\n")
  .map((line) => {
    const [number, hermannMauguin, extension, hall] = line.split("|") as [string, string, string, string];
    return { number: Number(number), hermannMauguin, extension, hall };
  });

/** Names of 1992 with e for a double glide, and the table's. */
const DOUBLE_GLIDES: Record<string, string> = lookupTable({
  aem2: "abm2",
  aea2: "aba2",
  cmce: "cmca",
  cmme: "cmma",
  ccce: "ccca",
});

/** Without blanks; P2(1)/c and P2_1/c are P21/c; printers' minus signs and subscripts are plain ones. */
const squeeze = (symbol: string): string =>
  symbol
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[\u2080-\u2089]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0x2080 + 48))
    .replace(/[\s_()]/g, "")
    .toLowerCase();

/** ":2", ":H", and what other programs write: S and Z (ICSD, SHELX) for origins 1 and 2, "origin 2", O2. */
const EXTENSION = /^(.+?)(?::([12hr])|:?(?:o|origin(?:choice)?)([12])|:?([szhr]))$/;

/**
 * The setting that a Hermann-Mauguin symbol names, with or without spaces, ":1", ":2", ":H" or ":R".
 * Without an extension a rhombohedral group takes the axes that the cell has; a group with two origins is refused,
 * because coordinates of one with operations of the other give a wrong structure and no error.
 *
 * @throws InputError "unknown-space-group" | "ambiguous-origin"
 */
export function findSpaceGroup(symbol: string, cell?: Cell): SpaceGroupSetting {
  const { candidates, extension } = findSettings(symbol);
  if (candidates.length === 0) {
    throw new InputError(
      "unknown-space-group",
      `The space group "${symbol.slice(0, 40)}" is not known: needed a Hermann-Mauguin symbol such as "R -3 m:H" or "F d -3 m:2". Check the spelling, or list the symmetry operations in the CIF.`,
    );
  }
  const [only] = candidates;
  if (candidates.every(({ hall }) => hall === only!.hall)) return only!;
  const wanted = extension || impliedExtension(candidates, cell);
  const chosen = candidates.find((setting) => setting.extension === wanted);
  if (chosen) return chosen;
  const names = candidates.map((setting) => `${setting.hermannMauguin}:${setting.extension}`);
  throw new InputError(
    "ambiguous-origin",
    `The space group "${symbol.slice(0, 40)}" has ${candidates.length} settings (${names.join(", ")}) and the file does not say which: write the symbol as "${names[1]}" or list the symmetry operations.`,
  );
}

/** Every setting that a symbol may mean, none where it is not known; the extension that it ends in, else "". */
export function findSettings(symbol: string): { candidates: readonly SpaceGroupSetting[]; extension: string } {
  const name = squeeze(symbol);
  const whole = settingsNamed(name);
  if (whole.length > 0) return { candidates: whole, extension: "" };
  const match = EXTENSION.exec(name);
  const letter = (match?.[2] ?? match?.[3] ?? match?.[4] ?? "").toUpperCase();
  const extension = letter === "S" ? "1" : letter === "Z" ? "2" : letter;
  const candidates = match ? settingsNamed(match[1]!) : [];
  const hasExtension = candidates.some((setting) => setting.extension === extension);
  // H and R of a group that has no such axes are letters of something else
  return hasExtension || /:/.test(name) ? { candidates, extension } : { candidates: [], extension: "" };
}

function settingsNamed(name: string): SpaceGroupSetting[] {
  const wanted = DOUBLE_GLIDES[name] ?? name;
  const found = spaceGroupSettings.filter((setting) => isNamed(setting, wanted));
  // "P 21/b" can only mean c unique
  return found.length > 0 ? found : spaceGroupSettings.filter((setting) => isNamed(setting, wanted, 3));
}

/** "P 1 21/c 1" is found by its short form "P 21/c" too; old cubic symbols have no minus: "F m 3 m". */
function isNamed({ hermannMauguin, number }: SpaceGroupSetting, name: string, unique: 2 | 3 = 2): boolean {
  const full = squeeze(hermannMauguin);
  if (full === name) return true;
  const parts = hermannMauguin.toLowerCase().split(" ");
  if (number >= 3 && number <= 15 && parts[1] === "1" && parts[5 - unique] === "1") {
    return `${parts[0]}${parts[unique]}` === name;
  }
  return number >= 200 && full.includes("-3") && full.replace("-3", "3") === name;
}

function impliedExtension(candidates: readonly SpaceGroupSetting[], cell: Cell | undefined): string {
  if (!cell || !candidates.some(({ extension }) => extension === "H")) return "";
  const isHexagonal = Math.abs(cell.gamma - 120) < 0.01 && Math.abs(cell.alpha - 90) < 0.01;
  return isHexagonal ? "H" : Math.abs(cell.alpha - cell.gamma) < 0.01 ? "R" : "";
}

const squeezeHall = (hall: string): string => hall.replace(/[\s_]/g, "").toLowerCase();

/** The setting of a Hall symbol where the table has it. */
export const findByHall = (hall: string): SpaceGroupSetting | undefined =>
  spaceGroupSettings.find((setting) => squeezeHall(setting.hall) === squeezeHall(hall));

/** Standard setting of an International Tables number, if the group has no second origin. @throws as findSpaceGroup */
export function findByNumber(number: number, cell?: Cell): SpaceGroupSetting {
  const first = spaceGroupSettings.find((setting) => setting.number === number);
  if (first) return findSpaceGroup(first.hermannMauguin, cell);
  throw new InputError(
    "unknown-space-group",
    `There is no space group number ${number}: the International Tables number runs from 1 to 230.`,
  );
}

/** Coordinate triplets of a Hermann-Mauguin symbol. @throws InputError "unknown-space-group" | "ambiguous-origin" */
export const spaceGroupTriplets = (symbol: string, cell?: Cell): string[] =>
  hallTriplets(findSpaceGroup(symbol, cell).hall);
