/** The plan of a map: everything that is the same for every voxel, worked out once. */
import { AXIS_LABELS, type Axis, type AxisContext, InputError, type Pattern, STATUS } from "../../data/index.ts";
import { peakFit } from "../../kernels/reference/peak-fit.ts";
import { peakOutStride, peakScratchLength } from "../../kernels/reference/peak-workspace.ts";
import { type LatticeConfig, MapConfig, type MapConfigInput } from "./config.ts";
import { checkReflections, EDGES } from "./lattice-from-peaks.ts";
import { type LatticeSpacing, latticeSpacing } from "./lattice-spacing.ts";
import { type PeakModel, peakModel, slotValue, type WeightMode } from "./peak-model.ts";
import { PEAK_PARAMETERS, type PeakSlot, type ResolvedRegion, resolveRegion } from "./resolve-region.ts";

export interface PlannedPeak {
  /** "<region>/<peak>" */
  readonly name: string;
  readonly phase: string | undefined;
  readonly hkl: readonly [number, number, number] | undefined;
  /** what the voxel fits start from, and what held parameters are held at */
  readonly start: { readonly area: number; readonly position: number; readonly fwhm: number; readonly eta: number };
}

export interface PlannedRegion {
  readonly name: string;
  readonly from: number;
  readonly fit: PeakModel;
  readonly peaks: readonly PlannedPeak[];
  /** status of each peak on the summed pattern; undefined without one */
  readonly summedStatus: readonly number[] | undefined;
}

export interface PeakPlan {
  readonly config: MapConfig;
  readonly axis: Axis;
  /** sigma, poisson or uniform: to be said beside the maps */
  readonly weights: WeightMode;
  readonly spacing: LatticeSpacing | undefined;
  readonly regions: readonly PlannedRegion[];
  /** the maps that fitPeaksBlock fills, in order */
  readonly parameters: readonly PlannedParameter[];
}

export interface PlannedParameter {
  /**
   * "<region>/<peak>/area", position, fwhm, eta, d; "<region>/background", and "<region>/gof" or, with uniform weights,
   * "<region>/residual"; "<phase>/a", b, c and "<phase>/lattice_gof"
   */
  readonly name: string;
  readonly unit: string;
  /** which status goes with it, "<region>/<peak>" or "<phase>"; undefined for those of the region */
  readonly peak: string | undefined;
  readonly hasEsd: boolean;
}

export interface PlanOptions extends AxisContext {
  /** sum or mean over the voxels: start values come from its fit */
  readonly summedPattern?: Pattern;
  /** whether the voxel patterns come with sigma */
  readonly hasSigma?: boolean;
}

/**
 * What a peak map fits in every voxel, settled on the mean pattern.
 *
 * @throws InputError "map-region-outside" | "map-start-unknown" | "map-tie-unknown" | "map-bounds" |
 *   "map-too-many-parameters" | "map-lattice-hkl" | "map-name-twice" | "map-needs-sigma" | "axis-needs-wavelength"
 */
export function createPeakPlan(input: MapConfigInput, axis: Axis, options: PlanOptions = {}): PeakPlan {
  const config = MapConfig.parse(input);
  checkNames(config);
  const weights = chooseWeights(config, options.hasSigma ?? false);
  const summed = options.summedPattern;
  const regions = config.regions.map((region): PlannedRegion => {
    const resolved = resolveRegion(region, axis, options, summed);
    const summedStatus = summed && fitSummed(resolved, summed, config);
    checkWidths(resolved);
    const peaks = region.peaks.map(({ name, hkl }, peak) => {
      const [area, position, fwhm, eta] = PEAK_PARAMETERS.map((_, q) => slotValue(resolved.slots, 4 * peak + q));
      const start = { area: area!, position: position!, fwhm: fwhm!, eta: eta! };
      return { name: `${region.name}/${name}`, phase: region.phase, hkl, start };
    });
    const fit = peakModel(resolved, axis.values, config, weights, "voxel");
    return { name: region.name, from: resolved.from, fit, peaks, summedStatus };
  });
  const spacing = latticeSpacing(axis.unit, options);
  for (const lattice of config.lattices) checkLattice(lattice, regions, spacing !== undefined);
  const parameters = [
    ...listParameters(regions, axis, spacing !== undefined, weights),
    ...config.lattices.flatMap(({ phase, system }): PlannedParameter[] => [
      ...EDGES[system].map((edge) => ({ name: `${phase}/${edge}`, unit: "Å", peak: phase, hasEsd: true })),
      { name: `${phase}/lattice_gof`, unit: "", peak: phase, hasEsd: false },
    ]),
  ];
  return { config, axis, weights, spacing, regions, parameters };
}

function checkLattice({ phase, system }: LatticeConfig, regions: readonly PlannedRegion[], hasSpacing: boolean): void {
  const moving = regions.flatMap(({ peaks, fit }) => peaks.filter((_, peak) => fit.source[4 * peak + 1]! >= 0));
  const hkls = moving.flatMap((peak) => (peak.phase === phase && peak.hkl ? [peak.hkl] : []));
  checkReflections(system, hkls, phase);
  if (hasSpacing) return;
  throw new InputError(
    "axis-needs-wavelength",
    `Lattice parameters of ${phase} need the wavelength, and none is known: give the energy (energy_keV in scan.yaml) ` +
      "or a .poni with a Wavelength line.",
  );
}

function checkNames({ regions }: MapConfig): void {
  const names = regions.flatMap(({ name, peaks }) => peaks.map((peak) => `${name}/${peak.name}`));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new InputError("map-name-twice", `Two peaks are called "${twice}". Give each peak of a region its own name.`);
}

function chooseWeights({ weights }: MapConfig, hasSigma: boolean): WeightMode {
  if (weights === "auto") return hasSigma ? "sigma" : "uniform";
  if (weights !== "sigma" || hasSigma) return weights;
  throw new InputError(
    "map-needs-sigma",
    "The map asks for weights from sigma, and the patterns have none: use weights: poisson for raw counts, " +
      "or uniform, or integrate with an error model.",
  );
}

function checkWidths({ region, slots }: ResolvedRegion): void {
  slots.forEach(({ parameter }, i) => {
    const value = slotValue(slots, i);
    if (parameter !== "fwhm" || value > 0) return;
    throw new InputError(
      "map-bounds",
      `Region "${region.name}", peak "${region.peaks[i >> 2]!.name}": fwhm starts at ${value}; it must be over 0.`,
    );
  });
}

/** Fits the summed pattern and makes its values the start. Peaks that are not in it keep the start they had. */
function fitSummed(resolved: ResolvedRegion, summed: Pattern, config: MapConfig): number[] {
  const { from, points, slots } = resolved;
  const weights = summed.sigma ? "sigma" : "uniform";
  const fit = peakModel(resolved, summed.axis.values, config, weights, "sum");
  const out = new Float64Array(peakOutStride(fit.parameters, fit.peaks));
  const pattern = Float32Array.from(summed.intensity.subarray(from, from + points));
  const sigma = Float32Array.from(summed.sigma?.subarray(from, from + points) ?? []);
  const scratch = new Float64Array(peakScratchLength(fit.padded, fit.peaks, fit.parameters));
  peakFit(out, pattern, sigma, 1, fit.model, fit.table, scratch);
  const status = [...out.subarray(2 * fit.parameters + fit.peaks, 2 * fit.parameters + 2 * fit.peaks)];
  slots.forEach((slot: PeakSlot, i) => {
    const source = fit.source[i]!;
    const isFound = status[i >> 2] === STATUS.converged || status[i >> 2] === STATUS.atBound;
    if (source >= 0 && slot.tie === undefined && isFound) slot.value = out[source]!;
  });
  return status;
}

function listParameters(
  regions: readonly PlannedRegion[],
  { unit }: Axis,
  hasSpacing: boolean,
  weights: WeightMode,
): PlannedParameter[] {
  const axisUnit = AXIS_LABELS[unit].unit;
  const units = { area: axisUnit ? `counts ${axisUnit}` : "counts", position: axisUnit, fwhm: axisUnit, eta: "" };
  return regions.flatMap((region) => {
    const ofPeaks = region.peaks.flatMap(({ name }, peak) => {
      const free = PEAK_PARAMETERS.filter((_, q) => region.fit.source[4 * peak + q]! >= 0);
      const list = free.map((p) => ({ name: `${name}/${p}`, unit: units[p], peak: name, hasEsd: true }));
      if (hasSpacing && free.includes("position"))
        list.push({ name: `${name}/d`, unit: "Å", peak: name, hasEsd: true });
      return list;
    });
    const ofRegion = [
      { name: `${region.name}/background`, unit: "counts", peak: undefined, hasEsd: true },
      weights === "uniform"
        ? { name: `${region.name}/residual`, unit: "counts", peak: undefined, hasEsd: false }
        : { name: `${region.name}/gof`, unit: "", peak: undefined, hasEsd: false },
    ];
    return [...ofPeaks, ...ofRegion];
  });
}
