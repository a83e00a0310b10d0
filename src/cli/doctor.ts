import { cwd } from "node:process";
import type { Command } from "commander";
import { examineMachine } from "../pipeline/doctor/examine.ts";
import type { Finding } from "../pipeline/doctor/finding.ts";
import { examineGpu } from "../pipeline/gpu/examine-gpu.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";

const EXAMPLE = `npx xrdct doctor
npx xrdct doctor /data/results --verify`;

interface Options extends CommonOptions {
  readonly verify?: true;
}

const WORDS = { good: "ok  ", slow: "SLOW", bad: "BAD " } as const;

export const doctorCommand = (): Command =>
  createCommand("doctor", "what this machine can do, and what is slow or missing", EXAMPLE)
    .argument("[folder]", "where results would go; left out: this one")
    .option("--verify", "hold every installed file against the record of the build")
    .action((folder: string | undefined, options: Options) =>
      execute(options, async () => {
        const { findings, verified } = await examineMachine(folder ?? cwd(), options.verify, [examineGpu]);
        // as a script asks: whether runs would go wrong here
        process.exitCode = findings.some(({ state }) => state === "bad") ? 1 : 0;
        return {
          json: {
            ...Object.fromEntries(findings.map(({ name, ...finding }) => [name, finding])),
            ...(verified && { verified: { ...verified, isWhole: verified.differences.length === 0 } }),
          },
          lines: findings.map(lineOf),
        };
      }),
    );

const lineOf = ({ name, value, state, advice }: Finding): string =>
  `${WORDS[state]} ${name.padEnd(13)} ${value}${advice ? `. ${advice}` : ""}`;
