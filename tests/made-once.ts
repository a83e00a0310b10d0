/** What several test files read and none writes, made by the first of them that asks and kept for each build. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const kept = join(tmpdir(), "xrdct-tests");
const DAY_MS = 86_400_000;
const built = join(import.meta.dirname, "../dist/cli/main.js");

/** The folder that `make` fills; others wait meanwhile. It lies in the system's folder for temporary files. */
export async function madeOnce(name: string, make: (folder: string) => void | Promise<void>): Promise<string> {
  const folder = join(kept, `${name}-${Math.round(statSync(built).mtimeMs)}`);
  const lock = `${folder}.lock`;
  mkdirSync(kept, { recursive: true });
  for (;;) {
    if (existsSync(join(folder, "done"))) return folder;
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      if (!isHeld(lock)) rmSync(lock, { force: true });
      await setTimeout(500);
    }
  }
  try {
    // made between the look and the lock
    if (existsSync(join(folder, "done"))) return folder;
    // what one that was killed left is begun anew, and older builds are forgotten
    for (const other of readdirSync(kept).filter((one) => !one.endsWith(".lock"))) {
      const path = join(kept, other);
      if (path === folder || Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > DAY_MS)
        rmSync(path, { recursive: true, force: true });
    }
    mkdirSync(folder, { recursive: true });
    await make(folder);
    writeFileSync(join(folder, "done"), "");
  } finally {
    rmSync(lock, { force: true });
  }
  return folder;
}

/** Whether the test file that makes it lives; a lock that is just being written or given back counts as held. */
function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
