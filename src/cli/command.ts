/** What all commands share: options, exit codes, errors in the user's words, one JSON object on stdout. */
import { availableParallelism } from "node:os";
import { stderr, stdout } from "node:process";
import { Command } from "commander";
import type * as z from "zod";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { diskError } from "../pipeline/disk-error.ts";
import { plainMessage, plainText } from "./plain-text.ts";

export interface CommonOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly debug?: true;
  readonly workers?: number;
}

/** What a command gives: a JSON value for --json, and lines for people. */
export interface Report {
  readonly json: object;
  readonly lines: readonly string[];
}

/** @param more options that commands of a kind share, as `withOutput` gives them */
export function createCommand(
  name: string,
  summary: string,
  example: string,
  ...more: readonly ((command: Command) => Command)[]
): Command {
  const command = new Command(name)
    .summary(summary)
    .description(summary)
    .option("--json", "print one JSON object and nothing else")
    .option("--quiet", "no progress")
    .option("--debug", "show the stack of an error")
    .option("--workers <n>", "worker threads; left out: as many as the processor runs", positiveInteger("--workers"))
    .addHelpText("after", `\nExample:\n${example.replace(/^/gm, "  ")}`)
    .allowExcessArguments(false);
  return more.reduce((made, add) => add(made), command);
}

/** The threads that were asked for, else as many as the processor runs. */
export const workersOf = ({ workers }: CommonOptions): number => workers ?? availableParallelism();

/**
 * Runs the work of a command and ends the process with the right exit code.
 *
 * @param work gives its report, or nothing where it has printed all there is
 */
export async function execute(
  options: CommonOptions,
  work: (signal: AbortSignal) => Promise<Report | undefined>,
): Promise<void> {
  const abort = new AbortController();
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(130); // asked twice
    abort.abort();
  };
  // Node forgets that nohup wants it ignored: without a terminal there is none that could have been closed
  const onHangUp = () => (stderr.isTTY || stdout.isTTY ? onSignal() : undefined);
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onHangUp);
  try {
    const report = await work(abort.signal);
    if (report && options.json) stdout.write(`${JSON.stringify(report.json)}\n`);
    else if (report?.lines.length) stdout.write(`${plainText(report.lines.join("\n"))}\n`);
  } catch (error) {
    process.exitCode = showError(error, options, abort.signal.aborted);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal).off("SIGHUP", onHangUp);
  }
}

/**
 * For work that keeps the thread busy and leaves nothing half done: Ctrl-C ends the program at once, as handlers that
 * would run only afterwards could not.
 */
export function withDefaultSignals<T>(work: () => T): T {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handlers = signals.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of signals) process.removeAllListeners(signal);
  try {
    return work();
  } finally {
    for (const [signal, listeners] of handlers) for (const listener of listeners) process.on(signal, listener);
  }
}

function showError(thrown: unknown, options: CommonOptions, isInterrupted: boolean): number {
  // a folder that is not there, a name that is taken, a full disk: the user's to mend wherever it comes up
  const error = diskError(thrown, (thrown as NodeJS.ErrnoException | undefined)?.path ?? "the output");
  if (isInterrupted) {
    stderr.write("\nInterrupted. Nothing that was finished is lost: run the same command again to go on.\n");
    if (options.json) stdout.write(`${JSON.stringify({ error: { code: "interrupted" } })}\n`);
    return 130;
  }
  if (error instanceof InputError) {
    stderr.write(`xrdct: ${plainMessage(error.message)} [${error.code}]\n`);
    if (options.debug && error.stack) stderr.write(`${error.stack}\n`);
    if (options.json) stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
    return 2;
  }
  const { message, stack } = error as Error;
  stderr.write(`xrdct ${version}: this is a bug in xrdct, please report it: ${plainText(message)}\n`);
  stderr.write(options.debug && stack ? `${stack}\n` : "(--debug shows where)\n");
  if (options.json) stdout.write(`${JSON.stringify({ error: { code: "bug", message } })}\n`);
  return 1;
}

export function positiveInteger(name: string, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new InputError("bad-option", `${name} needs a whole number from ${least}; "${text}" was given.`);
  };
}

export function positiveNumber(name: string): (text: string) => number {
  return (text) => {
    const value = finiteNumber(name)(text);
    if (value > 0) return value;
    throw new InputError("bad-option", `${name} needs a number above 0; "${text}" was given.`);
  };
}

export function finiteNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value)) return value;
    throw new InputError("bad-option", `${name} needs a number; "${text}" was given.`);
  };
}

/** @throws InputError "bad-option" naming the option, from a stage's own schema */
export function parseOptions<S extends z.ZodType>(
  schema: S,
  values: object,
  flags: Readonly<Record<string, string>> = {},
): z.output<S> {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const key = String(issue.path[0] ?? "");
    const flag = flags[key] ?? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if ((values as Record<string, unknown>)[key] === undefined) return `${flag} is needed`;
    return `${flag}: ${issue.message} (given: ${JSON.stringify((values as Record<string, unknown>)[key])})`;
  });
  throw new InputError("bad-option", `${problems.join("; ")}. See --help.`);
}
