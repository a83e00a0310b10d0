/** All that `xrdct doctor` looks at, in the order in which it prints. */
import { statSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import type { Verification } from "../../files/build-record.ts";
import type { Finding } from "./finding.ts";
import { examineLimits } from "./limits.ts";
import { examineInstallation, examineProgram } from "./program.ts";
import { examineStorage, examineTemporary } from "./storage.ts";
import { examineSurroundings } from "./surroundings.ts";

export interface Examination {
  readonly findings: readonly Finding[];
  /** where it was asked for and there is a record */
  readonly verified: Verification | undefined;
}

/**
 * @param folder where results would go
 * @param verify whether every installed file is held against the record of the build
 * @param more findings of others, as of the graphics processor
 * @throws InputError "folder-missing"
 */
export async function examineMachine(
  folder: string,
  verify = false,
  more: readonly (() => Promise<Finding>)[] = [],
): Promise<Examination> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError("folder-missing", `${folder} is not a folder. Name the one that results would go to.`);
  const { findings: installed, verified } = verify ? examineInstallation() : { findings: [], verified: undefined };
  return {
    findings: [
      ...(await examineProgram(folder)),
      ...installed,
      ...examineLimits(),
      ...examineStorage(folder),
      examineTemporary(),
      ...(await Promise.all(more.map((examine) => examine()))),
      ...examineSurroundings(),
    ],
    verified,
  };
}
