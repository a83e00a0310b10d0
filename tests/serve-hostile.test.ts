/** Files and requests that are made to harm: each ends in words, and the server answers the next one. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../src/server/server.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";

const served = join(tempFolder(), "served");
const hasPipes = existsSync("/usr/bin/mkfifo");
const MODEL = "energyKeV: 60\nphases: [Si]\n";
const SCAN = "input:\n  kind: p07\n  folder: .\nenergyKeV: 70\ndistanceMm: 500\nstepMm: 0.1\n";
let server: RunningServer;

beforeAll(async () => {
  mkdirSync(served);
  server = await startServer({ folder: served, workers: 1, memoryBytes: 1e9 });
});
afterAll(() => server.close());

async function ask(path: string, body?: unknown, method = "POST"): Promise<{ status: number; code: string }> {
  const response = await fetch(`${server.origin}/api/${path}`, {
    method: body === undefined ? "GET" : method,
    headers: {
      authorization: `token ${server.token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, code: /"code":"([^"]+)"/.exec(text)?.[1] ?? "" };
}
const write = (name: string, text: string): void => writeFileSync(join(served, name), text);
const region = { kind: "rectangle", from: [0, 0], to: [2, 2] };

afterEach(async () => expect((await ask("session")).status).toBe(200));

describe("YAML", () => {
  const many = Array.from({ length: 60_000 }, (_, i) => `k${i}:\n`).join("");
  const tenfold = Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i && 9)}x]\n`).join("");
  it.each([
    ["60 000 settings", SCAN + many, "config-invalid"],
    ["a setting twice", `${SCAN}stepMm: 0.2\n`, "yaml-syntax"],
    ["300 000 brackets", `input: ${"[".repeat(300_000)}`, "yaml-syntax"],
    ["references that grow tenfold, twelve times", tenfold, "yaml-syntax"],
    ["over 1 MB", `# ${"x".repeat(1 << 20)}\n${SCAN}`, "yaml-syntax"],
  ])("with %s", async (_, text, code) => {
    write("hostile.yaml", text);
    expect(await ask("jobs", { scan: "hostile.yaml" })).toEqual({ status: 400, code });
    const started = await ask("refine/start", { scan: "hostile.yaml", text: MODEL, folder: "" });
    expect(started.status).toBeLessThan(500);
  });

  it("of a model with 20 000 peaks, or 60 000 settings", async () => {
    const peaks = Array.from({ length: 20_000 }, () => " - {name: p, position: 2}\n")
      .join("")
      .slice(0, 240_000);
    for (const more of [`peaks:\n${peaks.slice(0, peaks.lastIndexOf(" -"))}`, many.slice(0, many.lastIndexOf("k"))])
      expect((await ask("refine/check", { text: MODEL + more, folder: "" })).code).toMatch(
        /config-invalid|request-wrong/,
      );
  });

  it("of a model whose CIF lists 20 000 atoms", async () => {
    const head =
      "data_a\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 5\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\nloop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n";
    write("atoms.cif", head + "Si 0.1 0.1 0.1\n".repeat(20_000));
    const { code } = await ask("refine/check", { text: "energyKeV: 60\nphases: [atoms.cif]\n", folder: "" });
    expect(code).toBe("cif-too-large");
  });
});

describe.skipIf(!hasPipes)("pipes that nobody writes to (needs mkfifo)", () => {
  it.each(["yaml", "cbf", "txt", "poni", "nxs"])("as .%s are not opened", async (ending) => {
    const name = `pipe.${ending}`;
    execFileSync("mkfifo", [join(served, name)]);
    const questions = [
      `text?path=${name}`,
      `frames?file=${name}`,
      `frames/geometry?path=${name}`,
      `result?file=${name}`,
    ];
    for (const question of questions) expect(await ask(question)).toEqual({ status: 400, code: "path-special" });
    expect((await ask("jobs", { scan: name })).code).toBe("path-special");
    expect((await ask("files")).status).toBe(200);
  });
});

describe("figures", () => {
  const svg = (inside: string, size = 9): object => ({
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">${inside}</svg>`,
    scale: 1,
  });
  it.each([
    ["of 30 000 x 30 000", svg("", 30_000), "figure-too-large"],
    ["nested 200 000 times", svg("<g>".repeat(200_000) + "</g>".repeat(200_000)), "svg-not-readable"],
    ["that are none", { svg: "<p>", scale: 1 }, "svg-not-readable"],
  ])("%s", async (_, body, code) => {
    expect(await ask("png", body)).toEqual({ status: 400, code });
  });

  it("with images elsewhere are drawn without them", async () => {
    const inside = '<image href="file:///etc/passwd" width="9" height="9"/><image href="http://127.0.0.1:9/a.png"/>';
    expect((await ask("png", svg(inside))).status).toBe(200);
  });
});

describe("too much", () => {
  it("of faults in a request are told in few words", async () => {
    const body = { file: "a", stack: "b", region: { kind: "polygon", points: Array(200_000).fill(["a"]) } };
    expect(await ask("pattern", body)).toMatchObject({ status: 400, code: "request-wrong" });
  });

  it("of masks: a file of 1.9 GB beside a result is not read", async () => {
    write("a.nxs", "");
    write("a.large.mask.npy", "");
    truncateSync(join(served, "a.large.mask.npy"), 1.9e9);
    expect((await ask("mask?file=a.nxs&name=large")).code).toBe("mask-too-large");
  });
});

describe.skipIf(!hasH5py)("HDF5 files that say more than is there (needs h5py)", () => {
  it("are refused by their sizes", { timeout: 60_000 }, async () => {
    h5py(
      `
def result(name, shape, chunks, **more):
    with h5py.File(args[0] + "/" + name, "w") as f:
        f.attrs["creator"] = "xrdct 0.1.0"
        f.create_group("entry").attrs["NX_class"] = "NXentry"
        group = f.create_group("entry/reconstruct/data")
        group.attrs["NX_class"] = "NXdata"
        group.attrs["signal"] = "data"
        group.attrs["axes"] = ["y", "x", "q"]
        group.create_dataset("data", shape, "f4", chunks=chunks, **more)
result("voxels.nxs", (10**9, 10**9, 8), (64, 64, 8))
result("bins.nxs", (2, 2, 10**9), (1, 1, 1000))
result("chunk.nxs", (8000, 8000, 4), (8000, 8000, 4), compression="gzip")
`,
      served,
    );
    const stack = "reconstruct/data";
    const large = { status: 400, code: "reply-too-large" };
    expect((await ask("result?file=voxels.nxs")).status).toBe(400);
    expect(await ask("pattern", { file: "voxels.nxs", stack, region })).toEqual(large);
    expect(await ask(`image?file=voxels.nxs&stack=${stack}&from=0&to=1`)).toEqual(large);
    const shapes = [{ region: { kind: "voxel", y: 0, x: 0 } }];
    expect(await ask("masks", { file: "voxels.nxs", name: "m", shapes }, "PUT")).toEqual(large);
    expect((await ask("result?file=bins.nxs")).code).toBe("result-axis-too-long");
    expect(await ask(`pattern?file=bins.nxs&stack=${stack}&y=0&x=0`)).toEqual(large);
    const model = { text: MODEL, folder: "" };
    expect((await ask("refine", { file: "voxels.nxs", target: region, model })).code).toBe("slice-too-large");
    expect((await ask(`pattern?file=chunk.nxs&stack=${stack}&y=0&x=0`)).code).toBe("hdf5-chunk-too-large");
    expect((await ask("frames?file=voxels.nxs")).status).toBe(400);
  });
});
