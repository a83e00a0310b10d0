/** What people type: every option of every command, with words that are changed. Nothing is opened or written. */
import { Command, CommanderError, type Option } from "commander";
import { createCommands } from "../../src/cli/command-line.ts";
import { InputError } from "../../src/data/index.ts";
import { decodeText } from "../../src/files/byte-source.ts";
import { type FuzzTarget, made, must, type Seed } from "./target.ts";

/** Values that options of each kind take, by what their placeholder says. */
const VALUES: readonly (readonly [RegExp, string])[] = [
  [/low:high|from:to/, "1:2.5"],
  [/file|path|folder|output/, "a.nxs"],
  [/list|names/, "a,b"],
  [/./, "3"],
];
const valueFor = (placeholder: string): string => VALUES.find(([kind]) => kind.test(placeholder))![1];

/** One word a line. */
function seedOf(command: Command): Seed {
  const given = command.registeredArguments.map((argument) => argument.argChoices?.[0] ?? "a.nxs");
  const words = command.options.flatMap((option: Option) => {
    const flag = option.long ?? option.short!;
    if (!option.required && !option.optional) return [flag];
    return [flag, option.argChoices?.[0] ?? valueFor(option.flags)];
  });
  return made(command.name(), [command.name(), ...given, ...words].join("\n"));
}

const commands: FuzzTarget = {
  name: "command-line",
  kind: "text",
  async seeds() {
    const all = await createCommands();
    return [...all.map(seedOf), ...all.map((one) => made(one.name(), `${one.name()}\na.nxs\n-o\nb.nxs\n--workers\n2`))];
  },
  async read(bytes) {
    const words = decodeText(bytes).split("\n").slice(0, 2000);
    const program = new Command("xrdct");
    for (const command of await createCommands()) program.addCommand(command.action(() => {}));
    for (const command of [program, ...program.commands])
      command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    try {
      await program.parseAsync(words, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      throw new InputError("bad-option", error.message);
    }
    const options = program.commands.map((command) => command.opts());
    for (const value of options.flatMap((each) => Object.values(each)))
      must(typeof value !== "number" || Number.isFinite(value), "an option that is no number");
    must(!Object.hasOwn(Object.prototype, "polluted"), "Object.prototype was changed");
    return options;
  },
};

export const COMMAND_TARGETS: readonly FuzzTarget[] = [commands];
