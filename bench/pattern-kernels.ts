/**
 * The pattern engine's kernels, CPU time a call, beside what a core can do in float64 in the same run.
 *
 *   map      92 lines over all of 1500 points, 3 terms a line (a scale, two of a cell): one voxel's Jacobian
 *   profile  the same with fwhm and eta refined in the terms
 *   large    3000 lines in spans of 600 of 50 000 points, 10 terms a line: a laboratory pattern with many parameters
 *   normal   chi-squared and the normal equations of 16 columns of 1500 points
 *
 * Operations are counted by the formulas, for the tails (a fused multiply-add is two, a division one);
 * a core costs about four times as much a point, so the share of the limit is a little better than it says.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Kernels } from "../src/kernels/index.ts";
import { patternNormalScratch } from "../src/kernels/reference/normal-equations.ts";
import { fastestBuild, loadKernels } from "../src/pipeline/load-kernels.ts";
import { seededRandom } from "../tests/seeded-random.ts";
import { median, report, time } from "./common.ts";

interface Case {
  readonly name: string;
  readonly points: number;
  readonly lines: number;
  readonly span: number;
  readonly terms: number;
  readonly columns: number;
  readonly shapes: boolean;
  readonly goalMs?: number;
  readonly goalValuesMs?: number;
}

const MAP = { points: 1500, lines: 92, span: 1500, terms: 3, columns: 24 };
const CASES: Case[] = [
  { name: "map", ...MAP, shapes: false, goalMs: 0.4, goalValuesMs: 0.15 },
  { name: "profile", ...MAP, shapes: true },
  { name: "large", points: 50_000, lines: 3000, span: 600, terms: 10, columns: 40, shapes: false },
  { name: "large, profile", points: 50_000, lines: 3000, span: 600, terms: 10, columns: 40, shapes: true },
];

/** d, d^2 + h^2, the division, y; with derivatives v, and (R + V v) r, with shapes (R + V v + S r) r, a term. */
const operations = ({ terms, shapes }: Case, derivatives: number): number =>
  1 + 2 + 1 + 2 + (derivatives ? 1 + terms * (shapes ? 6 : 4) : 0);

function prepare({ arena, run }: Kernels, { points, lines, span, terms, columns, shapes }: Case) {
  const random = seededRandom(42);
  const step = 15 / 1500;
  const y = arena.f64(points);
  const x = arena.f64(points);
  const jacobian = arena.f64(columns * points);
  const [table, spans] = [arena.f64(4 * lines), arena.i32(4 * lines)];
  const [factors, termColumns] = [arena.f64(4 * terms * lines), arena.i32(terms * lines)];
  for (let i = 0; i < points; i++) x[i] = 1 + step * i;
  for (let line = 0; line < lines; line++) {
    const first = Math.floor((line / lines) * (points - span + 1));
    const position = 1 + step * (first + span * (0.1 + 0.8 * random()));
    table.set([position, 0.04 + 0.02 * random(), 0.2 + 0.6 * random(), 10 * random()], 4 * line);
    spans.set([first, first + span, terms * line, terms * (line + 1)], 4 * line);
    const phase = Math.floor((line * (columns / terms)) / lines);
    for (let k = 0; k < terms; k++) {
      const shape = shapes ? random() : 0;
      factors.set([random(), k === 0 ? 0 : random(), shape, shape], 4 * (terms * line + k));
      termColumns[terms * line + k] = phase * terms + k;
    }
  }
  return (derivatives: 0 | 1): void =>
    run.patternLines(y, jacobian, x, points, table, spans, factors, termColumns, 0, lines, derivatives);
}

function prepareNormal({ arena, run }: Kernels, n: number, m: number) {
  const random = seededRandom(43);
  const fill = (length: number): Float64Array => {
    const array = arena.f64(length);
    for (let i = 0; i < length; i++) array[i] = random();
    return array;
  };
  const [columns, observed, calculated, weight] = [fill(m * n), fill(n), fill(n), fill(n)];
  const supports = arena.i32(2 * m);
  for (let j = 0; j < m; j++) supports.set([0, n], 2 * j);
  const [matrix, downhill, scratch] = [arena.f64(m * m), arena.f64(m), arena.f64(patternNormalScratch(n))];
  return () => run.normalEquations(matrix, downhill, columns, n, supports, observed, calculated, weight, n, m, scratch);
}

/** CPU milliseconds a call: best and median of the repeats, each long enough for the clock. */
async function timeCalls(call: () => unknown, targetMs = 60, repeats = 15) {
  const warm = await time(() => void call(), 20);
  const count = Math.max(1, Math.round(targetMs / Math.max(0.01, Math.min(...warm.wallMs))));
  const { cpuMs } = await time(() => {
    for (let i = 0; i < count; i++) call();
  }, repeats);
  return { best: Math.min(...cpuMs) / count, median: median(cpuMs) / count };
}

/** Fused multiply-adds of registers, twelve chains side by side: more than a core's latency needs. */
const TURNS = 1_000_000;
const names = Array.from({ length: 12 }, (_, k) => `s${k}`);
const SOURCE = `
export function chains(turns: i32, a: f64, b: f64): f64 {
  const f = f64x2.splat(a);
  const g = f64x2.splat(b);
  ${names.map((s, k) => `let ${s} = f64x2.splat(a + ${k}.0);`).join("\n  ")}
  for (let i = 0; i < turns; i++) {
    ${names.map((s) => `${s} = f64x2.relaxed_madd(${s}, f, g);`).join("\n    ")}
  }
  return f64x2.extract_lane(${names.reduce((a, b) => `f64x2.add(${a}, ${b})`)}, 0);
}
`;

/** Float64 operations a second of one core from WebAssembly (a fused multiply-add is two), the best of nine repeats. */
async function float64Limit(): Promise<number> {
  fastestBuild(); // sets the flag that relaxed SIMD needs
  const { chains } = new WebAssembly.Instance(new WebAssembly.Module(compile())).exports as unknown as {
    chains: (turns: number, a: number, b: number) => number;
  };
  const { cpuMs } = await time(() => void chains(TURNS, 0.999, 1e-3), 9);
  return (2 * 2 * names.length * TURNS) / (Math.min(...cpuMs) / 1e3);
}

function compile(): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "xrdct-limit-"));
  try {
    writeFileSync(join(folder, "chains.ts"), SOURCE);
    const asc = fileURLToPath(new URL("../node_modules/assemblyscript/bin/asc.js", import.meta.url));
    const options = ["--runtime", "stub", "-O3", "--enable", "simd", "--enable", "relaxed-simd"];
    execFileSync(process.execPath, [asc, "chains.ts", "-o", "chains.wasm", ...options], { cwd: folder });
    return Uint8Array.from(readFileSync(join(folder, "chains.wasm")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const round = (value: number): number => Number(value.toPrecision(3));

const limit = await float64Limit();
report({ bench: "pattern-kernels", case: "limit", float64_gflops: round(limit / 1e9) });
for (const build of ["simd", "relaxed-simd"] as const) {
  for (const item of CASES) {
    const kernels = loadKernels({ build });
    const call = prepare(kernels, item);
    for (const derivatives of [0, 1] as const) {
      const ms = await timeCalls(() => call(derivatives));
      const gflops = (operations(item, derivatives) * item.lines * item.span) / ms.best / 1e6;
      const goal = derivatives ? item.goalMs : item.goalValuesMs;
      report({
        ...{ bench: "pattern-kernels", case: item.name, build, columns: derivatives ? "yes" : "no" },
        ...{ ms: round(ms.best), ms_median: round(ms.median), ...(goal === undefined ? {} : { goal_ms: goal }) },
        ...{ gflops: round(gflops), share_of_limit: round((gflops * 1e9) / limit) },
      });
    }
  }
  const [n, m] = [1500, 16];
  const ms = await timeCalls(prepareNormal(loadKernels({ build }), n, m));
  const gflops = ((m + 1) * (m + 2) * n) / ms.best / 1e6;
  report({
    ...{ bench: "pattern-kernels", case: "normal", build, ms: round(ms.best), ms_median: round(ms.median) },
    ...{ goal_ms: 0.1, gflops: round(gflops), share_of_limit: round((gflops * 1e9) / limit) },
  });
}
