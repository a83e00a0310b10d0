/** What a direct reconstruction starts from: the settled model of the mean pattern, and the maps of a Rietveld map. */
import { type Axis, convertAxis, type ParameterMap, type Pattern, STATUS } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import { resolveModel, selectData } from "../../refinement/index.ts";
import type { ConventionalPhase, DlsrConfig } from "../../stages/dlsr/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";
import type { LoadedModel } from "./load-model.ts";

/** A Rietveld map: of its mean pattern what was refined, and the maps. */
export interface MapToStartFrom {
  readonly settled: Pick<LoadedModel, "config" | "files">;
  readonly refinement: RefinementResult;
  readonly meanPattern: Pattern;
  /** named "map/PHASE/scale" ... */
  readonly maps: readonly ParameterMap[];
}

/** The model as the mean pattern settled it, on the channels that are used. */
export function directModel(
  kernels: Kernels,
  { settled, refinement, meanPattern }: MapToStartFrom,
  axis: Axis,
  range: DlsrConfig["twoThetaRange"],
): {
  calculator: PatternCalculator;
  /** [channel] its bin */
  bins: Int32Array;
  broadeningFixed: ReadonlySet<string>;
} {
  const { config, files } = settled;
  const resolved = resolveModel(config, files);
  const { wavelengthA } = refinement;
  const all = convertAxis(axis.values, axis.unit, "two-theta", { wavelengthA });
  const used = selectData(
    { ...meanPattern, axis: { unit: "two-theta", values: all } },
    "the mean pattern of the slice",
    range ? { ...config, range } : config,
  ).twoThetaDeg;
  const bins = new Int32Array(used.length);
  let bin = 0;
  used.forEach((value, channel) => {
    while (all[bin] !== value) bin++;
    bins[channel] = bin++;
  });
  const calculator = createPatternCalculator(kernels, resolved.model, wavelengthA, used);
  for (const { name, value } of refinement.parameters) calculator.values[calculator.indexOf(name)] = value;
  const broadeningFixed = new Set(
    refinement.parameters.filter(({ status }) => status === "fixed").map(({ name }) => name),
  );
  return { calculator, bins, broadeningFixed };
}

/**
 * What the Rietveld map found of a phase.
 *
 * @param perStep what its scales are multiplied by to be a translation step's: the step where they are a mm's, else 1
 */
export function conventionalPhase(phase: string, maps: readonly ParameterMap[], perStep: number): ConventionalPhase {
  const prefix = `map/${phase}/`;
  const scale = maps.find(({ name }) => name === `${prefix}scale`);
  return {
    name: phase,
    ...(scale && {
      scale: Float64Array.from(scale.values, (value) => value * perStep),
      ...(scale.esd && { scaleEsd: Float64Array.from(scale.esd, (value) => value * perStep) }),
    }),
    ...(scale?.status && { status: scale.status }),
    cells: new Map(
      maps.flatMap(({ name, values, esd }) => {
        const parameter = name.startsWith(prefix) ? name.slice(prefix.length) : "";
        return /^(a|b|c|alpha|beta|gamma)$/.test(parameter)
          ? [[parameter, { values, ...(esd && { esd }) }] as const]
          : [];
      }),
    ),
  };
}

/** [y, x] 1 where voxels were fitted. */
export function fittedVoxels(maps: readonly ParameterMap[]): Uint8Array {
  const { status } = maps.find(({ status }) => status)!;
  return Uint8Array.from(status!, (value) => (value === STATUS.notFitted ? 0 : 1));
}
