import { expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { openFrames } from "./frames.ts";
import { withoutMembersOfSets } from "./hdf5-sets.ts";

it("leaves the file that opens the others", () => {
  const eiger = ["a/run_master.h5", "a/run_data_000001.h5", "a/run_data_000002.h5"];
  expect(withoutMembersOfSets(eiger)).toEqual(["a/run_master.h5"]);
  const lambda = [1, 2, 3].flatMap((m) => [0, 1].map((part) => `b/x_m${m}_part0000${part}.nxs`));
  expect(withoutMembersOfSets(lambda)).toEqual(["b/x_m1_part00000.nxs"]);
});

it("keeps files without their leader, and those of another scan or folder", () => {
  const paths = ["a/run_data_000001.h5", "b/run_master.h5", "a/other_master.h5", "a/x_m2_part00000.nxs", "a/y_m1.nxs"];
  expect(withoutMembersOfSets(paths)).toEqual(paths);
  expect(withoutMembersOfSets(["xrd_cell_data_000001.h5", "frame_0001.cbf"])).toHaveLength(2);
});

it.skipIf(!hasShared)("a folder of LAMBDA modules is ten frames, not thirty (needs ../shared)", async () => {
  const source = await openFrames(shared("data/detector/lambda_nxs"));
  expect(source).toMatchObject({ count: 10, rows: 1833 });
  source.close();
});
