import { stdout } from "node:process";
import { Argument, type Command, type Option } from "commander";
import { AXIS_UNITS } from "../data/index.ts";
import { STAGES } from "../pipeline/steps.ts";
import { IntegrateConfig } from "../stages/integrate/index.ts";
import { PRESET_NAMES } from "../stages/simulate/index.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";
import { bashScript, type CompletedCommand, fishScript, type Value, zshScript } from "./completion-scripts.ts";

const EXAMPLE = `npx xrdct completion bash > ~/.local/share/bash-completion/completions/xrdct
npx xrdct completion zsh > ~/.zfunc/_xrdct
npx xrdct completion fish > ~/.config/fish/completions/xrdct.fish`;

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export const completionCommand = (): Command =>
  createCommand("completion", "what a shell completes commands, options and files by", EXAMPLE)
    .addArgument(new Argument("<shell>", "whose script is printed").choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS, options: CommonOptions) =>
      execute(options, async () => {
        // commands are loaded by the module that loads this one
        const { createCommands } = await import("./command-line.ts");
        const script = SCRIPTS[shell]((await createCommands()).map(describe));
        if (!options.json) stdout.write(script);
        return options.json ? { json: { shell, script }, lines: [] } : undefined;
      }),
    );

const YAML = ["yaml", "yml"];
/** What stands in the place of an argument or an option's value, by the word that its help has there. */
const FILES: Readonly<Record<string, Value>> = {
  scan: { endings: YAML },
  study: { endings: YAML },
  series: { endings: YAML },
  result: { endings: ["nxs"] },
  results: { endings: ["nxs"] },
  poni: { endings: ["poni"] },
  folder: { endings: [], isFolder: true },
  preset: { choices: [...PRESET_NAMES, "study"], endings: YAML },
  frame: { endings: [] },
  frames: { endings: [] },
  pattern: { endings: [] },
  patterns: { endings: [] },
  file: { endings: [] },
  files: { endings: [] },
  path: { endings: [] },
};
/** Where the option itself says more than the word for its value. */
const VALUES: Readonly<Record<string, Value>> = {
  "--model": { endings: YAML },
  "--slurm": { endings: YAML },
  "--poni": { endings: ["poni"] },
  "--from": { choices: STAGES },
  "--until": { choices: STAGES },
  "--only": { choices: STAGES },
  "--axis": { choices: AXIS_UNITS },
  "--statistic": { choices: IntegrateConfig.shape.statistic.unwrap().options },
  "--split": { choices: IntegrateConfig.shape.split.unwrap().options },
};

function describe(command: Command): CompletedCommand {
  const [first] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    ...(first && { argument: valueNamed(first.name(), first.argChoices) }),
    options: [...command.options, command.createOption("-h, --help", "display help for command")].map((option) => {
      const { long, short, description } = option;
      const value = optionValue(option);
      return { flags: [short, long].filter((flag) => flag != null), description, ...(value && { value }) };
    }),
  };
}

function optionValue(option: Option): Value | undefined {
  const [, word] = /[<[]([^\]>.]+)/.exec(option.flags) ?? [];
  if (word === undefined) return undefined;
  return (option.argChoices ? undefined : VALUES[option.long ?? ""]) ?? valueNamed(word, option.argChoices);
}

const valueNamed = (word: string, choices: readonly string[] | undefined): Value =>
  choices ? { choices } : (FILES[word] ?? {});
