import { basename } from "node:path";
import { stderr } from "node:process";
import type { Command } from "commander";
import { runStudy } from "../pipeline/study/run-study.ts";
import { readStudy } from "../pipeline/study/study-config.ts";
import { studyReport } from "../pipeline/study/study-report.ts";
import { studyJson, writeStudy } from "../pipeline/study/write-study.ts";
import { createCommand, execute } from "./command.ts";
import { outputOf, type WorkOptions, withMemory, withOutput, workOf } from "./command-output.ts";

const EXAMPLE = `npx xrdct simulate study -o study
npx xrdct study study/study.yaml -o study/out`;

interface Options extends WorkOptions {
  readonly output?: string;
  readonly format: string;
}

export const studyCommand = (): Command =>
  createCommand(
    "study",
    "several cells from raw scans to tables and figures, by one command",
    EXAMPLE,
    withOutput(undefined, "where to; left out: the study's name"),
    withMemory,
  )
    .argument("<study>", "study.yaml: the cells, and what the analyses are told")
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const output = options.output ?? basename(path).replace(/\.ya?ml$/, "");
        const { folder, formats } = outputOf({ ...options, output });
        const study = readStudy(path);
        const startedAt = new Date().toISOString();
        const findings = await runStudy(study, {
          ...workOf(options, signal),
          ...{ output: folder, formats },
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
