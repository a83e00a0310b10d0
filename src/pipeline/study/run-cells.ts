/** The scans of a study, each the whole way; those that are up to date cost nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../data/index.ts";
import { Suspended } from "../block-executor.ts";
import type { DeviceChoice } from "../gpu/device.ts";
import type { ProgressListener } from "../progress.ts";
import { checkRun, type RunOptions, type RunSummary, runScan } from "../run-scan.ts";
import { readScan, type Scan } from "../scan-config.ts";
import type { CellConfig, Study } from "./study-config.ts";

/** How the cells of a study are run. */
export interface StudyOptions {
  /** folder of everything that the study writes */
  readonly output: string;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** as RunOptions, of every scan */
  readonly device?: DeviceChoice;
  /** of figures */
  readonly formats: readonly ("png" | "svg")[];
  /** what is done now, in words: "cell 2 of 5: charged" */
  readonly onStep?: (step: string) => void;
  /** who runs a scan; left out: this process. What throws Suspended is done elsewhere, and the study in another process */
  readonly runScan?: (scan: Scan, options: RunOptions) => Promise<RunSummary>;
  /** before what the study does itself */
  readonly beforeOwn?: () => Promise<void>;
}

/** Where the result of a cell is, or will be. */
export const resultPathOf = (study: Study, cell: CellConfig, output: string): string =>
  cell.result === undefined ? join(output, `${cell.name}.nxs`) : study.resolve(cell.result);

/** Before anything is done. @throws InputError "study-files-missing" naming all of them */
export function checkStudyFiles(study: Study): void {
  const missing = study.config.cells.flatMap((cell) => {
    const needed = [
      cell.scan,
      // made by the scan, where there is one
      cell.scan === undefined ? cell.result : undefined,
      ...[cell.echem ?? []].flat(),
      ...cell.images.map(({ file }) => file),
      cell.truth,
    ];
    return needed
      .filter((path) => path !== undefined && !existsSync(study.resolve(path)))
      .map((path) => `  cell ${cell.name}: ${path}`);
  });
  if (missing.length === 0) return;
  throw new InputError(
    "study-files-missing",
    [`${study.path} names files that are not there:`, ...missing, "Correct the names, or bring the files there."].join(
      "\n",
    ),
  );
}

/** Before the scans are given to a cluster. @throws InputError of what a cell's run would be refused for, naming it */
export async function checkCells(study: Study, output: string): Promise<void> {
  for (const cell of study.config.cells) {
    if (cell.scan === undefined) continue;
    const scan = study.resolve(cell.scan);
    await named(cell, () => checkRun(readScan(scan), { output: resultPathOf(study, cell, output) }));
  }
}

/** Says which cell a mistake is of. */
async function named<T>({ name }: CellConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(error.code, `Cell ${name}: ${error.message}`) : error;
  }
}

/**
 * Runs every cell that has a scan.
 *
 * @returns path of the result by name of the cell
 * @throws InputError as runScan, with the cell named
 */
export async function runCells(study: Study, options: StudyOptions): Promise<Map<string, string>> {
  const { cells } = study.config;
  const results = new Map<string, string>();
  let suspended: Suspended | undefined;
  for (const [i, cell] of cells.entries()) {
    const output = resultPathOf(study, cell, options.output);
    results.set(cell.name, output);
    if (cell.scan === undefined) continue;
    options.onStep?.(`cell ${i + 1} of ${cells.length}: ${cell.label ?? cell.name}`);
    try {
      const scan = study.resolve(cell.scan);
      await named(cell, () => (options.runScan ?? runScan)(readScan(scan), { ...options, output }));
    } catch (error) {
      if (!(error instanceof Suspended)) throw error;
      suspended = error; // the other cells can be given away meanwhile
    }
  }
  if (suspended) throw suspended;
  return results;
}
