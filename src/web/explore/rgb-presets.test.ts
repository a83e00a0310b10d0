import { expect, it } from "vitest";
import type { ResultInfo } from "../../server/wire.ts";
import { presetsOf } from "./rgb-presets.ts";

const result = (phases: string[], maps: string[], bulk?: Record<string, number>): ResultInfo => ({
  file: "a.nxs",
  title: "",
  bytes: 0,
  first: "",
  hasModel: false,
  processes: [],
  phases,
  ...(bulk && { bulk }),
  arrays: maps.map((name) => ({
    ...{ name, title: name, unit: "", shape: [2, 2], type: "float32" },
    ...{ kind: "map", hasEsd: false, hasStatus: false },
  })),
});
const weights = (...phases: string[]): string[] => phases.map((phase) => `map/${phase}/weight_fraction`);

it("the three phases with the largest weight in the slice come first", () => {
  const phases = ["A", "B", "C", "D"];
  const info = result(phases, weights(...phases), { A: 0.1, B: 0.5, C: 0.15, D: 0.25 });
  const [red, green, blue] = weights("B", "D", "C");
  // the fourth alone makes no image
  expect(presetsOf(info)).toEqual([{ label: "weight fraction of B, D, C", maps: { red, green, blue } }]);
});

it("without weights the order is the model's; peaks make sets of their own", () => {
  const info = result(["A", "B"], [...weights("A", "B"), "map/peaks/x/area", "map/peaks/y/area"]);
  expect(presetsOf(info).map(({ maps }) => maps)).toEqual([
    { red: "map/A/weight_fraction", green: "map/B/weight_fraction" },
    { red: "map/peaks/x/area", green: "map/peaks/y/area" },
  ]);
});

it("anything else starts with the first maps", () => {
  expect(presetsOf(result([], ["map/a", "map/b"]))[0]?.maps).toEqual({ red: "map/a", green: "map/b" });
  expect(presetsOf(result([], ["map/a"]))).toEqual([]);
});
