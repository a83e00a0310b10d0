#!/usr/bin/env node
import { stderr } from "node:process";
import { Command, CommanderError } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { calibrateCommand } from "./calibrate.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { figureCommand } from "./figure.ts";
import { integrateCommand } from "./integrate.ts";
import { planCommand } from "./plan.ts";
import { runCommand } from "./run.ts";
import { simulateCommand } from "./simulate.ts";

const program = new Command("xrdct")
  .description("X-ray diffraction computed tomography: from detector frames to maps of crystal chemistry")
  .version(version)
  .showHelpAfterError("(--help shows what there is)")
  .addHelpText(
    "after",
    "\nStart with:\n  npx xrdct demo\n  npx xrdct run scan.yaml -o result.nxs\n  npx xrdct COMMAND --help",
  );

for (const create of [
  demoCommand,
  runCommand,
  calibrateCommand,
  integrateCommand,
  simulateCommand,
  figureCommand,
  exportCommand,
  planCommand,
  doctorCommand,
])
  program.addCommand(create());
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof InputError) {
    stderr.write(`xrdct: ${error.message} [${error.code}]\n`);
    process.exitCode = 2;
  } else throw error;
}
