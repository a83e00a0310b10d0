/** Refinements over HTTP: a voxel to the bits of its map, a model to the digits of `xrdct refine`, models changed. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { CheckReply, ModelReply, ModelText, RefineReply, StartReply } from "../src/server/wire-refine.ts";
import { refinementReport } from "../src/stages/refine/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";
import { demoFolder } from "./web/app.ts";

const root = tempFolder();
const served = join(root, "served");
const cell = join(served, "cell.nxs");
let server: RunningServer;
let result: Result;
let nx: number;
/** voxels that hold NMC532, in several blocks, and one of air */
let voxels: { y: number; x: number }[];
let air: { y: number; x: number };

beforeAll(async () => {
  const demo = await demoFolder();
  mkdirSync(join(served, "scan"), { recursive: true });
  copyFileSync(join(demo, "cell.nxs"), cell);
  for (const name of ["scan.yaml", "model.yaml"]) copyFileSync(join(demo, "scan", name), join(served, "scan", name));
  const webFolder = join(root, "web");
  mkdirSync(webFolder);
  writeFileSync(join(webFolder, "index.html"), "");
  server = await startServer({ folder: served, workers: 1, memoryBytes: 2e9, webFolder });
  result = await openResult(cell);
  const a = result.readMap("map/NMC532/a");
  nx = a.nx;
  const good = [...a.values.keys()].filter((at) => a.status![at] === STATUS.converged);
  const place = (at: number) => ({ y: Math.floor(at / nx), x: at % nx });
  voxels = [0.1, 0.11, 0.5, 0.9].map((share) => place(good[Math.floor(share * good.length)]!));
  air = place(result.readMap("map/rwp").status!.indexOf(STATUS.notFitted));
});
afterAll(async () => {
  result.close();
  await server.close();
});

async function send(path: string, body?: unknown, method = "POST", signal?: AbortSignal): Promise<Response> {
  return fetch(`${server.origin}/api/${path}`, {
    method: body === undefined ? "GET" : method,
    headers: { authorization: `token ${server.token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}
async function ask<T>(path: string, body?: unknown, method?: string): Promise<T> {
  const response = await send(path, body, method);
  const text = await response.text();
  expect(text.slice(0, 300)).not.toContain('"error"');
  return JSON.parse(text) as T;
}
const refusal = async (path: string, body: unknown, method?: string) =>
  ((await (await send(path, body, method)).json()) as { error: { code: string; message: string } }).error;
const refine = (target: object, model?: ModelText, file = "cell.nxs") =>
  ask<RefineReply>("refine", { file, target, ...(model && { model }) });

describe("a voxel as the map fitted it", () => {
  it("has the numbers of all maps, to their last bit, wherever in its block it lies", async () => {
    for (const { y, x } of voxels) {
      const { parameters, phases, inMap, status } = await refine({ kind: "voxel", y, x });
      expect(status).toBe("converged");
      const at = y * nx + x;
      const compared = parameters.filter(({ name }) => result.list().some((one) => one.name === `map/${name}`));
      expect(compared.length).toBeGreaterThan(15);
      for (const { name, value, esd } of compared) {
        const map = result.readMap(`map/${name}`);
        expect([name, Math.fround(value ?? Number.NaN)]).toEqual([name, map.values[at]]);
        expect([name, Math.fround(esd ?? Number.NaN)]).toEqual([name, map.esd![at]]);
        expect(inMap!.find((one) => one.name === name)!.value ?? Number.NaN).toBe(map.values[at]);
      }
      for (const { name, weightFraction } of phases)
        expect(Math.fround(weightFraction!)).toBe(result.readMap(`map/${name}/weight_fraction`).values[at]);
    }
  });

  it("is near, and says so, where only the voxel before is fitted, for a pointer that moves", async () => {
    const good = result.readMap("map/NMC532/a").status!;
    const at = good.lastIndexOf(STATUS.converged);
    const target = { kind: "voxel", y: Math.floor(at / nx), x: at % nx };
    const { parameters, notes } = await ask<RefineReply>("refine", { file: "cell.nxs", target, isQuick: true });
    expect(notes.join()).toContain("quick");
    for (const name of ["NMC532/a", "NMC532/c", "NMC532/scale", "background/0"]) {
      const map = result.readMap(`map/${name}`);
      const value = parameters.find((one) => one.name === name)!.value!;
      expect(Math.abs(value - map.values[at]!)).toBeLessThan(0.5 * map.esd![at]!);
    }
  });

  it("has curves that add up, over the voxel's own points, and whose misfit is the map's Rwp", async () => {
    const { y, x } = voxels[2]!;
    const { pattern, statistics } = await refine({ kind: "voxel", y, x });
    const bins = result.list().find(({ name }) => name === "reconstruct/data")!.shape[2]!;
    expect(pattern.observed).toEqual(Array.from(result.readArray("reconstruct/data", [y, x, 0], [1, 1, bins])));
    let [misfit, total, apart] = [0, 0, 0];
    pattern.observed.forEach((observed, i) => {
      const weight = 1 / pattern.sigma[i]! ** 2;
      misfit += weight * (observed - pattern.calculated[i]!) ** 2;
      total += weight * observed ** 2;
      const sum = Object.values(pattern.phases).reduce((all, phase) => all + phase[i]!, pattern.background[i]!);
      // what is left are the free peaks, separator and electrolyte, below 3 degrees
      if (pattern.twoThetaDeg[i]! > 4) apart = Math.max(apart, Math.abs(pattern.calculated[i]! - sum));
    });
    expect(Math.sqrt(misfit / total)).toBeCloseTo(result.readMap("map/rwp").values[y * nx + x]!, 4);
    expect(statistics.rwp / statistics.rexp).toBeCloseTo(result.readMap("map/gof").values[y * nx + x]!, 5);
    expect(apart).toBeLessThan(2e-3 * Math.max(...pattern.observed));
  });

  it("that was taken for air shows its pattern and says that it was not fitted", async () => {
    const { status, pattern, parameters } = await refine({ kind: "voxel", ...air });
    expect(status).toBe("notFitted");
    expect(pattern.observed.length).toBeGreaterThan(100);
    expect(pattern.calculated).toEqual([]);
    expect(parameters.find(({ name }) => name === "NMC532/a")).toMatchObject({ value: null, status: "notFitted" });
  });
});

describe("a model refined over HTTP", () => {
  it("gives a voxel, a changed model and the mean pattern all digits of xrdct refine", async () => {
    const { y, x } = voxels[1]!;
    const target = { kind: "voxel", y, x };
    const { model } = await ask<ModelReply>("refine/model", { file: "cell.nxs", target });
    const byCommand = async (args: readonly string[]) => (await xrdctHere(["refine", ...args, "--json"])).json;
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
    expect(plain((await refine(target, model)).result)).toMatchObject({
      ...numbersOf(await byCommand([cell, "--voxel", `${y},${x}`])),
    });
    const change = { name: "NMC532/gaussianStrain", value: 0.0022, refine: true };
    const { text } = await ask<CheckReply>("refine/check", { ...model, change });
    const changed = { text, folder: model!.folder };
    await ask("refine/model", { ...changed, path: "changed.yaml" }, "PUT");
    const refined = (await refine(target, changed)).result!;
    expect(refined.parameters.find(({ name }) => name === change.name)!.status).not.toBe("fixed");
    expect(plain(refined)).toMatchObject(
      numbersOf(await byCommand([cell, "--voxel", `${y},${x}`, "--model", join(served, "changed.yaml")])),
    );
    expect(plain((await refine({ kind: "summed" })).result)).toMatchObject(numbersOf(await byCommand([cell])));
  });

  it("gives an exported pattern every digit that the command prints", async () => {
    const pattern = join(root, "mean.xye");
    expect((await xrdctHere(["export", cell, "--map", "map/summed_pattern", "-o", pattern])).code).toBe(0);
    const { model } = await ask<ModelReply>("refine/model", { file: "cell.nxs", target: { kind: "summed" } });
    const path = join(root, "model.yaml");
    writeFileSync(path, model!.text);
    const printed = (await xrdctHere(["refine", pattern, "--model", path])).stdout;
    const lines = refinementReport((await refine({ kind: "summed" }, model)).result!);
    // the mean pattern, and not the file it lies in, is what both refined
    for (const line of lines.filter((one) => /^(Rwp|\S+\/\S+ |\S+ +[\d.]+\(\d+\) wt%)/.test(one)))
      expect(printed).toContain(line);
    expect(lines.length).toBeGreaterThan(25);
  });

  it("takes the mean of a region: of one voxel it is the voxel", async () => {
    const { y, x } = voxels[1]!;
    const model = (await ask<ModelReply>("refine/model", { file: "cell.nxs", target: { kind: "summed" } })).model!;
    const one = await refine({ kind: "rectangle", from: [x, y], to: [x + 1, y + 1] }, model);
    const voxel = await refine({ kind: "voxel", y, x }, model);
    expect(one.result!.pattern).toEqual(voxel.result!.pattern);
    const four = await refine({ kind: "rectangle", from: [x, y], to: [x + 2, y + 2] }, model);
    const at = (dy: number, dx: number, name: string) => result.readArray(name, [y + dy, x + dx, 300], [1, 1, 1])[0]!;
    const corners = [
      at(0, 0, "reconstruct/data"),
      at(0, 1, "reconstruct/data"),
      at(1, 0, "reconstruct/data"),
      at(1, 1, "reconstruct/data"),
    ];
    const i = four.pattern.twoThetaDeg.indexOf(voxel.pattern.twoThetaDeg[300]!);
    expect(four.pattern.observed[i]).toBeCloseTo(corners.reduce((a, b) => a + b) / 4, 12);
    const sigma = [0, 1].flatMap((dy) => [0, 1].map((dx) => at(dy, dx, "reconstruct/data_esd")));
    expect(four.pattern.sigma[i]).toBeCloseTo(Math.sqrt(sigma.reduce((all, s) => all + s * s, 0)) / 4, 12);
  });

  it("leaves its curves as csv", async () => {
    const { id, pattern } = await refine({ kind: "voxel", ...voxels[1]! });
    const lines = (await (await send(`refine/curves?id=${id}`)).text()).trim().split("\n");
    expect(lines[0]).toMatch(/^two_theta_deg,observed,sigma,calculated,background,difference,NMC532/);
    expect(Number(lines[101]!.split(",")[3])).toBeCloseTo(pattern.calculated[100]!, 7);
    expect((await refusal(`refine/curves?id=9999`, undefined)).code).toBe("refine-forgotten");
  });

  it("that is no longer waited for is cancelled, and the next one is served", async () => {
    const controller = new AbortController();
    const body = { file: "cell.nxs", target: { kind: "summed" } };
    const dropped = send("refine", body, "POST", controller.signal).catch((error: Error) => error.name);
    const waiting = send("refine", body, "POST", controller.signal).catch((error: Error) => error.name);
    setTimeout(() => controller.abort(), 30);
    expect(await dropped).toBe("AbortError");
    expect(await waiting).toBe("AbortError");
    expect((await refine({ kind: "voxel", ...voxels[0]! })).status).toBe("converged");
  });
});

const numbersOf = ({ parameters, statistics, phases, pattern, status }: RefineReply & { handOver?: unknown }) => ({
  ...{ parameters, statistics, phases, pattern, status },
});

describe("a model in the editor", () => {
  const TEXT = `# a comment that stays
energyKeV: 103.5
profile: {U: 0.05, W: {value: 0.0004, max: 0.01}}
phases:
  - Al   # short form
  - {name: NMC, structure: NMC532, cell: true}
`;
  const check = (part: object, text = TEXT) => ask<CheckReply>("refine/check", { text, folder: "", ...part });

  it("lists its parameters with units, bounds and what the schema says of them", async () => {
    const { parameters, problem } = await check({});
    expect(problem).toBeUndefined();
    const find = (name: string) => parameters.find((one) => one.name === name);
    expect(find("NMC/a")).toMatchObject({ unit: "Å", refine: true, isGiven: false, isEditable: true });
    expect(find("W")).toMatchObject({ value: 0.0004, max: 0.01, refine: false, isGiven: true });
    expect(find("U")!.help).toContain("FWHM²");
    expect(find("background/0")!.isEditable).toBe(false);
  });

  it.each([
    ["Al/a", ["phases", 0, "cell", "a"], { value: 4.05, refine: true, min: 4 }],
    ["NMC/c", ["phases", 1, "cell", "c"], { value: 14.2, refine: false }],
    ["Al/size", ["phases", 0, "size"], { value: 80, refine: true }],
    ["zero", ["zero"], { value: 0.01, refine: true, max: 0.1 }],
    ["X", ["profile", "X"], { value: 0.004 }],
  ] as const)("writes %s where model.yaml has it, comments kept", async (name, path, change) => {
    const { text, problem, parameters } = await check({ change: { name, ...change } });
    expect(problem).toBeUndefined();
    expect(text).toContain("# a comment that stays");
    const found = path.reduce((node: unknown, key) => (node as Record<string | number, unknown>)[key], parse(text));
    expect(found).toMatchObject(change);
    expect(parameters.find((one) => one.name === name)).toMatchObject(change);
    expect(parse(text).phases[1]).toMatchObject({ name: "NMC", structure: "NMC532" });
  });

  it("names the line of a mistake", async () => {
    const { problem, parameters } = await check({}, TEXT.replace("U: 0.05", "Q: 0.05"));
    expect(problem).toMatchObject({ code: "config-invalid", lines: [3] });
    expect(problem!.message).toContain("profile.Q");
    expect(parameters).toEqual([]);
    expect((await check({}, TEXT.replace("NMC532", "NMC999"))).problem!.message).toContain("NMC999");
  });

  it("takes the scan's wavelength where it has none, and says so where nothing has", async () => {
    const bare = TEXT.replace("energyKeV: 103.5\n", "");
    expect((await check({}, bare)).problem!.code).toBe("model-wavelength");
    const { parameters } = await check({ wavelengthA: 0.25 }, bare);
    expect(parameters.find(({ name }) => name === "wavelength")).toMatchObject({ value: 0.25, refine: false });
    expect((await check({ wavelengthA: 0.25 })).parameters[0]!.value).toBeCloseTo(12.398419843 / 103.5, 9);
  });

  it("takes ranges out, and back in", async () => {
    const { text, exclude } = await check({ exclude: [[2, 2.5]] });
    expect(exclude).toEqual([[2, 2.5]]);
    expect(parse(text).exclude).toEqual([[2, 2.5]]);
    expect(parse((await check({ exclude: [] }, text)).text).exclude).toBeUndefined();
  });

  it("refuses files outside of the folder, by any way", async () => {
    writeFileSync(join(root, "secret.cif"), "data_x\n");
    for (const cif of [join(root, "secret.cif"), "../secret.cif", "/etc/hostname"]) {
      const { problem } = await check({}, `energyKeV: 100\nphases: [{cif: ${cif}}]\n`);
      expect(problem).toMatchObject({ code: "path-outside" });
    }
    const target = { kind: "summed" };
    const model = { text: `energyKeV: 100\ninstrument: ../secret.cif\nphases: [Al]\n`, folder: "" };
    expect((await refusal("refine", { file: "cell.nxs", target, model })).code).toBe("path-outside");
    expect((await refusal("refine/model", { ...model, path: "x.yaml" }, "PUT")).code).toBe("path-outside");
    expect((await refusal("refine/model", { ...model, path: "../x.yaml" }, "PUT")).code).toBe("path-outside");
  });

  it("is saved once, with its files seen from where it lies", async () => {
    copyFileSync(new URL("../phases/Al.cif", import.meta.url), join(served, "scan", "own.cif"));
    const model = { text: `energyKeV: 100\nphases: [own.cif] # mine\n`, folder: "scan" };
    await ask("refine/model", { ...model, path: "kept.yaml" }, "PUT");
    const kept = readFileSync(join(served, "kept.yaml"), "utf8");
    expect(parse(kept).phases).toEqual(["scan/own.cif"]);
    expect(kept).toContain("# mine");
    expect((await refusal("refine/model", { ...model, path: "kept.yaml" }, "PUT")).code).toBe("file-exists");
    expect((await refusal("refine/model", { ...model, path: "kept.txt" }, "PUT")).code).toBe("request-wrong");
    await ask("refine/model", { ...model, path: "kept.yaml", overwrite: true }, "PUT");
  });

  it("goes into a scan of its own beside the scan", async () => {
    const before = readFileSync(join(served, "scan", "scan.yaml"), "utf8");
    const { model } = await ask<ModelReply>("refine/model", { file: "cell.nxs", target: { kind: "summed" } });
    const reply = await ask<StartReply>("refine/start", { ...model, scan: "scan/scan.yaml" });
    expect(reply).toEqual({ scan: "scan/scan-refined-1.yaml", model: "scan/scan-model-1.yaml" });
    const scan = parse(readFileSync(join(served, reply.scan), "utf8"));
    expect(scan).toEqual({
      ...parse(before),
      map: { ...parse(before).map, rietveld: { ...parse(before).map.rietveld, model: "scan-model-1.yaml" } },
    });
    expect(parse(readFileSync(join(served, reply.model), "utf8"))).toEqual(parse(model!.text));
    expect(readFileSync(join(served, "scan", "scan.yaml"), "utf8")).toBe(before);
    expect((await ask<StartReply>("refine/start", { ...model, scan: "scan/scan.yaml" })).scan).toContain("refined-2");
  });
});

describe("a result without a Rietveld map", () => {
  it("says so, and takes a model of the folder", async () => {
    const { y, x } = voxels[1]!;
    const [, , bins] = result.list().find(({ name }) => name === "reconstruct/data")!.shape as [number, number, number];
    const [, , axis] = result.axes("reconstruct/data");
    const path = join(served, "volume.nxs");
    const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: "volume" });
    const unit = { unit: "counts", longName: "intensity" };
    const axes = [{ name: "y" }, { name: "x" }, { name: axis!.name, values: axis!.values, unit: axis!.unit }];
    const record = { startedAt: "2024-01-01T00:00:00Z", endedAt: "2024-01-01T00:00:00Z", inputs: [] };
    writer.process("reconstruct", { ...record, config: {} });
    const array = writer.array("reconstruct/data", {
      shape: [1, 1, bins],
      dtype: "float32",
      ...unit,
      axes,
      errors: true,
    });
    const of = (name: string) => result.readArray(name, [y, x, 0], [1, 1, bins]);
    array.writeSlab([0, 0, 0], [1, 1, bins], of("reconstruct/data"), of("reconstruct/data_esd"));
    writer.finish();
    expect(existsSync(path)).toBe(true);
    const target = { kind: "voxel", y: 0, x: 0 };
    const { code, message } = await refusal("refine", { file: "volume.nxs", target });
    expect(code).toBe("refine-no-model");
    expect(message).toContain("model.yaml");
    expect(await ask<ModelReply>("refine/model", { file: "volume.nxs", target })).toEqual({});
    const { model } = await ask<ModelReply>("refine/model", { file: "cell.nxs", target: { kind: "voxel", y, x } });
    const [here, there] = [await refine(target, model, "volume.nxs"), await refine({ kind: "voxel", y, x }, model)];
    expect(here.parameters).toEqual(there.parameters);
    expect(here.inMap).toBeUndefined();
  });
});

describe("requests that cannot be", () => {
  it.each([
    ["voxel-outside", { file: "cell.nxs", target: { kind: "voxel", y: 999, x: 0 } }],
    ["request-wrong", { file: "cell.nxs", target: { kind: "voxel", y: 0.5, x: 0 } }],
    ["region-empty", { file: "cell.nxs", target: { kind: "rectangle", from: [500, 500], to: [501, 501] } }],
    ["path-not-found", { file: "nothing.nxs", target: { kind: "summed" } }],
    ["path-outside", { file: "../x.nxs", target: { kind: "summed" } }],
    ["result-not-a-result", { file: "scan/scan.yaml", target: { kind: "summed" } }],
  ])("are refused: %s", async (code, body) => {
    const error = await refusal("refine", body);
    expect([error.code, error.message].join(" ")).toMatch(code === "result-not-a-result" ? /not|hdf5/i : code);
  });
});
