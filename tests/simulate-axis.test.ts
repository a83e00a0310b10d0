import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { simulateScan } from "../src/pipeline/simulate-scan.ts";
import { SimulateConfig } from "../src/stages/simulate/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { PATTERNS } from "./virtual-scan.ts";

it.each(["log-tan", "radius"] as const)(
  "does not write patterns on an axis of %s as if it were two-theta",
  async (unit) => {
    const folder = join(tempFolder(), "cell");
    const config = SimulateConfig.parse({ ...PATTERNS, axis: { unit, from: -3, to: -2.3, bins: 60 } });
    const signal = new AbortController().signal;
    const options = { folder, output: "patterns", workers: 1, onProgress: () => {}, signal } as const;
    await expect(simulateScan(config, options)).rejects.toMatchObject({ code: "simulate-axis" });
    expect(existsSync(folder)).toBe(false);
  },
);
