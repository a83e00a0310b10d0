/** scan.yaml as text and as values at once: the form changes values, and the text keeps its order and comments. */
import { type Document, isMap, parseDocument } from "yaml";
import { type Schema, schemaAt } from "./json-schema.ts";

export type Path = readonly (string | number)[];

export interface ScanDocument {
  readonly text: string;
  /** undefined where the text is not YAML */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** why it is not */
  readonly problem: string | undefined;
}

export function readDocument(text: string): ScanDocument {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error) return { text, value: undefined, problem: error.message.split("\n")[0]! };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) return { text, value: {}, problem: undefined };
    if (typeof value === "object" && !Array.isArray(value))
      return { text, value: value as Record<string, unknown>, problem: undefined };
    return { text, value: undefined, problem: "The text is a list or a word; settings are lines like `stepMm: 0.02`." };
  } catch (problem) {
    return { text, value: undefined, problem: (problem as Error).message };
  }
}

/**
 * The text with one value changed.
 *
 * @param value undefined: left out
 * @param schema of the whole: a section that has become empty goes, where leaving it out means the same
 */
export function edit(text: string, path: Path, value: unknown, schema: Schema): string {
  const document = parseDocument(text);
  if (value === undefined) remove(document, path, schema);
  else set(document, path, value);
  const written = document.contents === null ? "" : document.toString({ lineWidth: 0 });
  return written === "{}\n" ? "" : written;
}

function set(document: Document, path: Path, value: unknown): void {
  const isPlain = value === null || typeof value !== "object";
  const inside = isPlain ? value : document.createNode(value);
  for (let depth = path.length; depth > 0; depth--) {
    try {
      // where a word stands in place of a section, the section takes its place
      if (depth < path.length)
        document.setIn(path.slice(0, depth), document.createNode(nest(path.slice(depth), value)));
      else document.setIn(path, inside);
      return;
    } catch {
      // one level up
    }
  }
}

const nest = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (typeof key === "number" ? [inner] : { [key]: inner }), value);

function remove(document: Document, path: Path, schema: Schema): void {
  document.deleteIn(path);
  const parent = path.slice(0, -1);
  if (parent.length === 0) return;
  const left = document.getIn(parent, true);
  const isEmpty = isMap(left) && left.items.length === 0;
  if (isEmpty && schemaAt(schema, parent)?.default !== undefined) remove(document, parent, schema);
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}

/** A path that a file names, seen from the folder of that file; undefined where it leaves what is served. */
export function pathBeside(file: string, named: string): string | undefined {
  const parts = file.split("/").slice(0, -1);
  for (const part of named.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return named.startsWith("/") ? undefined : parts.join("/");
}
