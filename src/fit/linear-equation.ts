/**
 * Linear equations between named parameters, as a person writes them:
 *
 *   "NMC_S/a = NMC_P/a"    "2*Ni1/occupancy + Mn1/occupancy - 0.5 = 0"    "A/b = A/c + 0.01"    "x = 3 * 'odd name' / 2"
 *
 * A side is a sum of products; a product holds numbers and at most one parameter. Names are matched first, the
 * longest first, so that they may hold / . ( ) ' + - and digits; one that holds spaces or * = is quoted.
 */
import { InputError } from "../data/index.ts";
import { didYouMean } from "../data/nearest-name.ts";

/** sum over terms of factor p[index] = value */
export interface LinearEquation {
  readonly terms: readonly { readonly index: number; readonly factor: number }[];
  readonly value: number;
  /** as it was written, for messages */
  readonly source: string;
}

const NUMBER = /^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/;
/** What may go on a name: a name that ends before one of these was not meant. */
const NAME_GOES_ON = /^([\p{L}\p{N}_.:('#]|\/\p{L})/u;

/**
 * Reads an equation such as `a + 2 b = 3`.
 *
 * @param names the parameters' names in the order of their indices
 * @throws InputError "constraint-syntax", "constraint-unknown-parameter"
 */
export function parseLinearEquation(text: string, names: readonly string[]): LinearEquation {
  const reader = createReader(text, names);
  const factors = new Map<number, number>();
  let value = 0;
  for (const side of [1, -1]) {
    let sign = reader.takeSign() ?? 1;
    for (;;) {
      const { factor, index } = readProduct(reader);
      if (index === undefined) value -= side * sign * factor;
      else factors.set(index, (factors.get(index) ?? 0) + side * sign * factor);
      const next = reader.takeSign();
      if (next === undefined) break;
      sign = next;
    }
    if (side === 1 && !reader.take("=")) throw reader.wrong('one of + - * / or the "="');
  }
  if (!reader.isAtEnd()) throw reader.wrong("the end: one equation a line, with one =");
  if (![value, ...factors.values()].every(Number.isFinite)) throw reader.wrong("numbers within range");
  const terms = [...factors].filter(([, factor]) => factor !== 0).map(([index, factor]) => ({ index, factor }));
  return { terms, value: value === 0 ? 0 : value, source: text.trim() };
}

type Reader = ReturnType<typeof createReader>;

function readProduct(reader: Reader): { factor: number; index: number | undefined } {
  let factor = 1;
  let index: number | undefined;
  let isDivision = false;
  do {
    factor *= reader.takeSign() ?? 1;
    const name = isDivision ? undefined : reader.takeName();
    if (name === undefined) {
      const number = reader.takeNumber();
      if (number === undefined || (isDivision && number === 0)) {
        throw isDivision ? reader.wrong("a number other than 0 to divide by") : reader.unknown();
      }
      factor *= isDivision ? 1 / number : number;
    } else if (index !== undefined) throw reader.wrong("one parameter in a product: constraints are linear");
    else index = name;
    isDivision = reader.take("/");
  } while (isDivision || reader.take("*"));
  return { factor, index };
}

function createReader(text: string, names: readonly string[]) {
  const indices = new Map(names.map((name, index) => [name, index]));
  const longestFirst = [...names].filter((name) => name !== "").sort((a, b) => b.length - a.length);
  let at = 0;
  const rest = (): string => {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    return text.slice(at);
  };
  const take = (symbol: string): boolean => {
    if (!rest().startsWith(symbol)) return false;
    at += symbol.length;
    return true;
  };
  const unknownName = (word: string): InputError => {
    const some = `${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}`;
    const help = didYouMean(word, names) || (names.length > 0 ? `. There are: ${some}.` : " here: nothing is refined.");
    return new InputError(
      "constraint-unknown-parameter",
      `The constraint "${text.trim()}" names "${word}", and there is no such parameter${help}`,
    );
  };
  const wrong = (needed: string): InputError => {
    const found = rest();
    const where = found === "" ? "at its end" : `at "${found.slice(0, 30)}"`;
    return new InputError(
      "constraint-syntax",
      `The constraint "${text.trim()}" cannot be read ${where}: needed is ${needed}. ` +
        `Write sums of number * parameter on both sides of one =, as in "2*A/x + B/x - 0.5 = 0".`,
    );
  };
  return {
    take,
    wrong,
    isAtEnd: () => rest() === "",
    takeSign: (): number | undefined => (take("+") ? 1 : take("-") || take("\u2212") ? -1 : undefined),
    takeNumber(): number | undefined {
      const found = NUMBER.exec(rest())?.[0];
      if (found === undefined) return undefined;
      at += found.length;
      return Number(found);
    },
    takeName(): number | undefined {
      const ahead = rest();
      const quote = ahead[0];
      if (quote === '"' || quote === "'") {
        const end = ahead.indexOf(quote, 1);
        if (end < 0) throw wrong(`a closing ${quote}`);
        const name = ahead.slice(1, end);
        if (!indices.has(name)) throw unknownName(name);
        at += end + 1;
        return indices.get(name);
      }
      const name = longestFirst.find((one) => ahead.startsWith(one) && !NAME_GOES_ON.test(ahead.slice(one.length)));
      if (name === undefined) return undefined;
      at += name.length;
      return indices.get(name);
    },
    /** where neither a number nor a name can be read */
    unknown(): InputError {
      const word = /^[^\s=*]+/.exec(rest())?.[0];
      if (word !== undefined && /^[()]/.test(word)) return wrong("a sum without brackets: multiply them out");
      return word === undefined || !/\p{L}/u.test(word) ? wrong("a number or a parameter") : unknownName(word);
    },
  };
}
