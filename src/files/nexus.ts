/** What NeXus says about a file: which dataset holds the frames, and the scan's metadata beside them. */
import { InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import { cleanPath, type Hdf5Dataset, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { sizeOf } from "./hdf5-blocks.ts";

/**
 * The dataset with the frames: the default plot's signal, entry/data/data, entry/instrument/<detector>/data, or the
 * largest dataset of three or more dimensions (two, where that is all there is).
 *
 * @throws InputError "hdf5-no-frames" | "hdf5-ambiguous-dataset"
 */
export function findFrameDataset(file: Hdf5File): Hdf5Dataset {
  const { datasets, broken } = file.contents();
  const images = datasets.filter((d) => isNumeric(d) && d.shape!.length >= 2 && d.shape!.slice(-2).every((n) => n > 1));
  const stacks = images.filter((d) => d.shape!.length >= 3 && !/(mask|flatfield|flat|dark)$/i.test(d.path));
  const usual = [
    defaultSignal(file),
    /^entry\w*\/data\/data$/,
    /^entry\w*\/instrument\/[^/]+\/data$/,
    /\/data\/data$/,
    /\/instrument\/[^/]+\/(data|image)$/,
  ];
  for (const wanted of usual) {
    const found = stacks.filter((d) => (typeof wanted === "string" ? d.path === wanted : wanted?.test(d.path)));
    if (found.length === 1) return found[0]!;
    const largest = theLargest(found);
    if (largest) return largest;
    if (found.length > 1) throw ambiguous(file, found);
  }
  const pool = stacks.length > 0 ? stacks : images;
  const chosen = theLargest(pool);
  if (chosen) return chosen;
  if (pool.length > 1) throw ambiguous(file, pool);
  const hint = broken.length > 0 ? ` ${broken[0]!.path} is a link to ${broken[0]!.target}, which is absent.` : "";
  throw new InputError(
    "hdf5-no-frames",
    `${file.path} holds no frames: a dataset [..., row, col] of numbers is needed.${hint} ${file.summary()}`,
  );
}

export const isNumeric = (d: Hdf5Dataset): boolean => d.shape !== null && d.type !== "string" && d.type !== "other";

/** The one with the most values, if it is alone in that. Hard links to the same data are equally large: the first. */
function theLargest(datasets: readonly Hdf5Dataset[]): Hdf5Dataset | undefined {
  const sorted = [...datasets].sort((a, b) => sizeOf(b.shape!) - sizeOf(a.shape!));
  const [first, second] = sorted;
  return first && (!second || sizeOf(first.shape!) > sizeOf(second.shape!)) ? first : undefined;
}

function ambiguous(file: Hdf5File, datasets: readonly Hdf5Dataset[]): InputError {
  const list = datasets.slice(0, 8).map((d) => `${d.path} [${d.shape!.join(", ")}]`);
  return new InputError(
    "hdf5-ambiguous-dataset",
    `${file.path} holds ${datasets.length} datasets that may be the frames: ${list.join("; ")}. Name one of them (dataset).`,
  );
}

/** The path that the chain of `default` attributes and `signal` lead to (NeXus 2014 and the older signal=1). */
export function defaultSignal(file: Hdf5File): string | undefined {
  let at = "";
  for (let depth = 0; depth < 8; depth++) {
    const signal = file.attribute(at, "signal");
    if (typeof signal === "string") return cleanPath(`${at}/${signal}`);
    const next = file.attribute(at, "default");
    const child = typeof next === "string" ? cleanPath(next.startsWith("/") ? next : `${at}/${next}`) : undefined;
    if (!child || !file.isGroup(child)) break;
    at = child;
  }
  if (at === "") return undefined;
  return file
    .contents(at)
    .datasets.find((d) => file.attribute(d.path, "signal") === 1 || file.attribute(d.path, "signal") === "1")?.path;
}

/** What a scan file says beside its frames; only what it really holds. */
export interface ScanMetadata {
  /** sample rotation, degrees, one for each frame or each angle */
  readonly omegaDeg?: Float64Array;
  /** mm */
  readonly translationMm?: Float64Array;
  readonly monitor?: Float64Array;
  readonly transmitted?: Float64Array;
  readonly exposureS?: number;
  readonly energyKeV?: number;
  readonly wavelengthA?: number;
  readonly distanceMm?: number;
  readonly pixelMm?: { readonly row: number; readonly col: number };
  /** where each was found, path by field */
  readonly sources: Readonly<Record<string, string>>;
  /** datasets of a fitting name that were passed over, with the reason */
  readonly ignored: readonly string[];
}

/** Dataset names in the order of preference, as beamlines and NXtomo, NXxrd, EIGER and LAMBDA write them. */
const NAMES = {
  omegaDeg: ["rotation_angle", "omega", "theta", "rot", "dthz", "diffrz", "phi"],
  translationMm: ["x_translation", "y_translation", "dty", "diffty", "translation_x", "sam_x"],
  monitor: ["monitor/data", "monitor", "ic0", "i0", "pico3", "control/data"],
  transmitted: ["transmitted", "transmission", "diode", "i1", "it"],
  exposureS: ["count_time", "exposure_time", "frame_time"],
  energyKeV: ["energy", "photon_energy", "incident_energy", "beam_energy"],
  wavelengthA: ["incident_wavelength", "wavelength"],
  distanceMm: ["detector_distance", "distance"],
  rowMm: ["y_pixel_size"],
  colMm: ["x_pixel_size"],
} as const;
type Quantity = keyof typeof NAMES;

/** Factor to our unit, by the unit's name in the file; the empty name is the format's own default. */
const FACTORS: Record<Quantity, Record<string, number>> = {
  omegaDeg: lookupTable({
    "": 1,
    deg: 1,
    degree: 1,
    degrees: 1,
    rad: 180 / Math.PI,
    radian: 180 / Math.PI,
    mdeg: 1e-3,
  }),
  translationMm: lookupTable({ "": 1, mm: 1, millimeter: 1, um: 1e-3, µm: 1e-3, micrometer: 1e-3, m: 1e3, nm: 1e-6 }),
  monitor: lookupTable({}),
  transmitted: lookupTable({}),
  exposureS: lookupTable({ "": 1, s: 1, second: 1, seconds: 1, ms: 1e-3, millisecond: 1e-3, us: 1e-6 }),
  energyKeV: lookupTable({ "": 1e-3, ev: 1e-3, kev: 1 }),
  wavelengthA: lookupTable({ "": 1, angstrom: 1, å: 1, a: 1, m: 1e10, nm: 10 }),
  distanceMm: lookupTable({ "": 1e3, m: 1e3, mm: 1, meter: 1e3 }),
  rowMm: lookupTable({ "": 1e3, m: 1e3, mm: 1, um: 1e-3, µm: 1e-3, micrometer: 1e-3, meter: 1e3 }),
  colMm: lookupTable({ "": 1e3, m: 1e3, mm: 1, um: 1e-3, µm: 1e-3, micrometer: 1e-3, meter: 1e3 }),
};

/**
 * Angles, translations, monitor and geometry that a file holds, converted to our units. A dataset whose unit is of
 * another kind (a "distance" in pixels) is passed over and named in `ignored`.
 */
export async function readScanMetadata(path: string): Promise<ScanMetadata> {
  const file = await openHdf5(path);
  try {
    const sources: Record<string, string> = {};
    const datasets = file.contents().datasets.filter((d) => isNumeric(d) && sizeOf(d.shape!) > 0);
    const ignored: string[] = [];
    const find = (quantity: Quantity): Float64Array | undefined => {
      for (const dataset of namedDatasets(datasets, quantity)) {
        const factor = unitFactor(file, dataset, quantity);
        if (factor === undefined) {
          ignored.push(`${dataset.path}: unit ${file.attribute(dataset.path, "units")} not understood as ${quantity}`);
          continue;
        }
        sources[quantity] = dataset.path;
        return file.numbers(dataset.path)!.map((value) => value * factor);
      }
      return undefined;
    };
    const one = (quantity: Quantity): number | undefined => find(quantity)?.find((value) => value > 0);
    const [row, col] = [one("rowMm"), one("colMm")];
    return withoutUndefined({
      omegaDeg: find("omegaDeg"),
      translationMm: find("translationMm"),
      monitor: find("monitor"),
      transmitted: find("transmitted"),
      exposureS: one("exposureS"),
      energyKeV: one("energyKeV"),
      wavelengthA: one("wavelengthA"),
      distanceMm: one("distanceMm"),
      pixelMm: row !== undefined && col !== undefined ? { row, col } : undefined,
      sources,
      ignored,
    }) as unknown as ScanMetadata;
  } finally {
    file.close();
  }
}

const LISTS: readonly Quantity[] = ["omegaDeg", "translationMm", "monitor", "transmitted"];

/**
 * Datasets of a quantity's names, the preferred name first. Among equal names, for a list the longest is first; for
 * one value the shortest, and that of the monochromator or beam before any other ("energy" is also a spectrum's axis).
 */
function namedDatasets(datasets: readonly Hdf5Dataset[], quantity: Quantity): Hdf5Dataset[] {
  return NAMES[quantity].flatMap((name) =>
    datasets
      .filter((d) => `/${d.path}`.toLowerCase().endsWith(`/${name}`))
      // a detector's own translation is not the sample's
      .filter((d) => quantity !== "translationMm" || !/detector/i.test(d.path))
      .sort((a, b) => {
        if (LISTS.includes(quantity)) return sizeOf(b.shape!) - sizeOf(a.shape!);
        return Number(isOfBeam(b)) - Number(isOfBeam(a)) || sizeOf(a.shape!) - sizeOf(b.shape!);
      }),
  );
}

const isOfBeam = (d: Hdf5Dataset): boolean => /(monochromator|beam)\//i.test(d.path);

function unitFactor(file: Hdf5File, dataset: Hdf5Dataset, quantity: Quantity): number | undefined {
  const factors = FACTORS[quantity];
  if (Object.keys(factors).length === 0) return 1;
  const written = file.attribute(dataset.path, "units");
  return factors[typeof written === "string" ? written.trim().toLowerCase() : ""];
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
