/** Which two maps are worth seeing side by side. */
import type { ArrayInfo } from "../../server/wire.ts";

/**
 * A lattice parameter as found voxel by voxel and directly from the sinograms, c before others; else the same quantity
 * of two stages; else the first two of one unit; else the first twice.
 */
export function defaultPair(maps: readonly ArrayInfo[]): readonly [first: string, second: string] | undefined {
  const names = new Set(maps.map(({ name }) => name));
  const direct = maps.filter(({ name }) => name.startsWith("dlsr/") && names.has(name.replace("dlsr/", "map/")));
  const chosen = direct.find(({ name }) => name.endsWith("/c")) ?? direct.find(({ unit }) => unit === "Å") ?? direct[0];
  if (chosen) return [chosen.name.replace("dlsr/", "map/"), chosen.name];
  const tail = (name: string): string => name.split("/").slice(1).join("/");
  for (const [i, first] of maps.entries()) {
    const second = maps.slice(i + 1).find(({ name }) => tail(name) === tail(first.name));
    if (second) return [first.name, second.name];
  }
  const first = maps[0];
  if (!first) return undefined;
  return [first.name, (maps.slice(1).find(({ unit }) => unit === first.unit) ?? first).name];
}
