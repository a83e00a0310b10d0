/** YAML into a zod schema, with messages that name the line. */
import { type Document, isCollection, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import * as z from "zod";
import { InputError } from "../data/index.ts";
import { didYouMean } from "../data/nearest-name.ts";
import { readText } from "./byte-source.ts";

/** Larger than any configuration; a bigger file is something else by mistake. */
const MAX_BYTES = 1 << 20;
/** Deeper than any configuration; the parser calls itself at each level. */
const MAX_DEPTH = 100;

/** Of what is wrong with one file. */
const MOST_TOLD = 20;

/**
 * @throws InputError "file-not-readable" | "file-too-large" | "yaml-syntax" | "config-invalid", each naming file and line
 */
export function readYaml<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  return parseYaml(readText(path), path, schema);
}

/** As readYaml, from the text itself; `name` is what messages call it. */
export function parseYaml<S extends z.ZodType>(text: string, name: string, schema: S): z.output<S> {
  return orTooDeep(name, () => parseInto(text, name, schema));
}

/** Lists and sections nest without brackets, too ("- - - x"): parser, schema and messages call themselves at each level. */
function orTooDeep<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError && OVERFLOW.test(error.message))) throw error;
    throw tooDeep(name);
  }
}

const OVERFLOW = /call stack/;
const tooDeep = (name: string): InputError =>
  new InputError(
    "yaml-syntax",
    `${name}: its lists and sections lie inside each other too deep to be read; a configuration has at most ${MAX_DEPTH} levels. Write it flatter.`,
  );

function parseInto<S extends z.ZodType>(text: string, name: string, schema: S): z.output<S> {
  const { document, lines } = parseYamlDocument(text, name);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InputError(
      "yaml-syntax",
      `${name}: ${(error as Error).message}. Write the values out instead of using aliases.`,
    );
  }
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const { issues } = result.error;
  const problems = issues.slice(0, MOST_TOLD).flatMap((issue) => describe(issue, document, lines, schema));
  if (issues.length > MOST_TOLD) problems.push(`and ${issues.length - MOST_TOLD} more`);
  throw new InputError(
    "config-invalid",
    [`${name} is not valid:`, ...problems.map((problem) => `  ${problem}`)].join("\n"),
  );
}

/**
 * As a document that keeps comments and order.
 *
 * @throws InputError "yaml-syntax" naming the line
 */
export function parseYamlDocument(text: string, name: string): { document: Document.Parsed; lines: LineCounter } {
  if (text.length > MAX_BYTES) {
    throw new InputError(
      "yaml-syntax",
      `${name} has ${text.length} characters; a configuration has at most ${MAX_BYTES}. Is it the right file?`,
    );
  }
  const lines = new LineCounter();
  const refuse = (at: number, problem: string): InputError => {
    const { line, col } = lines.linePos(at);
    return new InputError("yaml-syntax", `${name}, line ${line}, column ${col}: ${problem}. Mend the YAML there.`);
  };
  const deep = tooDeepAt(text);
  if (deep !== undefined)
    throw new InputError(
      "yaml-syntax",
      `${name} has more than ${MAX_DEPTH} brackets inside each other, from character ${deep} on. Mend the YAML there.`,
    );
  // the parser's own look for keys given twice takes a time that grows with the square of their number
  const document = orTooDeep(name, () =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false }),
  );
  const [syntax] = document.errors;
  // the parser tells of its own overflow as if it were a fault in the text
  if (syntax && OVERFLOW.test(syntax.message)) throw tooDeep(name);
  if (syntax) throw refuse(syntax.pos[0], syntax.message);
  const wrong = orTooDeep(name, () => wrongKey(document));
  if (wrong) throw refuse(wrong.at, wrong.problem);
  return { document, lines };
}

/** Brackets in texts and comments count too: no configuration has that many there. */
function tooDeepAt(text: string): number | undefined {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > MAX_DEPTH) return i;
  }
  return undefined;
}

/** A key that is there twice, or that is a section or a list: written out as texts, such inside each other double each time. */
function wrongKey(document: Document.Parsed): { at: number; problem: string } | undefined {
  let found: { at: number; problem: string } | undefined;
  const wrong = (key: unknown, problem: string): symbol => {
    found = { at: (key as ParsedNode).range[0], problem };
    return visit.BREAK;
  };
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (isCollection(key)) return wrong(key, "a section or a list cannot be the name of a setting");
        const value = isScalar(key) ? key.value : key;
        if (seen.has(value)) return wrong(key, "Map keys must be unique");
        seen.add(value);
      }
      return undefined;
    },
  });
  return found;
}

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, schema: z.ZodType): string[] {
  const at = (path: readonly PropertyKey[]) => {
    const found = lineOf(document, lines, path);
    return `${found ? `line ${found}: ` : ""}${path.map(String).join(".") || "(top)"}`;
  };
  if (issue.code === "unrecognized_keys") {
    const known = settingsAt(schema, issue.path);
    return issue.keys.slice(0, MOST_TOLD).map((key) => {
      // it exists in another form of this section, which something else does not fit
      if (known.includes(key))
        return `${at([...issue.path, key])}: its value, or that of a setting beside it, does not fit`;
      // of one or two letters every name is as near as any other
      const isShort = key.length < 3 && !known.some((name) => name.toLowerCase() === key.toLowerCase());
      const meant =
        (isShort ? "" : didYouMean(key, known)) ||
        (known.length > 0 ? `; there are ${known.join(", ")}.` : ". Check the spelling, or remove the line.");
      return `${at([...issue.path, key])}: there is no such setting${meant}`;
    });
  }
  if (issue.code === "invalid_union") {
    const closest = [...issue.errors].sort((a, b) => distanceOf(a) - distanceOf(b))[0];
    if (closest?.length && distanceOf(closest) < OTHER_TYPE)
      return closest.flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, document, lines, schema),
      );
    const found = document.getIn(issue.path as unknown[]);
    if (closest?.length && found !== undefined) {
      const wanted = [...new Set(issue.errors.flat().map((inner) => expected(inner)))].filter(Boolean);
      return [`${at(issue.path)}: ${wanted.join(" or ")} is needed (found ${shorten(JSON.stringify(found))})`];
    }
  }
  const found = document.getIn(issue.path as unknown[]);
  if (found === undefined) return [`${at(issue.path)} is missing: ${needed(issue)} is needed.`];
  return [`${at(issue.path)}: ${issue.message} (found ${shorten(JSON.stringify(found))})`];
}

/** A branch of another type altogether (a text where a section was written) says nothing about what is wrong. */
const OTHER_TYPE = 1000;

/** How far what was written is from a branch of a union, by what would have to change. */
const distanceOf = (errors: readonly z.core.$ZodIssue[]): number =>
  errors.reduce((sum, issue) => {
    if (issue.code === "unrecognized_keys") return sum + issue.keys.length;
    if (issue.code === "invalid_union") return sum + Math.min(...issue.errors.map(distanceOf));
    return sum + (issue.code === "invalid_type" && issue.path.length === 0 ? OTHER_TYPE : 1);
  }, 0);

/** What one branch of a union would have taken, in words. */
const expected = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_type"
    ? (NEEDED[issue.expected] ?? `a ${issue.expected}`)
    : issue.code === "invalid_value"
      ? `one of ${issue.values.join(", ")}`
      : issue.code === "invalid_union"
        ? [...new Set(issue.errors.flat().map(expected))].join(" or ")
        : "";

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
}

/** Names of the settings that a section may have. */
function settingsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as SchemaNode;
  const alternatives = (node: SchemaNode): SchemaNode[] => [
    node,
    ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(alternatives),
  ];
  let nodes = alternatives(root);
  for (const key of path) {
    nodes = nodes
      .flatMap(({ properties, items, additionalProperties }) => [
        properties?.[String(key)],
        typeof key === "number" ? items : undefined,
        typeof additionalProperties === "object" ? additionalProperties : undefined,
      ])
      .filter((node) => node !== undefined)
      .flatMap(alternatives);
  }
  return nodes.flatMap(({ properties }) => Object.keys(properties ?? {}));
}

const NEEDED: Readonly<Record<string, string>> = { object: "a section", array: "a list", string: "a text" };
const needed = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_type" ? (NEEDED[issue.expected] ?? `a ${issue.expected}`) : "it";

const shorten = (text: string | undefined): string =>
  text === undefined ? "a structure" : text.length > 60 ? `${text.slice(0, 57)}...` : text;

/** The line of the deepest part of the path that is in the document. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1) as unknown[], true);
    const key = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => String((item.key as { value?: unknown })?.value ?? item.key) === String(key),
      );
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range) return lines.linePos(range[0]).line;
    }
    const node = document.getIn(path.slice(0, depth) as unknown[], true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
