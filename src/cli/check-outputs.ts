import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { InputError } from "../data/index.ts";

export interface OutputFile {
  readonly flag: string;
  readonly path: string;
  /** what it may end with */
  readonly endings: readonly string[];
}

/**
 * Before anything is calculated: whether what is asked for can be written, and is none of the files that it is made of.
 *
 * @throws InputError "export-format" | "output-is-input" | "output-twice" | "not-writable"
 */
export function checkOutputs(outputs: readonly OutputFile[], inputs: readonly string[]): void {
  const given = new Set(inputs.map(placeOf));
  const taken = new Map<string, string>();
  for (const { flag, path, endings } of outputs) {
    if (!endings.includes(extname(path).toLowerCase())) {
      throw new InputError("export-format", `${flag} ${path}: needed is a name that ends in ${endings.join(" or ")}.`);
    }
    const place = placeOf(path);
    if (given.has(place)) {
      throw new InputError(
        "output-is-input",
        `${flag} ${path} is one of the files that are read, and is not written over. Give another name.`,
      );
    }
    const other = taken.get(place);
    if (other !== undefined) {
      throw new InputError("output-twice", `${other} and ${flag} name the same file, ${path}. Give two names.`);
    }
    taken.set(place, flag);
    checkPlace(flag, path);
  }
}

function checkPlace(flag: string, path: string): void {
  const folder = dirname(resolve(path));
  const why = !existsSync(folder)
    ? `its folder ${dirname(path)} does not exist; make it first`
    : !statSync(folder).isDirectory()
      ? `${dirname(path)} is a file, not a folder`
      : existsSync(path) && statSync(path).isDirectory()
        ? "it is a folder; give a file"
        : undefined;
  if (why) throw new InputError("not-writable", `Cannot write ${flag} ${path}: ${why}.`);
}

/** The file itself, whichever way it is named. */
function placeOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(resolve(path));
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(path));
}
