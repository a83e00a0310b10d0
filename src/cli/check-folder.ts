import { existsSync, statSync } from "node:fs";
import { InputError } from "../data/index.ts";

/** Before anything is calculated: whether a folder can be written into. @throws InputError "not-writable" */
export function checkFolder(path: string): void {
  if (!existsSync(path) || statSync(path).isDirectory()) return;
  throw new InputError("not-writable", `Cannot write into ${path}: it is a file. Give -o a folder.`);
}
