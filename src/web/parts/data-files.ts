/** The numbers behind a view as files: csv with units and where they come from, npy. */
import type { Session } from "../../server/wire.ts";
import { ask, type WireArray } from "../core/api.ts";
import { encodeNpy } from "../core/npy.ts";
import type { DataFile } from "./take-away.tsx";

/** Where numbers come from: the head of every csv says it. */
export interface Source {
  /** path of the file in the served folder */
  readonly file: string;
  /** name of the array in it, "map/NMC532/a" */
  readonly array?: string;
  /** "bins 120 to 131", "rectangle of 31 voxels" */
  readonly selection?: string;
}

export interface Column {
  readonly name: string;
  readonly unit?: string;
  /** columns may differ in length */
  readonly values: ArrayLike<number>;
}

let version: Promise<string> | undefined;
const programVersion = (): Promise<string> => {
  version ??= ask<Session>("session").then((session) => session.version);
  return version;
};

/** The lines of a head: program, file, array, selection, and more. */
export async function sourceLines({ file, array, selection }: Source, ...more: readonly string[]): Promise<string[]> {
  const lines = [`xrdct ${await programVersion()}`, `file: ${file}`];
  if (array) lines.push(`array: ${array}`);
  if (selection) lines.push(`selection: ${selection}`);
  return [...lines, ...more];
}

/** 9 digits keep a float32; an empty field is no value. */
const field = (value: number | undefined): string =>
  value !== undefined && Number.isFinite(value) ? String(Number(value.toPrecision(12))) : "";
const named = ({ name, unit }: Pick<Column, "name" | "unit">): string => {
  const title = unit ? `${name} [${unit}]` : name;
  return /[",\n]/.test(title) ? `"${title.replaceAll('"', '""')}"` : title;
};

/** Columns under their names and units, after a head of lines that begin with #. */
export function columnsCsv(columns: readonly Column[], head: readonly string[] = []): string {
  const lines = [...head.map((line) => `# ${line}`), columns.map(named).join(",")];
  const length = Math.max(0, ...columns.map(({ values }) => values.length));
  for (let i = 0; i < length; i++) lines.push(columns.map(({ values }) => field(values[i])).join(","));
  return `${lines.join("\n")}\n`;
}

export interface Grid {
  readonly rows: number;
  readonly cols: number;
  /** [row, col] */
  readonly values: ArrayLike<number>;
}

/** An image as a grid, a line for each row, after a head of lines that begin with #. */
export function gridCsv({ rows, cols, values }: Grid, rowsUp: boolean, head: readonly string[] = []): string {
  const lines = head.map((line) => `# ${line}`);
  for (let i = 0; i < rows; i++) {
    const row = rowsUp ? rows - 1 - i : i;
    lines.push(Array.from({ length: cols }, (_, col) => field(values[row * cols + col])).join(","));
  }
  return `${lines.join("\n")}\n`;
}

export interface ImageData extends Grid {
  /** name and unit of the quantity, "c (Å)" */
  readonly label: string;
  readonly voxelMm?: number;
  /** row 0 at the top: detector images; left out: the highest y is the first line, as in the figure */
  readonly isUpsideDown?: boolean;
}

/** csv and npy of a map, a slice image, a sinogram or a frame. npy keeps the array's order, row 0 first. */
export function imageData(image: ImageData, source: Source): DataFile[] {
  const { rows, cols, values, label, voxelMm, isUpsideDown = false } = image;
  const order = isUpsideDown ? "first line is row 0" : "first line is the highest row, row 0 the last";
  const size = voxelMm === undefined ? [] : [`voxel: ${voxelMm} mm`];
  const head = [label, `${rows} x ${cols} (rows, columns), ${order}`, ...size];
  return [
    { format: "csv", make: async () => gridCsv(image, !isUpsideDown, await sourceLines(source, ...head)) },
    { format: "npy", make: () => encodeNpy([rows, cols], typed(values)) },
  ];
}

/** csv of curves, of a table, of a histogram: one column each. */
export const columnsData = (columns: readonly Column[], source: Source, ...more: readonly string[]): DataFile[] => [
  { format: "csv", make: async () => columnsCsv(columns, await sourceLines(source, ...more)) },
];

const typed = (values: ArrayLike<number>): WireArray =>
  ArrayBuffer.isView(values) && !(values instanceof DataView)
    ? (values as unknown as WireArray)
    : Float64Array.from(values);
