/** xrdct import: models out of the files of GSAS-II and TOPAS. The other way is `handOverReport`, for what refines. */
import { extname } from "node:path";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { parseGsasExp } from "../files/gsas-exp.ts";
import { parseInstrument } from "../files/instprm.ts";
import { parseTopasInp } from "../files/topas-inp.ts";
import { type HandOverOptions, handOverFolder } from "../pipeline/hand-over/hand-over.ts";
import {
  type ImportedModel,
  importGsasExp,
  importInstrument,
  importTopas,
  writeImportedModel,
} from "../pipeline/hand-over/import.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, type Report } from "./command.ts";

const EXAMPLE = `npx xrdct import 11bm.instprm -o model
npx xrdct import lab.inp -o model
npx xrdct import two-patterns.inp --number 2 -o model`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly number?: number;
}

export const importCommand = (): Command =>
  createCommand(
    "import",
    "a model from GSAS-II .instprm, GSAS .prm or .EXP, TOPAS .inp, naming what is not read",
    EXAMPLE,
  )
    .argument("<file>", "the other program's file")
    .requiredOption("-o, --output <folder>", "where model.yaml and its CIFs go")
    .option("--number <n>", "which bank or pattern of several; left out: the first", positiveInteger("--number"))
    .action((path: string, options: Options) => execute(options, async () => run(path, options)));

function run(path: string, { output, number = 1 }: Options): Report {
  const model = importModel(path, number);
  const files = writeImportedModel(model, path, output);
  return {
    json: { written: files, notes: model.notes },
    lines: [...files.map((file) => `${file}: written`), ...model.notes.map((note) => `note: ${note}`)],
  };
}

/** @throws InputError "bad-option" and those of the parsers */
function importModel(path: string, number: number): ImportedModel {
  const text = readText(path);
  if (/^\.(inp|out|str|pro)$/i.test(extname(path))) return importTopas(parseTopasInp(text, path), number - 1);
  if (/^\.exp$/i.test(extname(path))) return importGsasExp(parseGsasExp(text, path, number));
  const banks = parseInstrument(text, path);
  const bank = banks[number - 1];
  if (bank) return importInstrument(bank);
  throw new InputError("bad-option", `${path} has ${banks.length} banks; --number ${number} was given.`);
}

/** Writes the folder for the other programs and says what is in it: for `refine --hand-over` and voxels of a map. */
export function handOverReport(options: HandOverOptions): Report {
  const { files, notes } = handOverFolder(options);
  return {
    json: { written: files, notes },
    lines: [
      `${options.out}: pattern.xye, model.inp (TOPAS), gsas2/gsas2_start.py (GSAS-II), model.yaml and parameters.csv`,
      ...notes.topas.map((note) => `not in TOPAS: ${note}`),
      ...notes.gsas2.map((note) => `not in GSAS-II: ${note}`),
    ],
  };
}
