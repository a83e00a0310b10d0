import { InputError } from "../../data/index.ts";
import type { ScanCheck } from "../wire.ts";
import { startProcess } from "./job.ts";
import type { CheckOrder, RunEvent } from "./run-order.ts";

/** Longer than any header takes to read, on a slow file system too. */
const MOST_MS = 120_000;
/** Processes at a time: each has its own memory. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 30;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Checks a scan in a process of its own: its files may be large, or broken.
 *
 * @param signal nobody waits for the answer any more
 * @throws InputError "check-lost" where that process ended without a word; "server-busy"
 */
export async function askCheck(order: CheckOrder, signal: AbortSignal): Promise<ScanCheck> {
  if (waiting.length >= MOST_WAITING)
    throw new InputError("server-busy", `${waiting.length} scans are waiting to be checked. Try again in a moment.`);
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    signal.throwIfAborted();
    return await check(order, signal);
  } finally {
    // the next takes its place
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function check(order: CheckOrder, signal: AbortSignal): Promise<ScanCheck> {
  const child = startProcess(order);
  signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  const timer = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
  return new Promise<ScanCheck>((resolve, reject) => {
    child.on("message", (event: RunEvent) => {
      if (event.type === "checked") resolve(event.check);
      else if (event.type === "error" && event.code === "bug") reject(new Error(event.message));
      else if (event.type === "error") reject(new InputError(event.code, event.message));
    });
    child.on("error", reject);
    child.on("close", () =>
      reject(
        new InputError(
          "check-lost",
          "The check ended without an answer, mostly because a file is broken or memory ran out. The run would tell more.",
        ),
      ),
    );
  }).finally(() => clearTimeout(timer));
}
