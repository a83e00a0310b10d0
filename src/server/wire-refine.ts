/**
 * What the refine page and the server say to each other, as wire.ts; types only.
 *
 *   POST   /api/refine            RefineRequest -> RefineReply; closing the connection cancels the fit
 *   GET    /api/refine/curves?id= the curves of one of the last replies as .csv
 *   POST   /api/refine/model      ModelRequest -> ModelReply: the model that a refinement starts from
 *   POST   /api/refine/check      CheckRequest -> CheckReply: what a model text says, or what is wrong with it
 *   PUT    /api/refine/model      ModelSave -> ModelSaved
 *   POST   /api/refine/start      StartRequest -> StartReply: a scan.yaml whose map has the model
 */
import type { ShapeRegion } from "../data/region.ts";
import type { RefinementResult } from "../stages/refine/index.ts";

/** A voxel, the mean pattern of a region, or map/summed_pattern. */
export type RefineTarget = ShapeRegion | { readonly kind: "summed" };

/** A model.yaml as text; files that it names lie as seen from `folder`, a folder in the served one. */
export interface ModelText {
  readonly text: string;
  readonly folder: string;
  /** of the scan, taken where the text gives none */
  readonly wavelengthA?: number;
}

export interface RefineRequest {
  readonly file: string;
  readonly target: RefineTarget;
  /** left out: a voxel is fitted as the map fitted it, the rest with the settled model of the map */
  readonly model?: ModelText;
  /** of a voxel as the map fitted it: from the voxel before alone, for a pointer that moves; a note says so */
  readonly isQuick?: boolean;
}

/** A voxel's number in the file; null where the map has none. */
export interface MapValue {
  readonly name: string;
  readonly unit: string;
  readonly value: number | null;
  readonly esd: number | null;
  /** as in the file: converged, notFitted, noSignal, atBound, notConverged, undetermined */
  readonly status: string;
}

export interface RefineParameter {
  readonly name: string;
  readonly unit: string;
  /** null where a voxel has none: its phase is not there */
  readonly value: number | null;
  readonly esd: number | null;
  /** of a refinement: RefinedParameter; of a voxel as the map fits it: the status of the map */
  readonly status: string;
}

export interface RefinePhase {
  readonly name: string;
  readonly kind: string;
  /** 0 to 1 */
  readonly weightFraction: number | null;
  readonly weightFractionEsd: number | null;
  /** degrees of two-theta, those in the range */
  readonly reflections: readonly {
    readonly h: number;
    readonly k: number;
    readonly l: number;
    readonly twoThetaDeg: number;
  }[];
}

/** JSON writes NaN as null. */
export interface RefineReply {
  readonly id: number;
  /** what was refined, "voxel 30,24" */
  readonly name: string;
  /** map: with the plan and the start of the map stage; model: as `xrdct refine` */
  readonly how: "map" | "model";
  readonly title: string;
  readonly status: string;
  readonly reason: string;
  readonly statistics: Pick<
    RefinementResult["statistics"],
    "rwp" | "rwpNoBackground" | "rexp" | "gof" | "chi2" | "points" | "parameters"
  >;
  readonly weights: string;
  readonly wavelengthA: number;
  readonly parameters: readonly RefineParameter[];
  readonly phases: readonly RefinePhase[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly pattern: RefinementResult["pattern"];
  /** of a voxel of a Rietveld map */
  readonly inMap?: readonly MapValue[];
  /** of `how: model`: all that `xrdct refine --json` prints */
  readonly result?: RefinementResult;
  /** of `how: model`: the model with the values found as its starts */
  readonly settled?: ModelText;
  /** without waiting and reading */
  readonly milliseconds: number;
}

export interface ModelRequest {
  readonly file: string;
  readonly target: RefineTarget;
}
export interface ModelReply {
  /** absent where the result has no Rietveld map: choose a model.yaml of the folder */
  readonly model?: ModelText;
}

/** What a person may change of a parameter; null takes it out. */
export interface ParameterChange {
  readonly name: string;
  readonly value?: number | null;
  readonly refine?: boolean;
  readonly min?: number | null;
  readonly max?: number | null;
}
export interface CheckRequest extends ModelText {
  readonly change?: ParameterChange;
  /** all ranges of two-theta that are left out */
  readonly exclude?: readonly (readonly [number, number])[];
}
export interface ModelParameterRow {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** the value is written in the model, and not found or taken from the structure */
  readonly isGiven: boolean;
  readonly refine: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly help: string;
  /** it can be changed by a ParameterChange; others only in the text */
  readonly isEditable: boolean;
}
export interface CheckReply {
  /** with the change, comments kept */
  readonly text: string;
  /** empty where there is a problem */
  readonly parameters: readonly ModelParameterRow[];
  /** degrees of two-theta */
  readonly exclude: readonly (readonly [number, number])[];
  /** lines are of the text, from 1 */
  readonly problem?: { readonly code: string; readonly message: string; readonly lines: readonly number[] };
}

export interface ModelSave extends ModelText {
  readonly path: string;
  readonly overwrite?: boolean;
}
export interface ModelSaved {
  readonly path: string;
}

export interface StartRequest extends ModelText {
  /** scan.yaml that the result was made from */
  readonly scan: string;
}
export interface StartReply {
  /** the new scan.yaml beside the old one */
  readonly scan: string;
  readonly model: string;
}
