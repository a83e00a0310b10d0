/** What `xrdct overlay` leaves: overlay.nxs, the maps of phases as TIFF on the image's grid, tables, a figure. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SliceMaps } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import { encodeTiff } from "../../files/tiff.ts";
import { csvTable, describe, type Table } from "../../stages/compare/index.ts";
import { fingerprint } from "../fingerprint.ts";
import { writeWhole } from "../write-whole.ts";
import { overlayFigure } from "./overlay-figures.ts";
import type { PlacedImage } from "./place-image-on-slice.ts";

export interface WriteOverlayOptions {
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
  readonly inputs: readonly string[];
  readonly config: object;
  /** phases that are drawn in colour */
  readonly phases: readonly string[];
  /** maps that are put on the image's grid: "NMC532/weight_fraction" */
  readonly maps: readonly string[];
}

/** @returns the paths written */
export async function writeOverlay(
  slice: SliceMaps,
  placed: PlacedImage,
  options: WriteOverlayOptions,
): Promise<string[]> {
  const { folder, formats, phases } = options;
  mkdirSync(folder, { recursive: true });
  const written = [join(folder, "overlay.nxs")];
  await writeMaps(written[0]!, slice, placed, options);
  const put = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  };
  for (const name of options.maps) {
    const { values, ny, nx } = placed.toImage(slice.maps.get(name)!);
    put(`${name.replaceAll("/", "-")}-on-${placed.name}.tif`, encodeTiff(fromTop(values as Float32Array, ny, nx)));
  }
  put("placement.json", `${JSON.stringify(placementOf(placed), null, 1)}\n`);
  if (placed.labels) put("labels.csv", csvTable(labelTable(slice, placed.labels, options.maps)));
  const svg = overlayFigure(slice, placed, phases);
  for (const format of formats) put(`overlay.${format}`, format === "svg" ? svg : await svgToPng(svg));
  return written;
}

function fromTop(values: Float32Array, ny: number, nx: number) {
  const data = new Float32Array(values.length);
  for (let row = 0; row < ny; row++) data.set(values.subarray(row * nx, (row + 1) * nx), (ny - 1 - row) * nx);
  return { rows: ny, cols: nx, data, header: {} };
}

export const placementOf = ({ name, registration, pixelMm, pixelEsdMm, notes }: PlacedImage) => ({
  ...{ name, pixelMm, pixelEsdMm, ...registration, notes },
});

async function writeMaps(path: string, slice: SliceMaps, placed: PlacedImage, options: WriteOverlayOptions) {
  const startedAt = new Date().toISOString();
  const { name } = placed;
  const writer = await createResultWriter(path, {
    ...{ program: "xrdct", version, startedAt, title: `${name} on ${slice.name}` },
  });
  try {
    const onSlice = { voxelMm: slice.voxelMm };
    writer.map(`image/${name}`, placed.image, onSlice);
    writer.map(`image/${name}_explained`, placed.explained, onSlice);
    writer.map(`image/${name}_left`, placed.left, onSlice);
    if (placed.labels) {
      const { ny, nx } = slice;
      const values = Float32Array.from(placed.labels);
      writer.map(`image/${name}_labels`, { name: "labels", unit: "", ny, nx, values }, onSlice);
    }
    for (const map of options.maps) {
      const onImage = placed.toImage(slice.maps.get(map)!);
      writer.map(`image/on_${name}/${map}`, onImage, { voxelMm: placed.pixelMm });
    }
    writer.note("image/placement", "application/json", JSON.stringify(placementOf(placed), null, 1));
    const endedAt = new Date().toISOString();
    const inputs = options.inputs.map(fingerprint);
    writer.process("image", { config: options.config, startedAt, endedAt, inputs, notes: placed.notes });
    writer.plotFirst(`image/${name}`);
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** What diffraction finds in each class of the image. */
function labelTable(slice: SliceMaps, labels: Uint8Array, maps: readonly string[]): Table {
  const classes = [...new Set(labels)].filter((label) => label !== 0).sort((a, b) => a - b);
  const rows = classes.flatMap((label) =>
    maps.flatMap((name) => {
      const map = slice.maps.get(name)!;
      const found = describe(map, labels.map((value) => (value === label ? 1 : 0)) as Uint8Array);
      return found ? [[label, name, map.unit, found.n, found.mean, found.esd, found.sd, found.median]] : [];
    }),
  );
  return { head: ["label", "map", "unit", "n", "mean", "esd", "sd", "median"], rows };
}
