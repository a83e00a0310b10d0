/**
 * What a user does on a new machine, with Node.js 20, 22 and 24: packs the built program, installs the one file into an
 * empty folder without network, with an empty home and an empty cache and nothing else on the PATH, holds it against
 * its record and runs the demo. `npm run try-install`; the Nodes come from the npm registry once (150 MB each) and are
 * kept in the system's folder for temporary files. Where it runs as root on Linux there is no network device at all.
 *
 *   npm run try-install                  all three Nodes, demo of 21 translations
 *   npm run try-install -- --size 61     the demo as users get it
 *   npm run try-install -- --here        the Node.js that runs this, and nothing from a registry
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const NODES = ["20.19.0", "22.23.3", "24.21.0"];
const npmScript =
  process.env["npm_execpath"] ?? join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");

/** A Node.js of the registry, as the file of one package; npm itself is not in it. */
export function nodeOfVersion(version) {
  const folder = join(tmpdir(), "xrdct-nodes", version);
  const binary = join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const name = `node-linux-${process.arch}@${version}`;
  const how = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", name];
  execFileSync(process.execPath, [npmScript, ...how], { cwd: folder, stdio: "ignore" });
  return binary;
}

/** @returns path of the tarball of what is built, and what npm says of it */
export function pack(folder) {
  const how = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const said = execFileSync(process.execPath, [npmScript, ...how], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(said);
  return { path: join(folder, packed.filename), packed };
}

/**
 * Nothing but this Node.js, a shell for npm, and folders that are new; no network and no writing to `readOnly` where the
 * system lets us take them away.
 *
 * @returns runs a script there and gives what it prints
 */
export function bareMachine(folder, node) {
  const [home, bin] = [join(folder, "home"), join(folder, "bin")];
  for (const made of [home, bin]) mkdirSync(made, { recursive: true });
  for (const [name, path] of [
    ["sh", "/bin/sh"],
    ["node", node],
    ["env", "/usr/bin/env"],
  ])
    symlinkSync(path, join(bin, name));
  const isAlone = canUnshare();
  const mount = '/bin/mount --bind "$0" "$0" && /bin/mount -o remount,ro,bind "$0" && exec "$@"';
  const env = { PATH: bin, HOME: home, npm_config_cache: join(folder, "cache"), npm_config_offline: "true" };
  return (cwd, [script, ...args], readOnly) => {
    const [program, ...rest] = [
      ...(isAlone ? ["/usr/bin/unshare", "-n", "-m"] : []),
      ...(isAlone && readOnly ? ["/bin/sh", "-c", mount, readOnly] : []),
      ...[node, script, ...args],
    ];
    const how = { cwd, env, encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] };
    return execFileSync(program, rest, how);
  };
}

function canUnshare() {
  try {
    execFileSync("/usr/bin/unshare", ["-n", "-m", "/bin/true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Bytes and files on the disk below a folder, in blocks as they are taken. */
export function taken(folder) {
  let [bytes, files] = [0, 0];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const { blocks, size } = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false }) ?? {};
    bytes += blocks ? 512 * blocks : (size ?? 0);
    if (entry.isFile()) files++;
  }
  return { bytes, files };
}

/**
 * Installs the tarball with one Node.js, and nothing else, and holds what is there against its record.
 *
 * @returns what was found, and how to run the installed program, which cannot write to where it lies
 */
export function installOn(folder, node, tarball) {
  const run = bareMachine(folder, node);
  // a folder as people have them
  const place = join(folder, "Messung Ångström 1");
  mkdirSync(place);
  run(place, [npmScript, "install", "--no-audit", "--no-fund", tarball]);
  const installed = join(place, "node_modules/xrdct");
  const xrdct = (...args) => run(place, [join(installed, "dist/cli/main.js"), ...args], installed);
  const { bytes, files } = taken(join(place, "node_modules"));
  return {
    place,
    xrdct,
    found: {
      node: run(place, ["-p", "process.version"]).trim(),
      isWhole: JSON.parse(xrdct("doctor", "--verify", "--json")).verified.isWhole,
      packages: readdirSync(join(place, "node_modules")).filter((name) => !name.startsWith(".")).length,
      megabytesOnDisk: Math.round(bytes / 1e6),
      files,
    },
  };
}

/** The same, and the demo. @throws where anything fails */
export function tryInstall(folder, node, tarball, size) {
  const { place, xrdct, found } = installOn(folder, node, tarball);
  const demo = JSON.parse(xrdct("demo", "--size", String(size), "--json", "--quiet", "-o", "démo"));
  if (!existsSync(join(place, demo.result))) throw new Error(`no ${demo.result}`);
  return { ...found, leastCorrelation: Math.min(...demo.comparisons.map(({ correlation }) => correlation)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const size = args.includes("--size") ? Number(args[args.indexOf("--size") + 1]) : 21;
  const folder = mkdtempSync(join(tmpdir(), "xrdct-install-"));
  try {
    const { path, packed } = pack(folder);
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${packed.filename}: ${megabytes(packed.size)}, unpacked ${megabytes(packed.unpackedSize)}, ${packed.entryCount} files, ${packed.bundled.length} packages bundled`,
    );
    const nodes = args.includes("--here") ? [process.execPath] : NODES.map(nodeOfVersion);
    for (const [i, node] of nodes.entries()) {
      const at = join(folder, String(i));
      mkdirSync(at);
      console.log(JSON.stringify(tryInstall(at, node, path, size)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
