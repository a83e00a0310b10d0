import { dirname } from "node:path";
import { energyKeVToWavelengthA, type FrameArray, InputError, joinMasks, type Mask } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { findFramePaths } from "../../files/frame-paths.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import { linkedFiles } from "../../files/linked-files.ts";
import { readMask } from "../../files/mask.ts";
import { readPoni } from "../../files/poni.ts";
import { gapMask, type Poni, type Shape } from "../../geometry/index.ts";
import { type BadPixels, createIntegrator, findBadPixels } from "../../stages/integrate/index.ts";
import { anglesOf, readNumbers, windowOf, withinWindow } from "../angles.ts";
import { referenceTo } from "../array-reference.ts";
import { fingerprint, fingerprintAll } from "../fingerprint.ts";
import { watchInputs } from "../input-watch.ts";
import { isMissing } from "../live/growing-files.ts";
import { knownFrames } from "../live/known-frames.ts";
import { loadKernels } from "../load-kernels.ts";
import type { Scan, ScanConfig } from "../scan-config.ts";
import { listProblems, type Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import { FRAME_BLOCK, type IntegratePayload } from "../tasks/integrate-task.ts";
import { framesOfTurns } from "../turning.ts";
import type { PatternsMeta } from "./meta.ts";

export type FramesInput = ScanConfig["input"] & { kind: "frames" };

/** Detector frames to patterns. */
export async function createIntegrateStage(
  scan: Scan,
  input: FramesInput,
  store: StageStore,
): Promise<Stage<PatternsMeta>> {
  const linked = await linkedFiles(filesOfFrames(scan, input).frames);
  const watch = watchInputs(() => {
    const { frames, others } = filesOfFrames(scan, input);
    return [...frames, ...others, ...linked];
  });
  const { files, source, poni, setup } = await prepareIntegration(scan, input);
  const points = input.translations ?? 1;
  const { count, rows, cols } = source;
  const allLines = Math.ceil(count / points);
  const turning = scan.config.turning && framesOfTurns(scan, count);
  const window = turning?.window ?? windowOf(scan, allLines);
  const lines = window.count;
  // made here once as well: a wrong mask or an empty range is said before anything is written
  const integrator = createIntegrator(loadKernels(), setup);
  const { axis, memoryBytes } = integrator;
  const all = readCounters(scan, input, count, allLines * points);
  const counters = Object.fromEntries(
    Object.entries(all).map(([name, values]) => [name, withinWindow(values, window, points)]),
  ) as typeof all;
  const omegaDeg = turning?.omegaDeg ?? withinWindow(anglesOf(scan.config.angles, allLines, scan), window, 1);
  const small = [
    scan.resolve(input.poni),
    ...[input.mask, input.flat, input.dark, input.monitor, input.exposure, input.transmitted].flatMap((path) =>
      path ? [scan.resolve(path)] : [],
    ),
  ];
  const inputs = [...small.map(fingerprint), ...fingerprintAll([...findFramePaths(files), ...linked])];
  return {
    name: "integrate",
    identity: {
      stage: "integrate",
      config: scan.config.integrate,
      inputs,
      dataset: input.dataset,
      badPixels: input.badPixels,
      points,
      omegaDeg: [...omegaDeg],
      wavelength: poni.wavelength,
      ...((scan.config.lines || turning) && { window }),
    },
    inputs,
    watch,
    async plan() {
      const shape = { items: lines * points, bins: axis.values.length };
      const patterns = store.array("patterns", shape);
      const sigma = store.array("patterns-sigma", shape);
      const bad =
        input.badPixels === "auto" ? await badPixels(files, input.dataset, setup.shape, poni, setup.mask) : undefined;
      const mask = joinMasks(setup.mask, bad?.mask);
      const made: IntegratePayload = {
        ...setup,
        ...(mask && { mask }),
        files,
        frames: lines * points,
        firstFrame: window.from * points,
        patterns: referenceTo(patterns),
        sigma: referenceTo(sigma),
        ...(input.dataset && { dataset: input.dataset }),
      };
      const known = await knownFrames(dirname(store.folder), made);
      const payload = { ...made, ...(known && { known }) };
      const range = (block: number): [number, number] => [
        block * FRAME_BLOCK,
        Math.min(FRAME_BLOCK, shape.items - block * FRAME_BLOCK),
      ];
      return {
        task: "integrate",
        payload,
        blocks: Math.ceil(shape.items / FRAME_BLOCK),
        bytesPerThread: memoryBytes + 3 * rows * cols * 8 + FRAME_BLOCK * shape.bins * 16,
        checksums: (block) => [patterns.crcOfItems(...range(block)), sigma.crcOfItems(...range(block))],
        preview: {
          title: "mean of each pattern",
          unit: "counts",
          image: "line-point",
          rows: lines,
          cols: points,
          array: referenceTo(patterns),
          filled: { kind: "items", each: FRAME_BLOCK },
          blocks: Math.ceil(shape.items / FRAME_BLOCK),
        },
        finish(problems) {
          patterns.close();
          sigma.close();
          const meta: PatternsMeta = {
            lines,
            points,
            axis,
            omegaDeg,
            patterns: referenceTo(patterns),
            sigma: referenceTo(sigma),
            distanceM: poni.dist,
            wavelengthA: poni.wavelength! * 1e10,
            ...counters,
            ...(turning && { framesInAll: count }),
          };
          const short = Math.max(0, (window.from + lines) * points - count);
          const notes = [`${count} frames of ${rows} x ${cols} pixels, ${shape.bins} bins, ${setup.config.statistic}`];
          if (bad) notes.push(`left out in all frames: ${bad.hot} hot and ${bad.dead} dead pixels`);
          if (short > 0)
            notes.push(`the last line has ${points - short} of ${points} frames; the rest is flagged as missing`);
          for (const { first, count: gone, reason } of source.missing ?? [])
            notes.push(`frames ${first} to ${first + gone - 1} are missing: ${reason}`);
          return { meta, notes: [...notes, ...listProblems(problems)] };
        },
      };
    },
  };
}

export interface PreparedIntegration {
  readonly files: string | readonly string[];
  /** closed again */
  readonly source: FrameSource;
  readonly poni: Poni;
  readonly setup: Pick<IntegratePayload, "poni" | "mask" | "flat" | "dark" | "config"> & { readonly shape: Shape };
}

/**
 * What frames are integrated with, but for the pixels that the frames themselves show to be bad.
 *
 * @param given frames to learn their shape from; left out: those of the scan
 */
export async function prepareIntegration(
  scan: Scan,
  input: FramesInput,
  given?: readonly string[],
): Promise<PreparedIntegration> {
  const files = given ?? (typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve));
  const source = await openFrames(files, { missing: "flag", ...(input.dataset && { dataset: input.dataset }) });
  source.close();
  const shape = { rows: source.rows, cols: source.cols };
  const poniPath = scan.resolve(input.poni);
  const poni = withEnergy(readPoni(poniPath), scan.config.energyKeV, poniPath);
  const images = await readImages(scan, input, shape, joinMasks(source.mask, gapMask(poni, shape)));
  return { files, source, poni, setup: { poni, shape, config: scan.config.integrate, ...images } };
}

/** Frames, and all that goes with them. */
function filesOfFrames(scan: Scan, input: FramesInput): { frames: string[]; others: string[] } {
  const frames = findFramePaths(
    typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve),
  );
  const { poni, mask, flat, dark, monitor, exposure, transmitted } = input;
  const others = [poni, mask, flat, dark, monitor, exposure, transmitted];
  return { frames, others: others.flatMap((path) => (path ? [scan.resolve(path)] : [])) };
}

function withEnergy(poni: Poni, energyKeV: number | undefined, path: string): Poni {
  if (energyKeV !== undefined) {
    const wavelength = energyKeVToWavelengthA(energyKeV) * 1e-10;
    if (poni.wavelength !== undefined && Math.abs(poni.wavelength / wavelength - 1) > 1e-3) {
      throw new InputError(
        "energy-conflict",
        `energyKeV is ${energyKeV} (${(wavelength * 1e10).toFixed(5)} Å) and ${path} was calibrated with ${(poni.wavelength * 1e10).toFixed(5)} Å. ` +
          "A geometry only holds for the energy it was calibrated with: remove energyKeV, or calibrate again.",
      );
    }
    return { ...poni, wavelength: poni.wavelength ?? wavelength };
  }
  if (poni.wavelength !== undefined) return poni;
  throw new InputError(
    "energy-missing",
    `${path} has no Wavelength, and the scan.yaml has no energyKeV: add one of them.`,
  );
}

async function readImages(
  scan: Scan,
  input: FramesInput,
  shape: Shape,
  fileMask: Mask | undefined,
): Promise<Pick<IntegratePayload, "mask" | "flat" | "dark">> {
  const image = async (path: string): Promise<Float32Array> => {
    const source = await openFrames(scan.resolve(path));
    const data = Float32Array.from(source.readFrame(0).data);
    source.close();
    return data;
  };
  const mask = joinMasks(input.mask ? await readMask(scan.resolve(input.mask), shape) : undefined, fileMask);
  return {
    ...(mask && { mask }),
    ...(input.flat && { flat: await image(input.flat) }),
    ...(input.dark && { dark: await image(input.dark) }),
  };
}

/** Frames looked at for bad pixels: enough that no grain's spot is in all of them. */
export const FRAMES_FOR_BAD_PIXELS = 12;

/**
 * Pixels that are bad wherever the scan stood; undefined where it has too few frames to tell.
 *
 * @param among frames from all over the scan, or from what is written of it so far
 */
export async function badPixels(
  files: string | readonly string[],
  dataset: string | undefined,
  shape: Shape,
  poni: Poni,
  mask: Mask | undefined,
  among: "all" | "written" = "all",
): Promise<BadPixels | undefined> {
  const source = await openFrames(files, { missing: "flag", ...(dataset && { dataset }) });
  const all = Array.from({ length: source.count }, (_, i) => i);
  const indices = among === "all" ? all : all.filter((i) => !isMissing(source, i));
  const frames: FrameArray[] = [];
  for (let i = 0; i < FRAMES_FOR_BAD_PIXELS; i++) {
    try {
      const { data } = source.readFrame(indices[Math.floor(((i + 0.5) * indices.length) / FRAMES_FOR_BAD_PIXELS)]!);
      const isWritten = data.some((value) => value !== data[0]);
      if (among === "all" || isWritten) frames.push(data);
    } catch (error) {
      if (!(error instanceof InputError) || isMachineFault(error)) throw error; // integrate flags the frame when it comes to it
    }
  }
  source.close();
  return frames.length < 8 ? undefined : findBadPixels(frames, shape, { poni, ...(mask && { mask }) });
}

/** Readings of frames that were not taken are NaN, as those frames' patterns are. */
function readCounters(
  scan: Scan,
  input: FramesInput,
  frames: number,
  items: number,
): Pick<PatternsMeta, "monitor" | "transmitted" | "exposureS"> {
  const read = (path: string, name: string): Float64Array => {
    const values = readNumbers(scan.resolve(path));
    if (values.length !== frames) {
      throw new InputError(
        "counter-length",
        `${scan.resolve(path)} has ${values.length} readings and there are ${frames} frames. The ${name} needs one reading for each frame.`,
      );
    }
    const all = new Float64Array(items).fill(Number.NaN);
    all.set(values);
    return all;
  };
  return {
    ...(input.monitor && { monitor: read(input.monitor, "monitor") }),
    ...(input.exposure && { exposureS: read(input.exposure, "list of exposures") }),
    ...(input.transmitted && { transmitted: read(input.transmitted, "transmitted beam") }),
  };
}
