import { energyKeVToWavelengthA, InputError, wavelengthAToEnergyKeV } from "../../data/index.ts";
import { linkedFiles } from "../../files/linked-files.ts";
import { anglesOf, windowOf, withinWindow } from "../angles.ts";
import { referenceTo } from "../array-reference.ts";
import { digestOf, fingerprintAll } from "../fingerprint.ts";
import { watchInputs } from "../input-watch.ts";
import { filesOfPatterns, openPatternSource, type PatternSourceSpec } from "../pattern-source.ts";
import type { Scan } from "../scan-config.ts";
import { listProblems, type Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import type { ReadPayload } from "../tasks/read-task.ts";
import type { PatternsMeta } from "./meta.ts";

/** Half of what two calibrations of one beam differ by at most; a file of another beamtime differs by far more. */
const SAME_ENERGY = 1e-3;

/** @throws InputError "energy-mismatch" */
function checkEnergy({ config: { energyKeV }, path }: Scan, wavelengthA: number | undefined, file = ""): void {
  if (wavelengthA === undefined || energyKeV === undefined) return;
  const inFile = wavelengthAToEnergyKeV(wavelengthA);
  if (Math.abs(inFile / energyKeV - 1) <= SAME_ENERGY) return;
  throw new InputError(
    "energy-mismatch",
    `${path}: energyKeV is ${energyKeV}, and ${file} was integrated for ${inFile.toFixed(3)} keV (wavelength ${wavelengthA.toPrecision(6)} angstrom). Correct energyKeV, or integrate again with the right wavelength.`,
  );
}

/** Brings patterns that somebody else integrated into the working folder, line by line. */
export async function createReadStage(
  scan: Scan,
  spec: PatternSourceSpec,
  store: StageStore,
): Promise<Stage<PatternsMeta>> {
  // lines of their own files are too many to look into, and have no links
  const linked = spec.kind === "p07" ? [] : await linkedFiles(filesOfPatterns(spec));
  const watch = watchInputs(() => [...filesOfPatterns(spec), ...linked]);
  const source = await openPatternSource(spec);
  source.close();
  checkEnergy(scan, source.wavelengthA, source.files[0]);
  const { points, axis, hasSigma } = source;
  const window = windowOf(scan, source.lines);
  const lines = window.count;
  const monitor = withinWindow(source.monitor, window, points);
  const transmitted = withinWindow(source.transmitted, window, points);
  const { energyKeV, distanceMm, angles } = scan.config;
  const isAbsorption = spec.kind === "sinograms" && spec.quantity === "line-integral";
  // the angles of a turning sample are those of frames, and not of lines
  const isScan = spec.kind !== "raster" && scan.config.input.kind !== "volume" && !scan.config.turning;
  const omegaDeg = isScan
    ? withinWindow(anglesOf(angles, source.lines, scan, source.omegaDeg), window, 1)
    : new Float64Array(lines);
  const inputs = fingerprintAll([...source.files, ...linked]);
  const part = scan.config.lines && { window };
  return {
    name: "read",
    identity: {
      ...{ stage: "read", spec, files: inputs, omegaDeg: [...omegaDeg], energyKeV, distanceMm, ...part },
      // of files that may come later than the patterns
      counters: digestOf(monitor, transmitted),
    },
    inputs,
    watch,
    async plan() {
      const shape = { items: lines * points, bins: axis.values.length };
      const patterns = store.array("patterns", shape);
      const sigma = hasSigma ? store.array("patterns-sigma", shape) : undefined;
      const payload: ReadPayload = {
        source: spec,
        firstLine: window.from,
        patterns: referenceTo(patterns),
        ...(sigma && { sigma: referenceTo(sigma) }),
      };
      return {
        task: "read",
        payload,
        blocks: lines,
        bytesPerThread: 8 * points * shape.bins + 64e6,
        checksums: (line) => [
          patterns.crcOfItems(line * points, points),
          ...(sigma ? [sigma.crcOfItems(line * points, points)] : []),
        ],
        preview: {
          title: "mean of each pattern",
          unit: isAbsorption ? "" : "counts",
          image: "line-point",
          rows: lines,
          cols: points,
          array: referenceTo(patterns),
          filled: { kind: "items", each: points },
          blocks: lines,
        },
        finish(problems) {
          const meta: PatternsMeta = {
            lines,
            points,
            axis,
            omegaDeg,
            patterns: referenceTo(patterns),
            ...(energyKeV !== undefined && { wavelengthA: energyKeVToWavelengthA(energyKeV) }),
            ...(isAbsorption && { isAbsorption }),
            ...(sigma && { sigma: referenceTo(sigma) }),
            ...(monitor && { monitor }),
            ...(transmitted && { transmitted }),
            ...(distanceMm !== undefined && { distanceM: distanceMm / 1000 }),
          };
          patterns.close();
          sigma?.close();
          return {
            meta,
            notes: [`${lines} lines of ${points} patterns of ${shape.bins} bins`, ...listProblems(problems)],
          };
        },
      };
    },
  };
}
