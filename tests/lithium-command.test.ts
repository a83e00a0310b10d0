/** `xrdct lithium`: from a result file to maps that h5py reads, tables and figures. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { lithiumCommand } from "../src/cli/lithium.ts";
import { type ParameterMap, STATUS } from "../src/data/index.ts";
import { createResultWriter } from "../src/files/result-writer.ts";
import { CALIBRATIONS, interpolate } from "../src/stages/lithium/index.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const N = 24;
const { x: X, a: A, c: C } = CALIBRATIONS.NMC532;
const content = (v: number): number => 0.42 + 0.1 * ((v % N) / N);

async function writeCell(path: string, change: number): Promise<void> {
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: "a cell" });
  const put = (name: string, unit: string, value: (v: number) => number, esd: number): void => {
    const values = Float32Array.from({ length: N * N }, (_, v) => value(v));
    const status = Uint8Array.from(values, (one) => (Number.isFinite(one) ? STATUS.converged : STATUS.noSignal));
    const map: ParameterMap = { name, ny: N, nx: N, unit, values, esd: values.map(() => esd), status };
    writer.map(name, map, { voxelMm: 0.1 });
  };
  const isCathode = (v: number): boolean => Math.floor(v / N) < N / 2;
  const at = (table: Float64Array) => (v: number) =>
    isCathode(v) ? interpolate(X, table, content(v) + change) : Number.NaN;
  put("map/NMC532/a", "Å", at(A), 2e-4);
  put("map/NMC532/c", "Å", at(C), 2e-3);
  put("map/NMC532/scale", "", (v) => (isCathode(v) ? 2e-10 : 0), 1e-12);
  put("map/LiC12/scale", "", (v) => (isCathode(v) ? 0 : 1e-10), 1e-12);
  put("map/graphite/scale", "", (v) => (isCathode(v) ? 0 : 5e-10), 1e-12);
  // as `dlsr` does: another unit, one phase alone
  put("dlsr/NMC532/a", "Å", at(A), 3e-4);
  put("dlsr/NMC532/c", "Å", at(C), 3e-3);
  put("dlsr/NMC532/scale", "", (v) => (isCathode(v) ? 4e-7 : Number.NaN), 1e-9);
  const phases = ["NMC532", "LiC12", "graphite"].map((name) => `  - structure: ${name}\n`).join("");
  writer.note("map/model", "application/yaml", `energyKeV: 100\nphases:\n${phases}`);
  writer.finish();
}

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean(out.push(String(text)))),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean(err.push(String(text)))),
  ];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await lithiumCommand().parseAsync(args, { from: "user" });
    return { exit: Number(process.exitCode), out: out.join(""), err: err.join("") };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

const charged = join(folder, "charged.nxs");
const discharged = join(folder, "discharged.nxs");
beforeAll(async () => {
  await writeCell(charged, 0);
  await writeCell(discharged, 0.3);
});

describe("lithium", () => {
  it("writes maps, tables, a report and figures, and prints what it found", async () => {
    const output = join(folder, "out");
    const { exit, out } = await run(charged, "-o", output, "--format", "svg");
    expect(exit).toBe(0);
    expect(out).toMatch(/NMC532 +whole slice +x = 0\.46/);
    const names = readdirSync(output);
    for (const name of [
      "lithium.nxs",
      "lithium.csv",
      "inventory.csv",
      "closing.csv",
      "report.md",
      "NMC532-x.svg",
      "anode-x.svg",
    ]) {
      expect(names).toContain(name);
    }
    expect(names.filter((name) => /partial|unfinished/.test(name))).toEqual([]);
    expect(readFileSync(join(output, "report.md"), "utf8")).toContain("## Errors of all voxels alike");
  });

  it.skipIf(!hasH5py)("lithium.nxs opens with h5py: x with its error, band and flag (needs h5py)", async () => {
    const output = join(folder, "h5");
    await run(charged, "-o", output, "--format", "svg");
    const script = `
f = h5py.File(args[0]); g = f["entry/lithium/NMC532"]
x = g["x/data"][:]; rows = x[: ${N / 2}]
truth = 0.42 + 0.1 * np.arange(${N}) / ${N}
print(json.dumps([float(np.abs(rows - truth).max()), bool(np.isnan(x[${N / 2}:]).all()), float(g["x/data_errors"][0, 0]),
  bool((g["x_low/data"][: ${N / 2}] < rows).all() and (g["x_high/data"][: ${N / 2}] > rows).all()), float(g["x_flag/data"][0, 0]),
  f["entry"].attrs["default"], float(f["entry/lithium/anode/x/data"][${N - 1}, 0]), g["x/data_errors"].attrs["long_name"]]))`;
    const [off, isBlank, esd, isInside, flag, first, anode] = JSON.parse(h5py(script, join(output, "lithium.nxs")));
    expect(off).toBeLessThan(0.003);
    expect(isBlank).toBe(true);
    expect(esd).toBeGreaterThan(0);
    expect(isInside).toBe(true);
    expect(flag).toBe(1);
    expect(first).toBe("lithium");
    // carbon: 1e-10 V(LiC12) 12 of x 0.5, 5e-10 V(graphite) 4 of none
    const [lic12, graphite] = [1e-10 * 112.5 * 12, 5e-10 * 35.29 * 4];
    expect(anode).toBeCloseTo((0.5 * lic12) / (lic12 + graphite), 2);
  });

  it("compares amounts by the scales of the Rietveld map, not by those of dlsr", async () => {
    const { out } = await run(charged, "-o", join(folder, "json"), "--format", "svg", "--json");
    const { inventory } = JSON.parse(out) as { inventory: { quantity: string; value: number }[] };
    const ratio = inventory.find(({ quantity }) => quantity.startsWith("C6"))!.value;
    const carbon = 1e-10 * 112.5 * 12 + 5e-10 * 35.29 * 4;
    expect(ratio / (carbon / 6 / (2e-10 * 100.2 * 3))).toBeCloseTo(1, 2);
  });

  it("takes one state from another", async () => {
    const args = [
      "-o",
      join(folder, "two"),
      "--format",
      "svg",
      "--json",
      "--discharged",
      discharged,
      "--between-mah",
      "150",
    ];
    const { out } = await run(charged, ...args, "--cathode-mass-g", "2");
    const { closings } = JSON.parse(out) as { closings: { what: string; left: number; right: number }[] };
    const cathode = closings.find(({ what }) => what.startsWith("cathode, cycler: charged against discharged"))!;
    expect(cathode.left / ((0.3 * 2 * 26801.48) / 96.554)).toBeCloseTo(1, 1);
    expect(cathode.right).toBe(150);
  });

  it.each([
    ["a table by file", ["--table", "own.csv"], 0, ""],
    ["a known inactive share", ["--inactive-share", "0.02", "--inactive-x", "0.4"], 0, ""],
    ["an inactive share without its lithium", ["--inactive-share", "0.02"], 2, "lithium-inactive"],
    ["an inactive share in per cent", ["--inactive-share", "2", "--inactive-x", "0.4"], 2, "bad-option"],
    ["a table that is not there", ["--table", "NMC533"], 2, "lithium-table"],
    ["an option that is none", ["--lattice", "both"], 2, "bad-option"],
    ["a state without c", ["--reference-state", "1,2.87"], 2, "bad-option"],
    ["a phase that is not there", ["--cathode", "LCO"], 2, "bad-option"],
    ["a format that is none", ["--format", "pdf"], 2, "export-format"],
    ["a folder that is a file", ["-o", "own.csv"], 2, "not-writable"],
  ])("%s", async (_, args, exit, code) => {
    const own = join(folder, "own.csv");
    writeFileSync(
      own,
      `x,a,c\n${[0.3, 0.5, 0.7, 1].map((x) => [x, interpolate(X, A, x), interpolate(X, C, x)].join(",")).join("\n")}\n`,
    );
    const output = join(folder, `case-${code || "own"}`);
    const given = args.map((arg) => (arg === "own.csv" ? own : arg));
    const found = await run(
      charged,
      ...(args.includes("-o") ? [] : ["-o", output]),
      ...(args.includes("--format") ? [] : ["--format", "svg"]),
      ...given,
    );
    expect([found.exit, found.err]).toEqual([exit, exit === 0 ? "" : expect.stringContaining(`[${code}]`)]);
    if (exit !== 0) expect(existsSync(output)).toBe(false);
  });
});
