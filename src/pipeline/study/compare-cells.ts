/** Cells of a study side by side, and what of it is written. */
import { guessRoles, InputError, type PhaseRoles, type Places, type SliceMaps } from "../../data/index.ts";
import { CompareConfig, type Comparison, compareSlices } from "../../stages/compare/index.ts";
import { registerCells } from "./register-cells.ts";

export interface CellToCompare {
  /** its name is the cell's */
  readonly slice: SliceMaps;
  /** on its own grid */
  readonly places?: Places;
}

/** How cells are compared. */
export interface CompareCellsOptions {
  /** name of the cell that the others are laid on; left out: the first */
  readonly reference?: string;
  /** left out: as the names of the phases suggest */
  readonly roles?: PhaseRoles;
  /** on the reference's own grid */
  readonly masks?: ReadonlyMap<string, Uint8Array>;
  readonly config?: CompareConfig;
  /** threads; left out: this one alone */
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

/**
 * Cells on one grid, with statistics, differences and what has to be known of them.
 *
 * @throws InputError "compare-cells" | "compare-maps" | "compare-standard" | "compare-standard-doubtful" |
 *   "compare-no-amounts" | "registration-image"
 */
export async function compareCells(
  cells: readonly CellToCompare[],
  options: CompareCellsOptions = {},
): Promise<Comparison> {
  const [first] = cells;
  if (!first) throw new InputError("compare-cells", "Cells cannot be compared: none was given.");
  const phases = new Set(cells.flatMap(({ slice }) => [...slice.maps.keys()].map((name) => name.split("/")[0]!)));
  const { reference = first.slice.name, roles = guessRoles([...phases]), masks, workers = 1, signal } = options;
  const config = options.config ?? CompareConfig.parse({});
  const slices = cells.map(({ slice }) => slice);
  const registrations = await registerCells(slices, reference, roles, { config, workers, ...(signal && { signal }) });
  return compareSlices({ cells, reference, roles, registrations, ...(masks && { masks }) }, config);
}
