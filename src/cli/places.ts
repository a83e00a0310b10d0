import { basename, extname } from "node:path";
import type { Command } from "commander";
import { guessRoles, InputError, type PhaseRole, type PhaseRoles, type SliceMaps } from "../data/index.ts";
import { openResult } from "../files/result-reader.ts";
import { findPlaces, findPlacesOfImage, PlacesConfig } from "../pipeline/study/find-places.ts";
import { readImage } from "../pipeline/study/read-image.ts";
import { readSliceMaps } from "../pipeline/study/read-slice-maps.ts";
import { writePlaces } from "../pipeline/study/write-places.ts";
import { checkFolder } from "./check-folder.ts";
import {
  type CommonOptions,
  createCommand,
  execute,
  parseOptions,
  positiveInteger,
  positiveNumber,
  withDefaultSignals,
} from "./command.ts";
import { figureFormats } from "./figure-formats.ts";

const EXAMPLE = `npx xrdct places cell.nxs -o places --unwind NMC532/c LiC12/weight_fraction
npx xrdct places cell.nxs -o places --phases cathode=NMC811 anode=graphite,LiC6 casing=Fe
npx xrdct places slice.tif --pixel-mm 0.02 -o places     one grey image: casing, core, layers`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly format: string;
  readonly unwind?: readonly string[];
  readonly phases?: readonly string[];
  readonly pixelMm?: number;
  readonly slice: number;
  readonly pitchMm?: number;
  readonly separatorMm?: number;
  readonly winding?: string;
  readonly depths: number;
  readonly alongMm?: number;
}

export const placesCommand = (): Command =>
  createCommand("places", "where in a wound cell each voxel lies: regions, distances, depth, unwinding", EXAMPLE)
    .argument("<file>", "result of xrdct run, or one grey image (TIFF, a slice or a stack) with --pixel-mm")
    .option("-o, --output <folder>", "where to", "places")
    .option("--format <formats>", "of figures: png, svg or both, separated by a comma", "png,svg")
    .option(
      "--unwind <names...>",
      "maps to lay flat, as NMC532/c; left out: those of the cathode's lattice, or the image",
    )
    .option("--phases <role=names...>", "what phases are for, as cathode=NMC811; left out: told by their names")
    .option("--pixel-mm <mm>", "size of a pixel of an image", positiveNumber("--pixel-mm"))
    .option("--slice <n>", "of a stack of images, from 0", positiveInteger("--slice", 0), 0)
    .option("--pitch-mm <mm>", "distance from turn to turn; left out: found", positiveNumber("--pitch-mm"))
    .option("--separator-mm <mm>", "thickness of the separator; left out: found", positiveNumber("--separator-mm"))
    .option("--winding <sense>", "found, outwards-counterclockwise or outwards-clockwise")
    .option("--depths <n>", "bins from the surface of a coating to its collector", positiveInteger("--depths"), 8)
    .option("--along-mm <mm>", "bins along the electrode; left out: two voxels", positiveNumber("--along-mm"))
    .action((path: string, options: Options) => execute(options, () => run(path, options)));

async function run(path: string, options: Options) {
  checkFolder(options.output);
  const formats = figureFormats(options.format);
  const { pitchMm, separatorMm, winding } = options;
  const config = parseOptions(PlacesConfig, { pitchMm, separatorMm, winding });
  const name = basename(path, extname(path));
  const isResult = /\.(nxs|h5|hdf5)$/i.test(path) && options.pixelMm === undefined;
  const slice = isResult ? await readResult(path, name) : await readGrey(path, name, options);
  const roles = isResult ? rolesOf(slice, options.phases) : undefined;
  const unwind = options.unwind ?? (roles ? usual(slice, roles) : ["image"]);
  const unknown = unwind.find((map) => !slice.maps.has(map));
  if (unknown !== undefined) {
    throw new InputError(
      "bad-option",
      `--unwind ${unknown}: ${path} has no such map. It has ${[...slice.maps.keys()].join(", ")}.`,
    );
  }
  const places = withDefaultSignals(() =>
    roles ? findPlaces(slice, roles, config) : findPlacesOfImage(slice.maps.get("image")!, slice.voxelMm, config),
  );
  const background = roles ? amountName(slice, [...roles.cathode, ...roles.anode][0]!) : "image";
  const written = await writePlaces(slice, places, {
    folder: options.output,
    formats,
    inputs: [path],
    config: { ...config, roles, unwind },
    unwind: places.roll ? unwind : [],
    background,
    depths: options.depths,
    ...(options.alongMm !== undefined && { alongMm: options.alongMm }),
  });
  const { report, layers } = places;
  return { json: { ...report, layers, written }, lines: [...linesOf(places), ...written] };
}

async function readResult(path: string, name: string): Promise<SliceMaps> {
  const result = await openResult(path);
  try {
    return readSliceMaps(result, name);
  } finally {
    result.close();
  }
}

/** Row 0 of an image is its highest, that of a map its lowest. @throws InputError those of readImage, "bad-option" */
async function readGrey(path: string, name: string, { pixelMm, slice }: Options): Promise<SliceMaps> {
  // what is no image is said before a size of its pixels is asked for
  const { rows, cols, data } = await readImage(path, slice);
  if (pixelMm === undefined) {
    throw new InputError(
      "bad-option",
      `${path} is an image of ${rows} x ${cols} pixels (rows x columns) and does not say how large they are: give --pixel-mm.`,
    );
  }
  const values = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = data[row * cols + col]!;
      values[(rows - 1 - row) * cols + col] = Number.isFinite(value) ? value : 0;
    }
  }
  const image = { name: "image", ny: rows, nx: cols, unit: "", values };
  return { name, ny: rows, nx: cols, voxelMm: pixelMm, maps: new Map([["image", image]]) };
}

const ROLES = Object.keys(guessRoles([])) as PhaseRole[];

/** What names suggest, but for what was said. @throws InputError "bad-option" */
function rolesOf(slice: SliceMaps, given: readonly string[] = []): PhaseRoles {
  const phases = [...slice.maps.keys()]
    .filter((map) => /\/(scale|area|weight_fraction)$/.test(map))
    .map((map) => map.replace(/^peaks\//, "").split("/")[0]!);
  const roles: Record<PhaseRole, readonly string[]> = { ...guessRoles([...new Set(phases)]) };
  for (const text of given) {
    const [role, names = ""] = text.split("=", 2);
    if (!ROLES.includes(role as PhaseRole)) {
      throw new InputError(
        "bad-option",
        `--phases ${text}: needed is role=names, the role one of ${ROLES.join(", ")}.`,
      );
    }
    roles[role as PhaseRole] = names.split(",").filter((phase) => phase !== "");
  }
  return roles;
}

const amountName = ({ maps }: SliceMaps, phase: string): string =>
  ["weight_fraction", "scale", "area"].map((amount) => `${phase}/${amount}`).find((map) => maps.has(map)) ??
  [...maps.keys()][0]!;

/** Lattice parameters of the first cathode phase, and the amounts in the anode. */
function usual({ maps }: SliceMaps, { cathode, anode }: PhaseRoles): string[] {
  const wanted = [
    ...cathode.slice(0, 1).flatMap((phase) => [`${phase}/a`, `${phase}/c`]),
    ...anode.map((phase) => `${phase}/weight_fraction`),
  ];
  return wanted.filter((map) => maps.has(map));
}

function linesOf({ report }: ReturnType<typeof findPlaces>): string[] {
  const { casing, winding } = report;
  const um = (mm: number): string => `${(1000 * mm).toFixed(1)} µm`;
  return [
    ...(casing
      ? [`casing: inside radius ${casing.insideRadiusMm.toFixed(3)} mm, oval by ${um(casing.ovalityMm)}`]
      : []),
    ...(winding
      ? [
          `winding: ${winding.sense}, ${um(winding.pitchMm)} from turn to turn (agreement ${winding.agreement.toFixed(2)})`,
        ]
      : []),
    ...report.electrodes.map(
      ({ electrode, lengthMm, turns }) => `${electrode}: ${lengthMm.toFixed(1)} mm long, ${turns.toFixed(2)} turns`,
    ),
    ...report.layers.map(
      ({ electrode, side, thicknessMm, thicknessEsdMm, isMeasured }) =>
        `${electrode}, ${side} coating: ${isMeasured ? `${um(thicknessMm)} ± ${um(thicknessEsdMm)}` : `${um(thicknessMm)}, not measured`}`,
    ),
    ...report.notes,
  ];
}
