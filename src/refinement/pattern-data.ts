/** The points of a pattern that a fit uses, and their weights. */
import { InputError, type Pattern } from "../data/index.ts";

export interface PatternData {
  /** [n] ascending */
  readonly twoThetaDeg: Float64Array;
  readonly observed: Float64Array;
  /** [n] 1 / sigma^2 */
  readonly weight: Float64Array;
  readonly weights: "sigma" | "counts" | "model" | "uniform";
  /** points of the range that were left out, and why */
  readonly notes: readonly string[];
}

export interface DataOptions {
  readonly range?: readonly [number, number] | undefined;
  readonly exclude?: readonly (readonly [number, number])[];
  readonly weights?: "auto" | PatternData["weights"];
}

const LEAST_POINTS = 10;
/** The squares of less than this are 0. */
const VANISHING = 1e-150;

/**
 * The points of a pattern that a model fits, with their weights, over two-theta in degrees.
 *
 * @param name of the pattern, for messages
 * @throws InputError "pattern-axis" | "pattern-no-sigma" | "pattern-negative" | "pattern-points" | "pattern-empty"
 */
export function selectData(pattern: Pattern, name: string, options: DataOptions = {}): PatternData {
  const { axis, intensity, sigma } = pattern;
  if (axis.unit !== "two-theta") {
    throw new InputError(
      "pattern-axis",
      `${name} is over ${axis.unit}; a refinement needs two-theta. Convert it first.`,
    );
  }
  const weights = chooseWeights(pattern, name, options.weights ?? "auto");
  const [low, high] = options.range ?? [-Infinity, Infinity];
  const inRange: number[] = [];
  let [invalid, without] = [0, 0];
  for (let i = 0; i < intensity.length; i++) {
    const x = axis.values[i]!;
    if (!(x > 0 && x < 180 && x >= low && x <= high)) continue;
    if (options.exclude?.some(([from, to]) => x >= from && x <= to)) continue;
    if (!Number.isFinite(intensity[i]!)) invalid++;
    else if (weights === "sigma" && !(sigma![i]! > 0 && Number.isFinite(sigma![i]!))) without++;
    else inRange.push(i);
  }
  if (inRange.length < LEAST_POINTS) {
    const [first, last] = [axis.values[0], axis.values[axis.values.length - 1]];
    throw new InputError(
      "pattern-points",
      `${name} has ${inRange.length} usable points${options.range ? ` from ${low} to ${high}°` : ""}; it runs from ${first} to ${last}° with ${invalid} points that are no number and ${without} without a sigma. At least ${LEAST_POINTS} are needed: change range or exclude, or the file.`,
    );
  }
  const observed = Float64Array.from(inRange, (i) => intensity[i]!);
  if (observed.every((y) => Math.abs(y) < VANISHING)) {
    throw new InputError("pattern-empty", `${name} is zero everywhere in the range: there is nothing to fit.`);
  }
  const notes: string[] = [];
  if (invalid > 0) notes.push(`${invalid} points that are no number were left out`);
  if (without > 0) notes.push(`${without} points without a standard uncertainty above 0 were left out`);
  return {
    twoThetaDeg: Float64Array.from(inRange, (i) => axis.values[i]!),
    observed,
    weight: weightsOf(inRange, observed, pattern, name, weights),
    weights,
    notes,
  };
}

function chooseWeights(
  { sigma }: Pattern,
  name: string,
  wanted: "auto" | PatternData["weights"],
): PatternData["weights"] {
  if (wanted === "auto") return sigma ? "sigma" : "counts";
  if (wanted !== "sigma" || sigma) return wanted;
  throw new InputError(
    "pattern-no-sigma",
    `${name} has no column of standard uncertainties, which weights: sigma needs. Take counts (raw counts), model or uniform.`,
  );
}

function weightsOf(
  points: readonly number[],
  observed: Float64Array,
  { sigma }: Pattern,
  name: string,
  weights: PatternData["weights"],
): Float64Array {
  if (weights === "sigma") return Float64Array.from(points, (i) => 1 / sigma![i]! ** 2);
  if (weights === "uniform") return new Float64Array(points.length).fill(1);
  const negative = observed.filter((y) => y < 0).length;
  if (weights === "counts" && negative > 0) {
    throw new InputError(
      "pattern-negative",
      `${name} has ${negative} negative points of ${points.length} and no standard uncertainties: its values are no counts. Give a file with sigma (.xye), or weights: model or uniform.`,
    );
  }
  // a point with 0 counts has the variance of a point with 1: the usual choice, and biased where counts are few
  return observed.map((y) => 1 / Math.max(y, 1));
}
