/** From a component of the residuals to a phase of the model: tried on the hot spots, and written as a model.yaml. */
import { InputError, type Pattern, STATUS } from "../../data/index.ts";
import { berarLelannFactor } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { ModelConfig } from "../../refinement/index.ts";
import { type RefinementResult, refinePattern, settleConfig } from "../../stages/refine/index.ts";
import { type Gain, type RankedCandidate, testGain } from "../../stages/unexplained/index.ts";
import type { LoadedModel } from "../refine/load-model.ts";
import { isBeside } from "./unexplained-amounts.ts";
import type { DescribedComponent } from "./unexplained-components.ts";
import type { UnexplainedPhases } from "./unexplained-phases.ts";

export interface AddedPhase {
  /** index of the component */
  readonly component: number;
  /** as in the new model and in its maps */
  readonly name: string;
  readonly candidate: RankedCandidate;
  /** the mean pattern of the hot spots, refined without the phase and with it */
  readonly before: RefinementResult;
  readonly after: RefinementResult;
  /** of the phase, over what the rest of the model could make of the pattern */
  readonly gain: Gain;
}

type PhaseSpec = ModelConfig["phases"][number];

/** How far the map's mean pattern, which hardly shows the phase, may take its cell from that of the hot spots. */
const CELL_ROOM = 0.008;

/**
 * Refines the mean pattern of each component's hot spots, without its phase and with it.
 *
 * @param wanted names of candidates to take in place of the proposed ones
 * @throws InputError "unexplained-add" where a name is none of the candidates
 */
export function tryPhases(
  kernels: Kernels,
  model: LoadedModel,
  twoThetaDeg: Float64Array,
  components: readonly DescribedComponent[],
  wanted: readonly string[] = [],
): AddedPhase[] {
  const taken = new Set<string>();
  return choosePhases(components, wanted).map(({ component, candidate }) => {
    const one = tryPhase(kernels, model, twoThetaDeg, component, candidate, taken);
    taken.add(one.name);
    return one;
  });
}

/** @param taken names that other new phases have */
export function tryPhase(
  kernels: Kernels,
  model: LoadedModel,
  twoThetaDeg: Float64Array,
  { index, spots }: DescribedComponent,
  candidate: RankedCandidate,
  taken: ReadonlySet<string>,
): AddedPhase {
  const name = freeName(candidate.name, new Set([...taken, ...model.config.phases.map(nameOf)]));
  const sigma = spots.observedSigma;
  const pattern: Pattern = {
    axis: { unit: "two-theta", values: twoThetaDeg },
    intensity: spots.observed,
    ...(sigma && { sigma }),
  };
  const label = `hot spots of component ${index}`;
  const bare: ModelConfig = { ...model.config, findCells: false, weights: sigma ? "sigma" : "uniform" };
  const { files } = withStructure(model, candidate);
  const before = refinePattern(kernels, bare, files, pattern, label);
  const phase = phaseSpec(model.config, name, candidate, { scale: candidate.scale });
  const start = settleConfig(bare, before.parameters);
  const grown = refinePattern(kernels, { ...start, phases: [...start.phases, phase] }, files, pattern, label);
  // from where the model stood without the phase, or from what it became while it made up for it
  const fresh = refinePattern(kernels, { ...bare, phases: [...bare.phases, phase] }, files, pattern, label);
  const after = fresh.statistics.chi2 <= grown.statistics.chi2 ? fresh : grown;
  const gain = testGain(before.statistics, after.statistics, berarLelannFactor(weightedResiduals(after)));
  return { component: index, name, candidate, before, after, gain };
}

function weightedResiduals({ pattern: { observed, calculated, sigma } }: RefinementResult): Float64Array {
  return Float64Array.from(observed, (value, k) => (value - calculated[k]!) / sigma[k]!);
}

/** The model of the map with the phases in it, their cells from the hot spots. */
export function modelWithPhases({ config }: LoadedModel, added: readonly AddedPhase[]): ModelConfig {
  const phases = added.map(({ name, candidate, after }) => {
    const found = after.phases.find((phase) => phase.name === name);
    const isGood = (after.status === "converged" || after.status === "undetermined") && found && !found.isHeld;
    const cell = isGood ? found.cell : candidate.cell;
    return phaseSpec(config, name, { ...candidate, cell }, { room: CELL_ROOM });
  });
  // the cells are known: a search on the mean pattern would take the new phase's lines for those of others
  return { ...config, findCells: false, phases: [...config.phases, ...phases] };
}

/** The CIFs of candidates from files, so that a model can name them. */
function withStructure(model: LoadedModel, { name, origin, structure }: RankedCandidate): LoadedModel {
  if (origin !== "file") return model;
  const structures = new Map(model.files.structures).set(name, [structure]);
  return { ...model, files: { ...model.files, structures } };
}

function choosePhases(components: readonly DescribedComponent[], wanted: readonly string[]) {
  const phases = components.filter(({ verdict, best }) => verdict === "phase" && best);
  if (wanted.length === 0) return phases.map((component) => ({ component, candidate: component.best! }));
  return wanted.map((name) => {
    const found = components
      .flatMap((component) => component.candidates.map((candidate) => ({ component, candidate })))
      .filter(({ candidate }) => candidate.name === name || candidate.structure.name === name)
      .sort((a, b) => b.candidate.score - a.candidate.score)[0];
    if (found) return found;
    const known = [...new Set(components.flatMap(({ candidates }) => candidates.map((one) => one.name)))];
    throw new InputError(
      "unexplained-add",
      known.length === 0
        ? `Nothing was found to which ${name} could be added: no component of the residuals stands out.`
        : `--add ${name}: that is none of the candidates, which are ${known.join(", ")}. Name one of them, or give its CIF with --cifs.`,
    );
  });
}

function nameOf({ name, structure, cif }: PhaseSpec): string {
  return name ?? structure ?? (cif ?? "").replace(/^.*\//, "").replace(/\.cif$/i, "");
}

function freeName(candidate: string, taken: ReadonlySet<string>): string {
  const plain = candidate.replace(/^.*\//, "").replace(/\.cif$/i, "");
  for (let n = 1; ; n++) {
    const name = n === 1 ? plain : `${plain}-${n}`;
    if (!taken.has(name)) return name;
  }
}

const WIDTHS = ["size", "strain", "gaussianSize", "gaussianStrain", "width"] as const;
const EDGES = ["a", "b", "c"] as const;

/** @param room where given, how far the cell may go from its start, relative */
function phaseSpec(
  config: ModelConfig,
  name: string,
  { name: candidate, origin, cell, structure }: RankedCandidate,
  { scale, room }: { readonly scale?: number; readonly room?: number },
): PhaseSpec {
  const own = config.phases.find((phase) => nameOf(phase) === candidate);
  // widths as those of the strongest phase, or of the same phase; they may change
  const like = own ?? [...config.phases].sort((a, b) => strengthOf(b) - strengthOf(a))[0];
  const source =
    origin === "model" && own
      ? {
          ...(own.cif && { cif: own.cif }),
          ...(own.block && { block: own.block }),
          ...(own.structure && { structure: own.structure }),
        }
      : origin === "file"
        ? { cif: candidate }
        : { structure: candidate };
  const widths = Object.fromEntries(WIDTHS.flatMap((key) => (like?.[key] ? [[key, like[key]]] : [])));
  const isFree = (key: (typeof EDGES)[number]): boolean =>
    key === "a" || Math.abs(structure.cell[key] / structure.cell.a - 1) > 1e-6;
  const edges = EDGES.filter(isFree).map((key) => {
    const value = Number(cell[key].toFixed(5));
    const bounds = room === undefined ? {} : { min: value * (1 - room), max: value * (1 + room) };
    const limits = Object.fromEntries(Object.entries(bounds).map(([end, at]) => [end, Number(at.toFixed(4))]));
    return [key, { value, refine: true, ...limits }] as const;
  });
  return {
    name,
    ...source,
    kind: "rietveld",
    ...widths,
    ...(scale !== undefined && { scale: { value: scale, refine: true } }),
    cell: Object.fromEntries(edges) as PhaseSpec["cell"],
  };
}

const strengthOf = ({ scale }: PhaseSpec): number => scale?.value ?? 0;

/** [y, x] 1 where a phase of the maps is or may be, 0 where the map need not look for it. */
export function phaseMask({ maps, components, slice: { ny, nx } }: UnexplainedPhases, component: number): Uint8Array {
  const found = maps.find(({ name }) => name === `component-${component}/scale`)?.status;
  const status = found ?? new Uint8Array(ny * nx).fill(STATUS.noSignal);
  // of a candidate that the user adds to what is no phase, only the hot spots are known
  if (!found)
    for (const voxel of components.find(({ index }) => index === component)!.spots.voxels)
      status[voxel] = STATUS.converged;
  return Uint8Array.from({ length: ny * nx }, (_, voxel) => (isBeside(status, ny, nx, voxel) ? 1 : 0));
}
