/** Names that a terminal would obey are shown, not done. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCommandLine } from "../src/cli/command-line.ts";
import { plainMessage, plainText } from "../src/cli/plain-text.ts";
import { tempFolder } from "./temp-folder.ts";

it("shows escape sequences, marks of direction and odd line ends, and leaves the rest", () => {
  expect(plainText("a\u001b[31mb\u202ec\u0007\r\u009b2J\ufeff")).toBe(
    "a\\u001b[31mb\\u202ec\\u0007\\u000d\\u009b2J\\ufeff",
  );
  expect(plainText("Å µm °\t3.2(1)\n  next, 你好, é")).toBe("Å µm °\t3.2(1)\n  next, 你好, é");
  expect(plainMessage("x\nxrdct: all is well\n  line 3: as it should be")).toBe(
    "x\\nxrdct: all is well\n  line 3: as it should be",
  );
});

it.each([
  ["an escape sequence", "a\u001b[2Jb.cbf"],
  ["a line end", "a\nxrdct: done.cbf"],
  ["writing from right to left", "a\u202efbc.cbf"],
  ["quotes", "a'\"`$(x).cbf"],
  ["200 letters", `${"x".repeat(200)}.cbf`],
])("a file whose name has %s", async (_, name) => {
  const folder = join(tempFolder());
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), "no frame");
  let written = "";
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => {
    written += text;
    return true;
  };
  try {
    await runCommandLine(["integrate", join(folder, name), "--poni", join(folder, name), "-o", join(folder, "o.xye")]);
  } finally {
    process.stderr.write = write;
    process.exitCode = 0;
  }
  expect(written).toMatch(/\[[\w-]+\]\n$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(written.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
});
