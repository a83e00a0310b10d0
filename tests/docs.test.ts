/** Pages that the program writes about itself are those in docs/, and its version is one everywhere. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
// @ts-expect-error a plain script without types
import * as docs from "../scripts/docs.mjs";
import { version } from "../src/data/version.ts";

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const text = (path: string): string => readFileSync(root(path), "utf8");

describe("docs/ (npm run docs writes them)", () => {
  it("errors.md lists exactly the codes of the program", () => {
    expect(text("docs/errors.md")).toBe(docs.errorsPage());
  });

  it("commands.md is what --help prints", async () => {
    expect(text("docs/commands.md")).toBe(await docs.commandsPage());
  });

  it("scan-yaml.md, model-yaml.md, study-yaml.md and slurm-yaml.md list exactly the settings", async () => {
    expect(text("docs/scan-yaml.md")).toBe(await docs.scanYamlPage());
    expect(text("docs/model-yaml.md")).toBe(await docs.modelYamlPage());
    expect(text("docs/study-yaml.md")).toBe(await docs.studyYamlPage());
    expect(text("docs/slurm-yaml.md")).toBe(await docs.slurmYamlPage());
  });
});

describe("the version", () => {
  it("is one in package.json, package-lock.json and the program", () => {
    expect(JSON.parse(text("package.json")).version).toBe(version);
    expect(JSON.parse(text("package-lock.json")).version).toBe(version);
  });

  it.skipIf(!existsSync(root("CHANGELOG.md")))("is the newest in CHANGELOG.md, or still unreleased there", () => {
    const [newest] = /^## \[(?:Unreleased|[^\]]+)\]/m.exec(text("CHANGELOG.md")) ?? [""];
    expect([`## [${version}]`, "## [Unreleased]"]).toContain(newest);
  });
});
