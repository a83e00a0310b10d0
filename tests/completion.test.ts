/** The completion of shells, in the shells themselves where they are installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createCommands } from "../src/cli/command-line.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const files = join(folder, "files");
const has = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;
const scriptOf = (shell: string): string => join(folder, `xrdct.${shell}`);

beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"])
    writeFileSync(scriptOf(shell), (await xrdctHere(["completion", shell])).stdout);
  mkdirSync(join(files, "scans"), { recursive: true });
  for (const name of ["scan.yaml", "scan two.yml", "scan.txt", "cell.nxs"]) writeFileSync(join(files, name), "");
});

/** [line as far as it is typed, what is offered] */
const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["xrdct", "compl"], ["completion"]],
  [
    ["xrdct", "run", "sc"],
    ["scan two.yml", "scan.yaml", "scans"],
  ],
  [["xrdct", "figure", "c"], ["cell.nxs"]],
  [["xrdct", "figure", "s"], ["scans"]],
  [["xrdct", "run", "--fr"], ["--from"]],
  [
    ["xrdct", "run", "--from", "re"],
    ["read", "reconstruct"],
  ],
  [
    ["xrdct", "integrate", "--split", ""],
    ["none", "bbox", "full"],
  ],
  [
    ["xrdct", "schema", "s"],
    ["scan", "study", "series", "simulate", "slurm"],
  ],
  [["xrdct", "demo", "-o", "s"], ["scans"]],
  [["xrdct", "demo", "--size", "c"], []],
];

/** As bash does when Tab is pressed: words and position set, the function called. */
const inBash = (words: readonly string[]): string[] => {
  const program = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _xrdct; for one in "\${COMPREPLY[@]}"; do printf '%s\\n' "$one"; done`;
  const args = ["--norc", "-c", program, "bash", scriptOf("bash"), ...words];
  return execFileSync("bash", args, { cwd: files, encoding: "utf8" }).split("\n").filter(Boolean);
};

const inFish = (words: readonly string[]): string[] => {
  const program = `source ${scriptOf("fish")}; complete -C '${words.join(" ")}'`;
  return execFileSync("fish", ["--no-config", "-c", program], { cwd: files, encoding: "utf8" })
    .split("\n")
    .map((line) => line.split("\t")[0]!.replaceAll("\\", "").replace(/\/$/, ""))
    .filter(Boolean);
};

describe.skipIf(!has("bash"))("in bash (needs bash)", () => {
  it.each(CASES)("%j offers %j", (words, expected) => {
    expect(inBash(words).sort()).toEqual([...expected].sort());
  });

  it("knows every option of every command", async () => {
    const words = (await createCommands()).map((command) => [command.name(), command.options] as const);
    const lines = words.map(([name]) => `COMP_WORDS=(xrdct ${name} -); COMP_CWORD=2; _xrdct; echo "\${COMPREPLY[*]}"`);
    const program = `. ${scriptOf("bash")}; ${lines.join("; ")}`;
    const offered = execFileSync("bash", ["--norc", "-c", program], { encoding: "utf8" }).split("\n");
    for (const [i, [name, options]] of words.entries()) {
      const known = offered[i]!.split(" ");
      for (const { long, short } of options)
        for (const flag of [long, short].filter(Boolean)) expect(known, `${name} ${flag}`).toContain(flag);
    }
  });
});

it.skipIf(!has("zsh"))("zsh reads it without a fault (needs zsh)", () => {
  const { stderr, status } = spawnSync("zsh", ["-n", scriptOf("zsh")], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

describe.skipIf(!has("fish"))("in fish (needs fish)", () => {
  it.each(CASES.slice(0, 8))("%j offers %j", (words, expected) => {
    expect(inFish(words)).toEqual(expect.arrayContaining([...expected]));
  });
});
