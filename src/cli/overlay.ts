import { mkdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { type Frame, guessRoles, InputError, type SliceMaps } from "../data/index.ts";
import { openFrames } from "../files/frames.ts";
import { openResult } from "../files/result-reader.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { labelShares, labelsFigure, MOST_LABELS, placementLine } from "../pipeline/study/overlay-figures.ts";
import { placeImageOnSlice } from "../pipeline/study/place-image-on-slice.ts";
import { readImage } from "../pipeline/study/read-image.ts";
import { readSliceMaps } from "../pipeline/study/read-slice-maps.ts";
import { placementOf, writeOverlay } from "../pipeline/study/write-overlay.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, positiveNumber } from "./command.ts";
import { type OutputOptions, outputOf, withOutput } from "./command-output.ts";

const EXAMPLE = `npx xrdct overlay cell.nxs micro-ct.tif --pixel-mm 0.0065 -o overlay
npx xrdct overlay cell.nxs stack.tif --slice 412 --labels segmented.tif -o overlay
npx xrdct overlay micro-ct.tif --labels segmented.tif --names 1=casing,2=cathode     the image with its labels`;

interface Options extends CommonOptions, OutputOptions {
  readonly pixelMm?: number;
  readonly slice: number;
  readonly invert?: true;
  readonly mirror: boolean;
  readonly labels?: string;
  readonly names?: string;
  readonly phases?: string;
  readonly maps?: string;
  readonly name?: string;
}

export const overlayCommand = (): Command =>
  createCommand(
    "overlay",
    "an image of another kind (micro-CT) on the diffraction maps of the same cell",
    EXAMPLE,
    withOutput("overlay"),
  )
    .argument("<files...>", "result of xrdct run, and an image (TIFF, a slice or a stack); or an image with --labels")
    .option("--pixel-mm <mm>", "size of a pixel; left out: told from the outlines", positiveNumber("--pixel-mm"))
    .option("--slice <n>", "of a stack, from 0", positiveInteger("--slice", 0), 0)
    .option("--invert", "in the image what is dense is dark")
    .option("--no-mirror", "the image shows the slice from the same side as the maps")
    .option("--labels <file>", "labels of the image's pixels: a TIFF of whole numbers, 0 for none")
    .option("--names <n=name,...>", "what labels are called")
    .option("--phases <names>", "phases drawn in colour, separated by commas; left out: cathode and anode")
    .option("--maps <names>", "maps to put on the image's grid; left out: weight fractions of all phases")
    .option("--name <name>", "what the image is called in the result; left out: as its file")
    .action((files: readonly string[], options: Options) =>
      execute(options, async () => {
        const { formats } = outputOf(options);
        const names = namesOf(options.names);
        const [first, second, ...more] = files;
        if (more.length > 0 || (!second && !options.labels)) {
          throw new InputError(
            "bad-option",
            `overlay needs a result and an image, or an image and --labels; ${files.length === 1 ? "one file" : `${files.length} files`} given.`,
          );
        }
        const image = await readImage(second ?? first!, options.slice);
        const labels =
          options.labels === undefined ? undefined : await readLabels(options.labels, options.slice, image);
        const name = nameOf(options.name ?? basename(second ?? first!, extname(second ?? first!)));
        if (!second) return showLabels(image, labels!, { ...options, name, names, formats });
        const slice = await readSlice(first!);
        const phases = [...slice.maps.keys()]
          .filter((map) => /^[^/]+\/weight_fraction$/.test(map))
          .map((map) => map.split("/")[0]!);
        const roles = guessRoles(phases);
        const shown = chosen("--phases", options.phases, phases) ?? [...roles.cathode, ...roles.anode].slice(0, 4);
        const maps =
          chosen("--maps", options.maps, [...slice.maps.keys()]) ?? phases.map((phase) => `${phase}/weight_fraction`);
        const placed = placeImageOnSlice(slice, image, {
          ...{ name, roles, isInverted: options.invert === true, allowMirror: options.mirror },
          ...(options.pixelMm !== undefined && { pixelMm: options.pixelMm }),
          ...(labels && { labels }),
        });
        const inputs = [first!, second, ...(options.labels ? [options.labels] : [])];
        const { output: folder, pixelMm, slice: number, invert = false } = options;
        const written = await writeOverlay(slice, placed, {
          ...{ folder, formats, inputs, phases: shown, maps },
          config: { pixelMm, slice: number, invert, mirror: options.mirror },
        });
        return {
          json: { ...placementOf(placed), written },
          lines: [placementLine(placed), ...placed.notes, ...written],
        };
      }),
    );

interface LabelOptions {
  readonly name: string;
  readonly names: ReadonlyMap<number, string>;
  readonly formats: readonly ("png" | "svg")[];
  readonly output: string;
  readonly pixelMm?: number;
}

async function showLabels(image: Frame, labels: Frame, { name, names, formats, output, pixelMm }: LabelOptions) {
  const svg = labelsFigure(image, labels, { title: name, names, ...(pixelMm !== undefined && { pixelMm }) });
  mkdirSync(output, { recursive: true });
  const written: string[] = [];
  for (const format of formats) {
    const path = join(output, `${name}-labels.${format}`);
    writeWhole(path, format === "svg" ? svg : await svgToPng(svg));
    written.push(path);
  }
  const shares = labelShares(labels.data as ArrayLike<number>);
  return {
    json: {
      labels: shares.map(({ label, share }) => ({ label, name: names.get(label) ?? `label ${label}`, share })),
      written,
    },
    lines: [
      ...shares.map(
        ({ label, share }) => `${names.get(label) ?? `label ${label}`}: ${(100 * share).toFixed(2)} % of the pixels`,
      ),
      ...written,
    ],
  };
}

async function readSlice(path: string): Promise<SliceMaps> {
  const result = await openResult(path);
  try {
    return readSliceMaps(result, basename(path, extname(path)));
  } finally {
    result.close();
  }
}

/** Labels of a stack are of the same slice; one image of labels is of whichever slice was asked for. */
async function readLabels(path: string, slice: number, image: Frame): Promise<Frame> {
  const frames = await openFrames(path);
  const labels = await (async () => {
    try {
      return await frames.readFrame(frames.count === 1 ? 0 : slice);
    } finally {
      frames.close();
    }
  })();
  if (labels.rows !== image.rows || labels.cols !== image.cols) {
    throw new InputError(
      "overlay-labels",
      `${path}: the labels have ${labels.rows} x ${labels.cols} pixels (rows x columns) and the image ${image.rows} x ${image.cols}. Give the labels of this image.`,
    );
  }
  const values = labels.data as ArrayLike<number>;
  const shares = labelShares(values);
  if (
    shares.length > 0 &&
    shares.length <= MOST_LABELS &&
    shares.every(({ label }) => Number.isInteger(label) && label >= 0 && label <= 255)
  )
    return labels;
  throw new InputError(
    "overlay-labels",
    `${path} holds no labels: ${shares.length === 0 ? "all of its pixels are 0" : `its pixels have ${shares.length} values`}. Needed are whole numbers, 1 to 255 for the classes (${MOST_LABELS} at most) and 0 for none.`,
  );
}

function namesOf(text: string | undefined): Map<number, string> {
  const pairs = (text ?? "").split(",").filter((part) => part.trim() !== "");
  return new Map(
    pairs.map((pair) => {
      const [, label, name] = /^\s*(\d+)\s*=\s*(.+?)\s*$/.exec(pair) ?? [];
      if (label !== undefined && name !== undefined) return [Number(label), name] as const;
      throw new InputError(
        "bad-option",
        `--names needs numbers and names, as in 1=casing,2=cathode; "${pair}" was given.`,
      );
    }),
  );
}

function chosen(flag: string, text: string | undefined, known: readonly string[]): string[] | undefined {
  const names = text?.split(",").map((name) => name.trim());
  const wrong = names?.find((name) => !known.includes(name));
  if (wrong === undefined) return names;
  throw new InputError("bad-option", `${flag}: the result has no ${wrong}. It has ${known.slice(0, 30).join(", ")}.`);
}

const nameOf = (text: string): string => text.replace(/[^\w-]+/g, "_");
