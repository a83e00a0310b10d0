/** What a study has come to, for its figures, its tables and the app. */
import type { PhaseRoles, Places, SliceMaps } from "../../data/index.ts";
import type { EchemCell } from "./read-echem.ts";

/** A cell of a study, as it was run. */
export interface StudyCell {
  /** as in study.yaml; letters, digits, "-" and "_" */
  readonly name: string;
  /** for figures: "charged, C/20" */
  readonly label: string;
  /** as reconstructed, on its own grid */
  readonly own: SliceMaps;
  /** on the common grid; what belongs to every cell's grid alike */
  readonly aligned: SliceMaps;
  /** on the common grid */
  readonly places: Places;
  /** on the common grid: `NMC532/x`, `anode/x` ... as `xrdct lithium` names them */
  readonly lithium: SliceMaps;
  /** what the cycler recorded */
  readonly cycling?: EchemCell;
  /** "charged": cells of one state are also drawn by themselves */
  readonly state?: string;
}

/** What a study came to, in memory. */
export interface StudyOutcome {
  readonly title: string;
  /** name of the cell that the others are compared with */
  readonly reference: string;
  readonly roles: PhaseRoles;
  readonly cells: readonly StudyCell[];
}
