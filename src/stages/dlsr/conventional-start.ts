/** From the conventional maps to what a direct reconstruction starts from: roles, masks, starts, ranges. */
import { InputError, STATUS } from "../../data/index.ts";
import type { DlsrConfig, DlsrPhaseConfig } from "./config.ts";
import type { ConventionalPhase } from "./direct-input.ts";

export interface PhaseRole {
  readonly cell: DlsrPhaseConfig["cell"];
  readonly scaleMap: "refined" | "frozen";
  readonly hasGlobalScale: boolean;
  readonly refinesWidth: boolean;
}

/**
 * What is done with each phase of the model.
 *
 * @throws InputError "dlsr-phase" | "dlsr-no-spatial"
 */
export function phaseRoles(config: DlsrConfig, names: readonly string[]): Map<string, PhaseRole> {
  const unknown = Object.keys(config.phases).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      "dlsr-phase",
      `dlsr.phases names "${unknown}", but the phases with a structure in the map's model are ${names.join(", ")}. Correct the name, or add the phase to the model.`,
    );
  }
  const standard = config.standard?.phase;
  if (standard !== undefined && !names.includes(standard)) {
    throw new InputError(
      "dlsr-phase",
      `dlsr.standard.phase is "${standard}", but the phases with a structure in the map's model are ${names.join(", ")}.`,
    );
  }
  const isPaper = config.recipe === "paper";
  const roles = new Map<string, PhaseRole>();
  for (const name of names) {
    const given = config.phases[name];
    const others = isPaper || name === standard ? "global" : "eliminated";
    const cell = given?.cell ?? others;
    const isSpatial = cell === "spatial";
    // the conventional map of a thin foil is too poor for a cell to the last ppm
    const isRefined = (isSpatial || name === standard) && !isPaper;
    const scaleMap = given?.scaleMap ?? (isRefined ? "refined" : "frozen");
    roles.set(name, {
      cell,
      scaleMap,
      hasGlobalScale: scaleMap === "frozen" && (given?.globalScale ?? true),
      refinesWidth: given?.width === undefined ? isSpatial || isPaper || cell === "global" : given.width === "refined",
    });
  }
  if (standard !== undefined && roles.get(standard)!.cell !== "global") {
    throw new InputError(
      "dlsr-phase",
      `dlsr.standard.phase is ${standard}, which dlsr.phases makes ${roles.get(standard)!.cell}: a standard has one cell that is refined. Make it {cell: global}, or leave it out of dlsr.phases.`,
    );
  }
  if (![...roles.values()].some(({ cell }) => cell === "spatial")) {
    throw new InputError(
      "dlsr-no-spatial",
      `dlsr.phases has no phase with {cell: spatial}: say whose lattice parameters are wanted in every voxel, as "phases: {${names[0]}: {cell: spatial}}".`,
    );
  }
  return roles;
}

/** Of a phase that is kept. */
export interface PhaseStart {
  /** scale of a voxel that is full of the phase, as far as the map shows it */
  readonly typicalScale: number;
  /** [y, x] 1 where the phase has voxels */
  readonly mask: Uint8Array;
  /** [y, x] */
  readonly scale: Float64Array;
  /** by cell parameter */
  readonly cells: readonly CellStart[];
}

export interface CellStart {
  readonly name: string;
  /** weighted by the scale */
  readonly mean: number;
  /** where most voxels are: the 2nd to the 98th percentile */
  readonly band: readonly [number, number];
  /** what is tabulated */
  readonly range: readonly [number, number];
  /** [y, x] start; the mean where the map says nothing */
  readonly values: Float64Array;
}

/** A voxel under this share of the typical scale says little about the cell. */
export const WELL_FILLED = 0.3;
/** Tabulated beyond the band on each side, relative: a conventional map off the axis is wrong by as much. */
const MARGIN = 0.005;
/** Starts may be outside of the band by this much, relative. */
const START_MARGIN = 0.002;

/**
 * @param mean by name, the cell of the mean pattern: where a phase has no map of it
 * @param isNeeded a phase without any signal cannot be gone on with
 * @throws InputError "dlsr-no-signal"
 */
export function phaseStart(
  { name, scale, status, cells }: ConventionalPhase,
  sample: Uint8Array,
  size: number,
  mean: ReadonlyMap<string, number>,
  { threshold, dilate }: DlsrConfig["mask"],
  isNeeded = true,
): PhaseStart {
  const values = Float64Array.from(sample, (inside, v) => {
    const value = scale?.[v] ?? 0;
    return inside && Number.isFinite(value) ? Math.max(0, value) : 0;
  });
  const typicalScale = typical(values, status);
  if (!(typicalScale > 0) && isNeeded) {
    throw new InputError(
      "dlsr-no-signal",
      `${name} has no voxel with a significant scale in the conventional map, so there is nothing to start from. Look at map/${name}/scale; leave the phase out of dlsr.phases, or refine it in the map's model.`,
    );
  }
  const mask = dilated(
    Uint8Array.from(values, (value) => (value > threshold * typicalScale ? 1 : 0)),
    sample,
    size,
    dilate,
  );
  return {
    typicalScale,
    mask,
    scale: values,
    cells: [...mean].map(([parameter, value]) =>
      cellStart(parameter, cells.get(parameter)?.values, value, values, status, WELL_FILLED * typicalScale),
    ),
  };
}

/** Median of the voxels above half of the 95th percentile: parts of voxels and noise do not count. */
function typical(scale: Float64Array, status: Uint8Array | undefined): number {
  const found = scale.filter((value, v) => value > 0 && (!status || status[v] !== STATUS.noSignal)).sort();
  if (found.length === 0) return 0;
  const high = found[Math.round(0.95 * (found.length - 1))]!;
  const solid = found.filter((value) => value > high / 2);
  return solid[solid.length >> 1]!;
}

function cellStart(
  name: string,
  map: ArrayLike<number> | undefined,
  mean: number,
  scale: Float64Array,
  status: Uint8Array | undefined,
  least: number,
): CellStart {
  const trusted = [...scale.keys()].filter(
    (v) => map && scale[v]! > least && Number.isFinite(map[v]!) && (!status || status[v] === STATUS.converged),
  );
  if (!map || trusted.length === 0) {
    const band = [mean * (1 - MARGIN / 2), mean * (1 + MARGIN / 2)] as const;
    const range = [mean * (1 - 2 * MARGIN), mean * (1 + 2 * MARGIN)] as const;
    return { name, mean, band, range, values: new Float64Array(scale.length).fill(mean) };
  }
  trusted.sort((p, q) => map[p]! - map[q]!);
  const total = trusted.reduce((sum, v) => sum + scale[v]!, 0);
  const at = (share: number): number => {
    let sum = 0;
    for (const v of trusted) {
      sum += scale[v]!;
      if (sum >= share * total) return map[v]!;
    }
    return map[trusted.at(-1)!]!;
  };
  const [low, middle, high] = [at(0.02), at(0.5), at(0.98)];
  const [lowest, highest] = [low * (1 - START_MARGIN), high * (1 + START_MARGIN)];
  const values = new Float64Array(scale.length).fill(middle);
  for (const v of trusted) values[v] = Math.min(highest, Math.max(lowest, map[v]!));
  return {
    name,
    mean: trusted.reduce((sum, v) => sum + scale[v]! * map[v]!, 0) / total,
    band: [low, high],
    range: [low * (1 - MARGIN), high * (1 + MARGIN)],
    values,
  };
}

function dilated(mask: Uint8Array, sample: Uint8Array, size: number, times: number): Uint8Array {
  let grown = mask;
  for (let pass = 0; pass < times; pass++) {
    const before = grown;
    grown = before.slice();
    for (let v = 0; v < before.length; v++) {
      if (!before[v]) continue;
      const x = v % size;
      if (x > 0) grown[v - 1] = 1;
      if (x < size - 1) grown[v + 1] = 1;
      if (v >= size) grown[v - size] = 1;
      if (v + size < before.length) grown[v + size] = 1;
    }
  }
  return grown.map((value, v) => (sample[v] ? value : 0));
}
