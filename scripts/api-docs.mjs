/**
 * The reference of the library: docs/api/*.md, one page for each entry point of package.json, from the declarations
 * that tsc leaves in dist/ and the comments in them. `npm run docs`; tests/public-api.test.ts holds it up to date.
 *
 * Declarations are read as text: they are regular (tsc wrote them), and the compiler of TypeScript 7 has no API to ask.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** "xrdct/files" -> absolute path of its .d.ts */
export function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const typed = Object.entries(exports).filter(([, target]) => target.types);
  return new Map(typed.map(([key, { types }]) => [key.replace(".", name), join(root, types)]));
}

/**
 * Every name that a module gives away, with where it is declared.
 *
 * @returns Map name -> { name, kind, declarations: [text], doc, file }
 */
export function namesOf(file) {
  const found = new Map();
  const imported = new Map();
  for (const statement of statementsOf(file)) {
    const { text } = statement;
    const from = /\bfrom "(\.[^"]+)";$/.exec(text)?.[1];
    const theirs = () => namesOf(join(dirname(file), from.replace(/\.ts$/, ".d.ts")));
    if (from && /^import (type )?\{/.test(text)) for (const name of listed(text)) imported.set(name.ours, theirs);
    else if (from && /^export (type )?[{*]/.test(text)) addAll(found, text, theirs());
    else if (/^export (type )?\{/.test(text)) {
      for (const { theirs: name, ours } of listed(text))
        found.set(ours, { ...imported.get(name)?.().get(name), name: ours });
    } else add(found, statement, file);
  }
  return found;
}

/** [{ theirs, ours }] of `{ a, type B, c as d }` */
const listed = (text) =>
  text
    .slice(text.indexOf("{") + 1, text.lastIndexOf("}"))
    .split(",")
    .map((part) =>
      part
        .trim()
        .replace(/^type /, "")
        .split(" as "),
    )
    .filter(([theirs]) => theirs)
    .map(([theirs, ours = theirs]) => ({ theirs, ours }));

function addAll(found, text, others) {
  if (/^export (type )?\*/.test(text)) {
    for (const [name, entry] of others) found.set(name, entry);
    return;
  }
  for (const { theirs, ours } of listed(text)) {
    const entry = others.get(theirs);
    if (!entry) throw new Error(`${theirs} is not declared where ${text} takes it from`);
    found.set(ours, { ...entry, name: ours });
  }
}

function add(found, { text, doc }, file) {
  const declared = /^export (?:declare )?(?:abstract )?(function|const|class|interface|type)\*? (\w+)/.exec(text);
  if (!declared) return;
  const [, kind, name] = declared;
  const entry = found.get(name) ?? { name, kind, declarations: [], doc: "", file };
  // a schema and the type of what it gives have one name: the value comes first
  if (kind === "const" || kind === "function" || kind === "class") entry.kind = kind;
  entry.declarations.push(text);
  entry.doc ||= doc;
  found.set(name, entry);
}

const parsed = new Map();

/** The statements at the top of a .d.ts, each with the comment before it. */
function statementsOf(file) {
  const known = parsed.get(file);
  if (known) return known;
  const text = readFileSync(file, "utf8");
  const statements = [];
  let [at, doc] = [0, ""];
  while (at < text.length) {
    const rest = text.slice(at);
    const comment = /^\s*(\/\*\*[\s\S]*?\*\/|\/\*[\s\S]*?\*\/|\/\/[^\n]*)/.exec(rest);
    if (comment) {
      if (comment[1].startsWith("/**")) doc = comment[1];
      at += comment[0].length;
      continue;
    }
    const length = statementLength(rest);
    const statement = rest.slice(0, length).trim();
    if (statement) statements.push({ text: statement, doc: plainDoc(doc) });
    doc = "";
    at += length;
  }
  parsed.set(file, statements);
  return statements;
}

/** Up to the semicolon, or the brace that closes an interface or class, outside of all brackets, texts and comments. */
function statementLength(text) {
  const isBlock = /^\s*(?:export )?(?:declare )?(?:abstract )?(?:interface|class)\b/.test(text);
  let depth = 0;
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[{}()[\];]/g;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if ("{([".includes(match[0])) depth++;
    else if ("})]".includes(match[0]) && --depth === 0 && isBlock && match[0] === "}") return match.index + 1;
    else if (match[0] === ";" && depth === 0) return match.index + 1;
  }
  return text.length;
}

const plainDoc = (comment) =>
  comment
    .replace(/^\/\*\*\s?|\s*\*\/$/g, "")
    .replace(/^\s*\* ?/gm, "")
    .trim();

/** docs/api/NAME.md -> its text, for all entry points. */
export const apiPages = () =>
  new Map([...entryPoints()].map(([entry, file]) => [`docs/api/${entry.replace("/", "-")}.md`, apiPage(entry, file)]));

/** The page of one entry point. */
export function apiPage(entry, file) {
  const names = namesOf(file);
  const values = [...names.values()].filter(({ kind }) => kind !== "interface" && kind !== "type");
  const intro = plainDoc(/^\/\*\*[\s\S]*?\*\//.exec(readFileSync(file, "utf8"))?.[0] ?? "");
  const lines = [
    `# ${entry}`,
    "",
    intro,
    "",
    `Made by \`npm run docs\`. ${values.length} values and ${names.size - values.length} types.`,
    "",
  ];
  const places = Map.groupBy ? Map.groupBy(names.values(), placeOf) : groupBy(names.values(), placeOf);
  for (const [place, entries] of [...places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`## ${place}`, "");
    const sorted = entries.sort((a, b) => Number(isType(a)) - Number(isType(b)) || (a.name < b.name ? -1 : 1));
    for (const one of sorted) lines.push(...section(one), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

const isType = ({ kind }) => kind === "interface" || kind === "type";

function groupBy(values, key) {
  const groups = new Map();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}

/** Where it is declared: "stages/integrate", "files", "data". */
function placeOf({ file }) {
  const parts = relative(join(root, "dist"), file).split("/");
  return parts
    .slice(0, parts[0] === "stages" ? 2 : 1)
    .join("/")
    .replace(/^api$/, "whole arrays");
}

function section({ name, doc, declarations }) {
  const [text, ...tags] = doc.split(/\s+(?=@(?:param|throws|returns)\b)/);
  const lines = [`### ${name}`, ""];
  if (text && !text.startsWith("@")) lines.push(withCode(text.trimEnd()), "");
  const listed = (text.startsWith("@") ? [text, ...tags] : tags).map(tag);
  if (listed.length > 0) lines.push(...listed, "");
  lines.push("```ts", ...declarations.map(shortened), "```");
  return lines;
}

/** Indented lines of a comment are drawings and formulas. */
const withCode = (text) =>
  text
    .split(/\n\n+/)
    .map((part) => (/^ {2}/m.test(part) ? `\`\`\`text\n${part}\n\`\`\`` : part))
    .join("\n\n");

const tag = (text) => {
  const [, kind, rest] = /^@(\w+)\s*([\s\S]*)$/.exec(text) ?? [undefined, "", text];
  const words = rest.replace(/\s+/g, " ").trim();
  if (kind === "param") return `- ${words.replace(/^(\S+)/, "`$1`:")}`;
  return kind === "throws" ? `- throws ${words}` : kind === "returns" ? `- gives ${words}` : `- ${kind}: ${words}`;
};

/** Declarations as they are; of schemas only that they are one, because the settings have pages of their own. */
function shortened(text) {
  const plain = text.replace(/^export (declare )?/, "");
  if (!/\bz\.(core|Zod)/.test(plain)) return plain;
  return plain.replace(
    /:\s*z\.Zod(\w+)<[\s\S]*$/,
    ": z.Zod$1<...>; // a zod schema, whose settings docs/scan-yaml.md lists",
  );
}
