/** New files of a scan as they appear. */
import { existsSync, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { type FrameFolder, findFramePaths, frameFolder, isList } from "../../files/frame-paths.ts";

/** What a listing may take of the time, and how often one is made where the system tells of new files by itself. */
const LISTING_SHARE = 0.05;
const LISTING_MS = 200;
const LISTING_MS_WHEN_TOLD = 2000;

export class FrameFinder {
  /** where all files are named beforehand: how many there will be */
  readonly expected: number | undefined;
  private readonly known = new Set<string>();
  private readonly place: FrameFolder | undefined;
  private readonly listed: readonly string[];
  private readonly told: string[] = [];
  private readonly watcher: FSWatcher | undefined;
  private nextListing = 0;

  /**
   * @param files as findFramePaths takes them; a folder may still be empty
   * @param onTold called when there may be something new
   */
  constructor(files: string | readonly string[], onTold: () => void) {
    this.place = typeof files === "string" ? frameFolder(files) : undefined;
    this.listed = this.place ? [] : typeof files === "string" && !isList(files) ? [files] : namedIn(files);
    this.expected = this.place || this.listed.length < 2 ? undefined : this.listed.length;
    if (this.place) this.watcher = this.watchFolder(this.place, onTold);
  }

  /** A network file system does not tell of what other machines write; listing finds it. */
  private watchFolder({ folder, accepts }: FrameFolder, onTold: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        if (event !== "rename" || name === null || !accepts(name)) return;
        this.told.push(name);
        onTold();
      });
      watcher.on("error", () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  /** Whether a file of this path would be one of the scan's. */
  mayCome(path: string): boolean {
    if (!this.place) return this.listed.includes(path);
    return join(this.place.folder, basename(path)) === path && this.place.accepts(basename(path));
  }

  /** Paths that were not there at the last look, in no order. */
  look(now: number): string[] {
    if (!this.place) return this.fresh(this.listed.filter((path) => !this.known.has(path) && existsSync(path)));
    const { folder } = this.place;
    const fresh = this.fresh(this.told.splice(0).map((name) => join(folder, name)));
    if (now < this.nextListing) return fresh;
    const started = performance.now();
    fresh.push(...this.list(this.place));
    const took = performance.now() - started;
    this.nextListing = now + Math.max(this.watcher ? LISTING_MS_WHEN_TOLD : LISTING_MS, took / LISTING_SHARE);
    return fresh;
  }

  private list({ folder, accepts }: FrameFolder): string[] {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return []; // a mount that is away for a moment
    }
    return this.fresh(names.filter(accepts).map((name) => join(folder, name)));
  }

  /** One that was announced and is not there was renamed or taken away: it may come again. */
  private fresh(paths: readonly string[]): string[] {
    return paths.filter((path) => {
      if (this.known.has(path) || !statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
      this.known.add(path);
      return true;
    });
  }

  close(): void {
    this.watcher?.close();
  }
}

function namedIn(files: string | readonly string[]): string[] {
  return typeof files === "string"
    ? findFramePaths(files)
    : files.flatMap((path) => (existsSync(path) ? findFramePaths(path) : [path]));
}
