import { stderr } from "node:process";
import { afterEach, expect, it } from "vitest";
import { execute } from "./command.ts";

const { isTTY } = stderr;
const { exitCode } = process;
afterEach(() => {
  stderr.isTTY = isTTY;
  process.exitCode = exitCode;
});

/** Whether a command is told to end when its terminal, or none, is closed. */
async function isEnded(hasTerminal: boolean): Promise<boolean> {
  stderr.isTTY = hasTerminal;
  let isTold = false;
  await execute({ quiet: true }, async (signal) => {
    const own = process.listeners("SIGHUP").at(-1)!;
    own("SIGHUP");
    isTold = signal.aborted;
    return undefined;
  });
  return isTold;
}

it("ends a command as Ctrl-C does when its terminal is closed, and not one under nohup", async () => {
  const before = process.listenerCount("SIGHUP");
  expect(await isEnded(true)).toBe(true);
  expect(await isEnded(false)).toBe(false);
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
