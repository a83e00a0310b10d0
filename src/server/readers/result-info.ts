/** What a result file holds, as the page is told it. */
import { statSync } from "node:fs";
import { convertAxis, energyKeVToWavelengthA, InputError } from "../../data/index.ts";
import type { Result, ResultAxisValues, ResultEntry } from "../../files/result-reader.ts";
import { axisUnitOf } from "../../pipeline/result-figures.ts";
import type { BulkPhase } from "../../stages/map/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";
import type { ArrayInfo, ArrayKind, ResultInfo, Ticks } from "../wire.ts";

/** @param file as the page calls it @throws InputError "result-empty" */
export function resultInfo(result: Result, file: string): ResultInfo {
  const entries = result.list();
  const names = new Set(entries.map(({ name }) => name));
  const isPart = (name: string): boolean =>
    /_(esd|status)$/.test(name) && names.has(name.replace(/_(esd|status)$/, ""));
  const arrays = entries.filter(({ name }) => !isPart(name)).map((entry) => arrayInfo(result, entry, names));
  if (arrays.length === 0) {
    throw new InputError(
      "result-empty",
      `${file} is NeXus, but holds no result: neither maps nor patterns nor a volume. Is it a measurement? Then open it under Frames, or name it in a scan.yaml and run that.`,
    );
  }
  const stacks = arrays.filter(({ kind }) => kind === "stack").map(({ name }) => name);
  const first = (name: string): string => result.axisNames(name)[0]!;
  const volume =
    ["reconstruct/data", "read/data"].find((name) => stacks.includes(name)) ??
    stacks.find((name) => first(name) === "y");
  const sinogram = ["sinogram/data", "integrate/data"].find((name) => stacks.includes(name));
  const maps = arrays.filter(({ kind }) => kind === "map").map(({ name }) => name);
  const refinement = refinementOf(result);
  const refined = result.first();
  return {
    file,
    title: result.title,
    bytes: statSync(result.path).size,
    arrays,
    ...(volume && { volume }),
    ...(sinogram && { sinogram, ...raysOf(result, sinogram) }),
    first: (refined && maps.includes(refined) ? refined : maps[0]) ?? volume ?? refined ?? arrays[0]?.name ?? "",
    ...voxelOf(result, maps[0] ?? volume),
    ...axisOf(result, volume ?? sinogram),
    ...instrumentOf(result, refinement),
    phases: refinement?.phases.map(({ name }) => name) ?? phasesOf(maps),
    ...(refinement?.bulk && {
      bulk: Object.fromEntries(refinement.bulk.map(({ name, weightFraction }) => [name, weightFraction])),
    }),
    hasModel: volume !== undefined && result.readNote("map/model") !== undefined,
    processes: result
      .processes()
      .map(({ stage, version, endedAt, notes, config }) => ({ stage, version, endedAt, notes, config })),
  };
}

function arrayInfo(result: Result, entry: ResultEntry, names: ReadonlySet<string>): ArrayInfo {
  const { name, shape, type, unit, longName } = entry;
  return {
    name,
    shape,
    type,
    unit,
    title: titleOf(longName || name, unit),
    kind: kindOf(result, entry),
    hasEsd: names.has(`${name}_esd`),
    hasStatus: names.has(`${name}_status`),
  };
}

function kindOf(result: Result, { name, shape }: ResultEntry): ArrayKind {
  if (shape.length === 1) return "pattern";
  if (shape.length === 3) return "stack";
  if (shape.length !== 2) return "other";
  return result.axisNames(name)[0] === "y" ? "map" : "image";
}

const WORDS: Readonly<Record<string, string>> = { gof: "goodness of fit", fwhm: "FWHM", eta: "η", rwp: "Rwp" };

/** "NMC532 a (Å)" is "NMC532 a" */
function titleOf(longName: string, unit: string): string {
  const bare = unit && longName.endsWith(` (${unit})`) ? longName.slice(0, -unit.length - 3) : longName;
  return bare
    .split(" ")
    .map((word) => WORDS[word] ?? word)
    .join(" ");
}

function raysOf(result: Result, sinogram: string): Pick<ResultInfo, "rays"> {
  const [omega, translation] = result.axes(sinogram);
  return { rays: { omegaDeg: [...omega!.values], translations: [...translation!.values] } };
}

function voxelOf(result: Result, name: string | undefined): Pick<ResultInfo, "voxelMm"> {
  if (!name) return {};
  const x: ResultAxisValues = result.axes(name)[1]!;
  return x.unit === "mm" && x.values.length > 1 ? { voxelMm: x.values[1]! - x.values[0]! } : {};
}

function axisOf(result: Result, stack: string | undefined): Pick<ResultInfo, "axis"> {
  const { name, values } = (stack ? result.axes(stack).at(-1) : undefined) ?? {};
  return name && values ? { axis: { unit: axisUnitOf(name), values: [...values] } } : {};
}

type MapRefinement = RefinementResult & { readonly bulk?: readonly BulkPhase[] };

const refinementOf = (result: Result): MapRefinement | undefined => {
  const note = result.readNote("map/refinement");
  return note === undefined ? undefined : (JSON.parse(note) as MapRefinement);
};

/** As the file says it; earlier ones say it in the refinement or in the stages' settings. */
function instrumentOf(
  result: Result,
  refinement: RefinementResult | undefined,
): Pick<ResultInfo, "wavelengthA" | "distanceM"> {
  const energyKeV = settingOf(result, "energyKeV");
  const distanceMm = settingOf(result, "distanceMm");
  const wavelengthA = refinement?.wavelengthA ?? (energyKeV && energyKeVToWavelengthA(energyKeV));
  return {
    ...(wavelengthA && { wavelengthA }),
    ...(distanceMm && { distanceM: distanceMm / 1000 }),
    ...result.instrument(),
  };
}

/** The first number of that name in the stages' settings. */
function settingOf(result: Result, key: string): number | undefined {
  for (const { config } of result.processes()) {
    const { settings, instrument } = (config ?? {}) as Record<string, Record<string, unknown> | undefined>;
    for (const group of [settings, instrument]) if (typeof group?.[key] === "number") return group[key];
  }
  return undefined;
}

/** Of a map of peaks its regions; of the truth of a simulation its phases. */
function phasesOf(maps: readonly string[]): string[] {
  const named = maps.map((name) => name.split("/")).filter((parts) => parts.length > 2 && parts[1] !== "background");
  return [...new Set(named.map((parts) => parts[1]!))];
}

/** Reflections of the phases that a Rietveld map was made with, on the axis of the bins; none without such a map. */
export function ticksOf(result: Result): Ticks {
  const refinement = refinementOf(result);
  const stack = result.list().find(({ shape, name }) => shape.length === 3 && !name.endsWith("_esd"));
  const unit = stack ? axisUnitOf(result.axes(stack.name).at(-1)!.name) : "two-theta";
  if (!refinement || unit === "channel") return { phases: [] };
  const { wavelengthA } = refinement;
  return {
    phases: refinement.phases.map(({ name, reflections }) => {
      const reached = reflections.filter(({ twoThetaDeg }) => twoThetaDeg > 0);
      const strongest = Math.max(...reached.map(({ calculated }) => calculated));
      const positions = convertAxis(
        reached.map(({ twoThetaDeg }) => twoThetaDeg),
        "two-theta",
        unit,
        { wavelengthA },
      );
      return {
        name,
        reflections: reached.map(({ h, k, l, calculated }, i) => ({
          hkl: [h, k, l] as const,
          position: positions[i]!,
          intensity: strongest > 0 ? Math.max(0, calculated / strongest) : 0,
        })),
      };
    }),
  };
}
