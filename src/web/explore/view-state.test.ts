import { describe, expect, it } from "vitest";
import type { ResultInfo } from "../../server/wire.ts";
import { fitting, ONE_DEFAULTS } from "./view-state.ts";

describe("a view that was linked to", () => {
  const array = { type: "float32", unit: "", title: "", hasEsd: false, hasStatus: false };
  const info: ResultInfo = {
    ...{ file: "a.nxs", title: "", bytes: 1, first: "map/Cu/a", phases: ["Cu"], hasModel: false, processes: [] },
    arrays: [
      { ...array, name: "map/Cu/a", shape: [5, 7], kind: "map" },
      { ...array, name: "reconstruct/data", shape: [5, 7, 4], kind: "stack" },
    ],
    volume: "reconstruct/data",
    axis: { unit: "q", values: [1, 2, 3, 4] },
  };

  it("keeps the voxel and the bins that the result has", () => {
    const state = { ...ONE_DEFAULTS, voxel: [6, 4], bins: [0, 4], lower: "profile" } as const;
    expect(fitting(state, info)).toEqual(state);
  });

  it.each([
    { voxel: [7, 0] },
    { voxel: [0, 5] },
    { voxel: [-1, 0] },
    { voxel: ["a", 0] },
    { bins: [3, 5] },
    { bins: [2, 2] },
    { bins: [-1, 2] },
    { lower: "nix" },
  ])("leaves %j out", (part) => {
    expect(fitting({ ...ONE_DEFAULTS, ...(part as object) }, info)).toEqual(ONE_DEFAULTS);
  });
});
