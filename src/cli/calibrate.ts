import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import type { Command } from "commander";
import { type Frame, InputError, joinMasks, type Mask } from "../data/index.ts";
import { openFrames } from "../files/frames.ts";
import { readMask } from "../files/mask.ts";
import { formatPoni, readPoni } from "../files/poni.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { describeRings, pixelSize, readCalibrant } from "../pipeline/calibrate-frame.ts";
import {
  CALIBRANTS,
  CalibrateConfig,
  type CalibrationResult,
  calibrate,
  calibrationFigureData,
} from "../stages/calibrate/index.ts";
import { imageFigure } from "../stages/figure/index.ts";
import { type CommonOptions, createCommand, execute, finiteNumber, parseOptions } from "./command.ts";

const EXAMPLE = `npx xrdct calibrate CeO2.cbf --calibrant CeO2 --energy-kev 71 --distance-mm 500 -o CeO2.poni --figure rings.png`;

interface Options extends CommonOptions {
  readonly calibrant: string;
  readonly energyKev: number;
  readonly distanceMm: number;
  readonly mask?: string;
  readonly detector?: string;
  readonly pixelUm?: number;
  readonly centre?: string;
  readonly refineEnergy?: true;
  readonly tilt: boolean;
  readonly check?: string;
  readonly frame: number;
  readonly output?: string;
  readonly figure?: string;
}

export const calibrateCommand = (): Command =>
  createCommand("calibrate", "geometry from one frame of a standard, without clicks", EXAMPLE)
    .argument("<frame>", "detector image of the standard")
    .option("--calibrant <name>", `${CALIBRANTS.join(", ")}, a CIF, or a text file of d-spacings in Å`, "CeO2")
    .requiredOption("--energy-kev <keV>", "photon energy, keV", finiteNumber("--energy-kev"))
    .requiredOption(
      "--distance-mm <mm>",
      "sample to detector, mm, within some ten per cent",
      finiteNumber("--distance-mm"),
    )
    .option("--mask <file>", "image whose non-zero pixels are left out")
    .option("--detector <name>", "detector, for the pixel size; left out: known from the image's shape")
    .option("--pixel-um <um>", "pixel size, µm, where the detector is not known", finiteNumber("--pixel-um"))
    .option("--centre <row,col>", "beam centre in pixels, roughly; left out: found")
    .option("--refine-energy", "refine the energy too")
    .option("--no-tilt", "hold the detector normal to the beam")
    .option("--check <poni>", "a .poni made before: say in which orientation of the image it fits")
    .option("--frame <n>", "frame of a file with several", finiteNumber("--frame"), 0)
    .option("-o, --output <poni>", "write the geometry here")
    .option("--figure <file>", "png or svg of the rings on the image")
    .action((path: string, options: Options) => execute(options, () => run(path, options)));

async function run(path: string, options: Options) {
  const source = await openFrames(path);
  if (!(Number.isInteger(options.frame) && options.frame >= 0 && options.frame < source.count)) {
    const { count } = source;
    source.close();
    throw new InputError(
      "bad-option",
      `--frame ${options.frame}: ${path} has ${count} frame${count === 1 ? "" : "s"}, the first of them 0.`,
    );
  }
  const frame = source.readFrame(options.frame);
  const fileMask = source.mask;
  source.close();
  const mask = joinMasks(options.mask ? await readMask(options.mask, frame) : undefined, fileMask);
  const pixel = pixelSize(frame, options);
  const config = parseOptions(
    CalibrateConfig,
    {
      calibrant: readCalibrant(options.calibrant, options.energyKev),
      energyKeV: options.energyKev,
      distanceMm: options.distanceMm,
      pixelSizeUm: pixel.um,
      refineEnergy: options.refineEnergy ?? false,
      refineTilt: options.tilt,
      ...(options.centre && { centrePx: parseCentre(options.centre) }),
    },
    { energyKeV: "--energy-kev", pixelSizeUm: "--pixel-um", centrePx: "--centre", refineTilt: "--no-tilt" },
  );
  const result = calibrate(frame, mask, config, options.check ? { reference: readPoni(options.check) } : {});
  const poni = { ...result.poni, ...(pixel.detector && { detector: pixel.detector }) };
  const ringLines = describeRings(result);
  if (options.output) writeFileSync(options.output, formatPoni(poni, [`calibrated from ${path}`, ...ringLines]));
  if (options.figure) await writeFigure(options.figure, frame, mask, result);
  return { json: { ...result, poni }, lines: [...describe(result), ...ringLines, ...written(options)] };
}

function parseCentre(text: string): [number, number] {
  const [row, col, ...rest] = text.split(",").map(Number);
  if (rest.length === 0 && Number.isFinite(row) && Number.isFinite(col)) return [row!, col!];
  throw new InputError("bad-option", `--centre needs row,col in pixels; "${text}" was given.`);
}

function describe({
  poni,
  energyKeV,
  esd,
  status,
  beamCentrePx,
  tiltDeg,
  orientation,
  messages,
}: CalibrationResult): string[] {
  const pm = (value: number | undefined, digits: number): string =>
    value === undefined ? "" : ` ± ${value.toFixed(digits)}`;
  const scaled = (value: number | undefined): number | undefined => (value === undefined ? undefined : value * 1e3);
  return [
    `status       ${status}`,
    `distance     ${(poni.dist * 1e3).toFixed(3)}${pm(scaled(esd.dist), 3)} mm`,
    `energy       ${energyKeV.toFixed(4)} keV`,
    `poni1, poni2 ${(poni.poni1 * 1e3).toFixed(4)}${pm(scaled(esd.poni1), 4)}, ${(poni.poni2 * 1e3).toFixed(4)}${pm(scaled(esd.poni2), 4)} mm`,
    `rot1, rot2   ${(poni.rot1 * 1e3).toFixed(3)}${pm(scaled(esd.rot1), 3)}, ${(poni.rot2 * 1e3).toFixed(3)}${pm(scaled(esd.rot2), 3)} mrad (tilt ${tiltDeg.toFixed(3)}°)`,
    `beam centre  row ${beamCentrePx.row.toFixed(2)}, column ${beamCentrePx.col.toFixed(2)}`,
    `orientation  ${orientation.message}`,
    ...messages.filter((message) => message !== orientation.message).map((message) => `note         ${message}`),
  ];
}

async function writeFigure(
  path: string,
  frame: Frame,
  mask: Mask | undefined,
  result: CalibrationResult,
): Promise<void> {
  const { rows, cols, data } = frame;
  const values = Float32Array.from(data, (count, i) => (mask?.data[i] || count < 0 ? Number.NaN : count));
  const svg = imageFigure({
    rows,
    cols,
    values,
    title: `Rings, the calculated ones on the left: ${(result.poni.dist * 1e3).toFixed(2)} mm, ${result.energyKeV.toFixed(3)} keV`,
    label: "intensity (counts)",
    transform: "log",
    isSquare: true,
    x: { domain: [0, cols], label: "column (pixels)" },
    y: { domain: [0, rows], label: "row (pixels)" },
    // on one half, so that the measured rings can be seen to go on where the calculated ones end
    lines: calibrationFigureData(result, frame).rings.flatMap(({ polylines, used }) =>
      polylines.flatMap((line) =>
        piecesLeftOf(pairs(line), result.beamCentrePx.col).map((points) => ({
          points,
          colour: used ? "#4dd2ff" : "#888888",
        })),
      ),
    ),
  });
  const isSvg = extname(path) === ".svg";
  writeFileSync(path, isSvg ? svg : await svgToPng(svg));
}

function piecesLeftOf(points: readonly [number, number][], limit: number): [number, number][][] {
  const pieces: [number, number][][] = [[]];
  for (const point of points) {
    if (point[0] <= limit) pieces.at(-1)!.push(point);
    else if (pieces.at(-1)!.length) pieces.push([]);
  }
  return pieces.filter((piece) => piece.length > 1);
}

/** row, col, row, col ... to [x, y] */
const pairs = (line: Float64Array): [number, number][] =>
  Array.from({ length: line.length / 2 }, (_, i) => [line[2 * i + 1]!, line[2 * i]!]);

const written = ({ output, figure }: Options): string[] =>
  [output, figure].flatMap((path) => (path ? [`written ${path}`] : []));
