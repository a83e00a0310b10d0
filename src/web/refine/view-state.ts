/** What the page shows: plain JSON, all of it in the address. */
import type { RefineTarget } from "../../server/wire-refine.ts";

export interface RefineState {
  /** name of the map to click on; left out: the result's first */
  readonly map?: string;
  readonly target: "summed" | "voxel" | "region";
  /** [x, y], as on the page "Explore" */
  readonly voxel?: readonly [number, number];
  readonly region?: Extract<RefineTarget, { readonly kind: "rectangle" }>;
  /** voxels are fitted as the pointer passes over them */
  readonly isFollowing: boolean;
  readonly ordinate: "linear" | "sqrt";
  /** the difference over its standard uncertainty */
  readonly isWeighted: boolean;
  /** phases that are not drawn */
  readonly hidden: readonly string[];
  /** each phase's own curve is drawn */
  readonly hasPhases: boolean;
  readonly tab: "numbers" | "model";
  /** parameters that are not refined are listed too */
  readonly hasFixed: boolean;
  /** model.yaml instead of the map's own */
  readonly model?: string;
}

export const REFINE_DEFAULTS: RefineState = {
  target: "summed",
  isFollowing: false,
  ordinate: "sqrt",
  isWeighted: false,
  hidden: [],
  hasPhases: true,
  tab: "numbers",
  hasFixed: false,
};

export type ChangeRefine = (change: Partial<RefineState>) => void;

/** undefined: nothing is chosen yet */
export function targetOf({ target, voxel, region }: RefineState): RefineTarget | undefined {
  if (target === "summed") return { kind: "summed" };
  if (target === "voxel") return voxel && { kind: "voxel", x: voxel[0], y: voxel[1] };
  return region;
}

export function targetWords(target: RefineTarget): string {
  if (target.kind === "summed") return "the mean pattern";
  return target.kind === "voxel" ? `voxel y ${target.y}, x ${target.x}` : "the region's mean pattern";
}
