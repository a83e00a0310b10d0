/** What docs/ and the README show of the library: type-checked against the package as it is built, as users would. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";

const root = join(import.meta.dirname, "..");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => join("docs", name))].filter((name) =>
  name.endsWith(".md"),
);
const snippets = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code], i) => ({
    name: `${page.replace(/\W/g, "-")}-${i + 1}.ts`,
    code: code!,
  }));
});

/** @returns what the compiler says; "" for nothing */
function check(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "xrdct"));
  symlinkSync(join(root, "node_modules", "@types"), join(folder, "node_modules", "@types"));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
  const strict = { strict: true, skipLibCheck: true, noEmit: true, types: ["node"] };
  const modules = { target: "es2023", module: "nodenext", moduleResolution: "nodenext" };
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...strict, ...modules } }));
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { stdio: "pipe" });
    return "";
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

describe("snippets of the library in docs/", () => {
  it("are there", () => {
    expect(snippets.length).toBeGreaterThan(3);
  });

  it("are what the compiler takes", () => {
    expect(check(Object.fromEntries(snippets.map(({ name, code }) => [name, code])))).toBe("");
  });

  it("would not be, with a name that there is not or a value of another kind", () => {
    const wrong = check({
      "a.ts": 'import { mapPeaksAndMore } from "xrdct";\nmapPeaksAndMore();\n',
      "b.ts": 'import { calibrate } from "xrdct";\ncalibrate(3);\n',
    });
    expect(wrong).toMatch(/a\.ts.*mapPeaksAndMore/);
    expect(wrong).toMatch(/b\.ts/);
  });
});
