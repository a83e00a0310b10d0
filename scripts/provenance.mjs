/**
 * dist/provenance.json: commit, tools, lockfile and the sha256 of every file that ships. It holds no date but the
 * commit's, so that two builds of one commit by the same tools are the same bytes (`npm run reproducible`).
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { licenceOf, shippedPackages } from "./third-party.mjs";

/** npm takes these into every package by itself. */
const ALWAYS = ["package.json", "README.md", "LICENSE"];

/** All that `npm pack` takes but what is bundled: a test holds it against npm. */
export async function filesThatShip(root) {
  const { filesBelow } = await builtModule(root);
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const left = files.filter((entry) => entry.startsWith("!")).map((entry) => `${entry.slice(1)}/`);
  return [...ALWAYS, ...files.filter((entry) => !entry.startsWith("!"))]
    .filter((entry) => existsSync(join(root, entry)))
    .flatMap((entry) => {
      const isFile = /\.\w+$|^[A-Z]+$/.test(entry);
      return isFile ? [entry] : filesBelow(join(root, entry)).map((path) => `${entry}/${path}`);
    })
    .filter((path) => !left.some((start) => path.startsWith(start)))
    .sort((a, b) => (a < b ? -1 : 1));
}

export async function provenance(root) {
  const { BUILD_RECORD, hashFolder, sha256 } = await builtModule(root);
  const manifest = (path) => JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
  const commit = git(root, "rev-parse", "HEAD");
  const shipped = (await filesThatShip(root)).filter((path) => path !== BUILD_RECORD);
  return {
    name: "xrdct",
    version: manifest(".").version,
    commit: commit || null,
    isClean: commit ? git(root, "status", "--porcelain") === "" : null,
    committedAt: commit ? git(root, "log", "-1", "--format=%cI") : null,
    tools: {
      node: process.versions.node,
      ...Object.fromEntries(
        ["typescript", "assemblyscript", "vite"].map((name) => [name, manifest(`node_modules/${name}`).version]),
      ),
    },
    lockfile: sha256(readFileSync(join(root, "package-lock.json"))),
    files: Object.fromEntries(shipped.map((path) => [path, sha256(readFileSync(join(root, path)))])),
    packages: Object.fromEntries(
      [...shippedPackages(root)].map(([path, one]) => [
        path,
        { name: one.name, version: one.version, licence: licenceOf(one), sha256: hashFolder(join(root, path)) },
      ]),
    ),
  };
}

export async function writeProvenance(root) {
  const { BUILD_RECORD } = await builtModule(root);
  writeFileSync(join(root, BUILD_RECORD), `${JSON.stringify(await provenance(root), null, 1)}\n`);
}

const builtModule = (root) => import(pathToFileURL(join(root, "dist/files/build-record.js")).href);

/** What git says, or nothing where this is no checkout of its own, or git is absent. */
function git(root, ...args) {
  if (!existsSync(join(root, ".git"))) return "";
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}
