/** What is in the served folder, and the small texts (scan.yaml, model.yaml, .poni) that pages read and write. */
import { type Dirent, existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { InputError } from "../../data/index.ts";
import { notReadable } from "../../files/byte-source.ts";
import { writeWhole } from "../../pipeline/write-whole.ts";
import type { ServerContext } from "../context.ts";
import { isYaml, kindOfFile, mayBeResult } from "../file-kinds.ts";
import type { FileEntry, FileKind, Found, Listing, TextFile, TextSave } from "../wire.ts";

/** More than a person reads in a list; a folder of frames may hold 200 000. */
const MOST_LISTED = 1000;
const MOST_FOUND = 100;
const MOST_SEARCHED = 20_000;
const DEEPEST = 6;
const TEXT_ENDINGS = [".yaml", ".yml", ".poni", ".txt", ".figure.json"];
const MOST_TEXT_BYTES = 1e6;

export function addFileRoutes(app: FastifyInstance, { folder }: ServerContext): void {
  const entryOf = async (absolute: string, kind: FileKind): Promise<FileEntry> => {
    const { size, mtime } = await stat(absolute);
    const path = folder.nameOf(absolute);
    return { name: basename(absolute), path, kind, bytes: kind === "folder" ? 0 : size, modified: mtime.toISOString() };
  };

  app.get("/api/files", async (request): Promise<Listing> => {
    const { path = "" } = request.query as { path?: string };
    const absolute = folder.existing(path);
    const { shown, left } = await list(absolute);
    const entries = await Promise.all(
      shown.map(async (one) => {
        const at = join(absolute, one.name);
        try {
          // a link may lead outside or nowhere; files and folders lie where this folder does
          if (!one.isFile() && !one.isDirectory()) folder.existing(folder.nameOf(at));
          const isFolder = (await stat(at)).isDirectory();
          return await entryOf(at, isFolder ? "folder" : await kindOfFile(at, one.name));
        } catch {
          return undefined;
        }
      }),
    );
    return { path: folder.nameOf(absolute), entries: entries.filter((one) => one !== undefined), left };
  });

  app.get("/api/found", async (): Promise<Found> => {
    const { paths, isCut } = await search(folder.root);
    const entries: FileEntry[] = [];
    for (const path of paths) {
      const kind = await kindOfFile(path, basename(path));
      if (kind === "result" || kind === "scan") entries.push(await entryOf(path, kind));
    }
    entries.sort((a, b) => b.modified.localeCompare(a.modified));
    const newest = (kind: FileKind) => entries.filter((one) => one.kind === kind).slice(0, MOST_FOUND);
    return { results: newest("result"), scans: newest("scan"), isCut };
  });

  app.get("/api/text", async (request): Promise<TextFile> => {
    const { path = "" } = request.query as { path?: string };
    const absolute = folder.existing(path);
    checkTextEnding(absolute);
    try {
      const { size } = await stat(absolute);
      if (size > MOST_TEXT_BYTES) throw textTooLarge(path, size);
      return { path: folder.nameOf(absolute), text: await readFile(absolute, "utf8") };
    } catch (error) {
      throw error instanceof InputError ? error : notReadable(path, error);
    }
  });

  app.put("/api/text", async (request): Promise<FileEntry> => {
    const { path, text, overwrite = false } = (request.body ?? {}) as Partial<TextSave>;
    if (typeof path !== "string" || typeof text !== "string")
      throw new InputError("request-wrong", "Saving a text needs its path and its text.");
    const absolute = folder.target(path);
    checkTextEnding(absolute);
    if (Buffer.byteLength(text) > MOST_TEXT_BYTES) throw textTooLarge(path, Buffer.byteLength(text));
    if (existsSync(absolute) && overwrite !== true)
      throw new InputError("file-exists", `There is a ${path} already. Give another name, or replace it.`);
    writeWhole(absolute, text);
    return entryOf(absolute, await kindOfFile(absolute, basename(absolute)));
  });
}

/** Folders first, then by name, 2 before 10. */
async function list(absolute: string): Promise<{ shown: Dirent[]; left: number }> {
  let all: Dirent[];
  try {
    all = await readdir(absolute, { withFileTypes: true });
  } catch (error) {
    throw notReadable(basename(absolute), error);
  }
  const visible = all.filter(({ name }) => !name.startsWith("."));
  const { compare } = new Intl.Collator("en", { numeric: true });
  // so many names are numbered alike, and their natural order would take a second
  const byName = visible.length > 5000 ? (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1) : undefined;
  visible.sort(
    (a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || (byName?.(a, b) ?? compare(a.name, b.name)),
  );
  return { shown: visible.slice(0, MOST_LISTED), left: Math.max(0, visible.length - MOST_LISTED) };
}

/** Files below that may be a result or a scan, level by level; links are not followed, as they may go in circles. */
async function search(root: string): Promise<{ paths: string[]; isCut: boolean }> {
  const paths: string[] = [];
  let searched = 0;
  let folders = [root];
  for (let depth = 0; depth <= DEEPEST && folders.length > 0; depth++) {
    const next: string[] = [];
    for (const at of folders) {
      for (const one of await readdir(at, { withFileTypes: true }).catch(() => [])) {
        if (++searched > MOST_SEARCHED) return { paths, isCut: true };
        if (one.name.startsWith(".")) continue;
        if (one.isDirectory() && one.name !== "node_modules" && !one.name.endsWith(".work"))
          next.push(join(at, one.name));
        else if (one.isFile() && (isYaml(one.name) || mayBeResult(one.name))) paths.push(join(at, one.name));
      }
    }
    folders = next;
  }
  return { paths, isCut: folders.length > 0 };
}

function checkTextEnding(path: string): void {
  if (TEXT_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending))) return;
  throw new InputError(
    "text-ending",
    `${basename(path)} is not a text that the app reads or writes: those end in ${TEXT_ENDINGS.join(", ")}.`,
  );
}

const textTooLarge = (path: string, bytes: number): InputError =>
  new InputError(
    "text-too-large",
    `${path} has ${bytes} bytes; a text of the app has at most ${MOST_TEXT_BYTES}. Edit it with a text editor.`,
  );
