/**
 * pyFAI's diffraction maps (pyFAI-diffmap, diff_tomo): patterns [slow, fast, bin] under an NXprocess.
 *
 *   entry_0000/pyFAI                    NXprocess  program, version, date, dim0, dim1, dim2 (@axis: names of the motors)
 *   entry_0000/pyFAI/configuration      NXnote     JSON of the integration: geometry, wavelength in m, unit
 *   entry_0000/pyFAI/result             NXdata     intensity [slow, fast, bin], errors, radial axis (@unit);
 *                                                  since 2025 also slow, fast, and map [bin, slow, fast], the signal
 *
 * Layout as pyFAI 0.21.3 writes it and as the source of its version 2025.12 has it (pyFAI/diffmap.py, io/nexus.py).
 * `errors` are standard uncertainties; points that were not reached are NaN.
 */
import { type Axis, type AxisUnit, InputError } from "../data/index.ts";
import type { Hdf5File } from "./hdf5.ts";
import type { PatternArray } from "./hdf5-patterns.ts";
import { createHdf5, type Hdf5Writer } from "./hdf5-writer.ts";

/** Where a diffraction map lies in a file. */
export interface Diffmap {
  /** dataset [slow, fast, bin] */
  readonly intensity: string;
  /** dataset of the radial axis; undefined where none has as many values as there are bins */
  readonly radial?: string;
  /** of the integration, where the file says it */
  readonly wavelengthA?: number;
}

/** The diffraction maps of a file; [] where pyFAI did not write it. @throws InputError "diffmap-cakes" */
export function findDiffmaps(file: Hdf5File): Diffmap[] {
  return file
    .contents()
    .groups.filter((group) => /\/result$/.test(`/${group}`) && file.dataset(`${group}/intensity`))
    .filter((group) => file.attribute(parentOf(group), "NX_class") === "NXprocess")
    .map((group) => describeDiffmap(file, group));
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

function describeDiffmap(file: Hdf5File, group: string): Diffmap {
  const intensity = `${group}/intensity`;
  const shape = file.dataset(intensity)!.shape ?? [];
  if (shape.length === 4) {
    throw new InputError(
      "diffmap-cakes",
      `${file.path}: ${intensity} holds cakes [${shape.join(", ")}] of ${shape[2]} azimuthal sectors; patterns [slow, fast, bin] are needed. Integrate again with one sector (pyFAI-diffmap --npt-azim 1).`,
    );
  }
  const others = file.members(group).filter((name) => /^(2th|q|r|d|chi|log|arcsinh|qx|qy)/i.test(name));
  const radial = others.find((name) => file.dataset(`${group}/${name}`)?.shape?.join() === String(shape[2]));
  const wavelengthA = wavelengthOf(file.text(`${parentOf(group)}/configuration/data`));
  return { intensity, ...(radial && { radial: `${group}/${radial}` }), ...(wavelengthA && { wavelengthA }) };
}

/** pyFAI keeps metres, at the top (to 2023), in `poni`, or in `ai` of the diffraction map's own configuration. */
function wavelengthOf(json: string | undefined): number | undefined {
  let config: unknown;
  try {
    config = JSON.parse(json ?? "");
  } catch {
    return undefined;
  }
  for (const keys of [["wavelength"], ["poni", "wavelength"], ["ai", "wavelength"], ["ai", "poni", "wavelength"]]) {
    let at = config;
    for (const key of keys) at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof at === "number" && at > 0 && at < 1e-8) return at * 1e10;
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** One of the two motors of a diffraction map. */
export interface DiffmapMotor {
  /** as in "y" or "rotation" */
  readonly name: string;
  /** [point] in its unit */
  readonly values: ArrayLike<number>;
  readonly unit: string;
}

/** What goes with the patterns into a diffraction map. */
export interface DiffmapOptions {
  readonly title: string;
  /** kept as program and version of the NXprocess */
  readonly program: string;
  readonly version: string;
  /** ISO 8601 */
  readonly date: string;
  readonly slow: DiffmapMotor;
  readonly fast: DiffmapMotor;
  readonly wavelengthA?: number;
  /** from the sample to the detector */
  readonly distanceM?: number;
}

/** pyFAI's name of an axis and its unit; our values need no conversion. */
const RADIAL: Partial<Record<AxisUnit, { name: string; unit: string; units: string; label: string }>> = {
  q: { name: "q", unit: "A^-1", units: "1/angstrom", label: "Scattering vector q (1/angstrom)" },
  "two-theta": { name: "2th", unit: "deg", units: "degree", label: "Scattering angle 2theta (degree)" },
  radius: { name: "r", unit: "mm", units: "mm", label: "Radius r (mm)" },
};

/** Bytes of patterns held at once. */
const BLOCK_BYTES = 64e6;

/**
 * Writes patterns as pyFAI lays out a diffraction map, row by row, so that a volume may be larger than memory.
 *
 * @param source [slow, fast] patterns, with errors where it has them
 * @throws InputError "diffmap-axis" where the axis is neither q, two-theta nor radius; and those of createHdf5
 */
export async function writeDiffmap(path: string, source: PatternArray, options: DiffmapOptions): Promise<void> {
  const radial = RADIAL[source.axis.unit];
  if (!radial) {
    throw new InputError(
      "diffmap-axis",
      `pyFAI's diffraction maps have an axis of q, two-theta or radius, and ${source.name} has ${source.axis.unit}. Integrate to one of them (integrate: {axis: q}).`,
    );
  }
  const file = await createHdf5(path);
  try {
    writeFrame(file, path, source, options);
    writeAxes(file, source.axis, radial, options);
    writePatterns(file, source);
    file.finish();
  } catch (error) {
    file.abort();
    throw error;
  }
}

const PROCESS = "entry_0000/pyFAI";
const RESULT = `${PROCESS}/result`;

/** Everything but the arrays. */
function writeFrame(file: Hdf5Writer, path: string, { shape, axis }: PatternArray, options: DiffmapOptions): void {
  const { program, version, date, slow, fast } = options;
  const classes = { entry_0000: "NXentry", [PROCESS]: "NXprocess", [RESULT]: "NXdata" };
  file.attributes("", { NX_class: "NXroot", default: "entry_0000", creator: `${program} ${version}`, file_name: path });
  for (const [group, nxClass] of Object.entries(classes)) {
    file.group(group);
    file.attribute(group, "NX_class", nxClass);
  }
  file.attribute("entry_0000", "default", "pyFAI/result");
  file.attribute(PROCESS, "default", "result");
  file.text("entry_0000/title", options.title);
  file.text("entry_0000/program_name", program);
  for (const [name, text] of Object.entries({ program, version, date })) file.text(`${PROCESS}/${name}`, text);
  file.number(`${PROCESS}/sequence_index`, 1);
  const dimensions = [
    [shape[0], slow.name],
    [shape[1], fast.name],
    [axis.values.length, "diffraction"],
  ] as const;
  for (const [i, [size, name]] of dimensions.entries()) {
    file.number(`${PROCESS}/dim${i}`, size);
    file.attribute(`${PROCESS}/dim${i}`, "axis", name);
  }
  file.number(`${PROCESS}/offset`, 0);
  file.group(`${PROCESS}/configuration`);
  file.attribute(`${PROCESS}/configuration`, "NX_class", "NXnote");
  file.text(`${PROCESS}/configuration/type`, "text/json");
  const radial = RADIAL[axis.unit]!;
  const known = {
    unit: `${radial.name}_${radial.unit}`,
    nbpt_rad: axis.values.length,
    nbpt_azim: 1,
    ...(options.wavelengthA !== undefined && { wavelength: options.wavelengthA * 1e-10 }),
    ...(options.distanceM !== undefined && { dist: options.distanceM }),
  };
  file.text(`${PROCESS}/configuration/data`, JSON.stringify(known, null, 2));
}

function writeAxes(
  file: Hdf5Writer,
  axis: Axis,
  { name, unit, units, label }: NonNullable<(typeof RADIAL)[AxisUnit]>,
  { title, slow, fast }: DiffmapOptions,
): void {
  file.attributes(RESULT, { signal: "intensity", axes: ["slow", "fast", name] });
  file.text(`${RESULT}/title`, title);
  for (const [i, [member, motor]] of Object.entries({ slow, fast }).entries()) {
    file.dataset(`${RESULT}/${member}`, [motor.values.length], Float64Array.from(motor.values));
    file.attributes(`${RESULT}/${member}`, {
      ...(motor.unit && { units: motor.unit }),
      long_name: motor.unit ? `${motor.name} (${motor.unit})` : motor.name,
      interpretation: "scalar",
    });
    file.attribute(RESULT, `${member}_indices`, i);
  }
  file.dataset(`${RESULT}/${name}`, [axis.values.length], axis.values);
  file.attributes(`${RESULT}/${name}`, { unit, units, long_name: label, interpretation: "scalar" });
  file.attribute(RESULT, `${name}_indices`, 2);
}

function writePatterns(file: Hdf5Writer, source: PatternArray): void {
  const [slow, fast] = source.shape;
  const bins = source.axis.values.length;
  const shape = [slow, fast, bins];
  const layout = { chunks: [1, fast, bins] };
  const intensity = file.slabs(`${RESULT}/intensity`, shape, "float32", layout);
  file.attributes(`${RESULT}/intensity`, { interpretation: "spectrum", long_name: "intensity" });
  const errors = source.hasErrors ? file.slabs(`${RESULT}/errors`, shape, "float32", layout) : undefined;
  if (errors) file.attribute(`${RESULT}/errors`, "interpretation", "spectrum");
  const rows = Math.max(1, Math.floor(BLOCK_BYTES / (4 * fast * bins)));
  for (let first = 0; first < slow; first += rows) {
    const count = Math.min(rows, slow - first);
    intensity.writeSlab([first, 0, 0], [count, fast, bins], source.read(first, count));
    errors?.writeSlab([first, 0, 0], [count, fast, bins], source.readErrors(first, count)!);
  }
}
