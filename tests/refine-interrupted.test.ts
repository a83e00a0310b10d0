/** A series that is killed, stopped or damaged goes on, to the same bits; nothing of another series is taken over. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { formatXye } from "../src/files/pattern-text.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { loadModel } from "../src/pipeline/refine/load-model.ts";
import { refineSeries } from "../src/pipeline/refine/refine-series.ts";
import { simulatePattern, WAVELENGTH_A } from "./simulated-pattern.ts";
import { tempFolder } from "./temp-folder.ts";
import { MAIN, xrdct } from "./virtual-scan.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const PATTERNS = 8;
const MODEL = `wavelength: ${WAVELENGTH_A}\nphases: [Ni, Cu]\nbackground: {measured: {file: empty.xye}, chebyshev: 3}\n`;
const ARGS = ["refine", "scans", "--model", "model.yaml", "--quiet"];
let expected: string;

beforeAll(() => {
  mkdirSync(at("scans"));
  writeFileSync(at("model.yaml"), MODEL);
  const empty = simulatePattern([{ name: "Al", scale: 1e-9 }], { seed: 99 });
  writeFileSync(at("empty.xye"), formatXye(empty));
  for (let i = 0; i < PATTERNS; i++) {
    const phases = [
      { name: "Ni", scale: 2e-4, values: { a: 3.52 + 4e-4 * i } },
      { name: "Cu", scale: 1e-4 },
    ];
    writeFileSync(at(`scans/scan-${i}.xye`), formatXye(simulatePattern(phases, { seed: i + 1 })));
  }
  expect(xrdct([...ARGS, "-o", "whole.json", "--each", "each"], { cwd: folder }).code).toBe(0);
  expected = readFileSync(at("whole.json"), "utf8");
});

const lines = (path: string): string[] => (existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(1, -1) : []);

/** Starts the series and sends the signal once so many patterns are done. */
function stop(output: string, signal: NodeJS.Signals, after: number): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...ARGS, "-o", output, "--each", `${output}.each`], { cwd: folder });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += String(text);
  });
  const watch = setInterval(() => {
    if (lines(at(`${output}.partial`)).length < after) return;
    clearInterval(watch); // asked twice it would end at once
    child.kill(signal);
  }, 2);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearInterval(watch);
      resolve({ code, stderr });
    });
  });
}

describe("a series", () => {
  it.each([
    ["SIGKILL", 1],
    ["SIGINT", 2],
    ["SIGTERM", 4],
  ] as const)("stopped by %s after %i patterns, run again", { timeout: 60_000 }, async (signal, after) => {
    const output = `${signal}.json`;
    const { code, stderr } = await stop(output, signal, after);
    expect(code).toBe(signal === "SIGKILL" ? null : 130);
    if (signal !== "SIGKILL") expect(stderr.trim()).toMatch(/^Interrupted\. Nothing that was finished is lost/);
    expect(existsSync(at(output))).toBe(false);
    expect(existsSync(at(`${output}.lock`))).toBe(signal === "SIGKILL");
    expect(lines(at(`${output}.partial`)).length).toBeGreaterThanOrEqual(after);
    const again = xrdct([...ARGS, "-o", output, "--each", `${output}.each`], { cwd: folder });
    expect(again.stderr).toBe("");
    expect(readFileSync(at(output), "utf8")).toBe(expected);
    for (let i = 0; i < PATTERNS; i++) {
      const [first, second] = ["each", `${output}.each`].map((one) =>
        readFileSync(at(`${one}/scan-${i}.xye.json`), "utf8"),
      );
      expect(second).toBe(first);
    }
    expect(existsSync(at(`${output}.partial`)) || existsSync(at(`${output}.lock`))).toBe(false);
  });

  /** How many patterns a run with this journal takes over; it is cancelled before it refines any. */
  async function resumed(journal: string): Promise<number> {
    let count = -1;
    const abort = new AbortController();
    const onProgress = (event: { type: string; resumed?: number }) => {
      if (event.type !== "stage-start") return;
      count = event.resumed!;
      abort.abort();
    };
    const options = { journal: at(journal), signal: abort.signal, onProgress };
    await expect(refineSeries(loadKernels(), loadModel(at("model.yaml")), [at("scans")], options)).rejects.toThrow();
    return count;
  }

  it("takes over whole lines of the same series, and nothing else", { timeout: 60_000 }, async () => {
    const abort = new AbortController();
    const journal = at("j");
    const onProgress = (event: { type: string; done?: number }) => {
      if (event.done === 4) abort.abort();
    };
    const options = { journal, signal: abort.signal, onProgress };
    await expect(refineSeries(loadKernels(), loadModel(at("model.yaml")), [at("scans")], options)).rejects.toThrow();
    const text = readFileSync(journal, "utf8");
    const all = text.split("\n");
    const damaged: [string, string, number][] = [
      ["as it was", text, 4],
      ["its last line cut", text.slice(0, -40), 3],
      ["without its last line end", text.slice(0, -1), 4],
      [
        "one digit of the second pattern changed",
        all
          .with(
            2,
            all[2]!.replace(/(\d)(?=[^\d]*$)/, (d) => `${9 - Number(d)}`),
          )
          .join("\n"),
        1,
      ],
      ["a line lost", all.toSpliced(2, 1).join("\n"), 1],
      ["a line twice", all.toSpliced(2, 0, all[2]!).join("\n"), 2],
      ["other text", "null\nnull\n{}\n", 0],
      ["empty", "", 0],
    ];
    for (const [name, content, wanted] of damaged) {
      writeFileSync(journal, content);
      expect([name, await resumed("j")]).toEqual([name, wanted]);
    }
    const changes: [string, string][] = [
      ["model.yaml", MODEL.replace("chebyshev: 3", "chebyshev: 4")],
      ["empty.xye", readFileSync(at("empty.xye"), "utf8").replace(/(\d)(?= \S+\s*$)/, "7")],
      ["scans/scan-2.xye", `${readFileSync(at("scans/scan-2.xye"), "utf8")}\n`],
    ];
    for (const [name, content] of changes) {
      const before = readFileSync(at(name));
      writeFileSync(journal, text);
      writeFileSync(at(name), content);
      expect([name, await resumed("j")]).toEqual([name, 0]);
      writeFileSync(at(name), before);
    }
  });
});
