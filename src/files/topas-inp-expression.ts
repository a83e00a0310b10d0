/**
 * Equations of TOPAS: numbers, names, + - * / ^, brackets, functions; two factors side by side are multiplied, and
 * angles are in radians. Nothing else can be written in them, so a file cannot run code.
 *
 * Source: Coelho, TOPAS-Academic V6 Technical Reference, "Parameters and equations".
 */

export interface TopasEquation {
  readonly text: string;
  /** parameters and reserved names that it asks for */
  readonly names: ReadonlySet<string>;
  /** NaN where a name has no value */
  readonly evaluate: (lookup: (name: string) => number) => number;
}

type Node = (lookup: (name: string) => number) => number;

const FUNCTIONS: Readonly<Record<string, (...x: number[]) => number>> = {
  Sqrt: Math.sqrt,
  Sin: Math.sin,
  Cos: Math.cos,
  Tan: Math.tan,
  ArcSin: Math.asin,
  ArcCos: Math.acos,
  ArcTan: Math.atan,
  Exp: Math.exp,
  Ln: Math.log,
  Abs: Math.abs,
  Sign: Math.sign,
  Max: Math.max,
  Min: Math.min,
};
const CONSTANTS: Readonly<Record<string, number>> = { Pi: Math.PI, Rad: 180 / Math.PI, Deg: Math.PI / 180 };

/** Capitalised words that are numbers. */
const FACTORS = new Set([...Object.keys(CONSTANTS), "Th", "Lam", "X", "Xo"]);
/** Longer than any equation written by hand or program; brackets nest less deep than the stack of calls allows. */
const MOST_CHARACTERS = 4000;
const DEEPEST = 60;
const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/^(),]))/y;

interface Token {
  readonly kind: "number" | "name" | "sign";
  readonly text: string;
}

/** @returns undefined where the text is no equation of this kind */
export function parseTopasEquation(text: string): TopasEquation | undefined {
  const tokens = tokenise(text) ?? [];
  if (tokens.length === 0) return undefined;
  const names = new Set<string>();
  let at = 0;
  let depth = 0;
  const isSign = (...signs: string[]): boolean => tokens[at]?.kind === "sign" && signs.includes(tokens[at]!.text);

  function sum(): Node | undefined {
    if (++depth > DEEPEST) return undefined;
    let left = product();
    while (left && isSign("+", "-")) {
      const [before, isMinus] = [left, tokens[at++]!.text === "-"];
      const right = product();
      if (!right) return undefined;
      left = (lookup) => before(lookup) + (isMinus ? -right(lookup) : right(lookup));
    }
    depth--;
    return left;
  }

  function product(): Node | undefined {
    let left = signed();
    while (left && at < tokens.length) {
      const isExplicit = isSign("*", "/");
      if (!isExplicit && tokens[at]!.kind === "sign" && !isSign("(")) break;
      const divides = isExplicit && tokens[at]!.text === "/";
      if (isExplicit) at++;
      const before = left;
      const right = isExplicit ? signed() : power();
      if (!right) return undefined;
      left = (lookup) => (divides ? before(lookup) / right(lookup) : before(lookup) * right(lookup));
    }
    return left;
  }

  function signed(): Node | undefined {
    let isNegative = false;
    while (isSign("+", "-")) if (tokens[at++]!.text === "-") isNegative = !isNegative;
    const inner = power();
    return inner && isNegative ? (lookup) => -inner(lookup) : inner;
  }

  function power(): Node | undefined {
    const base = primary();
    if (!base || !isSign("^")) return base;
    at++;
    if (++depth > DEEPEST) return undefined;
    const exponent = signed();
    depth--;
    return exponent && ((lookup) => base(lookup) ** exponent(lookup));
  }

  function primary(): Node | undefined {
    const token = tokens[at++];
    if (!token) return undefined;
    if (token.kind === "number") {
      const value = Number(token.text);
      return () => value;
    }
    if (token.kind === "name") return isSign("(") ? call(token.text) : named(token.text);
    if (token.text !== "(") return undefined;
    const inner = sum();
    return inner && isSign(")") && at++ >= 0 ? inner : undefined;
  }

  function named(name: string): Node {
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
    if (constant !== undefined) return () => constant;
    names.add(name);
    return (lookup) => lookup(name);
  }

  /** A name before a bracket that is no function is a factor. */
  function call(name: string): Node | undefined {
    const apply = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    // a function that is not known here begins with a capital, as all of TOPAS's do
    if (!apply) return /^[A-Z][A-Za-z]*$/.test(name) && !FACTORS.has(name) ? undefined : named(name);
    at++;
    const list: Node[] = [];
    for (;;) {
      const one = sum();
      if (!one) return undefined;
      list.push(one);
      if (isSign(")")) break;
      if (!isSign(",")) return undefined;
      at++;
    }
    at++;
    return (lookup) => apply(...list.map((one) => one(lookup)));
  }

  const root = sum();
  return root && at === tokens.length ? { text: text.trim(), names, evaluate: root } : undefined;
}

function tokenise(text: string): Token[] | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const tokens: Token[] = [];
  let at = 0;
  const end = text.trimEnd().length;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    const [, number, name, sign] = match;
    tokens.push({
      kind: number !== undefined ? "number" : name !== undefined ? "name" : "sign",
      text: (number ?? name ?? sign)!,
    });
    at = TOKEN.lastIndex;
  }
  return tokens;
}
