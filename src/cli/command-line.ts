/** The program without its process: what `xrdct ARGS` does, up to the exit code. */
import { stderr, stdout } from "node:process";
import { Command, CommanderError } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { plainMessage } from "./plain-text.ts";

type Load = () => Promise<() => Command>;

/**
 * In the order of --help: arguments, summary, and where the command is. The one that is named is loaded and no other:
 * start-up is mostly loading. A test holds that arguments and summary are those of the command.
 */
const COMMANDS: Readonly<Record<string, readonly [takes: string, summary: string, load: Load]>> = {
  demo: [
    "",
    "a small simulated cell, the whole way, held against its truth",
    async () => (await import("./demo.ts")).demoCommand,
  ],
  run: [
    "<scan>",
    "the whole way from a scan.yaml to a result, resumable",
    async () => (await import("./run.ts")).runCommand,
  ],
  serve: [
    "[path]",
    "the app in a browser: maps, patterns, refinement, runs, frames",
    async () => (await import("./serve.ts")).serveCommand,
  ],
  calibrate: [
    "<frame>",
    "geometry from one frame of a standard, without clicks",
    async () => (await import("./calibrate.ts")).calibrateCommand,
  ],
  integrate: ["<frames...>", "frames to patterns", async () => (await import("./integrate.ts")).integrateCommand],
  peaks: [
    "<pattern>",
    "the peaks of a pattern, named by phase, as regions for a map",
    async () => (await import("./peaks.ts")).peaksCommand,
  ],
  refine: [
    "<patterns...>",
    "Rietveld, Pawley or Le Bail refinement of a pattern or a series",
    async () => (await import("./refine.ts")).refineCommand,
  ],
  import: [
    "<file>",
    "a model from GSAS-II .instprm, GSAS .prm or .EXP, TOPAS .inp, naming what is not read",
    async () => (await import("./handover.ts")).importCommand,
  ],
  study: [
    "<study>",
    "several cells from raw scans to tables and figures, by one command",
    async () => (await import("./study.ts")).studyCommand,
  ],
  series: [
    "<series>",
    "slices over time and height as one study",
    async () => (await import("./series.ts")).seriesCommand,
  ],
  simulate: [
    "<preset>",
    "a virtual experiment with known truth",
    async () => (await import("./simulate.ts")).simulateCommand,
  ],
  echem: [
    "[files...]",
    "what a cycler recorded: segments, capacities, true C-rates, dQ/dV, scans in time",
    async () => (await import("./echem.ts")).echemCommand,
  ],
  compare: [
    "<results...>",
    "several cells on one grid: statistics by region, differences, tables",
    async () => (await import("./compare.ts")).compareCommand,
  ],
  overlay: [
    "<files...>",
    "an image of another kind (micro-CT) on the diffraction maps of the same cell",
    async () => (await import("./overlay.ts")).overlayCommand,
  ],
  unexplained: [
    "<result>",
    "phases that the mean pattern hides: where, their lines, which structure",
    async () => (await import("./unexplained.ts")).unexplainedCommand,
  ],
  figure: [
    "<result>",
    "the figures of a result: maps, sinogram, mean pattern",
    async () => (await import("./figure.ts")).figureCommand,
  ],
  export: [
    "<result>",
    "any array out of a result: npy, csv, tif, edf, h5, png, svg, xye",
    async () => (await import("./export.ts")).exportCommand,
  ],
  lithium: [
    "<result>",
    "lithium in both electrodes: maps, profiles, inventory, against the cycler",
    async () => (await import("./lithium.ts")).lithiumCommand,
  ],
  places: [
    "<file>",
    "where in a wound cell each voxel lies: regions, distances, depth, unwinding",
    async () => (await import("./places.ts")).placesCommand,
  ],
  plan: [
    "",
    "before the beamtime: sampling, parallax, time, data volume",
    async () => (await import("./plan.ts")).planCommand,
  ],
  doctor: [
    "[folder]",
    "what this machine can do, and what is slow or missing",
    async () => (await import("./doctor.ts")).doctorCommand,
  ],
  schema: [
    "<name>",
    "JSON Schema of a settings file, for editors to complete it by",
    async () => (await import("./schema.ts")).schemaCommand,
  ],
  completion: [
    "<shell>",
    "what a shell completes commands, options and files by",
    async () => (await import("./completion.ts")).completionCommand,
  ],
};

/** Every command that --help names, for what is made of them all. */
export async function createCommands(): Promise<Command[]> {
  return (await Promise.all(Object.values(COMMANDS).map(([, , load]) => load()))).map((create) => create());
}

/** What the jobs of a cluster do: nothing for people to type, and in no --help. */
const JOBS: Readonly<Record<string, Load>> = {
  "slurm-step": async () => (await import("./slurm-jobs.ts")).slurmStepCommand,
  "slurm-part": async () => (await import("./slurm-jobs.ts")).slurmPartCommand,
};

/** Does what the arguments say and sets the exit code of the process; what a user did wrong is told, not thrown. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const program = new Command("xrdct")
    .description("X-ray diffraction computed tomography: from detector frames to maps of crystal chemistry")
    .version(version)
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText(
      "after",
      "\nStart with:\n  npx xrdct demo\n  npx xrdct run scan.yaml -o result.nxs\n  npx xrdct serve\n  npx xrdct COMMAND --help",
    );
  const name = args.find((one) => one !== "help" && !one.startsWith("-")) ?? "";
  if (Object.hasOwn(JOBS, name)) program.addCommand((await JOBS[name]!())());
  for (const [listed, [takes, summary, load]] of Object.entries(COMMANDS)) {
    program.addCommand(listed === name ? (await load())() : inTheList(listed, takes, summary));
  }
  for (const command of [program, ...program.commands]) command.exitOverride();

  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
    else if (error instanceof CommanderError) refuse("bad-option", error.message, args);
    else if (error instanceof InputError) {
      stderr.write(`xrdct: ${plainMessage(error.message)} [${error.code}]\n`);
      refuse(error.code, error.message, args);
    } else throw error;
  }
}

/** What --help names of a command that is not called. */
const inTheList = (name: string, takes: string, summary: string): Command =>
  takes
    .split(" ")
    .reduce(
      (command, argument) => (argument === "" ? command : command.argument(argument)),
      new Command(name).summary(summary).option("--json"),
    );

/** An option that is wrong is found before any command runs; --json holds for it too. */
function refuse(code: string, message: string, args: readonly string[]): void {
  if (args.includes("--json")) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = 2;
}
