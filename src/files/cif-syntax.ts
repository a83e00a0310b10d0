/**
 * CIF 1.1 syntax: data blocks of tags and loops. Meaning is left to cif.ts.
 *
 * Source: Hall, Allen & Brown, Acta Cryst. A47 (1991) 655; International Tables for Crystallography G (2005), 2.2.
 */
import { InputError } from "../data/index.ts";

export interface CifValue {
  readonly text: string;
  /** 1 is the first line of the file */
  readonly line: number;
  /** '.' or '?': not given */
  readonly isMissing: boolean;
}

export interface CifBlock {
  readonly name: string;
  /** tag in lower case -> its values, one, or one for each row of its loop */
  readonly items: ReadonlyMap<string, readonly CifValue[]>;
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly isQuoted: boolean;
}

/**
 * @param name what to call the file in messages
 * @throws InputError "cif-syntax"
 */
export function parseCifBlocks(text: string, name: string): CifBlock[] {
  const tokens = tokenise(text, name);
  const blocks: { name: string; items: Map<string, CifValue[]> }[] = [];
  let at = 0;
  while (at < tokens.length) {
    const token = tokens[at]!;
    const word = token.isQuoted ? "" : token.text.toLowerCase();
    if (word.startsWith("data_")) {
      blocks.push({ name: token.text.slice(5), items: new Map() });
      at++;
    } else if (word.startsWith("save_")) at++;
    else {
      const block = blocks.at(-1);
      if (!block) throw syntaxError(name, token.line, `"${token.text.slice(0, 30)}" before any data_ line`);
      at = word === "loop_" ? readLoop(tokens, at + 1, block.items, name) : readItem(tokens, at, block.items, name);
    }
  }
  return blocks;
}

function readItem(tokens: Token[], at: number, items: Map<string, CifValue[]>, name: string): number {
  const tag = tokens[at]!;
  if (!isTag(tag)) throw syntaxError(name, tag.line, `the value "${tag.text.slice(0, 30)}" without a tag`);
  const value = tokens[at + 1];
  if (!value || !isValue(value)) throw syntaxError(name, tag.line, `the tag ${tag.text.slice(0, 60)} without a value`);
  items.set(tag.text.toLowerCase(), [toValue(value)]);
  return at + 2;
}

function readLoop(tokens: Token[], start: number, items: Map<string, CifValue[]>, name: string): number {
  let at = start;
  const columns: CifValue[][] = [];
  for (; at < tokens.length && isTag(tokens[at]!); at++) {
    const column: CifValue[] = [];
    columns.push(column);
    items.set(tokens[at]!.text.toLowerCase(), column);
  }
  const line = tokens[start - 1]!.line;
  if (columns.length === 0) throw syntaxError(name, line, "loop_ without tags");
  let count = 0;
  for (; at < tokens.length && isValue(tokens[at]!); at++)
    columns[count++ % columns.length]!.push(toValue(tokens[at]!));
  if (count % columns.length !== 0) {
    throw syntaxError(
      name,
      line,
      `a loop of ${columns.length} tags with ${count} values, which is no whole number of rows`,
    );
  }
  return at;
}

const RESERVED = /^(?:data_|loop_$|save_|stop_$|global_$)/i;
const isTag = ({ text, isQuoted }: Token): boolean => !isQuoted && text.startsWith("_");
const isValue = (token: Token): boolean => token.isQuoted || !(token.text.startsWith("_") || RESERVED.test(token.text));
const toValue = ({ text, line, isQuoted }: Token): CifValue => ({
  text,
  line,
  isMissing: !isQuoted && (text === "." || text === "?"),
});

function tokenise(text: string, name: string): Token[] {
  const tokens: Token[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith(";")) {
      const first = i;
      const parts = [line.slice(1)];
      for (i++; i < lines.length && !lines[i]!.startsWith(";"); i++) parts.push(lines[i]!);
      if (i >= lines.length) throw syntaxError(name, first + 1, "a text block that is never closed by ;");
      tokens.push({ text: parts.join("\n").trim(), line: first + 1, isQuoted: true });
      readWords(lines[i]!.slice(1), i + 1, tokens, name);
    } else readWords(line, i + 1, tokens, name);
  }
  return tokens;
}

/** A quote ends only before white space, so that 'a dog's life' is one value. */
const WORD = /\s*(?:(#.*)|(['"])(.*?)\2(?=\s|$)|(\S+))/y;

function readWords(line: string, number: number, tokens: Token[], name: string): void {
  WORD.lastIndex = 0;
  for (let match = WORD.exec(line); match; match = WORD.exec(line)) {
    if (match[1] !== undefined) return;
    if (match[2] !== undefined) tokens.push({ text: match[3]!, line: number, isQuoted: true });
    else if (/^['"]/.test(match[4]!)) throw syntaxError(name, number, "a quote that is never closed");
    else tokens.push({ text: match[4]!, line: number, isQuoted: false });
  }
}

function syntaxError(name: string, line: number, found: string): InputError {
  return new InputError(
    "cif-syntax",
    `${name}, line ${line}: found ${found}. A CIF is data_NAME followed by pairs of a _tag and its value, or loop_ with tags and then rows. Correct that line.`,
  );
}
