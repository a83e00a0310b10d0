import { expect, it } from "vitest";
import type { ArrayInfo } from "../../server/wire.ts";
import { defaultPair } from "./compare-pairs.ts";

const map = (name: string, unit = ""): ArrayInfo => ({
  name,
  unit,
  shape: [2, 2],
  type: "float32",
  title: name,
  kind: "map",
  hasEsd: false,
  hasStatus: false,
});

it.each([
  [
    ["dlsr/A/a Å", "dlsr/A/c Å", "dlsr/rwp", "map/A/a Å", "map/A/c Å"],
    ["map/A/c", "dlsr/A/c"],
  ],
  [
    ["dlsr/A/a Å", "dlsr/A/scale", "map/A/a Å", "map/A/scale"],
    ["map/A/a", "dlsr/A/a"],
  ],
  [
    ["map/A/c Å", "lithium/A/c Å", "map/B/c Å"],
    ["map/A/c", "lithium/A/c"],
  ],
  [
    ["map/A/a Å", "map/A/scale", "map/B/a Å"],
    ["map/A/a", "map/B/a"],
  ],
  [["map/rwp"], ["map/rwp", "map/rwp"]],
])("of %j it chooses %j", (given, pair) => {
  expect(defaultPair(given.map((text) => map(...(text.split(" ") as [string, string?]))))).toEqual(pair);
});

it("has nothing to choose where there is no map", () => {
  expect(defaultPair([])).toBeUndefined();
});
