/** The patterns of a series: files, folders, names with *, and stacks in HDF5 files, in their natural order. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type AxisUnit, convertAxis, InputError, type Pattern } from "../../data/index.ts";
import { decodeText, fileSource } from "../../files/byte-source.ts";
import { openPatternStack } from "../../files/hdf5-pattern-stack.ts";
import { readPattern } from "../../files/pattern-file.ts";

export interface SeriesItem {
  readonly name: string;
  readonly path: string;
  /** over two-theta. @throws InputError of the readers */
  read(): Promise<Pattern>;
}

export interface SeriesSourceOptions {
  readonly frames: "each" | "mean";
  readonly wavelengthA?: number;
  readonly axis?: AxisUnit;
}

/** Files of these endings in a folder are patterns; others (models, results, notes) are not. */
const PATTERN_ENDING =
  /\.(xy|xye|xyd|dat|chi|csv|txt|fxye|gsas?|gda|xra|plt|prn|raw|brml|xrdml|npy|h5|hdf5|nxs|cxs)(\.gz)?$/i;
const HDF5_ENDING = /\.(h5|hdf5|nxs|cxs)$/i;

/** @throws InputError "series-empty" and those of the readers of HDF5 */
export async function openSeries(inputs: readonly string[], options: SeriesSourceOptions): Promise<SeriesItem[]> {
  const items: SeriesItem[] = [];
  for (const path of inputs.flatMap(expand)) {
    if (HDF5_ENDING.test(path)) items.push(...(await stackItems(path, options)));
    else
      items.push({ name: path, path, read: async () => toTwoTheta(readPattern(path, axisOption(options)), options) });
  }
  if (items.length > 0) return items;
  throw new InputError(
    "series-empty",
    `There is no pattern in ${inputs.join(", ")}. Give pattern files, a folder with them, or names with *.`,
  );
}

const axisOption = ({ axis }: SeriesSourceOptions): { axis?: AxisUnit } => (axis ? { axis } : {});

const natural = new Intl.Collator("en", { numeric: true });

function expand(input: string): string[] {
  const name = basename(input);
  if (name.includes("*") && !existsSync(input)) {
    const folder = dirname(input);
    const pattern = new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
    return listed(folder, input).filter((file) => pattern.test(basename(file)));
  }
  if (existsSync(input) && statSync(input).isDirectory()) {
    return listed(input, input).filter((file) => PATTERN_ENDING.test(file));
  }
  return [input];
}

function listed(folder: string, input: string): string[] {
  if (!existsSync(folder)) {
    throw new InputError(
      "file-not-readable",
      `${input}: cannot be read: there is no folder ${folder}; check the path.`,
    );
  }
  return readdirSync(folder)
    .sort(natural.compare)
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile());
}

async function stackItems(path: string, options: SeriesSourceOptions): Promise<SeriesItem[]> {
  const open = () => openPatternStack(path, options.axis ? { axisUnit: options.axis } : {});
  const stack = await open();
  const { count } = stack;
  stack.close();
  // opened for each pattern: a series of a thousand files must not keep them all open
  const withStack = async (work: (one: Awaited<ReturnType<typeof open>>) => Pattern): Promise<Pattern> => {
    const one = await open();
    try {
      return toTwoTheta(work(one), options);
    } finally {
      one.close();
    }
  };
  if (options.frames === "mean" && count > 1) return [{ name: path, path, read: () => withStack(meanOf) }];
  return Array.from({ length: count }, (_, k) => ({
    name: count > 1 ? `${path}[${k}]` : path,
    path,
    read: () => withStack((one) => one.read(k)),
  }));
}

/** Mean over the frames, its sigma from their spread: no assumption about what a count is worth. */
function meanOf(stack: Awaited<ReturnType<typeof openPatternStack>>): Pattern {
  const n = stack.axis.values.length;
  const [mean, squares, counts] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < stack.count; k++) {
    const { intensity } = stack.read(k);
    for (let i = 0; i < n; i++) {
      const value = intensity[i]!;
      if (!Number.isFinite(value)) continue;
      // Welford: sums of squares of large counts would lose their digits
      const change = value - mean[i]!;
      mean[i]! += change / ++counts[i]!;
      squares[i]! += change * (value - mean[i]!);
    }
  }
  const sigma = squares.map((sum, i) => (counts[i]! > 1 ? Math.sqrt(sum / (counts[i]! - 1) / counts[i]!) : 0));
  return { axis: stack.axis, intensity: mean.map((value, i) => (counts[i]! > 0 ? value : Number.NaN)), sigma };
}

function toTwoTheta(pattern: Pattern, { wavelengthA }: SeriesSourceOptions): Pattern {
  const { unit, values } = pattern.axis;
  if (unit === "two-theta") return pattern;
  const converted = convertAxis(values, unit, "two-theta", wavelengthA === undefined ? {} : { wavelengthA });
  return { ...pattern, axis: { unit: "two-theta", values: converted } };
}

/** Enough for the heads that beamlines write. */
const HEAD_BYTES = 1 << 16;

/**
 * The number after `label` in the head of a text file.
 *
 * @throws InputError "series-variable"
 */
export function readHeaderNumber(path: string, label: string): number {
  const source = fileSource(path);
  try {
    const text = decodeText(source.read(0, Math.min(source.size, HEAD_BYTES)));
    const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
    const found = new RegExp(`${escaped}\\s*[=:]?\\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)`, "i").exec(text);
    if (found) return Number(found[1]);
  } finally {
    source.close();
  }
  throw new InputError(
    "series-variable",
    `${path}: its head has no number after "${label}". Look at the file for the words before the number, or give series.variable.values.`,
  );
}
