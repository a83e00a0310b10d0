/** `--live`: a scan that is still being measured, seen on the terminal. */
import { dirname, resolve } from "node:path";
import { stderr } from "node:process";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import type { LiveOptions } from "../pipeline/live/follow-scan.ts";
import type { LiveState } from "../pipeline/live/snapshot.ts";
import { formatSeconds } from "../pipeline/progress.ts";
import { type CommonOptions, positiveInteger, positiveNumber } from "./command.ts";
import { plainText } from "./plain-text.ts";

export interface LiveCommandOptions {
  readonly live?: true;
  readonly liveLines?: number;
  readonly liveTimeout: number;
}

export const withLive = (command: Command): Command =>
  command
    .option("--live", "follow a scan that is still being measured, then go on as usual")
    .option("--live-lines <n>", "lines that the scan will have", positiveInteger("--live-lines"))
    .option(
      "--live-timeout <s>",
      "take the scan as ended when nothing has come for so long",
      positiveNumber("--live-timeout"),
      600,
    );

/** @throws InputError "live-and-slurm" | "bad-option" */
export function liveOf(
  options: CommonOptions & LiveCommandOptions,
  { output, isForSlurm }: { readonly output: string; readonly isForSlurm: boolean },
): LiveOptions | undefined {
  const { live, liveLines, liveTimeout, quiet } = options;
  if (!live) {
    if (liveLines === undefined) return undefined;
    throw new InputError("bad-option", "--live-lines goes with --live. Add it, or leave --live-lines out.");
  }
  if (isForSlurm) {
    throw new InputError(
      "live-and-slurm",
      "--live follows a scan on this machine, and --executor slurm gives a finished one to a cluster. Follow it with --live --until integrate, then run the same scan with --executor slurm: it goes on with what is reduced.",
    );
  }
  const enough = new AbortController();
  const release = onFirstInterrupt(() => {
    enough.abort();
    if (!quiet) stderr.write("\nThat is enough: going on with what has come. Ctrl-C again interrupts.\n");
  });
  return {
    ...(liveLines !== undefined && { lines: liveLines }),
    timeoutS: liveTimeout,
    enough: enough.signal,
    onState: quiet ? () => {} : createLiveLine(output),
    onEnd: release,
  };
}

const isOver = ({ phase }: LiveState): boolean => phase !== "waiting" && phase !== "following";

/** The first Ctrl-C is not for those who listen already; from the second on it is. */
function onFirstInterrupt(act: () => void): () => void {
  const others = process.listeners("SIGINT");
  const release = (): void => {
    process.off("SIGINT", first);
    for (const other of others) if (!process.listeners("SIGINT").includes(other)) process.on("SIGINT", other);
  };
  const first = (): void => {
    release();
    act();
  };
  for (const other of others) process.off("SIGINT", other);
  process.on("SIGINT", first);
  return release;
}

/** How often a log gets a line; a terminal has one that changes. */
const LOG_EVERY_MS = 60_000;

function createLiveLine(output: string): (state: LiveState) => void {
  const told = new Set<string>();
  let loggedAt = 0;
  const folder = dirname(resolve(output));
  stderr.write(
    `following the scan; to see it form: npx xrdct serve ${plainText(folder)}, page Live. Ctrl-C: enough, go on.\n`,
  );
  const clear = stderr.isTTY ? "\r\x1b[K" : "";
  return (state) => {
    for (const { kind, from, text } of state.notices) {
      if (told.has(`${kind} ${from}`)) continue;
      told.add(`${kind} ${from}`);
      stderr.write(`${clear}! ${plainText(text)}\n`);
    }
    const now = Date.now();
    if (stderr.isTTY) stderr.write(`${clear}${lineOf(state)}`);
    else if (isOver(state) || now - loggedAt > LOG_EVERY_MS) {
      stderr.write(`${lineOf(state)}\n`);
      loggedAt = now;
    }
    if (isOver(state) && stderr.isTTY) stderr.write("\n");
  };
}

function lineOf({
  frames,
  expectedFrames,
  framesPerS,
  lagS,
  backlog,
  notWhole,
  secondsLeft,
  projections,
}: LiveState): string {
  const parts = [
    `live         ${frames}${expectedFrames === undefined ? "" : `/${expectedFrames}`} frames`,
    `${framesPerS.toFixed(1)}/s`,
    ...(lagS ? [`lag ${lagS.median.toFixed(1)} s (95 %: ${lagS.p95.toFixed(1)} s)`] : []),
    ...(backlog > 0 ? [`${backlog} waiting`] : []),
    ...(notWhole > 0 ? [`${notWhole} not whole yet`] : []),
    ...(projections === undefined ? [] : [`${projections} projections`]),
    ...(secondsLeft === undefined ? [] : [`${formatSeconds(secondsLeft)} left`]),
  ];
  return parts.join(", ");
}
