/**
 * Writes docs/errors.md (every code of an InputError with its message) and docs/commands.md (every command's --help)
 * from the program itself. `npm run docs`; a test holds that they are up to date.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));

/** code -> the files that raise it */
export function errorCodes() {
  const codes = new Map();
  for (const file of readdirSync(join(root, "src"), { recursive: true })) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const text = readFileSync(join(root, "src", file), "utf8");
    const found = [...text.matchAll(/new InputError\(\s*"([a-z0-9-]+)",\s*([\s\S]{0,700}?)\n\s*\);|new InputError\("([a-z0-9-]+)", (.+?)\);/g)];
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
  const parts = [...source.matchAll(/`((?:[^`\\]|\\.)*)`|"((?:[^"\\]|\\.)*)"/g)].map(([, template, plain]) => template ?? plain);
  return parts
    .join("")
    .replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "…")
    .replace(/\s+/g, " ")
    .replace(/\|/g, "/")
    .trim()
    .slice(0, 260);
}

export function errorsPage() {
  const rows = [...errorCodes()].map(([code, { files, message }]) => `| \`${code}\` | ${[...files].join(", ")} | ${message} |`);
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

export function commandsPage() {
  const help = (...args) => execFileSync(process.execPath, [join(root, "dist/cli/main.js"), ...args, "--help"], { encoding: "utf8", env: { ...process.env, COLUMNS: "100" } });
  const top = help();
  const names = [...top.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name).filter((name, i, all) => name !== "help" && all.indexOf(name) === i && top.indexOf("Commands:") >= 0 && top.indexOf(`\n  ${name}`) > top.indexOf("Commands:"));
  const block = (text) => ["```", text.trimEnd(), "```", ""].join("\n");
  return ["# Commands", "", "What `--help` prints.", "", block(top), ...names.flatMap((name) => [`## ${name}`, "", block(help(name))])].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(join(root, "docs/errors.md"), errorsPage());
  writeFileSync(join(root, "docs/commands.md"), commandsPage());
}
