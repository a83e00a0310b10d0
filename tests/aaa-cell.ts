/** The simulated AAA cell of ../shared up to its Rietveld map: for the tests of maps and of direct reconstruction. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import type { RunSummary } from "../src/pipeline/run-scan.ts";
import { madeOnce } from "./made-once.ts";
import { shared } from "./shared.ts";
import { runHere } from "./virtual-scan.ts";

const EXAMPLES = fileURLToPath(new URL("../examples/", import.meta.url));

/** An example's scan.yaml with places that hold from anywhere; read, and not yet checked. */
// biome-ignore lint/suspicious/noExplicitAny: a scan.yaml as it is written
export function exampleScan(name: string, input: object): any {
  const scan = parse(readFileSync(join(EXAMPLES, name), "utf8"));
  return {
    ...scan,
    input: { ...scan.input, ...input },
    map: { rietveld: { ...scan.map.rietveld, model: join(EXAMPLES, scan.map.rietveld.model) } },
  };
}

/** The measured lines and the truth of the cell. */
export const AAA_DATA = shared("data/simulated/aaa_dev");

/** Folder of scan.yaml, cell.nxs and its .work, done up to the map, and summary.json of that run. Nobody writes there. */
export const aaaMap = (): Promise<string> =>
  madeOnce("aaa-map", async (folder) => {
    const [scan, output] = [join(folder, "scan.yaml"), join(folder, "cell.nxs")];
    writeFileSync(scan, stringify(exampleScan("aaa-dlsr.yaml", { folder: AAA_DATA })));
    const { json } = await runHere(scan, output, { until: "map" });
    writeFileSync(join(folder, "summary.json"), JSON.stringify(json));
  });

export const summaryOf = (folder: string): RunSummary =>
  JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as RunSummary;
