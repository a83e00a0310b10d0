/**
 * Writes docs/errors.md (every code of an InputError with its message), docs/commands.md (every command's --help),
 * docs/scan-yaml.md, docs/model-yaml.md and docs/study-yaml.md (every setting) and docs/schema/ (JSON Schemas) from the
 * program itself. `npm run docs`; a test holds that they are up to date.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiPages } from "./api-docs.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** code -> the files that raise it */
export function errorCodes() {
  const codes = new Map();
  for (const file of readdirSync(join(root, "src"), { recursive: true })) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const text = readFileSync(join(root, "src", file), "utf8");
    const found = [
      ...text.matchAll(
        /new InputError\(\s*"([a-z0-9-]+)",\s*([\s\S]{0,700}?)\n\s*\);|new InputError\("([a-z0-9-]+)", (.+?)\);/g,
      ),
    ];
    for (const [, multi, multiText, single, singleText] of found) {
      const code = multi ?? single;
      const entry = codes.get(code) ?? { files: new Set(), message: firstSentence(multiText ?? singleText ?? "") };
      entry.files.add(file.split("/")[0] === "stages" ? file.split("/").slice(0, 2).join("/") : file.split("/")[0]);
      codes.set(code, entry);
    }
    for (const [, code] of text.matchAll(/InputError\(\s*"([a-z0-9-]+)"/g)) {
      if (!codes.has(code)) codes.set(code, { files: new Set([file.split("/")[0]]), message: "" });
    }
  }
  return new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The text of a message as it stands in the source, with … where a value comes in. */
function firstSentence(source) {
  const parts = [...source.matchAll(/`((?:[^`\\]|\\.)*)`|"((?:[^"\\]|\\.)*)"/g)].map(
    ([, template, plain]) => template ?? plain,
  );
  return parts
    .join("")
    .replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "…")
    .replace(/\s+/g, " ")
    .replace(/\|/g, "/")
    .trim()
    .slice(0, 260);
}

export function errorsPage() {
  const rows = [...errorCodes()].map(
    ([code, { files, message }]) => `| \`${code}\` | ${[...files].join(", ")} | ${message} |`,
  );
  return [
    "# Errors",
    "",
    "Every mistake that a user can put right has one of these codes, printed in brackets after the message and given as",
    "`error.code` with `--json`. The exit code is then 2 and nothing is half-written. `…` stands for what was found.",
    "",
    "| code | where | message |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

export async function commandsPage() {
  const { runCommandLine } = await import("../dist/cli/command-line.js");
  const help = async (...args) => {
    const { write } = process.stdout;
    let text = "";
    process.stdout.write = (chunk) => {
      text += chunk;
      return true;
    };
    try {
      await runCommandLine([...args, "--help"]);
    } finally {
      process.stdout.write = write;
    }
    return text;
  };
  const top = await help();
  const names = [...top.matchAll(/^ {2}([a-z]+)(?: |$)/gm)]
    .map(([, name]) => name)
    .filter(
      (name, i, all) =>
        name !== "help" &&
        all.indexOf(name) === i &&
        top.indexOf("Commands:") >= 0 &&
        top.indexOf(`\n  ${name}`) > top.indexOf("Commands:"),
    );
  const block = (text) => ["```", text.trimEnd(), "```", ""].join("\n");
  const page = ["# Commands", "", "What `--help` prints.", "", block(top)];
  for (const name of names) page.push(`## ${name}`, "", block(await help(name)));
  return page.join("\n");
}

/** Every setting of scan.yaml from its schema: type, default, unit, description. */
export async function scanYamlPage() {
  const { ScanConfig } = await import("../dist/pipeline/scan-config.js");
  return settingsPage("scan.yaml", ScanConfig, []);
}

/** Every setting of the model.yaml of a refinement. */
export async function modelYamlPage() {
  const { ModelConfig } = await import("../dist/refinement/index.js");
  return settingsPage("model.yaml", ModelConfig, [
    "What they are for, and examples: [refine.md](refine.md).",
    "",
    "Where the type is *parameter* four things can be written:",
    "",
    "| | |",
    "|---|---|",
    "| `a: 4.05` | a value, held |",
    "| `a: true` | refined, from the value that is found or in the structure file |",
    "| `a: {value: 4.05, refine: true, min: 4, max: 4.1, stage: 2}` | refined from there, between bounds, first in stage 2 |",
    "| left out | the default: cells, scales and the background are refined, the rest is held (see refine.md) |",
    "",
  ]);
}

/** Every setting of the study.yaml of several cells. */
export async function studyYamlPage() {
  const { StudyConfig } = await import("../dist/pipeline/study/study-config.js");
  return settingsPage("study.yaml", StudyConfig, ["What a study does, and an example: [study.md](study.md).", ""]);
}

/** file name -> text of the JSON Schema of each file that people write. */
export async function schemaFiles() {
  const { SETTINGS_NAMES, settingsSchema } = await import("../dist/pipeline/settings-schema.js");
  return new Map(
    SETTINGS_NAMES.map((name) => [`${name}.schema.json`, `${JSON.stringify(settingsSchema(name), null, 1)}\n`]),
  );
}

/** Every setting of the slurm.yaml of --executor slurm. */
export async function slurmYamlPage() {
  const { SlurmSettings } = await import("../dist/pipeline/slurm/slurm-settings.js");
  return settingsPage("slurm.yaml", SlurmSettings, ["How a run goes to a cluster: [cluster.md](cluster.md).", ""]);
}

async function settingsPage(title, config, more) {
  const { z } = await import("zod");
  const schema = z.toJSONSchema(config, { io: "input", unrepresentable: "any" });
  const lines = [
    `# ${title}`,
    "",
    `Every setting, made from the schema that checks it. Paths are seen from the folder of the ${title}. A misspelt`,
    "setting is an error that names its line.",
    "",
    ...more,
  ];
  const tables = [];
  addTable(lines, tables, "top", schema);
  while (tables.length) {
    const { name, node } = tables.shift();
    lines.push("", `## ${name}`, "");
    if (node.description) lines.push(`${node.description}.`, "");
    addTable(lines, tables, name, node);
  }
  return `${lines.join("\n")}\n`;
}

function addTable(lines, tables, name, node) {
  lines.push("| setting | type | default | unit | meaning |", "|---|---|---|---|---|");
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const path = name === "top" ? key : `${name}.${key}`;
    const isNeeded = node.required?.includes(key);
    const shown =
      value.default === undefined || typeof value.default === "object"
        ? isNeeded
          ? "needed"
          : ""
        : `\`${JSON.stringify(value.default)}\``;
    lines.push(
      `| \`${key}\` | ${typeOf(value)} | ${shown} | ${value.unit ?? ""} | ${(value.description ?? "").replaceAll("|", "\\|")} |`,
    );
    if (isParameter(value)) continue;
    for (const [at, part] of partsOf(path, value))
      if (part.properties && !isSpec(part)) tables.push({ name: at, node: part });
  }
}

/** The objects inside a setting: itself, the alternatives of a union, the items of a list. */
function partsOf(path, value) {
  if (value.properties) return [[path, value]];
  if (value.items) return partsOf(`${path}[]`, value.items);
  if (value.additionalProperties?.properties) return [[`${path}.NAME`, value.additionalProperties]];
  return (value.anyOf ?? value.oneOf ?? []).flatMap((part) => {
    const kind = part.properties?.kind?.const;
    return partsOf(kind ? `${path} (kind: ${kind})` : path, part);
  });
}

/** A number, yes or no, or a section with value and refine: the parameter of a model. */
const isParameter = (value) => value.anyOf?.some((part) => isSpec(part)) ?? false;
const isSpec = ({ properties }) => properties?.refine?.type === "boolean" && properties?.value !== undefined;

function typeOf(value) {
  if (isParameter(value)) return "parameter";
  if (value.const !== undefined) return `\`${value.const}\``;
  if (value.enum) return value.enum.map((option) => `\`${option}\``).join(", ");
  if (value.anyOf ?? value.oneOf) return [...new Set((value.anyOf ?? value.oneOf).map(typeOf))].join(" or ");
  if (value.type === "array")
    return value.prefixItems
      ? `[${value.prefixItems.map(typeOf).join(", ")}]`
      : `list of ${value.items ? typeOf(value.items) : "values"}`;
  return value.type === "object" ? "section" : (value.type ?? "any");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "docs/api"), { recursive: true });
  for (const [page, text] of apiPages()) writeFileSync(join(root, page), text);
  writeFileSync(join(root, "docs/errors.md"), errorsPage());
  writeFileSync(join(root, "docs/commands.md"), await commandsPage());
  writeFileSync(join(root, "docs/scan-yaml.md"), await scanYamlPage());
  writeFileSync(join(root, "docs/model-yaml.md"), await modelYamlPage());
  writeFileSync(join(root, "docs/study-yaml.md"), await studyYamlPage());
  writeFileSync(join(root, "docs/slurm-yaml.md"), await slurmYamlPage());
  mkdirSync(join(root, "docs/schema"), { recursive: true });
  for (const [name, text] of await schemaFiles()) writeFileSync(join(root, "docs/schema", name), text);
}
