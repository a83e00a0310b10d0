/** Cells of a study side by side, and what of it is written. */
import { guessRoles, InputError, type PhaseRoles, type Places, type SliceMaps } from "../../data/index.ts";
import { CompareConfig, type Comparison, compareSlices } from "../../stages/compare/index.ts";

export interface CellToCompare {
  /** its name is the cell's */
  readonly slice: SliceMaps;
  /** on its own grid */
  readonly places?: Places;
}

export interface CompareCellsOptions {
  /** name of the cell that the others are laid on; left out: the first */
  readonly reference?: string;
  /** left out: as the names of the phases suggest */
  readonly roles?: PhaseRoles;
  /** on the reference's own grid */
  readonly masks?: ReadonlyMap<string, Uint8Array>;
  readonly config?: CompareConfig;
}

/**
 * Cells on one grid, with statistics, differences and what has to be known of them.
 *
 * @throws InputError "compare-cells" | "compare-maps" | "compare-standard" | "compare-standard-doubtful" |
 *   "compare-no-amounts" | "registration-image"
 */
export function compareCells(cells: readonly CellToCompare[], options: CompareCellsOptions = {}): Comparison {
  const [first] = cells;
  if (!first) throw new InputError("compare-cells", "Cells cannot be compared: none was given.");
  const phases = new Set(cells.flatMap(({ slice }) => [...slice.maps.keys()].map((name) => name.split("/")[0]!)));
  return compareSlices(
    {
      cells,
      reference: options.reference ?? first.slice.name,
      roles: options.roles ?? guessRoles([...phases]),
      ...(options.masks && { masks: options.masks }),
    },
    options.config ?? CompareConfig.parse({}),
  );
}
