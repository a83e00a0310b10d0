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
  /** names in the folder */
  private readonly known = new Set<string>();
  private readonly place: FrameFolder | undefined;
  private readonly listed: readonly string[];
  private toCome: readonly string[];
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
    this.toCome = this.listed;
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
    const told = this.place ? this.fresh(this.place, this.told.splice(0)) : [];
    if (now < this.nextListing) return told;
    const started = performance.now();
    const listed = this.place ? this.list(this.place) : this.appeared();
    const took = performance.now() - started;
    this.nextListing = now + Math.max(this.watcher ? LISTING_MS_WHEN_TOLD : LISTING_MS, took / LISTING_SHARE);
    return told.concat(listed);
  }

  private list(place: FrameFolder): string[] {
    try {
      return this.fresh(place, readdirSync(place.folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return []; // a mount that is away for a moment
    }
  }

  /** One that was announced and is not there was renamed or taken away: it may come again. */
  private fresh({ folder, accepts }: FrameFolder, names: readonly string[]): string[] {
    const paths: string[] = [];
    for (const name of names) {
      if (this.known.has(name) || !accepts(name)) continue; // of 220 000 names nearly all are known
      const path = join(folder, name);
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      this.known.add(name);
      paths.push(path);
    }
    return paths;
  }

  /** Of those that are named beforehand. */
  private appeared(): string[] {
    const paths = this.toCome.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    const there = new Set(paths);
    this.toCome = this.toCome.filter((path) => !there.has(path));
    return paths;
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
