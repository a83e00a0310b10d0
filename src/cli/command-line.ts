/** The program without its process: what `xrdct ARGS` does, up to the exit code. */
import { stderr, stdout } from "node:process";
import { Command, CommanderError } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { plainMessage } from "./plain-text.ts";

/** In the order of --help. The one that is named is loaded, all of them where none is: start-up is mostly loading. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  demo: async () => (await import("./demo.ts")).demoCommand,
  run: async () => (await import("./run.ts")).runCommand,
  serve: async () => (await import("./serve.ts")).serveCommand,
  calibrate: async () => (await import("./calibrate.ts")).calibrateCommand,
  integrate: async () => (await import("./integrate.ts")).integrateCommand,
  peaks: async () => (await import("./peaks.ts")).peaksCommand,
  refine: async () => (await import("./refine.ts")).refineCommand,
  import: async () => (await import("./handover.ts")).importCommand,
  study: async () => (await import("./study.ts")).studyCommand,
  series: async () => (await import("./series.ts")).seriesCommand,
  simulate: async () => (await import("./simulate.ts")).simulateCommand,
  echem: async () => (await import("./echem.ts")).echemCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  overlay: async () => (await import("./overlay.ts")).overlayCommand,
  unexplained: async () => (await import("./unexplained.ts")).unexplainedCommand,
  figure: async () => (await import("./figure.ts")).figureCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  lithium: async () => (await import("./lithium.ts")).lithiumCommand,
  places: async () => (await import("./places.ts")).placesCommand,
  plan: async () => (await import("./plan.ts")).planCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};

/** Every command that --help names, for what is made of them all. */
export async function createCommands(): Promise<Command[]> {
  return (await Promise.all(Object.values(COMMANDS).map((load) => load()))).map((create) => create());
}

/** What the jobs of a cluster do: nothing for people to type, and in no --help. */
const JOBS: typeof COMMANDS = {
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
  const [name = ""] = args;
  const known = { ...COMMANDS, ...JOBS };
  const loaders = Object.hasOwn(known, name) ? [known[name]!] : Object.values(COMMANDS);
  for (const create of await Promise.all(loaders.map((load) => load()))) program.addCommand(create());
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

/** An option that is wrong is found before any command runs; --json holds for it too. */
function refuse(code: string, message: string, args: readonly string[]): void {
  if (args.includes("--json")) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = 2;
}
