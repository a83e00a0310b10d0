/** What HDF5 files hold, as typed arrays and plain values; and how h5wasm says it. */
import type { H5Module } from "./hdf5-library.ts";

export const TYPES = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
export type Hdf5Number = keyof typeof TYPES;
export type Hdf5Type = Hdf5Number | "string" | "other";

export interface Hdf5Dataset {
  /** from the root, without the first slash */
  readonly path: string;
  /** [] for a scalar, null where the dataset holds nothing */
  readonly shape: readonly number[] | null;
  readonly type: Hdf5Type;
  readonly chunks: readonly number[] | null;
  /** files that a virtual dataset takes its data from, as written in it */
  readonly virtualFiles: readonly string[];
}

/** A group member that cannot be reached: a soft link to nothing, or an external link whose file is absent. */
export interface BrokenLink {
  readonly path: string;
  readonly target: string;
}

export interface Hdf5Contents {
  readonly groups: readonly string[];
  readonly datasets: readonly Hdf5Dataset[];
  readonly broken: readonly BrokenLink[];
}

export type AttributeValue = string | number | string[] | number[];

/** Without slashes at its ends, or two together. */
export const cleanPath = (path: string): string => path.replace(/\/+/g, "/").replace(/^\/|\/$/g, "");

/** From the numbers of HDF5's type classes. */
export function typeOf(metadata: ReturnType<H5Module["get_dataset_metadata"]>): Hdf5Type {
  const kind = metadata.enum_type ? metadata.enum_type.type : metadata.type;
  if (kind === 3) return "string";
  // Bit fields (4) are read as unsigned integers of their size.
  const prefix = kind === 1 ? "float" : kind === 0 ? (metadata.signed ? "int" : "uint") : kind === 4 ? "uint" : "";
  const type = `${prefix}${metadata.size * 8}`;
  return type in TYPES ? (type as Hdf5Number) : "other";
}

/** Undefined where it is anything else. */
export function strings(value: unknown): string[] | undefined {
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

/** Undefined where it is anything else. */
export function attributeValue(value: unknown): AttributeValue | undefined {
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (!Array.isArray(value)) return undefined;
  if (value.every((item) => typeof item === "string")) return value as string[];
  return value.every((item) => typeof item === "number") ? (value as number[]) : undefined;
}
