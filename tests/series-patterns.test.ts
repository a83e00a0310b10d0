/** A measured series of patterns over time. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { hasShared, shared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { unzip } from "./unzip.ts";

describe.skipIf(!hasShared)("LNMO while it charges (needs ../shared)", () => {
  const folder = tempFolder();
  it("shrinks evenly over time; the scan without beam is told and left out", async () => {
    const files = unzip(readFileSync(shared("data/powder/maak_lnmo_operando_danmax/LNMO_p8_dev.zip")));
    for (const { name, data } of files) if (name.endsWith(".h5")) writeFileSync(join(folder, name), data);
    const model = new URL("../examples/refine-lnmo-operando.yaml", import.meta.url).pathname;
    const path = join(folder, "series.yaml");
    writeFileSync(path, stringify({ patterns: { files: "*.h5", model, times: { everyH: 0.5 } } }));
    const { patterns, notes } = await runSeries(readSeries(path), {
      folder: join(folder, "out"),
      workers: 1,
      memoryBytes: 1e9,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    const a = patterns!.flatMap(({ parameters }) => parameters.find(({ name }) => name === "LNMO/a")?.value ?? []);
    expect(patterns!.map(({ variable }) => variable)).toEqual(Array.from({ length: 14 }, (_, k) => 0.5 * k));
    expect(a.length).toBe(13);
    expect(a.every((value, k) => k === 0 || value < a[k - 1]!)).toBe(true);
    // a(400) of the description: 8.1432 to 8.1300 Å, by one line; the whole pattern changes alike
    expect(Math.abs(a[0]! - a.at(-1)! - 0.0132)).toBeLessThan(0.002);
    expect(notes).toEqual([expect.stringMatching(/scan-0052.h5 at 6.5 h left out, dark/)]);
  }, 60_000);
});
