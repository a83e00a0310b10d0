/** What the server says a result holds, against the arrays that were written to it. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeNpy } from "../src/files/npy.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { ArraysHeader, MaskInfo, ResultInfo, Ticks } from "../src/server/wire.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const [ny, nx, bins] = [12, 15, 40];
const twoTheta = Float64Array.from({ length: bins }, (_, i) => 2 + 0.05 * i);
const volume = Float32Array.from({ length: ny * nx * bins }, (_, i) => (i % 101 === 7 ? Number.NaN : Math.sqrt(i)));
const sigma = Float32Array.from({ length: ny * nx * bins }, (_, i) => 0.5 + (i % 9));
const cells = Float32Array.from({ length: ny * nx }, (_, i) => 2.8 + i * 1e-5);
const reflections = [
  { h: 0, k: 0, l: 3, twoThetaDeg: 2.5, calculated: 4 },
  { h: 1, k: 0, l: 1, twoThetaDeg: 3.25, calculated: 1 },
];

async function writeResult(path: string, scale = 1): Promise<void> {
  const writer = await createResultWriter(path, { program: "xrdct", version: "1.2.3", title: "a cell" });
  const config = { settings: { distanceMm: 1200 } };
  writer.process("reconstruct", { config, startedAt: "", endedAt: "2026-01-01T00:00:00Z", inputs: [], notes: ["fbp"] });
  const grid = (name: string, n: number) => ({
    name,
    values: Float64Array.from({ length: n }, (_, i) => (i - (n - 1) / 2) * 0.02),
    unit: "mm",
  });
  writer
    .array("reconstruct/data", {
      shape: [ny, nx, bins],
      dtype: "float32",
      unit: "counts",
      longName: "reconstructed intensity",
      axes: [grid("y", ny), grid("x", nx), { name: "two-theta", values: twoTheta, unit: "deg" }],
      errors: true,
    })
    .writeSlab(
      [0, 0, 0],
      [ny, nx, bins],
      volume.map((value) => value * scale),
      sigma,
    );
  writer.process("map", { config: {}, startedAt: "", endedAt: "2026-01-01T00:01:00Z", inputs: [] });
  writer.map("map/NMC532/a", { name: "map/NMC532/a", ny, nx, unit: "Å", values: cells, esd: cells }, { voxelMm: 0.02 });
  writer.note("map/model", "application/yaml", "phases: []\n");
  const refinement = { wavelengthA: 0.17, phases: [{ name: "NMC532", reflections }] };
  writer.note("map/refinement", "application/json", JSON.stringify(refinement));
  writer.finish();
}

let server: RunningServer;
beforeAll(async () => {
  await writeResult(join(folder, "cell.nxs"));
  mkdirSync(join(folder, "web"));
  server = await startServer({ folder, workers: 1, memoryBytes: 1e9, webFolder: join(folder, "web") });
});
afterAll(() => server?.close());

const headers = () => ({ authorization: `token ${server.token}` });

async function ask(path: string, method = "GET", body?: unknown): Promise<Response> {
  return fetch(`${server.origin}/api/${path}`, {
    method,
    headers: { ...headers(), ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function askJson<T>(path: string): Promise<T> {
  const response = await ask(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const TYPES = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };

async function askArrays(path: string, method = "GET", body?: unknown) {
  const response = await ask(path, method, body);
  expect(response.status, await (response.ok ? "" : response.clone().text())).toBe(200);
  const { arrays, meta } = JSON.parse(response.headers.get("x-xrdct-arrays")!) as ArraysHeader;
  const bytes = await response.arrayBuffer();
  const values: Record<string, number[]> = {};
  let at = 0;
  for (const { name, type, shape } of arrays) {
    at = Math.ceil(at / 8) * 8;
    const array = new TYPES[type as keyof typeof TYPES](
      bytes,
      at,
      shape.reduce((a, b) => a * b, 1),
    );
    values[name] = [...array];
    at += array.byteLength;
  }
  return { values, meta, arrays };
}

async function expectError(response: Promise<Response>, code: string, words: RegExp): Promise<void> {
  const reply = await response;
  const { error } = (await reply.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe(code);
  expect(reply.status).toBe(400);
  expect(error.message).toMatch(words);
}

const at = (y: number, x: number, bin: number): number => (y * nx + x) * bins + bin;

describe("a result", () => {
  it("is told with all that a page needs to begin", async () => {
    const info = await askJson<ResultInfo>("result?file=cell.nxs");
    expect(info).toMatchObject({
      file: "cell.nxs",
      title: "a cell",
      volume: "reconstruct/data",
      first: "map/NMC532/a",
      axis: { unit: "two-theta", values: [...twoTheta] },
      wavelengthA: 0.17,
      distanceM: 1.2,
      phases: ["NMC532"],
      hasModel: true,
      processes: [
        { stage: "reconstruct", version: "1.2.3", notes: ["fbp"], endedAt: "2026-01-01T00:00:00Z" },
        { stage: "map", notes: [], endedAt: "2026-01-01T00:01:00Z" },
      ],
    });
    expect(info.voxelMm).toBeCloseTo(0.02, 12);
    expect(info).not.toHaveProperty("sinogram");
    expect(info.arrays.map(({ name, kind, hasEsd, unit }) => [name, kind, hasEsd, unit])).toEqual([
      ["map/NMC532/a", "map", true, "Å"],
      ["reconstruct/data", "stack", true, "counts"],
    ]);
  });

  it("gives arrays and parts of them", async () => {
    const map = await askArrays("array?file=cell.nxs&name=map/NMC532/a&with=esd,status");
    expect(map.values).toEqual({ values: [...cells], esd: [...cells] });
    const part = await askArrays("array?file=cell.nxs&name=reconstruct/data&offset=3,4,5&shape=1,2,30");
    expect(part.values["values"]).toEqual([
      ...volume.subarray(at(3, 4, 5), at(3, 4, 35)),
      ...volume.subarray(at(3, 5, 5), at(3, 5, 35)),
    ]);
  });

  it("gives the reflections of its model on the axis of its bins", async () => {
    const { phases } = await askJson<Ticks>("ticks?file=cell.nxs");
    expect(phases).toEqual([
      {
        name: "NMC532",
        reflections: [
          { hkl: [0, 0, 3], position: expect.closeTo(2.5, 10), intensity: 1 },
          { hkl: [1, 0, 1], position: expect.closeTo(3.25, 10), intensity: 0.25 },
        ],
      },
    ]);
  });
});

describe("patterns and images", () => {
  it("gives a voxel's pattern as it is in the file", async () => {
    const { values, arrays } = await askArrays("pattern?file=cell.nxs&stack=reconstruct/data&y=3&x=14");
    expect(arrays.map(({ type }) => type)).toEqual(["float32", "float32"]);
    expect(values["intensity"]).toEqual([...volume.subarray(at(3, 14, 0), at(4, 0, 0))]);
    expect(values["sigma"]).toEqual([...sigma.subarray(at(3, 14, 0), at(4, 0, 0))]);
  });

  it("gives the mean pattern of a rectangle, without what has no value", async () => {
    const body = {
      file: "cell.nxs",
      stack: "reconstruct/data",
      region: { kind: "rectangle", from: [2, 1], to: [9, 6] },
    };
    const { values, meta } = await askArrays("pattern", "POST", body);
    for (let bin = 0; bin < bins; bin++) {
      const inside = Array.from({ length: 35 }, (_, i) => at(1 + Math.floor(i / 7), 2 + (i % 7), bin));
      const good = inside.filter((i) => !Number.isNaN(volume[i]!));
      const mean = good.reduce((sum, i) => sum + volume[i]!, 0) / good.length;
      const esd = Math.sqrt(good.reduce((sum, i) => sum + sigma[i]! ** 2, 0)) / good.length;
      expect(values["intensity"]![bin]).toBeCloseTo(mean, 10);
      expect(values["sigma"]![bin]).toBeCloseTo(esd, 12);
    }
    expect(meta).toMatchObject({ voxels: 35 });
  });

  it("gives the mean image of a range, and less what lies beside it", async () => {
    const mean = (y: number, x: number, from: number, to: number): number => {
      const good = [...volume.subarray(at(y, x, from), at(y, x, to))].filter((value) => !Number.isNaN(value));
      return good.reduce((sum, value) => sum + value, 0) / good.length;
    };
    const plain = await askArrays("image?file=cell.nxs&stack=reconstruct/data&from=10&to=25");
    const net = await askArrays("image?file=cell.nxs&stack=reconstruct/data&from=10&to=25&side=1");
    expect(plain.meta).toMatchObject({ from: 10, to: 25 });
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        const inside = mean(y, x, 10, 25);
        const ends = [volume[at(y, x, 9)]!, volume[at(y, x, 25)]!].filter((value) => !Number.isNaN(value));
        const beside = ends.reduce((sum, value) => sum + value, 0) / ends.length;
        expect(plain.values["values"]![y * nx + x]).toBe(Math.fround(inside));
        expect(net.values["values"]![y * nx + x]).toBeCloseTo(inside - beside, 4);
      }
    }
  });

  it("gives the new file where one was replaced", async () => {
    const path = join(folder, "changing.nxs");
    await writeResult(path);
    const first = await askArrays("pattern?file=changing.nxs&stack=reconstruct/data&y=1&x=2");
    await writeResult(join(folder, "next.nxs"), 2);
    renameSync(join(folder, "next.nxs"), path);
    const second = await askArrays("pattern?file=changing.nxs&stack=reconstruct/data&y=1&x=2");
    expect(second.values["intensity"]).toEqual(first.values["intensity"]!.map((value) => 2 * value));
    const image = await askArrays("image?file=changing.nxs&stack=reconstruct/data&from=3&to=4");
    expect(image.values["values"]![5]).toBe(2 * volume[at(0, 5, 3)]!);
  });

  it("answers many at once, each with its own", async () => {
    const asked = Array.from({ length: 30 }, (_, i) => [i % ny, (i * 7) % nx] as const);
    const answers = await Promise.all(
      asked.map(([y, x]) => askArrays(`pattern?file=cell.nxs&stack=reconstruct/data&y=${y}&x=${x}`)),
    );
    answers.forEach(({ values }, i) => {
      const [y, x] = asked[i]!;
      expect(values["intensity"]).toEqual([...volume.subarray(at(y, x, 0), at(y, x, bins))]);
    });
  });

  it("goes on after requests that were given up", async () => {
    const url = `${server.origin}/api/image?file=cell.nxs&stack=reconstruct/data&from=0&to=40`;
    const given = Array.from({ length: 20 }, () => {
      const controller = new AbortController();
      const answer = fetch(url, { headers: headers(), signal: controller.signal }).catch((error: Error) => error.name);
      setImmediate(() => controller.abort());
      return answer;
    });
    await Promise.all(given);
    const { values } = await askArrays("pattern?file=cell.nxs&stack=reconstruct/data&y=0&x=0");
    expect(values["intensity"]).toEqual([...volume.subarray(0, bins)]);
  });
});

describe("masks", () => {
  it("are saved as NumPy reads them, listed, used, replaced and removed", async () => {
    const shapes = [
      { region: { kind: "rectangle", from: [0, 0], to: [6, 4] } },
      { region: { kind: "rectangle", from: [1, 1], to: [3, 2] }, isHole: true },
    ];
    const body = { file: "cell.nxs", name: "cathode 1", shapes };
    const saved = (await (await ask("masks", "PUT", body)).json()) as MaskInfo;
    expect(saved).toEqual({ name: "cathode 1", path: "cell.cathode 1.mask.npy", voxels: 22 });
    const { shape, data } = decodeNpy(readFileSync(join(folder, saved.path)), "mask");
    const expected = Array.from({ length: ny * nx }, (_, i) => {
      const [y, x] = [Math.floor(i / nx), i % nx];
      return y < 4 && x < 6 && !(y === 1 && x >= 1 && x < 3) ? 1 : 0;
    });
    expect(shape).toEqual([ny, nx]);
    expect([...data]).toEqual(expected);
    expect(await askJson("masks?file=cell.nxs")).toEqual([saved]);
    const read = await askArrays("mask?file=cell.nxs&name=cathode 1");
    expect(read.values["values"]).toEqual(expected);
    expect(read.meta).toEqual({ shapes });

    const region = { kind: "mask", name: "cathode 1" };
    const mean = await askArrays("pattern", "POST", { file: "cell.nxs", stack: "reconstruct/data", region });
    const voxels = [...expected.keys()].filter((i) => expected[i] && !Number.isNaN(volume[i * bins + 12]!));
    const sum = voxels.reduce((total, i) => total + volume[i * bins + 12]!, 0);
    expect(mean.values["intensity"]![12]).toBeCloseTo(sum / voxels.length, 10);

    await expectError(ask("masks", "PUT", body), "mask-exists", /another name/);
    expect((await ask("masks", "PUT", { ...body, overwrite: true })).status).toBe(200);
    expect((await ask("masks?file=cell.nxs&name=cathode 1", "DELETE")).status).toBe(204);
    expect(existsSync(join(folder, saved.path))).toBe(false);
    expect(await askJson("masks?file=cell.nxs")).toEqual([]);
  });

  it.each(["../out", "a/b", "", ".hidden", "a\0b", "x".repeat(61)])("are not named %j", async (name) => {
    const shapes = [{ region: { kind: "voxel", y: 0, x: 0 } }];
    await expectError(ask("masks", "PUT", { file: "cell.nxs", name, shapes }), "mask-name", /letters, digits/);
  });

  it("hold at least one voxel", async () => {
    const shapes = [{ region: { kind: "rectangle", from: [40, 40], to: [50, 50] } }];
    await expectError(ask("masks", "PUT", { file: "cell.nxs", name: "far", shapes }), "mask-empty", /no voxel/);
  });
});

describe("what cannot be answered says why", () => {
  const stack = "file=cell.nxs&stack=reconstruct/data";
  beforeAll(() => {
    writeFileSync(join(folder, "notes.nxs"), "these are no data");
    const bytes = readFileSync(join(folder, "cell.nxs"));
    writeFileSync(join(folder, "cut.nxs"), bytes.subarray(0, bytes.length >> 1));
  });

  it.each([
    [`pattern?${stack}&y=12&x=0`, "voxel-outside", /12 x 15/],
    [`pattern?${stack}&y=-1&x=0`, "voxel-outside", /12 x 15/],
    [`pattern?${stack}&y=1.5&x=0`, "request-wrong", /y/],
    [`image?${stack}&from=10&to=41`, "bins-outside", /0:40/],
    [`image?${stack}&from=10&to=10`, "bins-outside", /0:40/],
    [`image?${stack}&from=0&to=40&side=2`, "bins-outside", /beside 0:40/],
    ["image?file=cell.nxs&stack=map/NMC532/a&from=0&to=1", "not-a-stack", /reconstruct\/data/],
    ["image?file=cell.nxs&stack=nothing&from=0&to=1", "result-name-unknown", /map\/NMC532\/a/],
    ["array?file=cell.nxs&name=reconstruct/data&offset=0,0,0&shape=13,1,1", "slab-outside", /12, 15, 40/],
    ["array?file=cell.nxs&name=reconstruct/data&offset=0,0", "slab-outside", /3 whole numbers/],
    ["array?file=cell.nxs&name=map/NMC532/a&with=all", "request-wrong", /esd/],
    ["result?file=nothing.nxs", "path-not-found", /nothing.nxs/],
    ["result?file=../../etc/passwd", "path-outside", /folder/],
    ["result?file=notes.nxs", "hdf5-not-hdf5", /signature/],
    ["result?file=cut.nxs", "hdf5-unreadable", /truncated|damaged/],
    ["result", "request-wrong", /file/],
    ["mask?file=cell.nxs&name=none", "mask-not-found", /"none"/],
  ])("%s", async (path, code, words) => {
    await expectError(ask(path), code, words);
  });

  it.each([
    [{ kind: "rectangle", from: [0, 0] }, "request-wrong"],
    [{ kind: "mask", name: "none" }, "mask-not-found"],
    [{ kind: "cloud" }, "request-wrong"],
  ])("the pattern of %j", async (region, code) => {
    await expectError(ask("pattern", "POST", { file: "cell.nxs", stack: "reconstruct/data", region }), code, /./);
  });
});
