/** What a user installs: one file that holds all that runs, with its licences, its record, and no script of its own. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
// @ts-expect-error plain scripts without types
import { filesThatShip } from "../scripts/provenance.mjs";
// @ts-expect-error plain scripts without types
import { licenceOf, licenceText, packagesOfPages, shippedPackages, thirdPartyPage } from "../scripts/third-party.mjs";
// @ts-expect-error plain scripts without types
import { installOn, pack } from "../scripts/try-install.mjs";
import { tempFolder } from "./temp-folder.ts";
import { hashes, xrdctHere } from "./virtual-scan.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
const folder = tempFolder();
const packed = {} as { path: string; packed: Packed };
beforeAll(() => {
  Object.assign(packed, pack(folder));
});

/** MB; measured sizes are in docs/install.md. What grows beyond is looked at, and the limit raised where it is worth it. */
const MOST = { tarball: 15, unpacked: 54, ours: 11 };

describe("the package", () => {
  it("keeps to its size", () => {
    const { size, unpackedSize, files } = packed.packed;
    const ours = files.filter(({ path }) => !path.startsWith("node_modules/"));
    expect(size / 1e6).toBeLessThan(MOST.tarball);
    expect(unpackedSize / 1e6).toBeLessThan(MOST.unpacked);
    expect(ours.reduce((sum, one) => sum + one.size, 0) / 1e6).toBeLessThan(MOST.ours);
  });

  it("holds the kernels, the pages, the schemas, and all that its record says, and no more", async () => {
    const paths = packed.packed.files.map(({ path }) => path);
    for (const needed of [
      "dist/kernels/kernels.wasm",
      "dist/kernels/kernels.relaxed.wasm",
      "dist/web/index.html",
      "dist/THIRD-PARTY.md",
      "dist/provenance.json",
      "docs/schema/scan.schema.json",
      "LICENSE",
      "NOTICE",
    ])
      expect(paths).toContain(needed);
    const ours = paths.filter((path) => !path.startsWith("node_modules/")).sort();
    expect(ours).toEqual([...((await filesThatShip(root)) as string[])].sort());
    expect(ours.filter((path) => /\.test\.|\.map$|docs\/images/.test(path))).toEqual([]);
  });

  it("brings every package that it needs, and no other", () => {
    const bundled = new Set(
      packed.packed.files.flatMap(
        ({ path }) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/package\.json$)/.exec(path)?.[0] ?? [],
      ),
    );
    expect([...bundled].sort()).toEqual([...(shippedPackages(root) as Map<string, unknown>).keys()].sort());
  });
});

describe("nothing is compiled or downloaded while it is installed", () => {
  const shipped = shippedPackages(root) as Map<string, { name: string; scripts?: object; engines?: { node?: string } }>;

  it("no package has a script for it, or parts of another processor's", () => {
    const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { hasInstallScript?: boolean }> };
    for (const [path, { scripts = {} }] of shipped) {
      expect(lock.packages[path]!.hasInstallScript, path).toBeUndefined();
      expect(
        Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name)),
        path,
      ).toEqual([]);
    }
    const native = packed.packed.files.filter(({ path }) => /\.node$|\.gyp$/.test(path));
    expect(native).toEqual([]);
  });

  it("every package takes Node.js 20, but one that is loaded by tests alone", () => {
    const least = ({ engines }: { engines?: { node?: string } }): number =>
      Number(/(\d+)/.exec(engines?.node ?? "")?.[1] ?? 0);
    // of fastify's inject(), which starts no server
    expect([...shipped.values()].filter((one) => least(one) > 20).map(({ name }) => name)).toEqual(["cookie"]);
  });
});

describe("licences", () => {
  it("are known, may ship, and come with their text, of what is bundled and what is in the pages", () => {
    const shipped = shippedPackages(root) as Map<string, { name: string; version: string }>;
    const page = thirdPartyPage(root) as string;
    for (const [path, manifest] of shipped) {
      expect(() => licenceOf(manifest)).not.toThrow();
      expect(licenceText(root, path, manifest).length).toBeGreaterThan(200);
      expect(page).toContain(`| ${manifest.name} | ${manifest.version} |`);
    }
    const pages = packagesOfPages(root) as { name: string; text: string }[];
    expect(pages.map(({ name }) => name)).toEqual(expect.arrayContaining(["react", "three", "@h5web/lib"]));
    for (const { name, text } of pages) expect(text.length, name).toBeGreaterThan(200);
    expect(read("dist/THIRD-PARTY.md")).toBe(page);
  });

  it.each([
    [{ name: "a", version: "1.0.0" }, "names no licence"],
    [{ name: "a", version: "1.0.0", license: "GPL-3.0-only" }, "GPL-3.0-only"],
    [{ name: "a", version: "1.0.0", license: "MIT AND SSPL-1.0" }, "SSPL"],
    [{ name: "a", version: "1.0.0", license: "SEE LICENSE IN LICENSE" }, "SEE LICENSE"],
  ])("stop the build: %j", (manifest, expected) => {
    expect(() => licenceOf(manifest)).toThrow(expected);
  });

  it("may be chosen from several", () => {
    expect(licenceOf({ name: "a", version: "1.0.0", license: "(MIT OR GPL-3.0-only)" })).toContain("MIT");
  });
});

it("names what built it", () => {
  const record = JSON.parse(read("dist/provenance.json"));
  expect(record).toMatchObject({
    version: JSON.parse(read("package.json")).version,
    tools: { node: expect.stringMatching(/^\d+\./), vite: JSON.parse(read("package.json")).devDependencies.vite },
  });
  if (existsSync(join(root, ".git"))) expect(record.commit).toMatch(/^[0-9a-f]{40}$/);
});

/** Without network, with an empty cache, home and PATH. On three Nodes, and with the demo: npm run try-install. */
it.runIf(process.platform === "linux")(
  "installs from its one file into an empty folder, and gives the bits of this checkout",
  { timeout: 600_000 },
  async () => {
    const at = join(folder, "machine");
    mkdirSync(at);
    const { place, xrdct, found } = installOn(at, process.execPath, packed.path) as {
      place: string;
      xrdct: (...args: string[]) => string;
      found: object;
    };
    expect(found).toMatchObject({ node: process.version, packages: 1, isWhole: true });
    const here = join(folder, "here");
    const simulate = ["simulate", "demo", "--size", "11", "--workers", "1", "--quiet", "-o"];
    const reconstruct = ["--until", "reconstruct", "--workers", "1", "--quiet", "-o"];
    xrdct(...simulate, "zelle");
    xrdct("run", "zelle/scan.yaml", ...reconstruct, "zelle.nxs");
    await xrdctHere([...simulate, here]);
    await xrdctHere(["run", join(here, "scan.yaml"), ...reconstruct, join(folder, "here.nxs")]);
    const installed = await hashes(join(place, "zelle.nxs"));
    expect(Object.keys(installed)).toContain("reconstruct/data");
    expect(installed).toEqual(await hashes(join(folder, "here.nxs")));
  },
);
