/**
 * Builds the commit that is checked out twice, in folders of other names and depths, and compares every byte of dist/,
 * the record of the build included. `npm run reproducible`; about a minute.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "xrdct-reproducible-"));
const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
try {
  const builds = ["a", "another folder/deeper/b"].map((name) => join(folder, name));
  for (const at of builds) {
    mkdirSync(join(at, ".."), { recursive: true });
    execFileSync("git", ["clone", "--quiet", "--shared", "--no-checkout", root, at], { stdio: "inherit" });
    execFileSync("git", ["checkout", "--quiet", "--detach", commit], { cwd: at, stdio: "inherit" });
    symlinkSync(join(root, "node_modules"), join(at, "node_modules"));
    // as a link it would be a change of the tree
    writeFileSync(join(at, ".git/info/exclude"), "node_modules\n");
    execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: at, stdio: "inherit" });
  }
  const { filesBelow, sha256 } = await import(pathToFileURL(join(builds[0], "dist/files/build-record.js")).href);
  const [first, second] = builds.map(
    (at) => new Map(filesBelow(join(at, "dist")).map((path) => [path, sha256(readFileSync(join(at, "dist", path)))])),
  );
  const different = [...new Set([...first.keys(), ...second.keys()])].filter(
    (path) => first.get(path) !== second.get(path),
  );
  for (const path of different) console.log(`differs: ${path}`);
  console.log(`${first.size} files, ${different.length} of them differ between two builds of this commit`);
  process.exitCode = different.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
