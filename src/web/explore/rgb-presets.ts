/** Which maps are worth seeing in one image. */
import type { ResultInfo } from "../../server/wire.ts";
import { mapsOf } from "./loaded-map.ts";
import { RGB_COLOURS, type RgbColour } from "./rgb-mix.ts";

export interface RgbPreset {
  readonly label: string;
  readonly maps: Partial<Record<RgbColour, string>>;
}

const chosen = (names: readonly (string | undefined)[]): RgbPreset["maps"] =>
  Object.fromEntries(RGB_COLOURS.map((colour, i) => [colour, names[i]]).filter(([, name]) => name));

/**
 * The phases in threes, those with the largest weight in the slice first; then peaks.
 */
export function presetsOf(info: ResultInfo): RgbPreset[] {
  const { bulk = {} } = info;
  const names = new Set(mapsOf(info).map(({ name }) => name));
  const presets: RgbPreset[] = [];
  const add = (label: string, maps: readonly string[]): void => {
    const there = maps.filter((name) => names.has(name));
    if (there.length >= 2) presets.push({ label, maps: chosen(there) });
  };
  const phases = info.phases.toSorted((a, b) => (bulk[b] ?? 0) - (bulk[a] ?? 0));
  for (const quantity of ["weight_fraction", "scale"]) {
    const of = phases.map((phase) => `map/${phase}/${quantity}`).filter((name) => names.has(name));
    for (let i = 0; i < of.length; i += 3) {
      const part = of.slice(i, i + 3);
      add(`${quantity.replace("_", " ")} of ${part.map((name) => name.split("/")[1]).join(", ")}`, part);
    }
  }
  const areas = [...names].filter((name) => name.endsWith("/area"));
  for (let i = 0; i < areas.length; i += 3) {
    const part = areas.slice(i, i + 3);
    add(`peaks ${part.map((name) => name.split("/").at(-2)).join(", ")}`, part);
  }
  if (presets.length === 0) add("the first maps", [...names].slice(0, 3));
  return presets;
}
