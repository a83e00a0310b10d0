/** What `xrdct places` leaves: places.nxs, report.json, tables of profiles, figures. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ParameterMap, REGIONS, type SliceMaps } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  alongProfile,
  createUnwinder,
  depthProfile,
  type FoundPlaces,
  type ProfileRow,
  type UnwindOptions,
  type UnwoundMap,
} from "../../stages/places/index.ts";
import { fingerprint } from "../fingerprint.ts";
import { writeWhole } from "../write-whole.ts";
import {
  alongFigure,
  depthFigure,
  regionsFigure,
  rollFigure,
  thicknessFigure,
  unwoundFigure,
  withValues,
} from "./places-figures.ts";

export interface WritePlacesOptions extends UnwindOptions {
  readonly folder: string;
  readonly formats: readonly ("png" | "svg")[];
  readonly inputs: readonly string[];
  readonly config: object;
  /** maps of the slice that are laid flat, as "NMC532/c" */
  readonly unwind: readonly string[];
  /** map that the traced roll is drawn over */
  readonly background: string;
}

/** @returns the paths written */
export async function writePlaces(
  slice: SliceMaps,
  places: FoundPlaces,
  options: WritePlacesOptions,
): Promise<string[]> {
  const { folder, formats } = options;
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const put = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  };
  const draw = async (name: string, svg: string | undefined): Promise<void> => {
    if (svg === undefined) return;
    for (const format of formats) put(`${name}.${format}`, format === "svg" ? svg : await svgToPng(svg));
  };
  const unwinder = options.unwind.length > 0 ? createUnwinder(places, options) : undefined;
  const unwound = unwinder ? options.unwind.map((name) => unwinder.unwind(slice.maps.get(name)!)) : [];
  await writeResult(join(folder, "places.nxs"), slice, places, unwound, options);
  written.push(join(folder, "places.nxs"));
  put(
    "report.json",
    `${JSON.stringify({ sample: slice.name, ...places.report, layers: layersOf(places) }, null, 1)}\n`,
  );
  await draw("regions", regionsFigure(places, slice.name));
  const background = slice.maps.get(options.background)!;
  await draw("roll", rollFigure(places, background.values, slice.name, labelOf(background)));
  if (places.roll) await draw("thickness", thicknessFigure(places, slice.name));
  for (const [i, maps] of unwound.entries()) {
    const name = options.unwind[i]!.replaceAll("/", "-");
    put(`${name}-profiles.csv`, profilesTable(places, maps, unwinder!.turns));
    await draw(`${name}-unwound`, unwoundFigure(places, maps, slice.name));
    await draw(`${name}-depth`, depthFigure(places, maps, slice.name));
    await draw(`${name}-along`, alongFigure(places, maps, slice.name));
  }
  return written;
}

const labelOf = ({ name, unit }: ParameterMap): string =>
  `${name.split("/").slice(-2).join(" ").replaceAll("_", " ")}${unit ? ` (${unit})` : ""}`;

const layersOf = (places: FoundPlaces) =>
  places.report.layers.map((layer, i) => ({ ...places.layers[i], ...layer, usualMm: places.layers[i]?.thicknessMm }));

/** Rows of all profiles of a map: over the whole length, by turn, and along. */
function profilesTable(places: FoundPlaces, unwound: readonly UnwoundMap[], turns: readonly Float64Array[]): string {
  const unit = unwound[0]?.unit;
  const lines = [`profile,electrode,side,turn,at,mean${unit ? ` (${unit})` : ""},esd,spread,standard_error,voxels`];
  const add = (kind: string, map: UnwoundMap, turn: string, rows: readonly ProfileRow[]): void => {
    const { electrode, side } = places.layers[map.layer]!;
    for (const { at, mean, esd, spread, standardError, voxels } of rows) {
      if (!Number.isFinite(mean)) continue;
      const numbers = [at, mean, esd, spread, standardError, voxels].map((value) =>
        Number.isFinite(value) ? String(Number(value.toPrecision(8))) : "",
      );
      lines.push([kind, electrode, side, turn, ...numbers].join(","));
    }
  };
  for (const map of withValues(unwound)) {
    add("depth", map, "all", depthProfile(map));
    const starts = turns[map.layer]!;
    starts.forEach((from, t) => {
      add("depth", map, String(t + 1), depthProfile(map, [from, starts[t + 1] ?? Number.POSITIVE_INFINITY]));
    });
    add("along (mm)", map, "all", alongProfile(map));
  }
  return `${lines.join("\n")}\n`;
}

async function writeResult(
  path: string,
  slice: SliceMaps,
  places: FoundPlaces,
  unwound: readonly (readonly UnwoundMap[])[],
  options: WritePlacesOptions,
): Promise<void> {
  const startedAt = new Date().toISOString();
  const title = `places of ${slice.name}`;
  const writer = await createResultWriter(path, { program: "xrdct", version, startedAt, title });
  const { ny, nx, voxelMm } = places;
  try {
    for (const [name, values, unit, longName] of [
      ["region", Float32Array.from(places.region), "", regionMeanings()],
      ["to_casing", places.toCasingMm, "mm", "distance to the casing's inside"],
      ["to_core", places.toCoreMm, "mm", "distance to the core's edge"],
      ["to_tab", places.toTabMm, "mm", "distance to the nearest tab"],
      ["to_separator", places.toSeparatorMm, "mm", "distance to the nearest separator"],
      ["depth", places.depth, "", "depth in the coating: 0 surface at the separator, 1 collector"],
      ["layer", Float32Array.from(places.layer), "", layerMeanings(places)],
      ["along", places.alongMm, "mm", "length along the electrode from its inner end"],
    ] as const) {
      writer.map(`places/${name}`, { name, ny, nx, unit, values }, { voxelMm, longName });
    }
    for (const map of unwound.flatMap(withValues)) {
      const { electrode, side } = places.layers[map.layer]!;
      const { values, esd, unit } = map;
      const size = { name: map.name, ny: map.depth.length, nx: map.alongMm.length, unit, values, ...(esd && { esd }) };
      const axes = [
        { name: "depth", values: map.depth, unit: "" },
        { name: "along", values: map.alongMm, unit: "mm" },
      ] as const;
      writer.map(`unwound/${electrode}_${side}/${shortOf(map.name)}`, size, {
        axes: [axes[0], axes[1]],
        longName: `${shortOf(map.name)} of the ${electrode}'s ${side} coating, unwound`,
      });
    }
    const endedAt = new Date().toISOString();
    const inputs = options.inputs.map(fingerprint);
    writer.note("places/report", "application/json", JSON.stringify(places.report, null, 1));
    writer.process("places", { config: options.config, startedAt, endedAt, inputs, notes: places.report.notes });
    writer.plotFirst("places/region");
    writer.finish(endedAt);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

const shortOf = (name: string): string => name.replace(/^(map|dlsr)\//, "");

const regionMeanings = (): string =>
  `region: ${Object.entries(REGIONS)
    .map(([name, value]) => `${value} ${name}`)
    .join(", ")}`;

const layerMeanings = ({ layers }: FoundPlaces): string =>
  `layer: ${layers.map(({ index, electrode, side }) => `${index} ${electrode} ${side}`).join(", ")}`;
