import type { Command } from "commander";
import { stringify } from "yaml";
import { builtInStructure, reflections } from "../crystal/index.ts";
import {
  AXIS_LABELS,
  AXIS_UNITS,
  type AxisUnit,
  energyKeVToWavelengthA,
  InputError,
  type Pattern,
} from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { readCif } from "../files/cif.ts";
import { readPattern } from "../files/pattern-file.ts";
import { openResult } from "../files/result-reader.ts";
import { readMeanPattern, readPatternOf } from "../pipeline/result-figures.ts";
import { type FoundPeak, findPeaks, type KnownReflection, regionsOf } from "../stages/map/index.ts";
import { type CommonOptions, createCommand, execute, finiteNumber } from "./command.ts";

const EXAMPLE = `npx xrdct run scan.yaml -o cell.nxs --until reconstruct
npx xrdct peaks cell.nxs --energy-kev 103.5 --phases NMC532,Cu,Al
npx xrdct peaks cell.nxs --energy-kev 103.5 --phases NMC532,Cu,Al --yaml     regions to put under map: in scan.yaml`;

interface Options extends CommonOptions {
  readonly energyKev?: number;
  readonly axis?: string;
  readonly phases?: string;
  readonly minSignificance?: number;
  readonly yaml?: true;
}

export const peaksCommand = (): Command =>
  createCommand("peaks", "the peaks of a pattern, named by phase, as regions for a map", EXAMPLE)
    .argument("<pattern>", "pattern file, or a result of xrdct run, whose mean pattern is taken")
    .option("--energy-kev <keV>", "photon energy (keV), for d-spacings and phases", finiteNumber("--energy-kev"))
    .option("--axis <unit>", `axis of a file that does not say it: ${AXIS_UNITS.join(", ")}`)
    .option("--phases <names>", "phases of the program or CIF files, separated by commas")
    .option(
      "--min-significance <sigma>",
      "weakest peak listed (sigma); 6 where left out",
      finiteNumber("--min-significance"),
    )
    .option("--yaml", "print the regions of a map instead of the list")
    .action((path: string, options: Options) =>
      execute(options, async () => {
        const pattern = await patternOf(path, options);
        const wavelengthA = options.energyKev === undefined ? undefined : energyKeVToWavelengthA(options.energyKev);
        const found = findPeaks(pattern, {
          reflections: knownReflections(options, pattern),
          ...(wavelengthA !== undefined && { wavelengthA }),
          ...(options.minSignificance !== undefined && { minSignificance: options.minSignificance }),
        });
        const regions = regionsOf(found, pattern);
        return {
          json: { peaks: found, regions },
          lines: options.yaml ? [stringify({ map: { regions: plain(regions) } })] : list(found, pattern),
        };
      }),
    );

async function patternOf(path: string, { axis }: Options): Promise<Pattern> {
  if (axis !== undefined && !(AXIS_UNITS as readonly string[]).includes(axis)) {
    throw new InputError("bad-option", `--axis is one of ${AXIS_UNITS.join(", ")}; "${axis}" was given.`);
  }
  if (!/\.(nxs|h5)$/.test(path)) return readPattern(path, axis === undefined ? {} : { axis: axis as AxisUnit });
  const result = await openResult(path);
  try {
    const hasMean = result.list().some(({ name }) => name === "map/summed_pattern");
    return hasMean ? readPatternOf(result, "map/summed_pattern") : readMeanPattern(result, "reconstruct/data");
  } finally {
    result.close();
  }
}

/** Reflections strong enough to be seen, of the phases that were named. */
function knownReflections({ phases, energyKev }: Options, { axis }: Pattern): KnownReflection[] {
  if (phases === undefined) return [];
  if (energyKev === undefined && axis.unit !== "q") {
    throw new InputError(
      "energy-missing",
      "--phases needs the energy to know where their reflections are: give --energy-kev.",
    );
  }
  const wavelengthA = energyKeVToWavelengthA(energyKev ?? 100);
  return phases.split(",").flatMap((name) => {
    const structure = /\.cif$/i.test(name) ? readCif(readText(name), name)[0]! : builtInStructure(name);
    const all = reflections(structure, Math.max(0.6, wavelengthA / 2));
    const strength = ({ multiplicity, fSquared, dA }: (typeof all)[number]): number =>
      multiplicity * fSquared * dA * dA;
    const strongest = Math.max(...all.map(strength));
    return all
      .filter((reflection) => strength(reflection) > 0.01 * strongest)
      .map(({ h, k, l, dA }) => ({ phase: structure.name, h, k, l, dA }));
  });
}

function list(found: readonly FoundPeak[], { axis }: Pattern): string[] {
  const { label, unit } = AXIS_LABELS[axis.unit];
  const head = `${`${label}${unit && ` (${unit})`}`.padStart(10)} ${"FWHM".padStart(9)} ${"d (Å)".padStart(9)} ${"height".padStart(11)} ${"sigma".padStart(8)}  reflections`;
  const rows = [...found]
    .sort((a, b) => a.position - b.position)
    .map(({ position, fwhm, dA, height, significance, reflections: near }) => {
      const names = near.map(({ phase, h, k, l }) => `${phase} ${h}${k}${l}`).join(", ");
      return `${position.toFixed(4).padStart(10)} ${fwhm.toFixed(4).padStart(9)} ${(dA?.toFixed(4) ?? "").padStart(9)} ${height.toPrecision(4).padStart(11)} ${significance.toFixed(0).padStart(8)}  ${names}`;
    });
  return [head, ...rows];
}

/** Regions as a person would write them: a bare number for a start value, five digits. */
function plain(regions: ReturnType<typeof regionsOf>): object[] {
  const tidy = (value: number): number => Number(value.toPrecision(6));
  return regions.map(({ name, phase, range, peaks }) => ({
    name,
    ...(phase !== undefined && { phase }),
    range: range.map(tidy),
    peaks: peaks.map((peak) => ({
      name: peak.name,
      ...(peak.hkl && { hkl: peak.hkl }),
      position: tidy(peak.position!.value!),
      fwhm:
        peak.fwhm!.tie === undefined
          ? tidy(peak.fwhm!.value!)
          : { value: tidy(peak.fwhm!.value!), tie: peak.fwhm!.tie },
    })),
  }));
}
