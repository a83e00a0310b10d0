/** Where commands write to, and what they may take of the machine: said and checked in one way by all of them. */
import type { Command } from "commander";
import type { ProgressListener } from "../pipeline/progress.ts";
import { checkFolder } from "./check-folder.ts";
import { type CommonOptions, positiveNumber, workersOf } from "./command.ts";
import { figureFormats } from "./figure-formats.ts";
import { createProgressBar } from "./progress-bar.ts";

export interface OutputOptions {
  readonly output: string;
  readonly format: string;
}

/** @param folder where to, unless said; left out: `what` says what then */
export const withOutput =
  (folder?: string, what = "where to") =>
  (command: Command): Command =>
    command
      .option("-o, --output <folder>", what, folder)
      .option("--format <formats>", "of figures: png, svg or both, separated by a comma", "png,svg");

/**
 * Before anything is calculated; what is there already is written over when all is done.
 *
 * @throws InputError "export-format" | "not-writable"
 */
export function outputOf({ output, format }: OutputOptions): {
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
} {
  const formats = figureFormats(format);
  checkFolder(output);
  return { folder: output, formats };
}

export interface WorkOptions extends CommonOptions {
  readonly memoryGb: number;
}

export const withMemory = (command: Command): Command =>
  command.option("--memory-gb <n>", "memory that all threads together may take, GB", positiveNumber("--memory-gb"), 3);

/** What a run is given: threads, memory, how to tell how far it is, and when to end. */
export const workOf = (
  options: WorkOptions,
  signal: AbortSignal,
): {
  readonly workers: number;
  readonly memoryBytes: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
} => ({
  workers: workersOf(options),
  memoryBytes: options.memoryGb * 1e9,
  onProgress: createProgressBar(Boolean(options.quiet)),
  signal,
});
