/** What a visitor downloads before data: everything that the build made, compressed as the server sends it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const FOLDER = join(import.meta.dirname, "../../dist/web");

it("all pages together weigh under 600 kB", () => {
  expect(existsSync(FOLDER), "npm run build makes the pages").toBe(true);
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter(
    // the licences of what is inside are read by people who look for them
    (file) => file.isFile() && !file.name.endsWith(".md"),
  );
  const bytes = files.map((file) => gzipSync(readFileSync(join(file.parentPath, file.name))).length);
  expect(files.length).toBeGreaterThan(5);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600e3);
});

it("fetch nothing from outside", () => {
  const texts = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((file) => /\.(html|css)$/.test(file.name))
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"));
  for (const text of texts) expect(text).not.toMatch(/(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?\/\//);
});
