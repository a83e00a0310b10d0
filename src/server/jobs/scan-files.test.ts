import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseScan } from "../../pipeline/scan-config.ts";
import { serveFolder } from "../served-folder.ts";
import { assertAllInside } from "./scan-files.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "xrdct-scan-")));
const served = join(root, "served");
mkdirSync(join(served, "frames"), { recursive: true });
for (const file of ["secret.edf", "served/frames/1.edf", "served/frames/2.edf"]) writeFileSync(join(root, file), "");
afterAll(() => rmSync(root, { recursive: true }));

const check = (files: string): void =>
  assertAllInside(
    parseScan(
      `input: { kind: frames, files: "${files}", poni: a.poni, translations: 1 }\nstepMm: 0.1\n`,
      join(served, "scan.yaml"),
    ),
    serveFolder(served),
  );

test("frames inside are taken, links among them too, as long as they stay inside", () => {
  expect(() => check("frames/*.edf")).not.toThrow();
  symlinkSync(join(served, "frames/1.edf"), join(served, "frames/3.edf"));
  expect(() => check("frames/*.edf")).not.toThrow();
});

test("one link out among the frames, or a list that names a file outside, is refused", () => {
  symlinkSync(join(root, "secret.edf"), join(served, "frames/4.edf"));
  expect(() => check("frames/*.edf")).toThrowError(expect.objectContaining({ code: "path-outside" }));
  rmSync(join(served, "frames/4.edf"));
  writeFileSync(join(served, "list.txt"), "frames/1.edf\n../secret.edf\n");
  expect(() => check("list.txt")).toThrowError(expect.objectContaining({ code: "path-outside" }));
});
