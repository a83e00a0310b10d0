/**
 * Bruker (Siemens) .raw of DIFFRAC plus, "RAW1.01": little-endian, a head of 712 bytes, then ranges, each with a head
 * of 304 bytes, what it says of supplementary head, and float32 counts.
 *
 * Source: the layout as xylib documents it (bruker_raw.cpp), checked on a measured file.
 */
import { InputError, type Pattern } from "../data/index.ts";

const [FILE_HEAD, RANGE_HEAD] = [712, 304];
/** Offsets in the head of a range. */
const [STEPS, START_TWO_THETA, STEP_SIZE, SUPPLEMENT] = [4, 16, 176, 256];

/** Below any goniometer's; one that is lost in the rounding of the places is none. */
const LEAST_STEP_DEG = 1e-6;

export const isBrukerRaw = (bytes: Uint8Array): boolean => {
  const magic = latin1(bytes.subarray(0, 7));
  return /^RAW(?:1\.01|2|4\.0)/.test(magic) || (magic.startsWith("RAW ") && bytes.subarray(4, 16).includes(0));
};

/**
 * The first range, counts over two-theta in degrees.
 *
 * @throws InputError "raw-unsupported" for the older and newer layouts, "raw-damaged"
 */
export function parseBrukerRaw(bytes: Uint8Array, name: string): Pattern {
  const version = latin1(bytes.subarray(0, 7));
  if (version !== "RAW1.01") {
    throw new InputError(
      "raw-unsupported",
      `${name}: Bruker .raw of the kind "${version.replace(/[^ -~]/g, "?")}" is not read, only RAW1.01. Save it as .xy or .brml.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEAD + RANGE_HEAD) throw damaged(name, `${bytes.length} bytes are too few for its heads`);
  const int = (at: number): number => view.getUint32(FILE_HEAD + at, true);
  const double = (at: number): number => view.getFloat64(FILE_HEAD + at, true);
  if (int(0) !== RANGE_HEAD)
    throw damaged(name, `the head of its first range claims ${int(0)} bytes, not ${RANGE_HEAD}`);
  const [count, start, step] = [int(STEPS), double(START_TWO_THETA), double(STEP_SIZE)];
  const at = FILE_HEAD + RANGE_HEAD + int(SUPPLEMENT);
  if (!(count > 0 && at + 4 * count <= bytes.length)) {
    throw damaged(name, `it promises ${count} points from byte ${at} on and ends at ${bytes.length}`);
  }
  if (!(step >= LEAST_STEP_DEG && start >= -180 && start + step * (count - 1) <= 360)) {
    throw damaged(name, `its points go from ${start}° in steps of ${step}°`);
  }
  return {
    axis: { unit: "two-theta", values: Float64Array.from({ length: count }, (_, i) => start + i * step) },
    intensity: Float64Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i, true)),
  };
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const damaged = (name: string, what: string): InputError =>
  new InputError("raw-damaged", `${name}: the file is cut off or damaged: ${what}. Copy it again.`);
