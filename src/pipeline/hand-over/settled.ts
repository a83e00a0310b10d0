/** A refined model as other programs take it: every number settled, structures moved, the background as one series. */
import {
  type Cell,
  type CellFreedom,
  cellFreedom,
  reciprocalMetric,
  type Site,
  type SpaceGroupSetting,
  type Structure,
  settingOfOperations,
  siteFreedom,
} from "../../crystal/index.ts";
import { InputError, type Pattern } from "../../data/index.ts";
import { linearFit } from "../../fit/index.ts";
import { backgroundRows, chebyshevBasis } from "../../pattern/background.ts";
import type { PhaseModel } from "../../pattern/model.ts";
import { modelParameters } from "../../pattern/parameters.ts";
import type { ModelConfig } from "../../refinement/model-config.ts";
import { selectData } from "../../refinement/pattern-data.ts";
import { type ModelFiles, type ResolvedModel, resolveModel } from "../../refinement/resolve-model.ts";

export interface SettledValue {
  readonly value: number;
  readonly esd?: number;
}

export interface HandOverSource {
  /** over two-theta */
  readonly pattern: Pattern;
  readonly config: ModelConfig;
  /** by the names of the model's parameters; what is missing stands at the start the model gives it */
  readonly values: ReadonlyMap<string, SettledValue>;
  /** as the model's `cif` lines name them */
  readonly structures: ModelFiles["structures"];
  readonly measuredBackground?: NonNullable<ModelFiles["measuredBackground"]>;
  /** what the files call the pattern: the sample, the voxel */
  readonly title?: string;
  /** goodness of fit: where the weights are uniform, what the misfit says a point's noise is */
  readonly gof?: number;
}

export interface SettledPhase {
  readonly model: PhaseModel;
  /** at the settled cell and sites, without overallB */
  readonly structure: Structure;
  /** undefined where the operations are those of no standard setting */
  readonly setting: SpaceGroupSetting | undefined;
  readonly freedom: CellFreedom;
  /** name of its files, without ending */
  readonly fileName: string;
}

export interface SettledModel {
  readonly source: HandOverSource;
  readonly resolved: ResolvedModel;
  /** parameters in the order of the model, Pawley intensities left out */
  readonly parameters: readonly { readonly name: string; readonly unit: string }[];
  value(name: string): number;
  isRefined(name: string): boolean;
  readonly phases: readonly SettledPhase[];
  /** first and last point in use, degrees */
  readonly range: readonly [number, number];
  /** Chebyshev terms over `range` */
  readonly background: readonly number[];
  /** largest difference of those terms from the background that was refined; 0 where it is those terms */
  readonly backgroundError: number;
}

/** Terms that stand for a background of points or a measured one. */
const TERMS_FOR_OTHERS = 18;

/** @throws InputError "hand-over-value" and those of resolveModel and selectData */
export function settleModel(source: HandOverSource): SettledModel {
  const { config, values, pattern } = source;
  const resolved = resolveModel(config, {
    structures: source.structures,
    ...(source.measuredBackground && { measuredBackground: source.measuredBackground }),
  });
  // Pawley intensities start anew in every program, so the list of reflections may be empty
  const parameters = modelParameters(resolved.model, resolved.wavelengthA, Number.POSITIVE_INFINITY);
  const known = new Map(
    parameters.map(({ name, value }) => [name, values.get(name)?.value ?? resolved.settings.get(name)?.value ?? value]),
  );
  for (const [name, value] of known) {
    if (Number.isFinite(value)) continue;
    throw new InputError(
      "hand-over-value",
      `${name} is ${value}: this refinement has no result that could be handed over. Take a voxel or pattern whose fit has converged.`,
    );
  }
  const value = (name: string, otherwise = 0): number => known.get(name) ?? otherwise;
  const data = selectData(pattern, source.title ?? "the pattern", {
    range: config.range,
    exclude: config.exclude,
    weights: "uniform",
  });
  const taken = new Set<string>();
  const { twoThetaDeg } = data;
  return {
    source,
    resolved,
    parameters,
    value,
    isRefined: (name) => resolved.settings.get(name)?.refine === true,
    phases: resolved.model.phases.map((model) => {
      const freedom = cellFreedom(model.structure);
      const structure = settledStructure(model, freedom, value);
      const setting = settingOfOperations(structure.operations);
      return { model, structure, setting, freedom, fileName: fileNameOf(model.name, taken) };
    }),
    range: [twoThetaDeg[0]!, twoThetaDeg.at(-1)!],
    ...settledBackground(resolved, twoThetaDeg, value),
  };
}

function settledStructure(
  { name, kind, structure }: PhaseModel,
  freedom: CellFreedom,
  value: (name: string, otherwise: number) => number,
): Structure {
  const six = [...freedom.constant];
  freedom.names.forEach((key, q) => {
    for (let i = 0; i < 6; i++)
      six[i]! += freedom.matrix[i * freedom.names.length + q]! * value(`${name}/${key}`, freedom.values[q]!);
  });
  const [a, b, c, alpha, beta, gamma] = six as [number, number, number, number, number, number];
  const cell: Cell = { a, b, c, alpha, beta, gamma };
  const sites = structure.sites.map((site, i): Site => {
    if (kind !== "rietveld") return site;
    const own = (key: string, otherwise: number): number => value(`${name}/${site.label}/${key}`, otherwise);
    const moved = { x: site.x, y: site.y, z: site.z };
    for (const { name: axis, direction } of siteFreedom(structure, i)) {
      const step = own(axis, site[axis]) - site[axis];
      moved.x += direction[0] * step;
      moved.y += direction[1] * step;
      moved.z += direction[2] * step;
    }
    return withB({ ...site, ...moved, occupancy: own("occupancy", site.occupancy) }, own("b", site.bIso), cell);
  });
  return { name, cell, operations: structure.operations, sites };
}

/** Another B; an anisotropic displacement moves by the isotropic tensor U_ij = dU a*_i . a*_j / (a*_i a*_j). */
function withB(site: Site, bIso: number, cell: Cell): Site {
  if (bIso === site.bIso || !site.uAniso) return { ...site, bIso };
  const step = (bIso - site.bIso) / (8 * Math.PI ** 2);
  const [aa, bb, cc, bc, ac, ab] = reciprocalMetric(cell);
  const cosines = [1, 1, 1, ab / 2 / Math.sqrt(aa * bb), ac / 2 / Math.sqrt(aa * cc), bc / 2 / Math.sqrt(bb * cc)];
  const uAniso = site.uAniso.map((u, i) => u + step * cosines[i]!) as unknown as NonNullable<Site["uAniso"]>;
  return { ...site, bIso, uAniso };
}

function settledBackground({ model }: ResolvedModel, twoTheta: Float64Array, value: (name: string) => number) {
  const { names, rows, count } = backgroundRows(model.background, twoTheta);
  const n = twoTheta.length;
  const terms = model.background.chebyshev;
  const own = Array.from({ length: terms }, (_, k) => value(`background/${k}`));
  if (count === terms) return { background: own, backgroundError: 0 };
  const whole = twoTheta.map((_, i) => names.reduce((sum, name, k) => sum + value(name) * rows[k * n + i]!, 0));
  const degree = Math.min(TERMS_FOR_OTHERS, Math.floor(n / 4));
  const basis = chebyshevBasis(twoTheta, [twoTheta[0]!, twoTheta[n - 1]!], degree);
  const columns = Array.from(twoTheta, (_, i) => Array.from({ length: degree + 1 }, (__, k) => basis[k * n + i]!));
  const background = linearFit(columns, whole, new Float64Array(n).fill(1))?.values ?? own;
  const error = whole.reduce(
    (worst, y, i) => Math.max(worst, Math.abs(y - background.reduce((sum, c, k) => sum + c * columns[i]![k]!, 0))),
    0,
  );
  return { background, backgroundError: error };
}

function fileNameOf(name: string, taken: Set<string>): string {
  const base =
    name
      .replace(/[^\w.+-]+/g, "_")
      .replace(/^[._]+/, "")
      .slice(0, 60) || "phase";
  let free = base;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${base}-${n}`;
  taken.add(free.toLowerCase());
  return free;
}

/** The structure with overallB in each site's B, for programs that have no such number. */
export function withOverallB({ model, structure }: SettledPhase, overallB: number): Structure {
  if (overallB === 0 || model.kind !== "rietveld") return structure;
  return { ...structure, sites: structure.sites.map((site) => withB(site, site.bIso + overallB, structure.cell)) };
}
