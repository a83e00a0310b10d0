import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../tests/temp-folder.ts";
import {
  type BuildRecord,
  buildRecord,
  describeBuild,
  filesBelow,
  hashFolder,
  sha256,
  verifyInstallation,
} from "./build-record.ts";
import { openHdf5 } from "./hdf5.ts";
import { createResultWriter } from "./result-writer.ts";

const folder = join(tempFolder(), "installed here");
const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const FILES = { "package.json": "{}", "dist/cli/main.js": "run();", "dist/größe.js": "1;" };
const build = (): BuildRecord => {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  write("node_modules/one/package.json", '{"version":"1.0.0"}');
  write("node_modules/one/lib/a.js", "a");
  write("node_modules/one/node_modules/two/b.js", "b");
  return {
    ...{ version: "0.1.0", commit: "c".repeat(40), isClean: true, committedAt: null, tools: {}, lockfile: "" },
    files: Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path, sha256(text)])),
    packages: Object.fromEntries(
      ["node_modules/one", "node_modules/one/node_modules/two"].map((path) => [
        path,
        { name: path.slice(-3), version: "1.0.0", licence: "MIT", sha256: hashFolder(join(folder, path)) },
      ]),
    ),
  };
};

it("hashes a folder as sha256sum does, packages inside it left out", () => {
  build();
  const at = join(folder, "node_modules/one");
  const sums = execFileSync("sha256sum", ["lib/a.js", "package.json"], { cwd: at, encoding: "utf8" });
  const [sum] = execFileSync("sha256sum", { input: sums, encoding: "utf8" }).split(" ");
  expect(filesBelow(at)).toEqual(["lib/a.js", "package.json"]);
  expect(hashFolder(at)).toBe(sum);
});

describe("an installation", () => {
  it("is whole as it was built", () => {
    expect(verifyInstallation(build(), folder)).toEqual({ files: 3, packages: 2, differences: [] });
  });

  it.each<[string, () => void, string]>([
    ["a byte more", () => write("dist/cli/main.js", "run(); "), "dist/cli/main.js was changed"],
    ["a file less", () => rmSync(join(folder, "dist/größe.js")), "dist/größe.js is missing"],
    ["a file more", () => write("dist/extra.js", ""), "dist/extra.js is not of this build"],
    [
      "another version of a package",
      () => write("node_modules/one/package.json", '{"version":"1.0.1"}'),
      "node_modules/one is not one 1.0.0 as it was built with, but 1.0.1",
    ],
    [
      "a file more in a package",
      () => write("node_modules/one/lib/c.js", ""),
      "node_modules/one is not one 1.0.0 as it was built with",
    ],
    [
      "a package less",
      () => rmSync(join(folder, "node_modules/one/node_modules"), { recursive: true }),
      "node_modules/one/node_modules/two (two 1.0.0) is not there",
    ],
  ])("tells %s", (_, change, expected) => {
    const record = build();
    change();
    expect(verifyInstallation(record, folder).differences).toEqual([expected]);
  });
});

it("says in a result what it was made by", () => {
  const record = build();
  expect(describeBuild(record)).toBe("c".repeat(40));
  expect(describeBuild({ ...record, isClean: false })).toBe(`${"c".repeat(40)} with changes`);
  expect(describeBuild(undefined)).toBe("unknown");
});

it("is in every result, beside the version", async () => {
  const path = join(tempFolder(), "result.nxs");
  const writer = await createResultWriter(path, { program: "xrdct", version: "0.1.0", title: "a cell" });
  writer.finish();
  const file = await openHdf5(path);
  try {
    expect(file.attribute("entry/program_name", "version")).toBe("0.1.0");
    expect(file.attribute("entry/program_name", "build")).toBe(describeBuild(buildRecord()));
  } finally {
    file.close();
  }
});
