import { InputError } from "../../data/index.ts";
import type { ScanCheck } from "../wire.ts";
import { startProcess } from "./job.ts";
import type { CheckOrder, RunEvent } from "./run-order.ts";

/** Longer than any header takes to read, on a slow file system too. */
const MOST_MS = 120_000;

/**
 * Checks a scan in a process of its own: its files may be large, or broken.
 *
 * @param signal nobody waits for the answer any more
 * @throws InputError "check-lost" where that process ended without a word
 */
export function askCheck(order: CheckOrder, signal: AbortSignal): Promise<ScanCheck> {
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
