/** Indexes of large stacks (stack-index.ts): made in the background, kept in the cache folder, and cleared away. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { identityOf } from "./open-results.ts";
import { Reader } from "./reader.ts";
import type { IndexState } from "./stack-index.ts";

/** Beside a finished index. */
interface Label {
  /** of the result */
  readonly path: string;
  readonly state: Omit<IndexState, "folder">;
}
const LABEL = "index.json";
/** Changes with what the files hold. */
const VERSION = 1;

export interface IndexStoreOptions {
  readonly folder: string;
  /** bytes of all indexes */
  readonly mostBytes: number;
}

/** Where programs keep what they can make again; XRDCT_CACHE and XRDCT_CACHE_GB (20) decide otherwise. */
export function defaultIndexOptions(): IndexStoreOptions {
  const { XRDCT_CACHE, XRDCT_CACHE_GB, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const system = platform();
  const usual =
    system === "darwin"
      ? join(home(), "Library", "Caches")
      : system === "win32"
        ? (LOCALAPPDATA ?? join(home(), "AppData", "Local"))
        : XDG_CACHE_HOME || join(home(), ".cache");
  return { folder: XRDCT_CACHE || join(usual, "xrdct"), mostBytes: Number(XRDCT_CACHE_GB || 20) * 1e9 };
}

/** A user of a container may have neither HOME nor an entry in passwd. */
function home(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}

export class IndexStore {
  readonly #options: IndexStoreOptions;
  readonly #states = new Map<string, IndexState | "none" | "waiting">();
  #builder: Reader | undefined;
  #building: string | undefined;
  #isClosed = false;

  constructor(options: IndexStoreOptions) {
    this.#options = options;
  }

  /** The index of a stack as far as it is made; undefined where there is none. */
  find(path: string, stack: string): IndexState | undefined {
    const key = keyOf(path, stack);
    const known = this.#states.get(key);
    if (known === "none" || known === "waiting") return undefined;
    if (known && existsSync(known.folder)) return known;
    const folder = join(this.#options.folder, key);
    const label = readLabel(folder);
    if (!label) {
      this.#states.delete(key);
      return undefined;
    }
    const now = new Date();
    utimesSync(join(folder, LABEL), now, now);
    const state = { ...label.state, folder };
    this.#states.set(key, state);
    return state;
  }

  /** Makes the index, unless it is being made, or there is no room for it. */
  make(path: string, stack: string): void {
    const key = keyOf(path, stack);
    if (this.#isClosed || this.#states.has(key)) return;
    this.#states.set(key, "waiting");
    // whatever hinders it, there is a way without
    this.#make(path, stack, key).catch(() => this.#states.set(key, "none"));
  }

  async #make(path: string, stack: string, key: string): Promise<void> {
    const { folder: root, mostBytes } = this.#options;
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const folder = join(root, `${key}.${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    const { bavail, bsize } = statfsSync(root);
    const room = Math.min(mostBytes, (bavail * bsize) / 2);
    mkdirSync(folder);
    this.#building = folder;
    try {
      this.#builder ??= new Reader();
      const input = { stack, folder, mostBytes: room };
      const { json } = await this.#builder.ask({ task: "build", path, input }, undefined, (state) =>
        this.#states.set(key, state as IndexState),
      );
      if (!json) throw new Error("no room");
      const { folder: _, ...state } = json as IndexState;
      writeFileSync(join(folder, LABEL), JSON.stringify({ path, state } satisfies Label));
      const kept = join(root, key);
      if (!existsSync(kept)) renameSync(folder, kept);
      this.#states.set(key, { ...state, folder: kept });
      this.#clear(kept);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      this.#building = undefined;
    }
  }

  /** Removes what is of no use, then what was not used for longest, until the rest keeps to its bound. */
  #clear(newest: string): void {
    const { folder: root, mostBytes } = this.#options;
    const kept: { folder: string; bytes: number; usedMs: number }[] = [];
    for (const name of readdirSync(root)) {
      const folder = join(root, name);
      const owner = /^[0-9a-f]{40}\.(\d+)$/.exec(name)?.[1];
      if (owner !== undefined && !isAlive(Number(owner))) rmSync(folder, { recursive: true, force: true });
      if (!/^[0-9a-f]{40}$/.test(name)) continue;
      const label = readLabel(folder);
      if (!label || !isCurrent(label)) rmSync(folder, { recursive: true, force: true });
      else kept.push({ folder, bytes: bytesOf(folder), usedMs: statSync(join(folder, LABEL)).mtimeMs });
    }
    kept.sort((a, b) => a.usedMs - b.usedMs);
    let bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of kept) {
      if (bytes <= mostBytes) return;
      if (one.folder === newest) continue;
      rmSync(one.folder, { recursive: true, force: true });
      bytes -= one.bytes;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const folder = this.#building;
    await this.#builder?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
}

/** Another for each state of the file. @throws InputError "file-not-found" */
const keyOf = (path: string, stack: string): string =>
  createHash("sha1")
    .update([VERSION, path, identityOf(path), stack].join("\n"))
    .digest("hex");

function readLabel(folder: string): Label | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, LABEL), "utf8")) as Label;
  } catch {
    return undefined;
  }
}

function isCurrent({ path, state }: Label): boolean {
  try {
    return identityOf(path) === state.identity;
  } catch {
    return false;
  }
}

const bytesOf = (folder: string): number =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
