/**
 * The process of one run or one check: whatever happens to it, memory that runs out included, the server lives on.
 * It takes one order, tells what happens, and ends; it ends too when the server is gone.
 */
import { readFileSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import { diskError } from "../../pipeline/disk-error.ts";
import { runScan } from "../../pipeline/run-scan.ts";
import { parseScan } from "../../pipeline/scan-config.ts";
import type { StageName } from "../../pipeline/steps.ts";
import { serveFolder } from "../served-folder.ts";
import { checkScan } from "./check-scan.ts";
import type { CheckOrder, RunEvent, RunOrder } from "./run-order.ts";
import { assertAllInside } from "./scan-files.ts";

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => abort.abort());
process.on("disconnect", () => abort.abort());

/** Resolves when it is sent: a process that ends at once would keep its last word to itself. */
const tell = (event: RunEvent): Promise<void> =>
  new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send!(event, () => resolve());
  });

async function run(order: RunOrder): Promise<void> {
  const folder = serveFolder(order.root);
  const scan = parseScan(readFileSync(order.scan, "utf8"), order.scan);
  assertAllInside(scan, folder);
  const { maps } = await runScan(scan, {
    output: order.output,
    workers: order.workers,
    memoryBytes: order.memoryBytes,
    onProgress: (event) => void tell(event),
    onStages: (names) => void tell({ type: "stages", names }),
    signal: abort.signal,
    ...(order.from && { from: order.from as StageName }),
    ...(order.until && { until: order.until as StageName }),
  });
  await tell({ type: "end", maps });
}

async function check(order: CheckOrder): Promise<void> {
  const { root, scan, text, output, workers, memoryBytes } = order;
  const checked = await checkScan(text, scan, serveFolder(root), { output, workers, memoryBytes });
  await tell({ type: "checked", check: checked });
}

process.once("message", async (order: RunOrder | CheckOrder) => {
  try {
    await (order.kind === "run" ? run(order) : check(order));
  } catch (thrown) {
    const error = diskError(thrown, (thrown as NodeJS.ErrnoException | undefined)?.path ?? order.output);
    if (abort.signal.aborted) await tell({ type: "interrupted" });
    else if (error instanceof InputError) await tell({ type: "error", code: error.code, message: error.message });
    else await tell({ type: "error", code: "bug", message: `This is a bug in xrdct: ${(error as Error).message}` });
    process.exitCode = abort.signal.aborted ? 130 : error instanceof InputError ? 2 : 1;
  }
  process.exit();
});
