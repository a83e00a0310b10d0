/** What every worker needs to refine voxels: plain data, made once from the refined summed pattern. */
import { InputError } from "../../data/index.ts";
import type { PatternModel } from "../../pattern/model.ts";
import type { RietveldMapConfig } from "./rietveld-config.ts";

export interface RietveldPlan {
  readonly config: RietveldMapConfig;
  readonly model: PatternModel;
  readonly wavelengthA: number;
  /** every parameter of the model as the summed pattern left it */
  readonly values: readonly (readonly [name: string, value: number])[];
  /** names of what is refined in voxels, in the order of the model */
  readonly refined: readonly string[];
  /** by name, where the model gives one */
  readonly bounds: readonly (readonly [name: string, lower: number, upper: number])[];
  readonly constraints: readonly string[];
  /** [point] bins in use, ascending */
  readonly bins: Int32Array;
  /** [point] */
  readonly twoThetaDeg: Float64Array;
  readonly weights: "slice" | "sigma" | "poisson" | "uniform";
  /** [point] of the mean pattern, where weights are those of the slice */
  readonly sliceSigma?: Float64Array;
  readonly parameters: readonly RietveldParameter[];
}

/** One map. */
export interface RietveldParameter {
  /** as in map/<name> */
  readonly name: string;
  readonly unit: string;
  readonly hasEsd: boolean;
  /** whose status goes with it: a phase, peaks/<name>, or fit */
  readonly group: string;
}

export interface RietveldPlanInput {
  readonly config: RietveldMapConfig;
  readonly model: PatternModel;
  readonly wavelengthA: number;
  /** of the refined summed pattern */
  readonly parameters: readonly { readonly name: string; readonly unit: string; readonly value: number }[];
  /** names that the model refines */
  readonly refined: readonly string[];
  readonly bounds: RietveldPlan["bounds"];
  readonly constraints: readonly string[];
  readonly bins: Int32Array;
  readonly twoThetaDeg: Float64Array;
  readonly hasSigma: boolean;
  /** voxels come out of a reconstruction, which spreads the noise of the rays over all of them */
  readonly isReconstructed?: boolean;
  /** [point] sigma of the mean pattern */
  readonly sliceSigma?: Float64Array | undefined;
}

const WIDTHS = /^([UVWXYZ]|[SH]L|asym)$|^eta|\/(size|axialSize|strain|axialStrain|gaussianSize|gaussianStrain|width)$/;

/**
 * What a Rietveld map fits in every voxel, and from where it starts.
 *
 * @throws InputError "map-refine" | "map-weights"
 */
export function createRietveldPlan(input: RietveldPlanInput): RietveldPlan {
  const { config, model, parameters, hasSigma } = input;
  const patterns = config.refine.map(
    (text) => new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`),
  );
  const refined = input.refined.filter((name) => patterns.some((pattern) => pattern.test(name)));
  config.refine.forEach((text, i) => {
    const isWild = text.includes("*");
    if (isWild || input.refined.some((name) => patterns[i]!.test(name))) return;
    throw new InputError(
      "map-refine",
      `map.rietveld.refine: "${text}" is none of the parameters that the model refines, which are ${input.refined.slice(0, 24).join(", ")}. Refine it in the model, or correct the name.`,
    );
  });
  if (!refined.some((name) => name.endsWith("/scale"))) {
    throw new InputError(
      "map-refine",
      `map.rietveld.refine leaves no scale to refine in voxels. Add "*/scale", and give the model a Rietveld phase whose scale is refined.`,
    );
  }
  const weights = config.weights === "auto" ? autoWeights(input) : config.weights;
  if ((weights === "sigma" && !hasSigma) || (weights === "slice" && !input.sliceSigma)) {
    throw new InputError(
      "map-weights",
      `map.rietveld.weights is ${weights}, but the voxels have no standard uncertainties. Take auto or uniform.`,
    );
  }
  const units = new Map(parameters.map(({ name, unit }) => [name, unit]));
  const maps = refined
    .filter((name) => !/^background\/(?!0$|scale$)/.test(name))
    .map((name) => ({
      name,
      unit: units.get(name) ?? "",
      hasEsd: true,
      group: groupOf(name, model),
    }));
  const phases = model.phases.filter(({ kind, name }) => kind === "rietveld" && refined.includes(`${name}/scale`));
  return {
    config,
    model: { ...model, holdsWidths: !refined.some((name) => WIDTHS.test(name)) },
    wavelengthA: input.wavelengthA,
    values: parameters.map(({ name, value }) => [name, value]),
    refined,
    bounds: input.bounds,
    constraints: input.constraints,
    bins: input.bins,
    twoThetaDeg: input.twoThetaDeg,
    weights,
    ...(weights === "slice" && { sliceSigma: input.sliceSigma! }),
    parameters: [
      ...phases.map(({ name }) => ({ name: `${name}/weight_fraction`, unit: "", hasEsd: true, group: name })),
      ...maps,
      { name: "rwp", unit: "", hasEsd: false, group: "fit" },
      { name: weights === "uniform" ? "residual" : "gof", unit: "", hasEsd: false, group: "fit" },
    ],
  };
}

function autoWeights({ hasSigma, isReconstructed, sliceSigma }: RietveldPlanInput): RietveldPlan["weights"] {
  if (!hasSigma) return "uniform";
  return isReconstructed && sliceSigma ? "slice" : "sigma";
}

function groupOf(name: string, { phases, peaks }: PatternModel): string {
  const phase = phases.find((candidate) => name.startsWith(`${candidate.name}/`));
  if (phase) return phase.name;
  const peak = peaks.find((candidate) => name.startsWith(`peaks/${candidate}/`));
  return peak === undefined ? "fit" : `peaks/${peak}`;
}
