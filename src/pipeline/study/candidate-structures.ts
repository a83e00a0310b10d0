/** Structures that a residual may be of: those of the program, and CIFs of the user's. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { builtInStructure, PHASE_NAMES } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { readText } from "../../files/byte-source.ts";
import { readCif } from "../../files/cif.ts";
import type { Candidate } from "../../stages/unexplained/index.ts";

export interface CandidateStructures {
  readonly candidates: readonly Candidate[];
  /** files that could not be used, and why */
  readonly notes: readonly string[];
}

/**
 * @param folder of CIFs, besides the structures of the program; of a CIF with several structures the first is taken
 * @throws InputError "unexplained-cifs" where there is no such folder, or it holds no CIF that can be used
 */
export function readCandidates(folder: string | undefined): CandidateStructures {
  const library = PHASE_NAMES.map((name): Candidate => {
    return { name, structure: builtInStructure(name), origin: "library" };
  });
  if (folder === undefined) return { candidates: library, notes: [] };
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new InputError("unexplained-cifs", `--cifs ${folder}: there is no such folder. Give a folder of .cif files.`);
  }
  const notes: string[] = [];
  const files = readdirSync(folder)
    .filter((file) => /\.cif$/i.test(file))
    .sort();
  const own = files.flatMap((file): Candidate[] => {
    const path = join(folder, file);
    try {
      const [structure] = readCif(readText(path), path);
      return [{ name: path, structure: structure!, origin: "file" }];
    } catch (error) {
      if (!(error instanceof InputError) || isMachineFault(error)) throw error;
      notes.push(`${file} is left out: ${error.message}`);
      return [];
    }
  });
  if (own.length === 0) {
    const found = files.length === 0 ? "it holds no .cif file" : notes.join("; ");
    throw new InputError("unexplained-cifs", `--cifs ${folder}: no structure could be read: ${found}.`);
  }
  return { candidates: [...own, ...library], notes };
}
