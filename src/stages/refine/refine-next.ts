/**
 * The next pattern of a series, with an eye on where the one before leads it: a fit that starts in the wrong valley
 * stays there, and so would all after it.
 */
import type { Pattern } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { ModelConfig, ModelFiles } from "../../refinement/index.ts";
import { refinePattern } from "./refine-pattern.ts";
import type { RefinementResult } from "./result.ts";
import { entryOf, type SeriesEntry } from "./series-entry.ts";

export interface NextOptions {
  readonly isCancelled?: () => boolean;
}

export interface Next {
  readonly entry: SeriesEntry;
  readonly result: RefinementResult;
}

/** A fit this much worse (GoF) than those before it is tried again. */
const WORSE = 1.5;
/** An edge that jumps by more than this many of its usual steps, of its esds, and of itself is looked at again. */
const [JUMP_STEPS, JUMP_ESDS, JUMP_SHARE] = [10, 20, 2e-4] as const;
/** Entries that say what is usual. */
const MEMORY = 8;
/** Another start has to be better by this share of chi^2 to be taken. */
const BETTER = 0.005;

/**
 * Refines the next pattern of a series from what its neighbours came to.
 *
 * @param before entries so far, in their order; those that are flagged do not count
 * @throws InputError for patterns that the model cannot be refined against
 */
export function refineNext(
  kernels: Kernels,
  config: ModelConfig,
  files: ModelFiles,
  pattern: Pattern,
  { index, name, variable }: Pick<SeriesEntry, "index" | "name" | "variable">,
  before: readonly SeriesEntry[],
  options: NextOptions = {},
): Next {
  const good = before.filter(
    ({ flag, status }) => flag === "" && (status === "converged" || status === "undetermined"),
  );
  const settled = settleZero(config, before);
  const run = (start?: SeriesEntry): RefinementResult =>
    refinePattern(kernels, settled, files, pattern, name, {
      ...options,
      ...(start && { start: new Map(start.parameters.map((one) => [one.name, one.value])) }),
    });
  const last = good.at(-1);
  if (!last || config.series.mode === "independent") {
    const result = run();
    return { result, entry: entryOf(index, name, variable, result, "model") };
  }
  const warm = run(last);
  const doubt = doubtsAbout(warm, good);
  if (!doubt) return { result: warm, entry: entryOf(index, name, variable, warm, "previous") };
  const others = [run(), ...(good.length > 1 ? [run(good.at(-2))] : [])];
  let [result, isOther] = [warm, false];
  for (const other of others) {
    if (rank(other) < rank(result) * (1 - BETTER)) [result, isOther] = [other, true];
  }
  const outcome = isOther ? "another start gave the better fit" : "other starts gave no better fit";
  return {
    result,
    entry: entryOf(index, name, variable, result, isOther ? "restarted" : "previous", `${doubt}; ${outcome}`),
  };
}

/** What was found out about the zero with the first pattern holds for all: else cells would jump with it. */
export function settleZero(config: ModelConfig, before: readonly SeriesEntry[]): ModelConfig {
  if (config.zero !== undefined || config.displacement) return config;
  const first = before.find(({ flag, parameters }) => flag === "" && parameters.length > 0);
  const zero = first?.parameters.find(({ name }) => name === "zero");
  return zero ? { ...config, zero: { value: zero.value, refine: zero.status !== "fixed" } } : config;
}

const rank = ({ status, statistics }: RefinementResult): number =>
  (status === "converged" || status === "undetermined" ? 1 : 2) * statistics.chi2;

/** Why a fit may have gone wrong; undefined where nothing speaks against it. */
function doubtsAbout(result: RefinementResult, good: readonly SeriesEntry[]): string | undefined {
  if (result.status !== "converged" && result.status !== "undetermined") return `the fit ended ${result.status}`;
  const recent = good.slice(-MEMORY);
  const usual = middle(recent.map(({ statistics }) => statistics!.gof));
  if (result.statistics.gof > WORSE * usual) {
    return `GoF ${result.statistics.gof.toFixed(2)} where ${usual.toFixed(2)} is usual`;
  }
  if (recent.length < 3) return undefined;
  for (const { name, value, esd } of result.parameters) {
    if (!/^[^/]+\/(a|b|c)$/.test(name) || esd === null) continue;
    const past = recent.map(({ parameters }) => parameters.find((one) => one.name === name)?.value ?? Number.NaN);
    const steps = past.slice(1).map((one, k) => Math.abs(one - past[k]!));
    const step = Math.abs(value - past.at(-1)!);
    if (step > JUMP_STEPS * middle(steps) && step > JUMP_ESDS * esd && step > JUMP_SHARE * value) {
      return `${name} jumps by ${step.toPrecision(2)}`;
    }
  }
  return undefined;
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
