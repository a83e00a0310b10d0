import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import type { PanelSpec } from "./composition.ts";

const MOST = 6;

/** How much of each phase there is, the cell of the first, how well it fits: what a first figure of a result shows. */
export function defaultPanels({ arrays, phases, volume, axis }: ResultInfo): PanelSpec[] {
  const maps = arrays.filter(({ kind }) => kind === "map");
  const named = (pattern: RegExp): ArrayInfo[] => maps.filter(({ name }) => pattern.test(name));
  const cells = named(/^map\/[^/]+\/[abc]$/).filter(({ name }) => name.split("/")[1] === phases[0]);
  const chosen = [...named(/\/weight_fraction$/).slice(0, 3), ...cells.slice(0, 2), ...named(/^map\/rwp$/)];
  const shown = chosen.length >= 2 ? chosen : maps;
  if (shown.length > 0) return shown.slice(0, MOST).map(({ name }) => ({ kind: "map", name }));
  return volume && axis ? [{ kind: "map", name: volume, bins: [0, axis.values.length] }] : [];
}
