import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import type { CommonOptions, Report } from "./command.ts";
import { serveUntil } from "./serve.ts";

/**
 * Ends a command by offering to show its result in the browser: to a person at a terminal, and to nobody else.
 *
 * @param path result that the app opens at once
 * @returns what is still to be printed; nothing where the person was shown it and asked
 */
export async function offerApp(
  report: Report,
  path: string,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<Report | undefined> {
  if (options.json || options.quiet || !stdin.isTTY || !stdout.isTTY) return report;
  stdout.write(`${report.lines.join("\n")}\n\n`);
  // a terminal in its usual mode, so that Ctrl-C ends the program here as elsewhere
  const lines = createInterface({ input: stdin, output: stdout, terminal: false });
  const answer = await lines.question("Open it in the browser now? [Y/n] ", { signal }).catch(() => "n");
  lines.close();
  if (/^\s*(y(es)?)?\s*$/i.test(answer)) await serveUntil(signal, path, { ...options, memoryGb: 3, open: true });
  return undefined;
}
