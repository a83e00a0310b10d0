import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { readText } from "./byte-source.ts";
import { confineTo, isReachable } from "./confinement.ts";
import { findFramePaths } from "./frame-paths.ts";
import { openHdf5 } from "./hdf5.ts";

const root = tempFolder();
const inside = join(root, "in");
const outside = join(root, "out");

beforeAll(() => {
  mkdirSync(inside);
  mkdirSync(outside);
  writeFileSync(join(inside, "own.txt"), "own");
  writeFileSync(join(outside, "secret.txt"), "secret");
  symlinkSync(join(outside, "secret.txt"), join(inside, "link.txt"));
  symlinkSync(outside, join(inside, "folder"));
  vi.stubEnv("XRDCT_CONFINED_TO", "");
  confineTo(inside);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const refused = expect.objectContaining({ code: "path-outside" });

describe("a process that keeps to a folder", () => {
  it("reads what is in it, and what comes with the program", () => {
    expect(readText(join(inside, "own.txt"))).toBe("own");
    expect(isReachable(join(inside, "not-there-yet.nxs"))).toBe(true);
    expect(isReachable(join(import.meta.dirname, "../../phases"))).toBe(true);
  });

  it.each(["../out/secret.txt", "link.txt", "folder/secret.txt", "folder/not-there.txt", "../in-beside.txt"])(
    "refuses %s",
    (path) => {
      expect(isReachable(join(inside, path))).toBe(false);
      expect(() => readText(join(inside, path))).toThrow(refused);
    },
  );

  it("refuses frames of another folder", () => {
    expect(() => findFramePaths(join(outside, "*.cbf"))).toThrow(refused);
    expect(() => findFramePaths(outside)).toThrow(refused);
  });
});

describe.skipIf(!hasH5py)("HDF5 files that point out of the folder (needs h5py)", () => {
  beforeAll(() => {
    h5py(
      `
inside, outside = args
with h5py.File(outside + "/secret.h5", "w") as f:
    f["d"] = np.arange(12.0).reshape(3, 4)
open(outside + "/raw.bin", "wb").write(bytes(range(64)))
with h5py.File(inside + "/near.h5", "w") as f:
    f["d"] = np.arange(3.0)
with h5py.File(inside + "/links.h5", "w") as f:
    f["near"] = h5py.ExternalLink("near.h5", "/d")
    f["relative"] = h5py.ExternalLink("../out/secret.h5", "/d")
    f["absolute"] = h5py.ExternalLink(outside + "/secret.h5", "/d")
    layout = h5py.VirtualLayout((3, 4), "f8")
    layout[:] = h5py.VirtualSource("../out/secret.h5", "d", (3, 4))
    f.create_virtual_dataset("virtual", layout)
    f.create_dataset("raw", shape=(8,), dtype="f8", external=[(outside + "/raw.bin", 0, 64)])
`,
      inside,
      outside,
    );
  });

  it("follows a link within the folder", async () => {
    const file = await openHdf5(join(inside, "links.h5"));
    expect([...file.read("near")]).toEqual([0, 1, 2]);
    file.close();
  });

  it.each(["relative", "absolute", "virtual"])("refuses %s, saying which file", async (name) => {
    const file = await openHdf5(join(inside, "links.h5"));
    expect(() => file.read(name)).toThrow(
      expect.objectContaining({ code: "path-outside", message: expect.stringContaining("secret.h5") }),
    );
    file.close();
  });

  it("does not read bytes of another file as a dataset's", async () => {
    const file = await openHdf5(join(inside, "links.h5"));
    expect(() => file.read("raw")).toThrow(expect.objectContaining({ code: "hdf5-data-unreadable" }));
    file.close();
  });
});
