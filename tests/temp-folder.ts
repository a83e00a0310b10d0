/** A folder for one test file, removed after its last test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xrdct-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
