/**
 * dist/provenance.json, which the build writes (scripts/provenance.mjs): what this program was made from and with, and
 * what every file of it that ships had inside.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface BuildRecord {
  readonly version: string;
  /** of git; null where it was built outside a repository */
  readonly commit: string | null;
  /** whether the working tree was as committed; null without git */
  readonly isClean: boolean | null;
  /** ISO 8601, of the commit: a build has no date of its own, so that two of one commit are the same bytes */
  readonly committedAt: string | null;
  /** name -> version of what built it: Node.js, npm, compilers, bundler */
  readonly tools: Readonly<Record<string, string>>;
  /** sha256 of package-lock.json */
  readonly lockfile: string;
  /** path -> sha256, of each file but the record itself */
  readonly files: Readonly<Record<string, string>>;
  /** path under the package -> what is bundled there */
  readonly packages: Readonly<Record<string, PackageRecord>>;
}

export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** `hashFolder` of its files, without packages inside it */
  readonly sha256: string;
}

/** Where package.json is, of the program that runs: installed, in a checkout, or its sources under test. */
export const PROGRAM_FOLDER = fileURLToPath(new URL("../../", import.meta.url));
export const BUILD_RECORD = "dist/provenance.json";

let read: BuildRecord | undefined | null = null;

/** Nothing where the program was not built as a whole. */
export function buildRecord(): BuildRecord | undefined {
  if (read !== null) return read;
  const path = join(PROGRAM_FOLDER, BUILD_RECORD);
  read = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as BuildRecord) : undefined;
  return read;
}

/** What a result says about the program that made it: the commit, and whether it had been changed. */
export function describeBuild(record: BuildRecord | undefined): string {
  if (!record?.commit) return "unknown";
  return `${record.commit}${record.isClean ? "" : " with changes"}`;
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Paths of all files below a folder, with / between folders, in the order of their letters; no node_modules. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules")
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`)
        : entry.isFile()
          ? [entry.name]
          : [],
    )
    .sort((a, b) => (a < b ? -1 : 1));
}

/** sha256 of the lines "sha256  path" that `sha256sum` would print of its files, in the order of their paths. */
export const hashFolder = (folder: string): string =>
  sha256(
    filesBelow(folder)
      .map((path) => `${sha256(readFileSync(join(folder, path)))}  ${path}\n`)
      .join(""),
  );

export interface Verification {
  readonly files: number;
  readonly packages: number;
  /** one line each: what differs, is missing, or is there and should not be */
  readonly differences: readonly string[];
}

/** Holds the installed files against the record. */
export function verifyInstallation(record: BuildRecord, folder = PROGRAM_FOLDER): Verification {
  const differences: string[] = [];
  for (const [path, expected] of Object.entries(record.files)) {
    const at = join(folder, path);
    if (!existsSync(at)) differences.push(`${path} is missing`);
    else if (sha256(readFileSync(at)) !== expected) differences.push(`${path} was changed`);
  }
  const known = new Set([...Object.keys(record.files), BUILD_RECORD]);
  const dist = existsSync(join(folder, "dist")) ? filesBelow(join(folder, "dist")) : [];
  for (const path of dist) if (!known.has(`dist/${path}`)) differences.push(`dist/${path} is not of this build`);
  for (const [path, { name, version, sha256: expected }] of Object.entries(record.packages)) {
    const at = join(folder, path);
    if (!existsSync(at)) differences.push(`${path} (${name} ${version}) is not there`);
    else if (hashFolder(at) !== expected)
      differences.push(`${path} is not ${name} ${version} as it was built with${installedVersion(at, version)}`);
  }
  return { files: Object.keys(record.files).length, packages: Object.keys(record.packages).length, differences };
}

function installedVersion(folder: string, expected: string): string {
  const path = join(folder, "package.json");
  const { version } = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { version?: string }) : {};
  return version === undefined || version === expected ? "" : `, but ${version}`;
}
