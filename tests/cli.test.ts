/** What every command holds to: help with an example, one JSON object with --json, exit codes. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createCommands } from "../src/cli/command-line.ts";
import { tempFolder } from "./temp-folder.ts";
import { type Ran, xrdct, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const COMMANDS = [
  ...xrdct(["--help"])
    .stdout.split("Commands:")[1]!
    .split("\n\n")[0]!
    .matchAll(/^ {2}([a-z]+) /gm),
]
  .map(([, name]) => name!)
  .filter((name) => name !== "help");

/** Something wrong for each command, which it can only notice when it works. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  demo: ["--size", "2"],
  run: ["nowhere.yaml"],
  calibrate: ["nowhere.cbf", "--energy-kev", "71", "--distance-mm", "500"],
  integrate: ["nowhere.cbf", "--poni", "nowhere.poni", "-o", "x.xye"],
  simulate: ["nothing", "-o", "x"],
  refine: ["nowhere.xye", "--model", "nowhere.yaml"],
  import: ["nowhere.inp", "-o", "x"],
  echem: ["nowhere.DTA"],
  compare: ["nowhere.nxs", "nor-here.nxs"],
  lithium: ["nowhere.nxs"],
  places: ["nowhere.nxs"],
  overlay: ["nowhere.nxs", "nowhere.tif"],
  series: ["nowhere.yaml", "-o", "x"],
  study: ["nowhere.yaml"],
  unexplained: ["nowhere.nxs"],
  figure: ["nowhere.nxs"],
  peaks: ["nowhere.xye"],
  export: ["nowhere.nxs", "--list"],
  plan: ["--step-mm", "-1"],
  doctor: ["--workers", "none"],
  schema: ["nothing"],
  completion: ["tcsh"],
  serve: ["nowhere"],
};

it("knows the commands", () => {
  expect(COMMANDS).toEqual(expect.arrayContaining(Object.keys(WRONG)));
  expect(Object.keys(WRONG)).toEqual(expect.arrayContaining(COMMANDS));
});

it("lists what each command takes and is for, as the command itself has it, which is not loaded for that", async () => {
  const program = new Command("xrdct");
  for (const command of await createCommands()) program.addCommand(command);
  const listed = (help: string) =>
    help
      .split("Commands:")[1]!
      .split(/ {2}help /)[0]!
      .replace(/\s+/g, " ");
  expect(listed((await xrdctHere(["--help"])).stdout)).toBe(listed(program.helpInformation()));
});

it.each([[["help", "plan"]], [["plan", "--help"]]])("%j has all of that command", async (args) => {
  expect((await xrdctHere(args)).stdout).toContain("npx xrdct plan");
});

it("without a command shows what there is", async () => {
  const { code, stderr } = await xrdctHere([]);
  expect(code).toBe(2);
  expect(stderr).toContain("npx xrdct demo");
});

it("an unknown command is refused", async () => {
  expect(await xrdctHere(["reduce"])).toMatchObject({ code: 2, stderr: expect.stringContaining("reduce") });
});

it.each([[[]], [["run", "--help"]], [["run", "nowhere.yaml", "--json"]], [["plan", "--nope", "--json"]]])(
  "%j is in a process of its own what it is in this one, which the tests below are about",
  async (args) => {
    const plain = ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr });
    expect(plain(xrdct(args, { cwd: folder }))).toEqual(plain(await xrdctHere(args, { cwd: folder })));
  },
);

describe.each(COMMANDS)("%s", (command) => {
  it("has help with an example", async () => {
    const { code, stdout } = await xrdctHere([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Example:\n {2}npx xrdct [a-z]/);
    for (const option of ["--json", "--quiet", "--workers"]) expect(stdout).toContain(option);
  });

  it("refuses what it cannot do: one line on stderr, one JSON object on stdout, exit code 2", async () => {
    const ran = await xrdctHere([command, "--json", ...(WRONG[command] ?? [])], { cwd: folder });
    expect(ran.stderr).not.toContain("bug");
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toMatch(/^[a-z0-9-]+$/);
    expect(ran.stderr).toContain(ran.json.error.message.split("\n")[0]);
    expect(ran.stdout.trim().split("\n")).toHaveLength(1);
  });
});

it("an unknown option is refused, with --json too", async () => {
  const ran = await xrdctHere(["plan", "--nope", "--json"]);
  expect(ran.code).toBe(2);
  expect(ran.json.error.code).toBe("bad-option");
});

it.each([[["doctor"]], [["plan", "--diameter-mm", "10", "--step-mm", "0.02", "--projections", "400"]]])(
  "%j gives one JSON object",
  async (args) => {
    const ran = await xrdctHere([...args, "--json"]);
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(typeof ran.json).toBe("object");
    expect(ran.stdout.trim().split("\n")).toHaveLength(1);
  },
);
