/** Which maps a study.nxs holds: of which cells, of which quantities. */
import type { ArrayInfo, ResultInfo, StudyInfo } from "../../server/wire.ts";
import { mapsOf } from "../explore/loaded-map.ts";

export interface StudyCellName {
  readonly name: string;
  readonly label: string;
  /** its own result, where it can be opened */
  readonly result?: string;
}

/** A quantity that cells have a map of: compare/CELL/NMC532/c is group "compare", map "NMC532/c". */
export interface Quantity {
  readonly group: "compare" | "lithium" | "places";
  readonly map: string;
  readonly title: string;
  readonly unit: string;
}

export type Show = "value" | "difference" | "significance";

/** The name of a cell's array. */
export const arrayOf = (cell: string, { group, map }: Pick<Quantity, "group" | "map">, show: Show = "value"): string =>
  show === "value" ? `${group}/${cell}/${map}` : `compare/${cell}/${show}/${map}`;

/** As the report calls them; as the file does where there is no report. */
export function cellsOf(info: ResultInfo, study: StudyInfo | undefined): StudyCellName[] {
  if (study && study.cells.length > 0) return [...study.cells];
  const names = mapsOf(info).flatMap(({ name }) => {
    const [group, cell, ...rest] = name.split("/");
    return group === "compare" && cell !== "mask" && rest.length > 0 ? [cell!] : [];
  });
  return [...new Set(names)].map((name) => ({ name, label: name }));
}

/** What there is of any cell, contents and cells first. */
export function quantitiesOf(info: ResultInfo, cells: readonly StudyCellName[]): Quantity[] {
  const known = new Set(cells.map(({ name }) => name));
  const found = new Map<string, Quantity>();
  for (const array of mapsOf(info)) {
    const [group, cell, ...rest] = array.name.split("/");
    if ((group !== "compare" && group !== "lithium" && group !== "places") || !known.has(cell!)) continue;
    if (rest[0] === "difference" || rest[0] === "significance") continue;
    const map = rest.join("/");
    if (map) found.set(`${group}/${map}`, { group, map, title: titleOf(map), unit: array.unit });
  }
  const order = ({ group, map }: Quantity): number => {
    const rank = ["/x", "/c", "/a"].findIndex((ending) => map.endsWith(ending));
    return group === "places" ? 5 : rank >= 0 ? rank : group === "lithium" ? 3 : 4;
  };
  return [...found.values()].sort((a, b) => order(a) - order(b) || a.map.localeCompare(b.map));
}

const titleOf = (map: string): string =>
  map.replace("weight_fraction", "weight fraction").replaceAll("/", " ").replaceAll("_", " ").replace(/^rwp$/, "Rwp");

export const hasArray = (info: ResultInfo, name: string): ArrayInfo | undefined =>
  info.arrays.find((array) => array.name === name);
