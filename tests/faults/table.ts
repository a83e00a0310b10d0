/** The counts of the matrix as the tables of docs/reliability.md. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Cell {
  tries: number;
  outcomes: Record<string, number>;
  wrong: number;
}

export interface Matrix {
  readonly seed: number;
  /** fault -> stage */
  readonly cells: Record<string, Record<string, Cell>>;
}

export const MATRIX = join(import.meta.dirname, "matrix.json");

/** What was kept; none where the matrix was never run. */
export const readMatrix = (): Matrix | undefined =>
  existsSync(MATRIX) ? (JSON.parse(readFileSync(MATRIX, "utf8")) as Matrix) : undefined;

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** In the order of the road. */
const STAGES = [
  ...["simulate", "read", "arrange", "integrate", "sinogram", "reconstruct", "absorb", "map", "map-rietveld", "dlsr"],
  ...["result", "refine --each", "series", "study", "serve"],
];
const LETTERS: readonly (readonly [pattern: RegExp, letter: string])[] = [
  [/^none/, "s"],
  [/^told/, "t"],
  [/^ended/, "k"],
  [/./, "x"],
];

/** Markdown lines; none where the matrix was never run. */
export function matrixTable(): string[] {
  const matrix = readMatrix();
  if (!matrix) return [];
  const { seed, cells } = matrix;
  const stages = STAGES.filter((stage) => Object.values(cells).some((of) => of[stage]));
  const all = Object.values(cells).flatMap((of) => Object.values(of));
  const [done, wrong] = [sum(all.map(({ tries }) => tries)), sum(all.map(({ wrong }) => wrong))];
  return [
    "## The matrix",
    "",
    `${done} tries, drawn from seed ${seed}; ${wrong} of them ended in another way than they have to. \`npm run faults -- --seed ${seed} --write\``,
    "does them again and writes these tables; tests/faults/faults.ts says what each fault is, tests/faults-sample.test.ts tries",
    "others every day. After each try the same command is run again, and must end in the bits of a run in which nothing went",
    "wrong (sha256 of every array), with no block done twice that was finished, and nothing left behind.",
    "",
    "In a cell: **s** went on by itself to the same bits; **t** one message with a stable code and exit code 2 (or 130 where it",
    "was asked to stop), then the same bits; **k** the process was killed, then the same bits; **x** not as it has to be;",
    "· cannot be done there, or was not reached.",
    "",
    `| what goes wrong | ${stages.join(" | ")} | it is told as |`,
    `|---|${stages.map(() => "---").join("|")}|---|`,
    ...Object.entries(cells).map(([fault, of]) => {
      const row = stages.map((stage) => cellText(of[stage]));
      return `| ${fault.replaceAll("|", "\\|")} | ${row.join(" | ")} | ${codesOf(Object.values(of))} |`;
    }),
    "",
  ];
}

function cellText(cell: Cell | undefined): string {
  if (!cell || cell.tries === 0) return "·";
  const counts = new Map<string, number>();
  for (const [what, count] of Object.entries(cell.outcomes)) {
    const letter = LETTERS.find(([pattern]) => pattern.test(what))![1];
    counts.set(letter, (counts.get(letter) ?? 0) + count);
  }
  const text = [...counts].map(([letter, count]) => (count > 1 ? `${count}${letter}` : letter)).join(" ");
  return cell.wrong > 0 ? `**${text}, ${cell.wrong} wrong**` : text;
}

function codesOf(cells: readonly Cell[]): string {
  const codes = cells.flatMap(({ outcomes }) =>
    Object.keys(outcomes).flatMap((what) => /\[(.*)\]$/.exec(what)?.[1] ?? []),
  );
  return [...new Set(codes)].map((code) => `\`${code}\``).join(", ");
}
