/** Files that must stay as they are while they are read: one that changes in between would be half the one, half the other. */
import { statSync } from "node:fs";
import { InputError } from "../data/index.ts";
import { notReadable } from "../files/byte-source.ts";

export interface InputWatch {
  /** What has happened to the files since the watch began: InputError "input-changed"; undefined where nothing has. */
  changed(): InputError | undefined;
}

interface Seen {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}

/**
 * Begins a watch: before the first byte is read. Size, time of change and number of the file are compared with
 * themselves, and never with a clock.
 *
 * @param list the files that are meant; asked again at the end, as one may have come or gone
 * @throws InputError "file-not-readable" | "disk-error"
 */
export function watchInputs(list: () => readonly string[]): InputWatch {
  const before = new Map(list().map((path) => [path, look(path)]));
  return {
    changed() {
      const now = listed(list);
      if (now instanceof InputError) return now;
      const names = new Set(now);
      const gone = [...before.keys()].find((path) => !names.has(path));
      if (gone !== undefined) return changed(gone, "it was there, and is gone");
      for (const path of now) {
        const [was, is] = [before.get(path), look(path)];
        if (was === is) continue;
        if (!before.has(path)) return changed(path, "it was not there before");
        if (!was || !is) return changed(path, is ? "it was not there before" : "it was there, and is gone");
        if (was.size !== is.size) return changed(path, `it had ${was.size} bytes, and has ${is.size}`);
        if (was.ino !== is.ino) return changed(path, "another file has taken its place");
        if (was.mtimeNs !== is.mtimeNs) return changed(path, `it was written at ${timeOf(is)}`);
      }
      return undefined;
    },
  };
}

/** A folder that is gone or empty has changed too. */
function listed(list: () => readonly string[]): readonly string[] | InputError {
  try {
    return list();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return new InputError("input-changed", `What is read changed meanwhile: ${error.message}`);
  }
}

const timeOf = ({ mtimeNs }: Seen): string => new Date(Number(mtimeNs / 1_000_000n)).toISOString();

function look(path: string): Seen | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw notReadable(path, error);
  }
}

function changed(path: string, what: string): InputError {
  return new InputError(
    "input-changed",
    `${path} changed while it was read: ${what}. Nothing is kept of what was read from it. Run the same command again once it is whole and nobody writes it; a scan that is still being taken is followed with --live.`,
  );
}

/**
 * Does work that reads the watched files.
 *
 * @param forget everything that was kept of it: it may be of the files before, or after, or of both
 * @throws InputError "input-changed"
 */
export async function whileUnchanged<T>(
  watch: InputWatch | undefined,
  forget: () => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const done = await work();
    assertSame();
    return done;
  } catch (error) {
    assertSame(); // what went wrong may have come of it
    throw error;
  }

  function assertSame(): void {
    const change = watch?.changed();
    if (!change) return;
    forget();
    throw change;
  }
}
