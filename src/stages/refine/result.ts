/** What a refinement came to; plain data, ready for JSON. */
import type { NormalReason, NormalStatus } from "../../fit/index.ts";
import type { FitStatistics } from "../../refinement/index.ts";

export interface StageReport {
  /** names of the parameters that could move */
  readonly parameters: readonly string[];
  readonly status: NormalStatus;
  readonly reason: NormalReason;
  readonly iterations: number;
  readonly chi2Start: number;
  readonly chi2End: number;
  readonly freeParameters: number;
  readonly atBound: readonly string[];
  readonly undetermined: readonly string[];
}

export interface RefinedParameter {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** standard uncertainty; null where it is not refined, at a bound, not determined, or held as its phase is hardly there */
  readonly esd: number | null;
  readonly status: "refined" | "fixed" | "tied" | "atBound" | "undetermined" | "held";
}

export interface ReflectionResult {
  readonly h: number;
  readonly k: number;
  readonly l: number;
  readonly multiplicity: number;
  readonly dA: number;
  readonly twoThetaDeg: number;
  readonly fwhmDeg: number;
  /** |F|^2, electrons squared; null for Pawley and Le Bail phases */
  readonly fSquared: number | null;
  /** integrated intensities, intensity x degrees */
  readonly calculated: number;
  readonly observed: number;
}

export interface PhaseResult {
  readonly name: string;
  readonly kind: "rietveld" | "pawley" | "le-bail";
  /** scale over its esd (times the goodness of fit where that is above 1); null for Pawley and Le Bail phases */
  readonly significance: number | null;
  /** hardly there: all but the scale was held at its start */
  readonly isHeld: boolean;
  readonly weightFraction: number | null;
  readonly weightFractionEsd: number | null;
  /** sum |Io - Ic| / sum Io over reflections in the range; NaN, in JSON null, where sum Io is not above 0 */
  readonly rBragg: number;
  readonly cell: Readonly<Record<"a" | "b" | "c" | "alpha" | "beta" | "gamma", number>>;
  /** angstrom^3 */
  readonly volume: number;
  readonly volumeEsd: number | null;
  /** g/cm^3; null for Pawley and Le Bail phases */
  readonly density: number | null;
  readonly reflections: readonly ReflectionResult[];
}

/** What a refinement came to: status, statistics, parameters with esds, phases, reflections. */
export interface RefinementResult {
  readonly title: string;
  /** of the last stage */
  readonly status: NormalStatus;
  readonly reason: NormalReason;
  readonly statistics: FitStatistics;
  /** what the esds were multiplied by, and why */
  readonly esd: { readonly kind: "plain" | "gof" | "berar-lelann"; readonly factor: number };
  readonly wavelengthA: number;
  readonly weights: string;
  readonly parameters: readonly RefinedParameter[];
  readonly phases: readonly PhaseResult[];
  readonly correlations: readonly { readonly first: string; readonly second: string; readonly correlation: number }[];
  readonly stages: readonly StageReport[];
  /** what a careful reader should know */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly pattern: {
    readonly twoThetaDeg: readonly number[];
    readonly observed: readonly number[];
    readonly sigma: readonly number[];
    readonly calculated: readonly number[];
    readonly background: readonly number[];
    /** by phase, without background */
    readonly phases: Readonly<Record<string, readonly number[]>>;
  };
}
