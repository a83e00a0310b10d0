import { stdout } from "node:process";
import { Argument, type Command } from "commander";
import { SETTINGS_NAMES, type SettingsName, settingsSchema } from "../pipeline/settings-schema.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
import { checkOutputs } from "./check-outputs.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";

const EXAMPLE = `npx xrdct schema scan > scan.schema.json
npx xrdct schema model -o model.schema.json

# then, as the first line of scan.yaml:
# yaml-language-server: $schema=scan.schema.json`;

interface Options extends CommonOptions {
  readonly output?: string;
}

export const schemaCommand = (): Command =>
  createCommand("schema", "JSON Schema of a settings file, for editors to complete it by", EXAMPLE)
    .addArgument(new Argument("<name>", "of which file").choices(SETTINGS_NAMES))
    .option("-o, --output <file>", "where to; left out: printed")
    .action((name: SettingsName, options: Options) =>
      execute(options, async () => {
        const schema = settingsSchema(name);
        const { output } = options;
        if (output === undefined) {
          stdout.write(`${JSON.stringify(schema, null, options.json ? 0 : 2)}\n`);
          return undefined;
        }
        checkOutputs([{ flag: "-o", path: output, endings: [".json"] }], []);
        writeWhole(output, `${JSON.stringify(schema, null, 2)}\n`);
        return { json: { schema: output }, lines: [`schema  ${output}`] };
      }),
    );
