import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import type { PanelSpec } from "./composition.ts";

const MOST = 6;

const mapsOf = ({ arrays }: ResultInfo): ArrayInfo[] => arrays.filter(({ kind }) => kind === "map");

/** The maps of how much there is of each phase, in the order of the phases: weight fractions, else scales, else areas. */
export function amountsOf(info: ResultInfo): string[] {
  const { phases } = info;
  const rank = (name: string): number => {
    const at = phases.indexOf(name.split("/")[1]!);
    return at < 0 ? phases.length : at;
  };
  for (const ending of ["weight_fraction", "scale", "area"]) {
    const names = mapsOf(info).flatMap(({ name }) => (name.endsWith(`/${ending}`) ? [name] : []));
    if (names.length >= 2) return names.sort((a, b) => rank(a) - rank(b));
  }
  return mapsOf(info).map(({ name }) => name);
}

/** How much of each phase there is, the cell of the first, how well it fits: what a first figure of a result shows. */
export function defaultPanels(info: ResultInfo): PanelSpec[] {
  const { phases, volume, axis } = info;
  const maps = mapsOf(info).map(({ name }) => name);
  const cells = maps.filter((name) => /^map\/[^/]+\/[abc]$/.test(name) && name.split("/")[1] === phases[0]);
  const fit = maps.filter((name) => name === "map/rwp");
  const shown = [...new Set([...amountsOf(info).slice(0, 3), ...cells.slice(0, 2), ...fit, ...maps])];
  if (shown.length > 0) return shown.slice(0, MOST).map((name) => ({ kind: "map", name }));
  return volume && axis ? [{ kind: "map", name: volume, bins: [0, axis.values.length] }] : [];
}
