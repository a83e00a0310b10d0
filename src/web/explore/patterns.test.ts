import { expect, it } from "vitest";
import type { ArrayInfo } from "../../server/wire.ts";
import { groupMaps } from "./map-list.tsx";
import { strongestPeak } from "./patterns.ts";

it("a scan is first looked at in its strongest peak, down to half of its height", () => {
  expect(strongestPeak([1, 3, 1, 2, 6, 10, 7, 4, 1])).toEqual([4, 7]);
  expect(strongestPeak([9, 1, 1])).toEqual([0, 1]);
});

it("maps are listed by phase in the order of the phases, then what else there is", () => {
  const of = (name: string, unit = ""): ArrayInfo => ({
    ...{ name, unit, title: name, shape: [3, 3], type: "float64", kind: "map", hasEsd: false, hasStatus: false },
  });
  const maps = [of("dlsr/NMC/c", "Å"), of("map/Cu/a", "Å"), of("map/NMC/weight_fraction"), of("map/rwp")];
  const groups = groupMaps(maps, ["NMC", "Cu"]);
  expect(groups.map(({ name, maps: members }) => [name, ...members.map(({ label }) => label)])).toEqual([
    ["NMC", "weight fraction"],
    ["Cu", "a (Å)"],
    ["Direct (DLSR): NMC", "c (Å)"],
    ["Fit", "rwp"],
  ]);
});
