/** What can be known of a run before it starts; nothing is written. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { AXIS_LABELS, convertAxis, energyKeVToWavelengthA, InputError, KEV_ANGSTROM } from "../../data/index.ts";
import { openFrames } from "../../files/frames.ts";
import { readPoni } from "../../files/poni.ts";
import { describeParallax, parallaxEffects, parallaxSize } from "../../geometry/index.ts";
import { anglesOf } from "../../pipeline/angles.ts";
import { BIN_BLOCK } from "../../pipeline/blocked-array.ts";
import { openPatternSource, patternSource } from "../../pipeline/pattern-source.ts";
import { parseScan, type Scan } from "../../pipeline/scan-config.ts";
import { digest } from "../../pipeline/stage-store.ts";
import { createSteps } from "../../pipeline/steps.ts";
import { framesOfTurns, gridOf } from "../../pipeline/turning.ts";
import { createReconstructionPlan, planMemory } from "../../stages/reconstruct/index.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { ScanCheck } from "../wire.ts";
import { assertAllInside, filesOf } from "./scan-files.ts";

type Finding = ScanCheck["findings"][number];
type Fact = ScanCheck["facts"][number];

export interface CheckOptions {
  /** absolute; it need not exist */
  readonly output: string;
  readonly workers: number;
  readonly memoryBytes: number;
}

/** @param path absolute, of the scan.yaml; `text` is what would be in it */
export async function checkScan(
  text: string,
  path: string,
  folder: ServedFolder,
  options: CheckOptions,
): Promise<ScanCheck> {
  const facts: Fact[] = [];
  try {
    const scan = parseScan(text, path);
    assertAllInside(scan, folder);
    const missing = filesMissing(scan);
    if (missing.length > 0) return { findings: missing, facts, stages: [] };
    const measured = onLines(scan, await measure(scan));
    facts.push(...describe(measured));
    const needs = needsOf(scan, measured, options);
    facts.push(...needs.facts);
    const steps = await createSteps(scan, {}, `${options.output}.work`);
    const stages = steps.map(({ stage, store }) => ({
      name: stage.name,
      isDone: !!store.done(digest(stage.identity)),
    }));
    return { findings: [...needs.findings, ...describeDepth(scan, measured)], facts, stages };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { findings: asFindings(error, path, folder), facts, stages: [] };
  }
}

/** A message about several lines of the file becomes one finding for each of them. */
function asFindings({ code, message }: InputError, path: string, folder: ServedFolder): Finding[] {
  const lines = code === "config-invalid" ? message.split("\n").slice(1) : [message];
  // messages about lines begin with the file
  const named = /^(.+?\.ya?ml)\b/i.exec(message)?.[1];
  const file = named && named !== path && isAbsolute(named) ? folder.nameOf(named) : undefined;
  return lines.map((one) => {
    const said = one.trim().replaceAll(`${folder.root}/`, "");
    const line = /\bline (\d+)\b/.exec(said)?.[1];
    const where = file && lines[0] !== message ? `${file}, ` : "";
    return {
      level: "error",
      code,
      message: `${where}${said}`,
      ...(line && { line: Number(line), ...(file && { file }) }),
    };
  });
}

const filesMissing = (scan: Scan): Finding[] =>
  filesOf(scan)
    .filter(({ path, isMany }) => !existsSync(path) && !(isMany && /[*?]/.test(path)))
    .map(({ setting, given }) => ({
      level: "error",
      code: "file-missing",
      message: `${setting}: there is no ${given}, seen from the folder of the scan. Put it there, or mend the path.`,
    }));

interface Measured {
  readonly lines: number;
  readonly points: number;
  readonly bins: number;
  /** highest angle, and the width of the last bin; degrees of two-theta */
  readonly edge?: { readonly twoThetaDeg: number; readonly binDeg: number };
  readonly axis?: string;
  readonly hasSigma: boolean;
  readonly wavelengthA?: number;
  readonly distanceM?: number;
  readonly omegaDeg?: Float64Array;
  readonly frames?: { readonly count: number; readonly rows: number; readonly cols: number };
}

async function measure(scan: Scan): Promise<Measured> {
  const { input, energyKeV, distanceMm, angles, integrate } = scan.config;
  if (input.kind !== "frames") {
    const source = await openPatternSource(patternSource(scan));
    source.close();
    const { lines, points, axis, hasSigma } = source;
    const isScan = input.kind !== "raster" && input.kind !== "volume" && !scan.config.turning;
    const wavelengthA = energyKeV === undefined ? undefined : energyKeVToWavelengthA(energyKeV);
    const context = {
      ...(wavelengthA !== undefined && { wavelengthA }),
      ...(distanceMm !== undefined && { distanceM: distanceMm / 1e3 }),
    };
    const isAngle = axis.unit === "two-theta" || (axis.unit === "q" && wavelengthA !== undefined);
    const [before, last] = isAngle ? convertAxis(axis.values.slice(-2), axis.unit, "two-theta", context) : [];
    const [low, high] = [axis.values[0]!, axis.values.at(-1)!];
    return {
      lines,
      points,
      bins: axis.values.length,
      ...(axis.unit !== "channel" && {
        axis: `${AXIS_LABELS[axis.unit].label} ${low.toPrecision(4)} to ${high.toPrecision(4)} ${AXIS_LABELS[axis.unit].unit}`.trim(),
      }),
      hasSigma,
      ...context,
      ...(last !== undefined && { edge: { twoThetaDeg: last, binDeg: last - before! } }),
      ...(isScan && { omegaDeg: anglesOf(angles, lines, scan, source.omegaDeg) }),
    };
  }
  const files = typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve);
  const source = await openFrames(files, { missing: "flag", ...(input.dataset && { dataset: input.dataset }) });
  source.close();
  const { count, rows, cols } = source;
  const { translations: points = 1 } = input;
  const lines = Math.ceil(count / points);
  const poni = readPoni(scan.resolve(input.poni));
  const wavelengthA =
    poni.wavelength !== undefined
      ? poni.wavelength * 1e10
      : energyKeV === undefined
        ? undefined
        : energyKeVToWavelengthA(energyKeV);
  return {
    lines,
    points,
    bins: integrate.bins,
    axis: AXIS_LABELS[integrate.axis].label,
    hasSigma: true,
    distanceM: poni.dist,
    frames: { count, rows, cols },
    ...(!scan.config.turning && { omegaDeg: anglesOf(angles, lines, scan) }),
    ...(wavelengthA !== undefined && { wavelengthA }),
  };
}

/** Of a sample that turns: what its frames become. */
function onLines(scan: Scan, measured: Measured): Measured {
  if (!scan.config.turning) return measured;
  const { omegaDeg, points } = gridOf(framesOfTurns(scan, measured.lines * measured.points), scan.config.stepMm);
  return { ...measured, lines: omegaDeg.length, points, omegaDeg };
}

function describe({ lines, points, bins, axis, wavelengthA, distanceM, omegaDeg, frames }: Measured): Fact[] {
  const facts: Fact[] = [];
  const add = (name: string, label: string, text: string, value?: number): void => {
    facts.push({ name, label, text, ...(value !== undefined && { value }) });
  };
  if (frames) add("frames", "frames", `${frames.count} of ${frames.rows} x ${frames.cols} pixels`, frames.count);
  if (omegaDeg)
    add("angles", "projections", `${lines}, ${omegaDeg[0]!.toFixed(2)}° to ${omegaDeg.at(-1)!.toFixed(2)}°`, lines);
  else add("rows", "rows", String(lines), lines);
  add("points", omegaDeg ? "translations" : "columns", String(points), points);
  add("bins", "bins", `${bins}${axis ? ` (${axis})` : ""}`, bins);
  if (wavelengthA !== undefined)
    add(
      "energy",
      "energy",
      `${(KEV_ANGSTROM / wavelengthA).toFixed(3)} keV (${wavelengthA.toFixed(5)} Å)`,
      KEV_ANGSTROM / wavelengthA,
    );
  if (distanceM !== undefined)
    add("distance", "sample to detector", `${(distanceM * 1e3).toFixed(1)} mm`, distanceM * 1e3);
  return facts;
}

const inGB = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

/** Memory of a thread and room on the disk, from the sizes of the arrays that the stages write. */
function needsOf(scan: Scan, measured: Measured, options: CheckOptions): { facts: Fact[]; findings: Finding[] } {
  const { lines, points, bins, hasSigma, frames } = measured;
  const { input, reconstruct } = scan.config;
  const isScan = input.kind !== "raster" && input.kind !== "volume";
  const rays = lines * points;
  const size = reconstruct.size ?? points;
  const voxels = isScan ? size * size : rays;
  const withSigma = hasSigma || isScan ? 2 : 1;
  const patterns = 4 * rays * bins * (hasSigma ? 2 : 1);
  const sinogram = isScan ? 4 * rays * bins * 2 : 0;
  const volume = isScan ? 4 * voxels * bins * (reconstruct.method === "fbp" ? 2 : 1) : 0;
  const result = (frames ? patterns : 0) + sinogram + volume;
  const disk = patterns + sinogram + volume + result;
  const thread = Math.max(
    64e6 + 4 * rays * BIN_BLOCK * 2 * withSigma,
    frames ? 24 * frames.rows * frames.cols + 64e6 : 0,
    isScan ? memoryOfReconstruction(scan, measured) : 0,
  );
  const free = freeBytes(dirname(options.output));
  const threads = Math.min(options.workers, Math.floor(options.memoryBytes / thread));
  const findings: Finding[] = [];
  if (free !== undefined && free < disk) {
    findings.push({
      level: existsSync(`${options.output}.work`) ? "note" : "error",
      code: "disk-full",
      message: `About ${inGB(disk)} of disk are needed beside the result, and ${inGB(free)} are free. Free some space, or take an output on another disk.`,
    });
  }
  if (threads < 1) {
    findings.push({
      level: "error",
      code: "memory-too-small",
      message: `One thread needs about ${inGB(thread)} and the memory setting is ${inGB(options.memoryBytes)}. Raise it.`,
    });
  } else if (threads < options.workers) {
    findings.push({
      level: "note",
      message: `Memory is enough for ${threads} of ${options.workers} threads (${inGB(thread)} each at most); more memory is faster.`,
    });
  }
  return {
    findings,
    facts: [
      {
        name: "memory",
        label: "memory",
        text: `about ${inGB(thread)} a thread at most, ${inGB(options.memoryBytes)} allowed`,
        value: thread,
      },
      {
        name: "disk",
        label: "disk",
        text: `about ${inGB(disk)}${free === undefined ? "" : `, ${inGB(free)} free`}`,
        value: disk,
      },
    ],
  };
}

function memoryOfReconstruction({ config }: Scan, { lines, points, omegaDeg, hasSigma }: Measured): number {
  const { fixed, perBin } = planMemory(
    createReconstructionPlan(
      { ...config.reconstruct, parallax: false },
      {
        omegaDeg: omegaDeg ?? new Float64Array(lines),
        translations: points,
        rotationAxis: (points - 1) / 2,
        stepMm: 1,
      },
    ),
  );
  return fixed + perBin * BIN_BLOCK * (hasSigma ? 2 : 1);
}

/** Of the disk that a folder is on; undefined where the system does not say. */
function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return statSync(folder).isDirectory() ? bavail * bsize : undefined;
  } catch {
    return undefined;
  }
}

/** How far parallax will blur the maps, if it does. */
function describeDepth({ config }: Scan, measured: Measured): Finding[] {
  const { distanceM, omegaDeg, edge, points } = measured;
  const { stepMm, reconstruct } = config;
  if (distanceM === undefined || stepMm === undefined || !omegaDeg || !edge) return [];
  const size = parallaxSize({
    radiusMm: ((reconstruct.size ?? points) / 2) * stepMm,
    distanceMm: distanceM * 1e3,
    omegaDeg,
    stepMm,
    ...edge,
  });
  const effects = reconstruct.parallax || config.dlsr ? [] : parallaxEffects(size);
  return [`Parallax at the edge of the scan: ${describeParallax(size)}`, ...effects].map((message) => ({
    level: "note",
    message,
  }));
}
