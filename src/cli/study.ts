import { basename } from "node:path";
import { stderr } from "node:process";
import type { Command } from "commander";
import { runStudy } from "../pipeline/study/run-study.ts";
import { readStudy } from "../pipeline/study/study-config.ts";
import { studyReport } from "../pipeline/study/study-report.ts";
import { studyJson, writeStudy } from "../pipeline/study/write-study.ts";
import { checkFolder } from "./check-folder.ts";
import { type CommonOptions, createCommand, execute, positiveNumber, workersOf } from "./command.ts";
import { figureFormats } from "./figure-formats.ts";
import { createProgressBar } from "./progress-bar.ts";

const EXAMPLE = `npx xrdct simulate study -o study
npx xrdct study study/study.yaml -o study/out`;

interface Options extends CommonOptions {
  readonly output?: string;
  readonly format: string;
  readonly memoryGb: number;
}

export const studyCommand = (): Command =>
  createCommand("study", "several cells from raw scans to tables and figures, by one command", EXAMPLE)
    .argument("<study>", "study.yaml: the cells, and what the analyses are told")
    .option("-o, --output <folder>", "where to; left out: the study's name")
    .option("--format <formats>", "of figures: png, svg or both, separated by a comma", "png,svg")
    .option("--memory-gb <n>", "memory that all threads together may take, GB", positiveNumber("--memory-gb"), 3)
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const formats = figureFormats(options.format);
        const study = readStudy(path);
        const folder = options.output ?? basename(path).replace(/\.ya?ml$/, "");
        checkFolder(folder);
        const startedAt = new Date().toISOString();
        const findings = await runStudy(study, {
          output: folder,
          workers: workersOf(options),
          memoryBytes: options.memoryGb * 1e9,
          onProgress: createProgressBar(Boolean(options.quiet)),
          signal,
          formats,
          onStep: (step) => {
            if (!options.quiet) stderr.write(`${step}\n`);
          },
        });
        const written = await writeStudy(findings, { folder, formats, startedAt });
        return {
          json: { ...studyJson(findings), written },
          lines: [studyReport(findings), ...written.map((file) => `written ${file}`)],
        };
      }),
    );
