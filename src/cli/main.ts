#!/usr/bin/env node
import { stderr, stdout } from "node:process";
import { Command, CommanderError } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { calibrateCommand } from "./calibrate.ts";
import { compareCommand } from "./compare.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { echemCommand } from "./echem.ts";
import { exportCommand } from "./export.ts";
import { figureCommand } from "./figure.ts";
import { importCommand } from "./handover.ts";
import { integrateCommand } from "./integrate.ts";
import { lithiumCommand } from "./lithium.ts";
import { overlayCommand } from "./overlay.ts";
import { peaksCommand } from "./peaks.ts";
import { placesCommand } from "./places.ts";
import { planCommand } from "./plan.ts";
import { refineCommand } from "./refine.ts";
import { runCommand } from "./run.ts";
import { seriesCommand } from "./series.ts";
import { serveCommand } from "./serve.ts";
import { simulateCommand } from "./simulate.ts";
import { studyCommand } from "./study.ts";
import { unexplainedCommand } from "./unexplained.ts";

// a reader that has seen enough (| head) is no error
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const program = new Command("xrdct")
  .description("X-ray diffraction computed tomography: from detector frames to maps of crystal chemistry")
  .version(version)
  .showHelpAfterError("(--help shows what there is)")
  .addHelpText(
    "after",
    "\nStart with:\n  npx xrdct demo\n  npx xrdct run scan.yaml -o result.nxs\n  npx xrdct serve\n  npx xrdct COMMAND --help",
  );

for (const create of [
  demoCommand,
  runCommand,
  serveCommand,
  calibrateCommand,
  integrateCommand,
  peaksCommand,
  refineCommand,
  importCommand,
  studyCommand,
  seriesCommand,
  simulateCommand,
  echemCommand,
  compareCommand,
  overlayCommand,
  unexplainedCommand,
  figureCommand,
  exportCommand,
  lithiumCommand,
  placesCommand,
  planCommand,
  doctorCommand,
])
  program.addCommand(create());
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = 0;
  else if (error instanceof CommanderError) refuse("bad-option", error.message);
  else if (error instanceof InputError) {
    stderr.write(`xrdct: ${error.message} [${error.code}]\n`);
    refuse(error.code, error.message);
  } else throw error;
}

/** An option that is wrong is found before any command runs; --json holds for it too. */
function refuse(code: string, message: string): void {
  if (process.argv.includes("--json")) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = 2;
}
