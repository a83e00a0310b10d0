/** What a direct reconstruction is given, and what it says of itself. */
import type { ParameterMap } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import type { DlsrConfig } from "./config.ts";
import type { ProductRunner } from "./runner.ts";
import type { DlsrGeometry } from "./types.ts";

/** What the conventional maps say of a phase: where a direct reconstruction starts. */
export interface ConventionalPhase {
  readonly name: string;
  /** [y, x] per translation step; left out: the phase has no map */
  readonly scale?: ArrayLike<number>;
  readonly scaleEsd?: ArrayLike<number>;
  /** [y, x] of STATUS */
  readonly status?: Uint8Array;
  /** by name: [y, x] */
  readonly cells: ReadonlyMap<string, { readonly values: ArrayLike<number>; readonly esd?: ArrayLike<number> }>;
}

/** What a direct reconstruction of the same slice at an earlier time found: where the next one starts. */
export interface EarlierDirect {
  /** undefined where it was undecided */
  readonly depthSign?: 1 | -1;
  readonly blur: number;
  /** by phase and cell parameter: [y, x] direct minus conventional; NaN where either is not known */
  readonly corrections: ReadonlyMap<string, ReadonlyMap<string, Float64Array>>;
  /** what they moved by from what they were given as: steps, and a factor */
  readonly rotationAxis: number;
  readonly distance: number;
}

export interface DirectInput {
  readonly kernels: Kernels;
  readonly runner: ProductRunner;
  readonly config: DlsrConfig;
  /** the model of the mean pattern at its settled values, on the channels that are used */
  readonly calculator: PatternCalculator;
  readonly geometry: DlsrGeometry;
  /** sizes and strains that the model was given, and not refined: "NMC/size" */
  readonly broadeningFixed: ReadonlySet<string>;
  /** [channel] over all rays */
  readonly mean: Float64Array;
  /** [channel] mean variance of a ray */
  readonly variance: Float64Array;
  /** intensities were divided by a measured transmission */
  readonly isTransmissionMeasured: boolean;
  /**
   * All rays times a matrix [channel, K], and the variance of each ray relative to the channels' sigma; in the kernels'
   * memory.
   */
  readonly reduce: (
    matrix: Float32Array,
    sigma: Float64Array,
    terms: number,
  ) => Promise<{ readonly data: Float32Array; readonly rayVariance: Float32Array }>;
  readonly phases: readonly ConventionalPhase[];
  /** the conventional maps are of a volume that was reconstructed with the depths of its voxels */
  readonly isParallaxUndone?: boolean;
  /** [y, x] 1 where voxels may hold something */
  readonly sample: Uint8Array;
  readonly earlier?: EarlierDirect;
  /** what the kernels' memory may grow by */
  readonly memoryBytes?: number;
  readonly progress?: (share: number) => void;
  /** told after every step, for those who watch */
  readonly onStep?: (now: StepImages) => void;
  readonly remember?: <T>(name: string, compute: () => Promise<T>) => Promise<T>;
  readonly checkpoint?: <T>(name: string) => { readonly last: T | undefined; readonly keep: (state: T) => void };
  readonly isCancelled?: () => boolean;
}

/** What a step has come to; the coarser levels have larger voxels. */
export interface StepImages {
  readonly level: string;
  readonly step: number;
  /** voxels along an edge */
  readonly size: number;
  /** [y, x], NaN outside of the phase */
  readonly maps: readonly { readonly name: string; readonly unit: string; readonly values: Float64Array }[];
}

/** Of a map over the voxels that count: those that converged and hold a good share of the phase. */
export interface MapStatistics {
  readonly voxels: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** by the scale of the phase */
  readonly weightedMean: number;
  readonly weightedStandardDeviation: number;
  readonly medianEsd: number;
}

export interface ParameterReport {
  readonly phase: string;
  readonly parameter: string;
  readonly unit: string;
  /** sigma of all channels over sigma of the reduced numbers: what the basis keeps of the precision */
  readonly retained: number;
  readonly conventional: MapStatistics;
  readonly direct: MapStatistics;
  /** root mean square of direct minus conventional */
  readonly difference: number;
}

export interface GlobalReport {
  readonly name: string;
  readonly unit: string;
  readonly start: number;
  readonly value: number;
  readonly esd: number;
}

export interface StepReport {
  readonly level: string;
  readonly step: number;
  readonly objective: number;
  /** per degree of freedom of the reduced rays */
  readonly chi2: number;
  readonly innerSteps: number;
}

/** What a direct reconstruction says of itself: misfits, what it found besides the maps, what the data cannot say. */
export interface DlsrReport {
  readonly terms: number;
  readonly nuisanceColumns: number;
  readonly rays: number;
  readonly voxels: number;
  readonly unknowns: number;
  readonly chi2: number;
  readonly chi2Conventional: number;
  /** as a solution's: converged, steps, stalled */
  readonly status: string;
  /** one free factor a ray was taken out */
  readonly isRayScaled: boolean;
  readonly blur: number;
  /** by centres of mass: of the rays from the axis that the conventional maps were made about */
  readonly axisOffset: { readonly steps: number; readonly esd: number } | null;
  readonly parameters: readonly ParameterReport[];
  /** cells, widths and scales of whole phases, rotation axis, distance */
  readonly globals: readonly GlobalReport[];
  readonly depthSign: {
    readonly value: 1 | -1;
    readonly chi2: number;
    readonly chi2Otherwise: number | null;
    readonly isUndecided: boolean;
  };
  readonly standard: {
    readonly phase: string;
    readonly shift: number;
    readonly shiftEsd: number;
    readonly depthOffsetMm: number;
  } | null;
  readonly steps: readonly StepReport[];
  /** what the data cannot say, in sentences */
  readonly identifiability: readonly string[];
}

export interface DirectResult {
  readonly maps: readonly ParameterMap[];
  readonly report: DlsrReport;
  readonly notes: readonly string[];
}
