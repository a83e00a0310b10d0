import { mkdirSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { AXIS_LABELS, type AxisUnit, InputError, joinMasks, type Pattern } from "../data/index.ts";
import { version } from "../data/version.ts";
import { findFramePaths } from "../files/frame-paths.ts";
import { openFrames } from "../files/frames.ts";
import { readMask } from "../files/mask.ts";
import { encodeNpy } from "../files/npy.ts";
import { formatPatternCsv, formatXye } from "../files/pattern-text.ts";
import { readPoni } from "../files/poni.ts";
import { createResultWriter } from "../files/result-writer.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { gapMask } from "../geometry/index.ts";
import { type Fingerprint, fingerprint, fingerprintAll } from "../pipeline/fingerprint.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { radialAxis } from "../pipeline/result-file.ts";
import { imageFigure, patternFigure } from "../stages/figure/index.ts";
import { createIntegrator, IntegrateConfig, type Integrator } from "../stages/integrate/index.ts";
import { type CommonOptions, createCommand, execute, finiteNumber, parseOptions, positiveInteger } from "./command.ts";

const EXAMPLE = `npx xrdct integrate CeO2.cbf --poni CeO2.poni --mask mask.edf -o CeO2.xye
npx xrdct integrate scan/*.cbf --poni CeO2.poni -o patterns      one .xye a frame
npx xrdct integrate CeO2.cbf --poni CeO2.poni --chi-bins 360 -o cake.png`;

const DEFAULTS = IntegrateConfig.parse({});

interface Options extends CommonOptions {
  readonly poni: string;
  readonly mask?: string;
  readonly flat?: string;
  readonly dark?: string;
  readonly dataset?: string;
  readonly bins?: number;
  readonly axis?: string;
  readonly range?: string;
  readonly statistic?: string;
  readonly trim?: number;
  readonly split?: string;
  readonly polarization?: number | false;
  readonly solidAngle: boolean;
  readonly chiBins?: number;
  readonly output: string;
}

export const integrateCommand = (): Command =>
  createCommand("integrate", "frames to patterns", EXAMPLE)
    .argument("<frames...>", "detector images: files, a folder, or a pattern with *")
    .requiredOption("--poni <file>", "geometry, from xrdct calibrate or pyFAI")
    .option("--mask <file>", "image whose non-zero pixels are left out")
    .option("--flat <file>", "flat field")
    .option("--dark <file>", "dark image")
    .option("--dataset <path>", "dataset inside HDF5 files; left out: found")
    .option("--bins <n>", `radial bins; left out: ${DEFAULTS.bins}`, positiveInteger("--bins"))
    .option("--axis <axis>", `two-theta (degrees), q (1/Å), radius (mm) or log-tan; left out: ${DEFAULTS.axis}`)
    .option("--range <low:high>", "part of the axis, in its unit; left out: all that the detector covers")
    .option("--statistic <name>", `mean, trimmed-mean, median or sigma-clip; left out: ${DEFAULTS.statistic}`)
    .option(
      "--trim <share>",
      `share dropped at each end by trimmed-mean, 0 to 0.5; left out: ${DEFAULTS.trim}`,
      finiteNumber("--trim"),
    )
    .option("--split <how>", `pixel splitting: none, bbox or full; left out: ${DEFAULTS.split}`)
    .option(
      "--polarization <p>",
      `degree of horizontal polarisation, -1 to 1; left out: ${DEFAULTS.polarization}`,
      finiteNumber("--polarization"),
    )
    .option("--no-polarization", "do not correct for polarisation")
    .option("--no-solid-angle", "do not divide by the pixels' solid angle")
    .option("--chi-bins <n>", "azimuthal bins: a 2D (cake) pattern", positiveInteger("--chi-bins"))
    .requiredOption("-o, --output <path>", ".xye, .csv, .nxs, .npy, .png or .svg; a folder for one .xye a frame")
    .action((frames: string[], options: Options) => execute(options, () => run(frames, options)));

async function run(frames: string[], options: Options) {
  const paths = frames.length === 1 ? frames[0]! : frames;
  const source = await openFrames(paths, options.dataset ? { dataset: options.dataset } : {});
  try {
    const shape = { rows: source.rows, cols: source.cols };
    const config = configOf(options);
    const poni = readPoni(options.poni);
    const ownMask = joinMasks(source.mask, gapMask(poni, shape));
    const mask = joinMasks(options.mask ? await readMask(options.mask, shape) : undefined, ownMask);
    const image = async (path: string): Promise<Float32Array> =>
      Float32Array.from((await openFrames(path)).readFrame(0).data);
    const integrator = createIntegrator(loadKernels(), {
      poni,
      shape,
      config,
      ...(mask && { mask }),
      ...(options.flat && { flat: await image(options.flat) }),
      ...(options.dark && { dark: await image(options.dark) }),
    });
    const given = [options.poni, options.mask, options.flat, options.dark].flatMap((path) => path ?? []);
    const inputs = [...given.map(fingerprint), ...fingerprintAll(findFramePaths(paths))];
    const written = await writeAll(integrator, source, options, { config, inputs });
    return {
      json: { frames: source.count, bins: integrator.axis.values.length, statistic: config.statistic, written },
      lines: written.length > 3 ? [`${written.length} patterns in ${options.output}`] : written,
    };
  } finally {
    source.close();
  }
}

function configOf(options: Options): IntegrateConfig {
  const range = options.range?.split(":").map(Number);
  if (range && !(range.length === 2 && range.every(Number.isFinite) && range[0]! < range[1]!))
    throw new InputError(
      "bad-option",
      `--range needs low:high on the axis, the first the smaller; "${options.range}" was given.`,
    );
  return parseOptions(IntegrateConfig, {
    bins: options.bins,
    axis: options.axis,
    range,
    statistic: options.statistic,
    trim: options.trim,
    split: options.split,
    polarization: options.polarization === false ? null : options.polarization,
    solidAngle: options.solidAngle,
    chiBins: options.chiBins,
  });
}

type Source = Awaited<ReturnType<typeof openFrames>>;

/** What a result file says about how it was made. */
interface Provenance {
  readonly config: IntegrateConfig;
  readonly inputs: readonly Fingerprint[];
}

async function writeAll(
  integrator: Integrator,
  source: Source,
  options: Options,
  provenance: Provenance,
): Promise<string[]> {
  const { output } = options;
  const format = extname(output).slice(1).toLowerCase();
  if (format === "") return writeFolder(integrator, source, output);
  if (["nxs", "h5", "npy"].includes(format)) return [await writeStack(integrator, source, output, format, provenance)];
  if (source.count > 1) {
    throw new InputError(
      "bad-option",
      `${source.count} frames do not go into one ${format} file. Give a folder, .nxs or .npy with -o.`,
    );
  }
  const frame = source.readFrame(0);
  const { intensity, sigma } = integrator.integrate([frame.data]);
  if (integrator.chiDeg) return [await writeCake(integrator, intensity, output, format, basename(source.name))];
  const pattern: Pattern = { axis: integrator.axis, intensity, sigma };
  const comments = [`integrated by xrdct ${version} from ${source.name}`, `geometry ${options.poni}`];
  if (format === "svg" || format === "png") {
    const svg = patternFigure({
      title: basename(source.name),
      axis: pattern.axis,
      observed: intensity,
      ordinate: "sqrt",
    });
    writeFileSync(output, format === "svg" ? svg : await svgToPng(svg));
  } else if (format === "csv") writeFileSync(output, formatPatternCsv(pattern));
  else if (["xye", "xy", "dat"].includes(format)) writeFileSync(output, formatXye(pattern, comments));
  else
    throw new InputError(
      "bad-option",
      `Cannot write .${format}. Give .xye, .csv, .nxs, .npy, .png, .svg or a folder with -o.`,
    );
  return [output];
}

function writeFolder(integrator: Integrator, source: Source, folder: string): string[] {
  if (integrator.chiDeg)
    throw new InputError("bad-option", "A cake goes into .nxs, .npy, .png or .svg: give one with -o.");
  mkdirSync(folder, { recursive: true });
  const digits = String(Math.max(0, source.count - 1)).length;
  return Array.from({ length: source.count }, (_, i) => {
    const { intensity, sigma } = integrator.integrate([source.readFrame(i).data]);
    const path = join(folder, `${String(i).padStart(digits, "0")}.xye`);
    writeFileSync(path, formatXye({ axis: integrator.axis, intensity, sigma }, [`frame ${i} of ${source.name}`]));
    return path;
  });
}

async function writeStack(
  integrator: Integrator,
  source: Source,
  output: string,
  format: string,
  provenance: Provenance,
): Promise<string> {
  const { axis, chiDeg, size } = integrator;
  const shape = [source.count, ...(chiDeg ? [chiDeg.length] : []), axis.values.length];
  if (format === "npy") {
    const data = new Float32Array(source.count * size);
    for (let i = 0; i < source.count; i++)
      data.set(integrator.integrate([source.readFrame(i).data]).intensity, i * size);
    writeFileSync(output, encodeNpy({ shape, data }));
    return output;
  }
  const now = new Date().toISOString();
  const writer = await createResultWriter(output, { program: "xrdct", version, title: source.name, startedAt: now });
  try {
    const record = { startedAt: now, inputs: provenance.inputs, notes: [] };
    const axes = [
      { name: "frame" },
      ...(chiDeg ? [{ name: "chi", values: chiDeg, unit: "deg" }] : []),
      radialAxis(axis),
    ];
    const array = writer.array("integrate/data", {
      shape,
      dtype: "float32",
      unit: "counts",
      longName: "azimuthally integrated intensity",
      axes,
      errors: true,
    });
    for (let i = 0; i < source.count; i++) {
      const { intensity, sigma } = integrator.integrate([source.readFrame(i).data]);
      array.writeSlab([i, ...shape.slice(1).map(() => 0)], [1, ...shape.slice(1)], intensity, sigma);
    }
    const endedAt = new Date().toISOString();
    writer.process("integrate", { ...record, config: { settings: provenance.config }, endedAt });
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
  return output;
}

async function writeCake(
  { axis, chiDeg }: Integrator,
  values: Float32Array,
  output: string,
  format: string,
  name: string,
): Promise<string> {
  if (format !== "svg" && format !== "png")
    throw new InputError("bad-option", "A cake goes into .nxs, .npy, .png or .svg: give one with -o.");
  const ends = (list: Float64Array): [number, number] => [list[0]!, list.at(-1)!];
  const svg = imageFigure({
    rows: chiDeg!.length,
    cols: axis.values.length,
    values,
    title: `${name}: azimuth over ${AXIS_LABELS[axis.unit].label}`,
    label: "intensity (counts)",
    transform: "log",
    rowsUp: true,
    x: {
      domain: ends(axis.values),
      label: labelOf(axis.unit),
    },
    y: { domain: ends(chiDeg!), label: "χ (°)" },
  });
  writeFileSync(output, format === "svg" ? svg : await svgToPng(svg));
  return output;
}

function labelOf(unit: AxisUnit): string {
  const { label, unit: symbol } = AXIS_LABELS[unit];
  return symbol ? `${label} (${symbol})` : label;
}
