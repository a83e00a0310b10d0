import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { InputError } from "../../data/index.ts";
import { Suspended } from "../block-executor.ts";
import type { RunSummary } from "../run-scan.ts";
import { runSteps } from "../series/run-series.ts";
import { readSeries } from "../series/series-config.ts";
import { runCells } from "./run-cells.ts";
import { readStudy } from "./study-config.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xrdct-cells-"));
  const scan =
    "input: {kind: p07, folder: .}\nenergyKeV: 71\nmap: {regions: [{name: Cu, range: [2.9, 3.1], peaks: [{name: '111', d: 2.087}]}]}\n";
  for (const name of ["a", "b", "c"]) writeFileSync(join(folder, `${name}.yaml`), scan);
  const cells = ["a", "b", "c"].map((name) => `  - {name: ${name}, scan: ${name}.yaml}`).join("\n");
  writeFileSync(join(folder, "study.yaml"), `reference: a\nphases: {}\ncells:\n${cells}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = () => ({
  ...{ output: join(folder, "out"), folder: join(folder, "out"), workers: 1, memoryBytes: 1e9, formats: [] },
  ...{ onProgress: () => {}, signal: new AbortController().signal },
});
const summary = { isUpToDate: false, stages: [], maps: [] } as unknown as RunSummary;

it("gives all cells away before it waits for one", async () => {
  const given: string[] = [];
  const study = readStudy(join(folder, "study.yaml"));
  const runScan = async (_: unknown, { output }: { readonly output: string }): Promise<RunSummary> => {
    given.push(output.slice(-5));
    if (given.length === 2) return summary;
    throw new Suspended("elsewhere");
  };
  await expect(runCells(study, { ...options(), runScan })).rejects.toBeInstanceOf(Suspended);
  expect(given).toEqual(["a.nxs", "b.nxs", "c.nxs"]);
});

it("a cell that cannot be run ends the study, with its name", async () => {
  const study = readStudy(join(folder, "study.yaml"));
  const runScan = () => Promise.reject(new InputError("angles-count", "too few angles"));
  await expect(runCells(study, { ...options(), runScan })).rejects.toThrow("Cell a: too few angles");
});

it("prepares what of a series waits for the step before, each height by itself", async () => {
  const steps = [0, 1, 2].flatMap((time) =>
    [0, 5].map((heightMm) => `  - {scan: a.yaml, time: ${time}, heightMm: ${heightMm}}`),
  );
  for (const [start, expected] of [
    ["warm", ["whole", "reconstruct", "reconstruct", "whole", "reconstruct", "reconstruct"]],
    ["cold", ["whole", "whole", "whole", "whole", "whole", "whole"]],
  ] as const) {
    const path = join(folder, `${start}.yaml`);
    writeFileSync(path, `start: ${start}\nsteps:\n${steps.join("\n")}\n`);
    const given: string[] = [];
    const runScan = (_: unknown, { until, isPreparation }: { until?: string; isPreparation?: boolean }) => {
      expect(isPreparation ?? false).toBe(until !== undefined);
      given.push(until ?? "whole");
      return Promise.reject(new Suspended("elsewhere"));
    };
    await expect(runSteps(readSeries(path), { ...options(), runScan })).rejects.toBeInstanceOf(Suspended);
    expect(given).toEqual(expected);
  }
});
