/** Words of a TOPAS .inp: comments taken away, #ifdef followed, each word with the line it stands in. */
import { parseTopasEquation, type TopasEquation } from "./topas-inp-expression.ts";

/** A number as it stands in a file: its name and mark, or the equation it follows from. */
export interface RawParameter {
  readonly value?: number;
  readonly name?: string;
  readonly isRefined: boolean;
  readonly equation?: TopasEquation;
  readonly min?: number;
  readonly max?: number;
}

export interface TopasScanner {
  /** line of the next word, 1 is the first */
  line(): number;
  isAtEnd(): boolean;
  /** the next word without taking it: an identifier, a number, or one character */
  peek(): string;
  next(): string;
  /** up to the next white space, or what stands between double quotes */
  nextRaw(): string;
  /** whether the next word is a number */
  isNumber(): boolean;
  /** undefined where the next word is no parameter */
  parameter(): RawParameter | undefined;
  /** what stands between the brackets that come next, at the commas; undefined where none come */
  macroArguments(): string[] | undefined;
  /** to the end of the brackets or braces that come next */
  skipBlock(): void;
  /** the text of an equation up to its semicolon, the "=" taken already */
  equationText(): string;
}

/** A number, the mark "`" of a refined one, its esd, and what says that it met a limit. */
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:`?_[-+\w.]*|`)?/y;
const WORD = /[A-Za-z_][\w.]*/y;
const SPACE = /[\s]*/y;
const QUALIFIERS = new Set(["min", "max", "del", "update", "stop_when", "val_on_continue"]);

export const toNumber = (word: string): number => Number(/^[-+]?[\d.]+(?:[eE][-+]?\d+)?/.exec(word)?.[0] ?? "NaN");

/** @param isKeyword words that are no names of parameters */
export function createTopasScanner(text: string, isKeyword: (word: string) => boolean = () => false): TopasScanner {
  let at = 0;
  let counted = 0;
  let lineAt = 1;

  function skip(): void {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  }
  function match(pattern: RegExp): string | undefined {
    skip();
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  }
  function line(): number {
    skip();
    for (; counted < at; counted++) if (text.charCodeAt(counted) === 10) lineAt++;
    return lineAt;
  }
  const isAtEnd = (): boolean => {
    skip();
    return at >= text.length;
  };
  const peek = (): string => match(NUMBER) ?? match(WORD) ?? text.slice(at, at + 1);
  function next(): string {
    const word = peek();
    at += word.length;
    return word;
  }
  function nextRaw(): string {
    skip();
    if (text[at] === '"') {
      const end = text.indexOf('"', at + 1);
      const stop = end < 0 ? text.length : end;
      const inner = text.slice(at + 1, stop);
      at = Math.min(text.length, stop + 1);
      return inner;
    }
    const raw = /\S*/y;
    raw.lastIndex = at;
    const found = raw.exec(text)![0];
    at += found.length;
    return found;
  }
  const isNumber = (): boolean => match(NUMBER) !== undefined;

  function equationText(): string {
    const end = text.indexOf(";", at);
    const stop = end < 0 ? text.length : end;
    const inner = text.slice(at, stop);
    at = Math.min(text.length, stop + 1);
    return inner;
  }

  function parameter(): RawParameter | undefined {
    const start = at;
    let isRefined = false;
    let isFixed = false;
    while (peek() === "@" || peek() === "!") {
      if (next() === "@") isRefined = true;
      else isFixed = true;
    }
    let name: string | undefined;
    if (!isNumber() && /^[A-Za-z_]/.test(peek())) {
      name = next();
      if (isKeyword(name) || (!isNumber() && peek() !== "=")) {
        at = start;
        return undefined;
      }
    }
    if (peek() === "=") {
      next();
      const equation = parseTopasEquation(equationText());
      let value: number | undefined;
      if (peek() === ":") {
        next();
        if (isNumber()) value = toNumber(next());
      }
      return {
        isRefined: false,
        ...(name && { name }),
        ...(value !== undefined && { value }),
        ...(equation && { equation }),
        ...qualifiers(),
      };
    }
    if (!isNumber()) {
      at = start;
      return undefined;
    }
    const value = toNumber(next());
    return { value, isRefined: isRefined || (name !== undefined && !isFixed), ...(name && { name }), ...qualifiers() };
  }

  function qualifiers(): { min?: number; max?: number } {
    const out: { min?: number; max?: number } = {};
    while (QUALIFIERS.has(peek())) {
      const word = next();
      let limit: number | undefined;
      if (peek() === "=") {
        next();
        const equation = parseTopasEquation(equationText());
        limit = equation?.names.size === 0 ? equation.evaluate(() => Number.NaN) : undefined;
      } else if (isNumber()) limit = toNumber(next());
      if ((word === "min" || word === "max") && limit !== undefined && Number.isFinite(limit)) out[word] = limit;
    }
    return out;
  }

  function macroArguments(): string[] | undefined {
    skip();
    if (text[at] !== "(") return undefined;
    const list: string[] = [];
    let depth = 0;
    let from = at + 1;
    for (; at < text.length; at++) {
      const c = text[at];
      if (c === "(") depth++;
      else if (c === ")") depth--;
      if (depth === 0 || (depth === 1 && c === ",")) {
        list.push(text.slice(from, at).trim());
        from = at + 1;
        if (depth === 0) break;
      }
    }
    at = Math.min(text.length, at + 1);
    return list;
  }

  function skipBlock(): void {
    skip();
    const open = text[at];
    if (open !== "(" && open !== "{") return;
    const close = open === "(" ? ")" : "}";
    let depth = 0;
    let isQuoted = false;
    for (; at < text.length; at++) {
      const c = text[at];
      if (c === '"') isQuoted = !isQuoted;
      if (isQuoted) continue;
      if (c === open) depth++;
      else if (c === close && --depth === 0) break;
    }
    at = Math.min(text.length, at + 1);
  }
  return { line, isAtEnd, peek, next, nextRaw, isNumber, parameter, macroArguments, skipBlock, equationText };
}

/** A directive of the preprocessor that was met. */
export interface Directive {
  readonly line: number;
  readonly text: string;
}

/**
 * The text without comments and without what #ifdef and #ifndef leave out, line breaks kept. Directives that are not
 * followed (#include, #if, #prm ...) are left out of the text too.
 */
export function stripTopasComments(text: string): { text: string; directives: Directive[] } {
  const plain = blankComments(text);
  const directives: Directive[] = [];
  const defined = new Set<string>();
  /** of each #ifdef around: whether its part is used */
  const used: boolean[] = [];
  const lines = plain.split("\n").map((line, i) => {
    const directive = /^\s*#\s*([A-Za-z_]\w*)\s*(\S*)/.exec(line);
    if (!directive) return used.every(Boolean) ? line : "";
    const [, word, name] = directive as unknown as [string, string, string];
    if (word === "ifdef" || word === "ifndef" || word === "if") {
      used.push(word === "ifdef" ? defined.has(name) : word === "ifndef" ? !defined.has(name) : false);
    } else if (word === "else" || word === "elseif") used.push(!(used.pop() ?? true));
    else if (word === "endif") used.pop();
    else if (word === "define" && used.every(Boolean)) defined.add(name);
    if (word !== "endif" && word !== "else") directives.push({ line: i + 1, text: `#${word} ${name}`.trim() });
    return "";
  });
  return { text: lines.join("\n"), directives };
}

/** ' to the end of the line, and what stands between the marks of C; not inside of double quotes. */
function blankComments(text: string): string {
  const out: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') isQuoted = !isQuoted;
    else if (c === "\n") isQuoted = false;
    if (isQuoted || (c !== "'" && !(c === "/" && text[i + 1] === "*"))) continue;
    out.push(text.slice(from, i));
    const end = c === "'" ? text.indexOf("\n", i) : text.indexOf("*/", i + 2);
    const stop = end < 0 ? text.length : c === "'" ? end : end + 2;
    out.push(" ", "\n".repeat(text.slice(i, stop).split("\n").length - 1));
    i = stop - 1;
    from = stop;
  }
  out.push(text.slice(from));
  return out.join("");
}
