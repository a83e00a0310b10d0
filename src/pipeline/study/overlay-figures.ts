/** Figures of an image beside diffraction maps, and of an image with its labels. */
import type { Frame, ParameterMap, SliceMaps } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import { type Grid, usable } from "../../registration/index.ts";
import {
  CELL_COLOURS,
  type ImagePart,
  inRows,
  type LabelledImage,
  labelledBlock,
  lettered,
  mapGridBlock,
  percentileLimits,
  printFigure,
  stack,
  symmetricLimits,
} from "../../stages/figure/index.ts";
import { type PlacedImage, upright } from "./place-image-on-slice.ts";

/** The image with phases in colour at its own resolution; on the maps' grid, what the maps explain of it and leave. */
export function overlayFigure(slice: SliceMaps, placed: PlacedImage, phases: readonly string[]): string {
  const { name, image, explained, left, grid, pixels, toImage } = placed;
  const parts = phases.map((phase, i): ImagePart => {
    const colour = CELL_COLOURS[(i + 1) % CELL_COLOURS.length]!;
    return { label: `${phase}: colour over amount`, colour, amounts: sharesOf(toImage(amountOf(slice, phase))) };
  });
  const shown = reduced(grid, pixels, parts);
  const near = windowOf(grid, pixels, parts);
  const asData = ({ values, ny, nx }: ParameterMap) => ({ rows: ny, cols: nx, values });
  const grid2 = {
    columns: ["image on the grid of the maps", "what the amounts of the phases explain"],
    rows: [
      {
        ...{ title: "grey level", label: "grey level", maps: [asData(image), asData(explained)] },
        scale: {
          colourMap: "cividis",
          transform: "linear",
          limits: percentileLimits(image.values, 0.5, 99.5),
        } as const,
      },
    ],
    ...{ voxelMm: slice.voxelMm, firstLetter: 4 },
  };
  const rest = {
    columns: ["image less what is explained"],
    rows: [
      {
        ...{ title: "what the maps do not explain", label: "grey level", maps: [asData(left)] },
        scale: { colourMap: "difference", transform: "linear", limits: symmetricLimits(left.values) } as const,
      },
    ],
    ...{ voxelMm: slice.voxelMm, firstLetter: 5 },
  };
  return printFigure(
    {
      ...{ widthMm: 180, fontPt: 7, title: `${name} on the diffraction maps of ${slice.name}` },
      note: [placementLine(placed), ...placed.notes].join("\n"),
    },
    stack([
      inRows(
        [
          lettered("a", "the image", labelledBlock({ ...shown, parts: [] })),
          lettered("b", "with the phases in colour", labelledBlock(shown)),
          lettered("c", "a part of a, enlarged", labelledBlock({ ...near, parts: [] })),
          lettered("d", "the same part of b", labelledBlock(near)),
        ],
        2,
      ),
      mapGridBlock(grid2),
      mapGridBlock(rest),
    ]),
  );
}

/** A voxel that holds next to nothing may be one phase in full: amounts are shown, and shares only where there are none. */
const amountOf = ({ maps }: SliceMaps, phase: string): ParameterMap =>
  maps.get(`${phase}/scale`) ?? maps.get(`${phase}/weight_fraction`)!;

/** Of the strong voxels. */
function sharesOf(map: ParameterMap): Float32Array {
  const used = usable(map);
  const values = Float32Array.from(map.values, (value, i) => (used[i] ? Math.max(0, value) : 0));
  const strong = percentileLimits(
    values.filter((value) => value > 0),
    1,
    95,
  )[1];
  return values.map((value) => Math.min(1, value / strong));
}

/** "turned by ..., shifted by ..., a pixel is ..." */
export function placementLine({ registration: at, pixelMm, pixelEsdMm }: PlacedImage): string {
  const mirrored = at.isMirrored ? "mirrored, " : "";
  const [x, y] = at.shiftMm.map((mm, i) => withEsd(mm, at.shiftEsdMm[i as 0 | 1]));
  return `The image lies on the maps ${mirrored}turned by ${withEsd(at.rotationDeg, at.rotationEsdDeg)}°, shifted by ${x}, ${y} mm; a pixel is ${withEsd(1000 * pixelMm, 1000 * pixelEsdMm)} µm; correlation ${at.correlation.toFixed(3)}, ${at.status}.`;
}

/** Print shows no more than this many pixels across. */
const MOST_ACROSS = 1400;

/** Every n-th pixel's neighbourhood as one, so that figures of large images stay small. */
function reduced({ ny, nx, voxelMm }: Grid, pixels: ArrayLike<number>, parts: readonly ImagePart[]): LabelledImage {
  const step = Math.ceil(Math.max(ny, nx) / MOST_ACROSS);
  const [rows, cols] = [Math.floor(ny / step), Math.floor(nx / step)];
  const mean = (values: ArrayLike<number>): Float32Array => {
    if (step === 1) return Float32Array.from(values);
    const out = new Float32Array(rows * cols);
    for (let row = 0; row < rows * step; row++)
      for (let col = 0; col < cols * step; col++)
        out[Math.floor(row / step) * cols + Math.floor(col / step)]! += (values[row * nx + col]! || 0) / step ** 2;
    return out;
  };
  return {
    ...{ rows, cols, values: mean(pixels), voxelMm: voxelMm * step },
    parts: parts.map((part) => ({ ...part, amounts: mean(part.amounts) })),
  };
}

/** A part of an image in which single layers are seen: from its middle towards the upper right, a fifth across. */
function windowOf({ ny, nx, voxelMm }: Grid, pixels: ArrayLike<number>, parts: readonly ImagePart[]): LabelledImage {
  const [rows, cols] = [Math.max(8, Math.round(ny / 5)), Math.max(8, Math.round(nx / 5))];
  const [low, left] = [Math.round(ny / 2), Math.round(nx / 2)];
  const part = (values: ArrayLike<number>): Float32Array =>
    Float32Array.from(
      { length: rows * cols },
      (_, i) => values[(low + Math.floor(i / cols)) * nx + left + (i % cols)]!,
    );
  return {
    ...{ rows, cols, values: part(pixels), voxelMm, limits: percentileLimits(pixels, 0.5, 99.5) },
    parts: parts.map((one) => ({ ...one, amounts: part(one.amounts) })),
  };
}

/** Colours of labels; the first are those of the cells. */
const LABEL_COLOURS = [...CELL_COLOURS.slice(0, 6), "#f0e442", "#882255", "#44aa99", "#999933"];
/** More labels than this are no classes. */
export const MOST_LABELS = 64;

/**
 * An image beside its labels: each class in a colour, with its share of the pixels.
 *
 * @param names of the labels by their numbers; left out: "label 1", "label 2" ...
 * @param pixelMm left out: not known, and said so
 */
export function labelsFigure(
  image: Frame,
  labels: Frame,
  { title, pixelMm, names = new Map() }: { title: string; pixelMm?: number; names?: ReadonlyMap<number, string> },
): string {
  const [grey, classes] = [upright(image), upright(labels)];
  const found = labelShares(classes);
  const parts = found.map(
    ({ label, share }, i): ImagePart => ({
      label: `${names.get(label) ?? `label ${label}`}: ${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`,
      colour: LABEL_COLOURS[i % LABEL_COLOURS.length]!,
      amounts: classes.map((value) => (value === label ? 1 : 0)),
    }),
  );
  const grid = { ny: image.rows, nx: image.cols, voxelMm: pixelMm ?? 0 };
  const sizeNote = `${image.cols} × ${image.rows} pixels; size of a pixel not known`;
  const shown = { ...reduced(grid, grey, parts), sizeNote };
  const whole = windowOf(grid, grey, parts);
  const near = { ...whole, sizeNote: `${whole.cols} × ${whole.rows} of these pixels` };
  return printFigure(
    { widthMm: 180, fontPt: 7, title, note: "Shares are of all pixels; those without a label are left grey." },
    inRows(
      [
        lettered("a", "the image", labelledBlock({ ...shown, parts: [] })),
        lettered("b", "with its labels in colour", labelledBlock({ ...shown, opacity: 0.7 })),
        lettered("c", "a part of a, enlarged", labelledBlock({ ...near, parts: [] })),
        lettered("d", "the same part of b", labelledBlock({ ...near, opacity: 0.5 })),
      ],
      2,
    ),
  );
}

/** Labels other than 0, and the share of all pixels that each has. */
export function labelShares(labels: ArrayLike<number>): { label: number; share: number }[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  return [...counts]
    .filter(([label]) => label !== 0)
    .sort(([a], [b]) => a - b)
    .map(([label, count]) => ({ label, share: count / labels.length }));
}
