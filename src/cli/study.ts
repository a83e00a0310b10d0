import { basename, resolve } from "node:path";
import { stderr } from "node:process";
import type { Command } from "commander";
import { checkCells, checkStudyFiles, type StudyOptions } from "../pipeline/study/run-cells.ts";
import { runStudy } from "../pipeline/study/run-study.ts";
import { readStudy, type Study } from "../pipeline/study/study-config.ts";
import { studyReport } from "../pipeline/study/study-report.ts";
import { studyJson, writeStudy } from "../pipeline/study/write-study.ts";
import { createCommand, execute, type Report } from "./command.ts";
import { outputOf, type WorkOptions, withMemory, withOutput, workOf } from "./command-output.ts";
import { type DeviceOptions, deviceOfOrder, withDevice } from "./device-option.ts";
import { plainText } from "./plain-text.ts";
import { type ExecutorOptions, isForSlurm, isWithSlurm, runThere, withExecutor } from "./slurm-options.ts";

const EXAMPLE = `npx xrdct simulate study -o study
npx xrdct study study/study.yaml -o study/out
npx xrdct study study/study.yaml -o study/out --executor slurm --slurm slurm.yaml`;

interface Options extends WorkOptions, DeviceOptions, Omit<ExecutorOptions, keyof WorkOptions> {
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
    withExecutor,
    withDevice,
  )
    .argument("<study>", "study.yaml: the cells, and what the analyses are told")
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const output = options.output ?? basename(path).replace(/\.ya?ml$/, "");
        const { folder, formats } = outputOf({ ...options, output });
        const study = readStudy(path);
        const work = workOf(options, signal);
        const { device } = options;
        if (!isForSlurm(options)) {
          const onStep = (step: string) => options.quiet || stderr.write(`${plainText(step)}\n`);
          return doStudy(study, { ...work, device, output: folder, formats, onStep });
        }
        checkStudyFiles(study);
        const order = {
          kind: "study",
          path: resolve(path),
          output: resolve(folder),
          formats,
          ...deviceOfOrder(device),
        } as const;
        return (await runThere<Report>(order, options, work, () => checkCells(study, folder))) ?? isWithSlurm(output);
      }),
    );

/** The study, and all that it writes. */
export async function doStudy(study: Study, options: StudyOptions): Promise<Report> {
  const startedAt = new Date().toISOString();
  const findings = await runStudy(study, options);
  const written = await writeStudy(findings, { folder: options.output, formats: options.formats, startedAt });
  return {
    json: { ...studyJson(findings), written },
    lines: [studyReport(findings), ...written.map((file) => `written ${file}`)],
  };
}
