import { existsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { stderr, stdout } from "node:process";
import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { confineTo } from "../files/confinement.ts";
import type { RunningServer } from "../server/server.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, positiveNumber, workersOf } from "./command.ts";
import { openInBrowser } from "./open-in-browser.ts";

const EXAMPLE = `npx xrdct serve                      the files of this folder
npx xrdct serve results/cell.nxs     one result, opened at once
npx xrdct serve --port 8642          with a fixed port, for \`ssh -L 8642:127.0.0.1:8642 HOST\``;

/** The first of these that is free, so that an address in an ssh command stays the same from day to day. */
const PORTS = [8642, 8643, 8644, 8645, 8646, 8647, 8648, 8649];

const PATIENCE_MS = 1500;

export interface ServeCommandOptions extends CommonOptions {
  readonly port?: number;
  readonly memoryGb: number;
  readonly open?: true;
}

export const serveCommand = (): Command =>
  createCommand("serve", "the app in a browser: maps, patterns, refinement, runs, frames", EXAMPLE)
    .argument("[path]", "folder whose files are served, or a file in it to open at once", ".")
    .option("--port <n>", `left out: ${PORTS[0]}, or the next that is free; 0: any`, portNumber)
    .option("--memory-gb <n>", "memory that a run may take, GB", positiveNumber("--memory-gb"), 3)
    .option("--open", "open the browser")
    .action((path: string, options: ServeCommandOptions) =>
      execute(options, (signal) => serveUntil(signal, path, options)),
    );

/**
 * Serves until the signal comes, which is how a server ends well.
 *
 * @param path folder, or a file to open at once
 * @throws InputError "path-not-found" | "port-taken"
 */
export async function serveUntil(signal: AbortSignal, path: string, options: ServeCommandOptions): Promise<undefined> {
  // the server and what it serves with are not loaded for other commands
  const { startServer } = await import("../server/server.ts");
  const { folder, open } = placeOf(path);
  confineTo(folder);
  const server = await startServer({
    folder,
    ...(open && { open }),
    port: options.port ?? PORTS,
    workers: workersOf(options),
    memoryBytes: options.memoryGb * 1e9,
  });
  announce(server, folder, options);
  if (options.open) openInBrowser(server.url);
  if (!signal.aborted) await new Promise((end) => signal.addEventListener("abort", end, { once: true }));
  await stop(server, Boolean(options.quiet));
  return undefined;
}

/** A run that is at work is told to end; it finishes its block, which may take longer than a person waits. */
async function stop(server: RunningServer, isQuiet: boolean): Promise<void> {
  if (!isQuiet) stderr.write("\nstopping\n");
  const isClosed = await Promise.race([server.close().then(() => true), setTimeout(PATIENCE_MS, false)]);
  if (isClosed) return;
  if (!isQuiet) stderr.write("a run is finishing its block by itself; start it again to go on from there\n");
  process.exit(0);
}

function announce({ url, token, origin }: RunningServer, folder: string, { json, quiet }: ServeCommandOptions): void {
  if (json) {
    stdout.write(`${JSON.stringify({ url, origin, token, folder })}\n`);
    return;
  }
  stdout.write(`${url}\n`);
  if (quiet) return;
  const { port } = new URL(origin);
  stderr.write(
    `Open this address in a browser. It holds the key to ${folder}: give it to nobody.\n` +
      `From another machine: ssh -L ${port}:127.0.0.1:${port} HOST, then open it there. Ctrl-C stops.\n`,
  );
}

function placeOf(path: string): { folder: string; open?: string } {
  const absolute = resolve(path);
  if (!existsSync(absolute))
    throw new InputError(
      "path-not-found",
      `There is no ${path}. Name a folder, or a file in it, or nothing for the folder that you are in.`,
    );
  return statSync(absolute).isDirectory()
    ? { folder: absolute }
    : { folder: dirname(absolute), open: basename(absolute) };
}

function portNumber(text: string): number {
  const port = positiveInteger("--port", 0)(text);
  if (port <= 65535) return port;
  throw new InputError("bad-option", `--port is at most 65535; "${text}" was given.`);
}
