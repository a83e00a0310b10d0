/** Parts of the common grid that statistics are taken in. */
import { type Places, REGIONS } from "../../data/index.ts";
import type { CompareConfig } from "./config.ts";

/** By name: [y, x] 1 inside. */
export type Regions = ReadonlyMap<string, Uint8Array>;

const DISTANCES = [
  ["casing", "toCasingMm", "casingEdgesMm"],
  ["core", "toCoreMm", "coreEdgesMm"],
  ["tab", "toTabMm", "tabEdgesMm"],
] as const;

/**
 * The whole slice, the regions of the cell, bands of distance to casing, core and tab, and masks that a user drew.
 *
 * @param masks on the same grid
 */
export function regionsOf(
  size: number,
  places: Places | undefined,
  config: CompareConfig,
  masks: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const regions = new Map<string, Uint8Array>([["all", new Uint8Array(size).fill(1)]]);
  if (places) {
    for (const [name, label] of Object.entries(REGIONS))
      if (name !== "outside") regions.set(name, places.region.map((at) => (at === label ? 1 : 0)) as Uint8Array);
    for (const [name, field, setting] of DISTANCES)
      for (const [from, to, band] of bands(config[setting])) {
        const distances = places[field];
        regions.set(
          `${name} ${band}`,
          Uint8Array.from(distances, (mm) => (mm >= from && mm < to ? 1 : 0)),
        );
      }
  }
  for (const [name, mask] of masks) regions.set(`mask ${name}`, mask);
  for (const [name, mask] of regions) if (!mask.includes(1)) regions.delete(name);
  return regions;
}

/** [0.5, 1] gives 0 to 0.5, 0.5 to 1 and all beyond. */
function bands(edges: readonly number[]): [number, number, string][] {
  const sorted = [...new Set(edges)].sort((a, b) => a - b);
  const all = [0, ...sorted, Number.POSITIVE_INFINITY];
  return sorted.length === 0
    ? []
    : all
        .slice(1)
        .map((to, i) => [all[i]!, to, to < Number.POSITIVE_INFINITY ? `${all[i]} to ${to} mm` : `from ${all[i]} mm`]);
}
