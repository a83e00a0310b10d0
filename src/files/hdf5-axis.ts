/** Radial axes in HDF5 files: which dataset it is, and what its values mean. */
import { type Axis, type AxisUnit, InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import type { Hdf5File } from "./hdf5.ts";

/** Names that the field gives to the radial axis, with their unit where the file says nothing. */
const AXIS_NAMES: Record<string, { unit: AxisUnit; factor: number }> = lookupTable({
  q: { unit: "q", factor: 1 },
  tth: { unit: "two-theta", factor: 1 },
  twotheta: { unit: "two-theta", factor: 1 },
  two_theta: { unit: "two-theta", factor: 1 },
  "2th": { unit: "two-theta", factor: 1 },
  "2theta": { unit: "two-theta", factor: 1 },
});

/** nDTomo's window saves whatever axis it shows under this name, which says no unit. */
const UNNAMED_AXIS = "xaxis";

const UNITS: Record<string, { unit: AxisUnit; factor: number }> = lookupTable({
  "1/angstrom": { unit: "q", factor: 1 },
  "angstrom^-1": { unit: "q", factor: 1 },
  "a^-1": { unit: "q", factor: 1 },
  "å^-1": { unit: "q", factor: 1 },
  "å⁻¹": { unit: "q", factor: 1 },
  "1/å": { unit: "q", factor: 1 },
  "1/nm": { unit: "q", factor: 0.1 },
  "nm^-1": { unit: "q", factor: 0.1 },
  deg: { unit: "two-theta", factor: 1 },
  degree: { unit: "two-theta", factor: 1 },
  degrees: { unit: "two-theta", factor: 1 },
  "°": { unit: "two-theta", factor: 1 },
  rad: { unit: "two-theta", factor: 180 / Math.PI },
  mm: { unit: "radius", factor: 1 },
  m: { unit: "radius", factor: 1000 },
});

/**
 * The axis in a dataset, in our units: q in 1/angstrom (1/nm converted), two-theta in degrees.
 *
 * @param unit says what the values are, in our unit, whatever the file says
 * @throws InputError "hdf5-axis-unknown" where neither the name nor a `units` attribute tells;
 *   "hdf5-axis-not-ascending"
 */
export function readAxis(file: Hdf5File, path: string, unit?: AxisUnit): Axis {
  const raw = file.numbers(file.needDataset(path).path);
  const meaning = unit ? { unit, factor: 1 } : meaningOf(file, path);
  if (!raw || !meaning) {
    throw new InputError(
      "hdf5-axis-unknown",
      `${file.path}: it is not known what the axis ${path} is: its name and units ("${file.attribute(path, "units") ?? ""}") do not say. Give the axis unit: two-theta, q, radius or log-tan.`,
    );
  }
  const values = raw.map((value) => value * meaning.factor);
  const bad = values.findIndex((value, i) => !Number.isFinite(value) || (i > 0 && value <= values[i - 1]!));
  if (bad >= 0) {
    throw new InputError(
      "hdf5-axis-not-ascending",
      `${file.path}: the axis ${path} does not ascend: ${values[bad - 1] ?? ""} is followed by ${values[bad]} at index ${bad}. A radial axis must ascend; name another dataset.`,
    );
  }
  return { unit: meaning.unit, values };
}

function meaningOf(file: Hdf5File, path: string): { unit: AxisUnit; factor: number } | undefined {
  const written = file.attribute(path, "units") ?? file.attribute(path, "unit");
  const name = path.split("/").at(-1)!.toLowerCase();
  const byUnit = typeof written === "string" ? UNITS[written.trim().toLowerCase()] : undefined;
  // pyFAI writes "2th_deg" and "q_nm^-1" as name or unit.
  const long = /^(2th|q|r)_(.+)$/.exec(typeof written === "string" && written.includes("_") ? written : name);
  return byUnit ?? (long ? UNITS[long[2]!.toLowerCase()] : undefined) ?? AXIS_NAMES[name];
}

/** The dataset beside another one that is its axis by name: q, tth, 2th ... */
export function findAxis(file: Hdf5File, group: string, bins?: number): string | undefined {
  const isAxis = (name: string) => name.toLowerCase() in AXIS_NAMES || /^(2th|q|r)_.+/i.test(name);
  const members = file.members(group);
  const found = [...members.filter(isAxis), ...members.filter((name) => name === UNNAMED_AXIS)]
    .map((name) => file.dataset(group ? `${group}/${name}` : name))
    .filter((d) => d?.shape?.length === 1 && (bins === undefined || d.shape[0] === bins));
  return found[0]?.path;
}
