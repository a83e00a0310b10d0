/** Damage that a file may have, at random: bytes of any file, and lines, words and numbers of texts. */

/** Uniform in [0, 1). */
export type Random = () => number;

/** Nothing is made larger than this: limits are tried by tests, the fuzzer looks for what is between them. */
const MOST_BYTES = 4 << 20;

export const whole = (random: Random, below: number): number => Math.floor(random() * below);
export const pick = <T>(random: Random, list: readonly T[]): T => list[whole(random, list.length)]!;

/** Most files get one change: with more of them a reader comes no further than the first. */
const changes = (random: Random): number => pick(random, [1, 1, 1, 1, 2, 2, 3, 5]);

/** One to five changes. `others` are files that pieces may come from. */
export function mutateBytes(random: Random, given: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  // a Buffer's slice would be the seed itself
  let bytes: Uint8Array = new Uint8Array(given);
  for (let left = changes(random); left > 0; left--) bytes = pick(random, BYTE_CHANGES)(random, bytes, others);
  return bytes;
}

/** The same for a text, by lines and words; now and then by bytes. */
export function mutateText(random: Random, given: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  if (random() < 0.2) return mutateBytes(random, given, others);
  // latin1 keeps every byte as it is
  let lines = latin1(given).split("\n");
  const from = (): string[] => latin1(pick(random, others)).split("\n");
  for (let left = changes(random); left > 0; left--) lines = pick(random, LINE_CHANGES)(random, lines, from);
  return Buffer.from(lines.join("\n").slice(0, MOST_BYTES), "latin1");
}

/** One bit other than it was, in [from, to): what a checksum has to tell. */
export function flipOneBit(random: Random, given: Uint8Array, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(given);
  bytes[from + whole(random, to - from)]! ^= 1 << whole(random, 8);
  return bytes;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/** A place, every other time in the first kilobyte, where headers are. */
const place = (random: Random, length: number): number =>
  whole(random, random() < 0.5 ? Math.min(1024, length) : length);
/** A length, mostly short. */
const extent = (random: Random, most: number): number => whole(random, 1 + Math.min(most, 4 ** whole(random, 8)));

const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts)).slice(0, MOST_BYTES);

type ByteChange = (random: Random, bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const BYTE_CHANGES: readonly ByteChange[] = [
  function flipBits(random, bytes) {
    for (let left = 1 + whole(random, 8); left > 0 && bytes.length > 0; left--)
      bytes[place(random, bytes.length)]! ^= 1 << whole(random, 8);
    return bytes;
  },
  function setByte(random, bytes) {
    if (bytes.length > 0) bytes[place(random, bytes.length)] = whole(random, 256);
    return bytes;
  },
  blowUpInteger,
  blowUpInteger,
  function truncate(random, bytes) {
    return bytes.slice(0, whole(random, bytes.length));
  },
  function splice(random, bytes, others) {
    const other = pick(random, others);
    return joined(bytes.subarray(0, place(random, bytes.length)), other.subarray(place(random, other.length)));
  },
  function graft(random, bytes, others) {
    const other = pick(random, others);
    const at = place(random, bytes.length);
    const from = place(random, other.length);
    const size = extent(random, other.length - from);
    return joined(bytes.subarray(0, at), other.subarray(from, from + size), bytes.subarray(at + size));
  },
  function repeatBlock(random, bytes) {
    const at = place(random, bytes.length);
    const block = bytes.subarray(at, at + extent(random, bytes.length - at));
    const times = 1 + whole(random, 4 ** whole(random, 5));
    const most = Math.max(1, Math.floor(MOST_BYTES / Math.max(1, block.length)));
    return joined(bytes.subarray(0, at), ...Array(Math.min(times, most)).fill(block), bytes.subarray(at));
  },
  function dropBlock(random, bytes) {
    const at = place(random, bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + extent(random, bytes.length - at)));
  },
  function fillBlock(random, bytes) {
    const at = place(random, bytes.length);
    const kind = whole(random, 3);
    for (let i = at, end = at + extent(random, bytes.length - at); i < end; i++)
      bytes[i] = kind === 0 ? 0 : kind === 1 ? 255 : whole(random, 256);
    return bytes;
  },
];

/** Counts, offsets and lengths are integers of 1 to 8 bytes, in either order; what breaks readers is at their edges. */
function blowUpInteger(random: Random, bytes: Uint8Array): Uint8Array {
  const width = pick(random, [1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = Math.min(place(random, bytes.length), bytes.length - width);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const little = random() < 0.5;
  const bits = BigInt(8 * width);
  let value = 0n;
  for (let i = 0; i < width; i++) value = (value << 8n) | BigInt(bytes[little ? at + width - 1 - i : at + i]!);
  const changed = pick(random, [
    0n,
    1n,
    (1n << (bits - 1n)) - 1n,
    1n << (bits - 1n),
    (1n << bits) - 1n,
    (1n << bits) - BigInt(1 + whole(random, 16)),
    BigInt(bytes.length),
    BigInt(whole(random, bytes.length + 1)),
    BigInt(at),
    value + 1n,
    value - 1n,
    value * 2n,
    value << 16n,
    value >> 1n,
    -value,
  ]);
  const kept = BigInt.asUintN(8 * width, changed);
  for (let i = 0; i < width; i++)
    view.setUint8(little ? at + i : at + width - 1 - i, Number((kept >> BigInt(8 * i)) & 255n));
  return bytes;
}

type LineChange = (random: Random, lines: string[], from: () => string[]) => string[];

const changeLine = (random: Random, lines: string[], change: (line: string) => string): string[] => {
  const at = lines.length > 0 ? placeOfLine(random, lines) : 0;
  lines[at] = change(lines[at] ?? "").slice(0, MOST_BYTES);
  return lines;
};
const placeOfLine = (random: Random, lines: readonly string[]): number =>
  whole(random, random() < 0.6 ? Math.min(40, lines.length) : lines.length);

/** What a number or a word may be replaced by. */
const WORDS =
  "|0|-0|1|-1|1e400|-1e400|1e-400|1e308|NaN|nan|Infinity|-inf|0x10|1e|--5|1,5|1.2.3|.|-|+|1(2)|?|2147483648|4294967296|99999999999999999999|1e9|1e5|null|true|~|[]|{}|[[]]|{a: 1}|*a|&a b|!!js x|<<|__proto__|constructor|prototype|toString|'|\"|;|#|%|data_|loop_|_x|\u0000|\u001b[31m|\u202e|\ufeff|../../x|/dev/zero".split(
    "|",
  );
const NUMBER = /[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?/g;
const WORD = /[A-Za-z_][\w.-]*/g;

const replaceOne = (random: Random, line: string, what: RegExp, by: (found: string) => string): string => {
  const found = [...line.matchAll(what)];
  if (found.length === 0) return line;
  const one = pick(random, found);
  return line.slice(0, one.index) + by(one[0]) + line.slice(one.index + one[0].length);
};

const LINE_CHANGES: readonly LineChange[] = [
  function dropLine(random, lines) {
    lines.splice(placeOfLine(random, lines), extent(random, 20));
    return lines.length > 0 ? lines : [""];
  },
  function repeatLine(random, lines) {
    const at = placeOfLine(random, lines);
    const line = lines[at] ?? "";
    const times = Math.min(1 + whole(random, 4 ** whole(random, 7)), Math.floor(1e6 / (line.length + 1)));
    return [...lines.slice(0, at), ...Array<string>(times).fill(line), ...lines.slice(at)];
  },
  function swapLines(random, lines) {
    const [a, b] = [placeOfLine(random, lines), whole(random, lines.length)];
    [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
    return lines;
  },
  function graftLines(random, lines, from) {
    const other = from();
    const start = placeOfLine(random, other);
    lines.splice(placeOfLine(random, lines), whole(random, 3), ...other.slice(start, start + extent(random, 30)));
    return lines;
  },
  function splice(random, lines, from) {
    const other = from();
    return [...lines.slice(0, placeOfLine(random, lines)), ...other.slice(placeOfLine(random, other))];
  },
  (random, lines) => changeLine(random, lines, (line) => replaceOne(random, line, NUMBER, () => pick(random, WORDS))),
  (random, lines) => changeLine(random, lines, (line) => replaceOne(random, line, NUMBER, () => pick(random, WORDS))),
  function changeDigits(random, lines) {
    const change = (found: string): string =>
      pick(random, [
        `-${found}`,
        `${found}${found}`,
        `${found}e9`,
        `${found}.`,
        found.slice(1),
        `${found}${whole(random, 1e6)}`,
        `${Number(found) + pick(random, [-1, 1, 1e-6])}`,
      ]);
    return changeLine(random, lines, (line) => replaceOne(random, line, NUMBER, change));
  },
  (random, lines) => changeLine(random, lines, (line) => replaceOne(random, line, WORD, () => pick(random, WORDS))),
  function swapWords(random, lines) {
    const words = [...lines.join("\n").slice(0, 1e5).matchAll(WORD)].map(([word]) => word);
    return changeLine(random, lines, (line) =>
      replaceOne(random, line, WORD, (found) => (words.length > 0 ? pick(random, words) : found)),
    );
  },
  function insertText(random, lines) {
    return changeLine(random, lines, (line) => {
      const at = whole(random, line.length + 1);
      return line.slice(0, at) + pick(random, WORDS) + line.slice(at);
    });
  },
  function cutLine(random, lines) {
    return changeLine(random, lines, (line) => line.slice(0, whole(random, line.length + 1)));
  },
  function changeSeparators(random, lines) {
    const [from, to] = [
      pick(random, [",", " ", "\t", ";", ":", "="]),
      pick(random, [",", " ", "\t", ";", ":", "=", ""]),
    ];
    return random() < 0.5
      ? lines.map((line) => line.replaceAll(from, to))
      : changeLine(random, lines, (line) => line.replaceAll(from, to));
  },
  function indent(random, lines) {
    return changeLine(random, lines, (line) => pick(random, ["  ", "\t", "- ", "    ", "# "]) + line);
  },
  function changeLineEnds(random, lines) {
    const end = pick(random, ["\r", "\r\r", "\u2028", "\0"]);
    return random() < 0.3 ? [lines.join(end)] : lines.map((line) => line + end);
  },
  function longLine(random, lines) {
    return changeLine(random, lines, (line) => {
      const times = Math.min(4 ** whole(random, 9), Math.floor(1e6 / (line.length + 1)));
      return (line || pick(random, ["(", "[", "{", "-", "+", " ", "9", '"', "a*", "((", "/*"])).repeat(times);
    });
  },
  function nest(random, lines) {
    const [open, close] = pick(random, [
      ["(", ")"],
      ["[", "]"],
      ["{", "}"],
      ["<a>", "</a>"],
      ["for {", "}"],
      ["#ifdef a\n", "\n#endif"],
      ["/*", "*/"],
    ] as const);
    const times = 4 ** whole(random, 8);
    return changeLine(random, lines, (line) => open.repeat(times) + line + (random() < 0.5 ? close.repeat(times) : ""));
  },
  (_, lines) => lines.slice(0, 1),
];
