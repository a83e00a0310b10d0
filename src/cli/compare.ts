import { basename, extname } from "node:path";
import type { Command } from "commander";
import { guessRoles, type Places, type SliceMaps } from "../data/index.ts";
import { withEsd } from "../data/with-esd.ts";
import { openResult } from "../files/result-reader.ts";
import { compareCells } from "../pipeline/study/compare-cells.ts";
import { findPlaces, PlacesConfig } from "../pipeline/study/find-places.ts";
import { readMasks } from "../pipeline/study/read-masks.ts";
import { readSliceMaps } from "../pipeline/study/read-slice-maps.ts";
import { reportOf, writeComparison } from "../pipeline/study/write-comparison.ts";
import { CompareConfig, type Comparison } from "../stages/compare/index.ts";
import { checkFolder } from "./check-folder.ts";
import {
  type CommonOptions,
  createCommand,
  execute,
  finiteNumber,
  parseOptions,
  positiveNumber,
  workersOf,
} from "./command.ts";
import { figureFormats } from "./figure-formats.ts";

const EXAMPLE = `npx xrdct compare pristine.nxs charged.nxs discharged.nxs -o compared
npx xrdct compare *.nxs --reference pristine --places --standard Al -o compared
npx xrdct compare a.nxs b.nxs --maps NMC532/c,graphite/c --mask own -o compared`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly format: string;
  readonly reference?: string;
  readonly places?: true;
  readonly maps?: string;
  readonly mask?: string;
  readonly standard?: string;
  readonly standardEsdPpm?: number;
  readonly align: boolean;
  readonly scale: boolean;
  readonly voxelMm?: number;
  readonly leastWeightFraction?: number;
  readonly casingEdgesMm?: string;
  readonly coreEdgesMm?: string;
  readonly tabEdgesMm?: string;
}

export const compareCommand = (): Command =>
  createCommand("compare", "several cells on one grid: statistics by region, differences, tables", EXAMPLE)
    .argument("<results...>", "result files of xrdct run, one for each cell; a cell has the name of its file")
    .option("-o, --output <folder>", "where to", "compared")
    .option("--format <formats>", "of figures: png, svg or both, separated by a comma", "png,svg")
    .option("--reference <name>", "cell that the others are laid on and compared with; left out: the first")
    .option("--places", "statistics by region as well: electrodes, distance to casing, core and tab")
    .option("--maps <names>", "maps to compare, separated by commas; left out: cells, weight fractions and x")
    .option("--mask <which>", "common: voxels of the phase in every cell; own: in the cell itself")
    .option("--standard <phase>", "phase with one lattice in all cells, to divide errors of distance out")
    .option("--standard-esd-ppm <ppm>", "how sure it is, where that is known", positiveNumber("--standard-esd-ppm"))
    .option("--no-align", "take the grids as they are, without registration")
    .option("--no-scale", "cells are of one size: only rotation and shift are found")
    .option("--voxel-mm <mm>", "voxel of the common grid; left out: the reference's", positiveNumber("--voxel-mm"))
    .option("--least-weight-fraction <w>", "from which a voxel holds a phase", finiteNumber("--least-weight-fraction"))
    .option("--casing-edges-mm <mm,...>", "edges of the bands of distance to the casing")
    .option("--core-edges-mm <mm,...>", "edges of the bands of distance to the core")
    .option("--tab-edges-mm <mm,...>", "edges of the bands of distance to the tab")
    .action((paths: readonly string[], options: Options) =>
      execute(options, async (signal) => {
        const config = configOf(options);
        const formats = figureFormats(options.format);
        checkFolder(options.output);
        const cells = await readCells(paths);
        const reference = options.reference ?? cells[0]!.slice.name;
        const roles = guessRoles([...phasesOf(cells.map(({ slice }) => slice))]);
        const withPlaces = cells.map((cell) => ({
          ...cell,
          ...(options.places && { places: findPlaces(cell.slice, roles, PlacesConfig.parse({})) as Places }),
        }));
        const of = cells.find(({ slice }) => slice.name === reference);
        const masks = of && readMasks(of.path, [of.slice.ny, of.slice.nx]);
        const comparison = await compareCells(withPlaces, {
          ...{ reference, roles, config, signal, workers: workersOf(options) },
          ...(masks && { masks }),
        });
        const written = await writeComparison(comparison, { folder: options.output, formats, inputs: paths, config });
        return {
          json: { ...reportOf(comparison), written },
          lines: [...linesOf(comparison), ...written],
        };
      }),
    );

function configOf(options: Options): CompareConfig {
  const numbers = (text: string | undefined) =>
    text?.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return parseOptions(
    CompareConfig,
    {
      ...{ align: options.align, mask: options.mask, standard: options.standard, voxelMm: options.voxelMm },
      ...{
        leastWeightFraction: options.leastWeightFraction,
        standardEsdPpm: options.standardEsdPpm,
        maps: options.maps?.split(",").map((name) => name.trim()),
      },
      ...{ casingEdgesMm: numbers(options.casingEdgesMm), coreEdgesMm: numbers(options.coreEdgesMm) },
      ...{ tabEdgesMm: numbers(options.tabEdgesMm), registration: { scale: options.scale ? "free" : "fixed" } },
    },
    { align: "--no-align" },
  );
}

async function readCells(paths: readonly string[]): Promise<{ slice: SliceMaps; path: string }[]> {
  const cells: { slice: SliceMaps; path: string }[] = [];
  for (const path of paths) {
    const result = await openResult(path);
    try {
      cells.push({ slice: readSliceMaps(result, basename(path, extname(path)).replace(/[^\w-]+/g, "_")), path });
    } finally {
      result.close();
    }
  }
  return cells;
}

const phasesOf = (slices: readonly SliceMaps[]): Set<string> =>
  new Set(
    slices.flatMap(({ maps }) =>
      [...maps.keys()].filter((name) => name.includes("/")).map((name) => name.split("/")[0]!),
    ),
  );

function linesOf({ cells, reference, notes, pairs }: Comparison): string[] {
  const placements = cells.flatMap(({ name, registration: at }) =>
    at
      ? [
          `${name} on ${reference}: turned by ${withEsd(at.rotationDeg, at.rotationEsdDeg)}°, shifted by ${withEsd(at.shiftMm[0], at.shiftEsdMm[0])}, ${withEsd(at.shiftMm[1], at.shiftEsdMm[1])} mm, scale ${withEsd(at.scale, at.scaleEsd)}; correlation ${at.correlation.toFixed(3)}, ${at.status}`,
        ]
      : [],
  );
  const differences = pairs
    .filter(({ region, minus }) => region === "all" && minus === reference)
    .map(
      ({ map, unit, cell, difference, esd, standardEsd, z }) =>
        `${map}: ${cell} − ${reference} = ${withEsd(difference, Math.hypot(esd, standardEsd))}${unit ? ` ${unit}` : ""}, z ${z.toFixed(1)}`,
    );
  return [...placements, ...differences, ...notes];
}
