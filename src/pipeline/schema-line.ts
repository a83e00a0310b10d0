/** The first line of YAML files that xrdct writes, by which editors complete and check them. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PROGRAM_FOLDER } from "../files/build-record.ts";
import type { SettingsName } from "./settings-schema.ts";

export const schemaPath = (name: SettingsName): string => join(PROGRAM_FOLDER, `docs/schema/${name}.schema.json`);

/**
 * As the YAML language server has it (VS Code's YAML extension, Neovim, Emacs, JetBrains). It names the schema of the
 * installed program by its full path, so that it works without network; elsewhere an editor says it is not found, and
 * `xrdct schema` makes another.
 */
export const schemaLine = (name: SettingsName): string =>
  `# yaml-language-server: $schema=${pathToFileURL(schemaPath(name)).href}\n`;
