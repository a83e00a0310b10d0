/**
 * CIF 1.1 syntax, with the triple quotes, lists and tables of CIF 2.0 as single values: data blocks of tags and loops.
 * Meaning is left to cif.ts. Tags lose their case and the dots of newer dictionaries: _cell.length_a is _cell_length_a.
 *
 * Sources: Hall, Allen & Brown, Acta Cryst. A47 (1991) 655; International Tables for Crystallography G (2005), 2.2;
 *          Bernstein et al., J. Appl. Cryst. 49 (2016) 277 (CIF 2.0).
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
  /** tag in lower case, dots as underscores -> its values, one, or one for each row of its loop */
  readonly items: ReadonlyMap<string, readonly CifValue[]>;
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly isQuoted: boolean;
}

/**
 * @param name what to call the file in messages
 * @throws InputError "cif-syntax" | "cif-too-large"
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
    } else if (word === "global_") {
      blocks.push({ name: "global", items: new Map() });
      at++;
    } else if (word.startsWith("save_") || word === "stop_") at++;
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
  const hasValue = value !== undefined && isValue(value);
  // a tag left without a value is common in files made from forms: it says as much as "?"
  items.set(toTag(tag), [hasValue ? toValue(value) : { text: "", line: tag.line, isMissing: true }]);
  return hasValue ? at + 2 : at + 1;
}

function readLoop(tokens: Token[], start: number, items: Map<string, CifValue[]>, name: string): number {
  let at = start;
  const columns: CifValue[][] = [];
  for (; at < tokens.length && isTag(tokens[at]!); at++) {
    const column: CifValue[] = [];
    columns.push(column);
    items.set(toTag(tokens[at]!), column);
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
const toTag = ({ text }: Token): string => text.toLowerCase().replaceAll(".", "_");
const toValue = ({ text, line, isQuoted }: Token): CifValue => ({
  text,
  line,
  isMissing: !isQuoted && (text === "." || text === "?"),
});

/** Each takes some 150 bytes; a structure with all its reflections has some 100 000. */
const MOST_WORDS = 4_000_000;

/** Lines, and their text in one piece for values that go over several. */
interface WholeText {
  readonly lines: readonly string[];
  readonly text: string;
  /** where each line begins in it */
  readonly starts: readonly number[];
}

function wholeOf(lines: readonly string[]): WholeText {
  let at = 0;
  const starts = lines.map((line) => {
    const start = at;
    at += line.length + 1;
    return start;
  });
  return { lines, text: lines.join("\n"), starts };
}

function tokenise(text: string, name: string): Token[] {
  const tokens: Token[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const whole = /^#\\#CIF_2/.test(lines[0]!) ? wholeOf(lines) : undefined;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith(";")) {
      const first = i;
      const parts = [line.slice(1)];
      for (i++; i < lines.length && !lines[i]!.startsWith(";"); i++) parts.push(lines[i]!);
      if (i >= lines.length) throw syntaxError(name, first + 1, "a text block that is never closed by ;");
      tokens.push({ text: unfold(parts).join("\n").trim(), line: first + 1, isQuoted: true });
      readWords(lines[i]!.slice(1), i + 1, tokens, name);
    } else if (whole) i = readCif2Words(whole, i, tokens, name);
    else readWords(line, i + 1, tokens, name);
    if (tokens.length > MOST_WORDS) {
      throw new InputError(
        "cif-too-large",
        `${name} has more than ${MOST_WORDS} words; a structure has far fewer. Take out the lists of reflections or profiles, or give another file.`,
      );
    }
  }
  return tokens;
}

/** A text block that begins with a backslash has long lines cut at backslashes. */
function unfold(parts: readonly string[]): readonly string[] {
  if (parts[0]!.trim() !== "\\") return parts;
  return parts
    .slice(1)
    .join("\n")
    .replace(/\\[ \t]*\n/g, "")
    .split("\n");
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

/** In CIF 2.0 a quote ends at the next quote, three quotes hold lines, and brackets hold values. */
const CIF2_WORD = /\s*(?:(#.*)|('''|""")|(['"])(.*?)\3|([[{])|([^\s[{]\S*))/y;

/** The words of a line, and of those after it that belong to a value begun on it. @returns the last line read */
function readCif2Words({ lines, text, starts }: WholeText, start: number, tokens: Token[], name: string): number {
  let at = start;
  CIF2_WORD.lastIndex = 0;
  for (let match = CIF2_WORD.exec(lines[at]!); match; match = CIF2_WORD.exec(lines[at]!)) {
    const [, comment, triple, quote, quoted, bracket, word] = match;
    if (comment !== undefined) return at;
    if (triple === undefined && bracket === undefined) {
      if (quote === undefined && /^['"]/.test(word!)) throw syntaxError(name, at + 1, "a quote that is never closed");
      tokens.push({ text: quoted ?? word!, line: at + 1, isQuoted: quote !== undefined });
      continue;
    }
    const from = starts[at]! + CIF2_WORD.lastIndex;
    const close = triple ? text.indexOf(triple, from) : closingBracket(text, from - 1);
    if (close < 0) throw syntaxError(name, at + 1, `${triple ?? bracket} that is never closed`);
    tokens.push({
      text: triple ? text.slice(from, close) : text.slice(from - 1, close + 1),
      line: at + 1,
      isQuoted: true,
    });
    const end = close + (triple ? 3 : 1);
    while (at + 1 < starts.length && starts[at + 1]! <= end) at++;
    CIF2_WORD.lastIndex = end - starts[at]!;
  }
  return at;
}

/** Where the bracket at `start` closes, -1 where it does not. Quoted brackets do not count. */
function closingBracket(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === "'" || letter === '"') {
      i = text.indexOf(letter, i + 1);
      if (i < 0) return -1;
    } else if (letter === "[" || letter === "{") depth++;
    else if ((letter === "]" || letter === "}") && --depth === 0) return i;
  }
  return -1;
}

function syntaxError(name: string, line: number, found: string): InputError {
  return new InputError(
    "cif-syntax",
    `${name}, line ${line}: found ${found}. A CIF is data_NAME followed by pairs of a _tag and its value, or loop_ with tags and then rows. Correct that line.`,
  );
}
