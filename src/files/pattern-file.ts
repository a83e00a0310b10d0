/** A powder pattern from a file of any format but HDF5. */
import { InputError, type Pattern } from "../data/index.ts";
import { isZip, parseBrml } from "./brml.ts";
import { isBrukerRaw, parseBrukerRaw } from "./bruker-raw.ts";
import { decodeText, fileSource } from "./byte-source.ts";
import { gunzip, isGzip } from "./edf.ts";
import { decodeNpy, isNpy } from "./npy.ts";
import { MOST_POINTS, tooManyPoints } from "./number-rows.ts";
import { type PatternTextOptions, parsePattern, patternOfRows } from "./pattern-text.ts";
import { isXrdml, parseXrdml } from "./xrdml.ts";

/** No pattern is this large, packed or not; a frame or a volume was given instead. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * A pattern from a text file (.xy .xye .dat .chi .csv .fxye ...), a diffractometer's .raw, .brml or .xrdml, or an .npy
 * of two or three columns; gzipped or not.
 *
 * @throws InputError "file-not-readable" | "pattern-too-large" and those of the parsers
 */
export function readPattern(path: string, options: PatternTextOptions = {}): Pattern {
  const source = fileSource(path);
  try {
    if (source.size > MAX_BYTES) {
      throw new InputError(
        "pattern-too-large",
        `${path}: ${Math.round(source.size / 2 ** 20)} MiB are more than a pattern has (${MAX_BYTES / 2 ** 20} at most). Is this a frame or a volume?`,
      );
    }
    const given = source.read(0, source.size);
    return decodePattern(isGzip(given) ? gunzip(given, path, MAX_BYTES) : given, path, options);
  } finally {
    source.close();
  }
}

/** What it is is seen from the first bytes, not from the name. */
function decodePattern(bytes: Uint8Array, path: string, options: PatternTextOptions): Pattern {
  if (isBrukerRaw(bytes)) return parseBrukerRaw(bytes, path);
  if (isZip(bytes)) return parseBrml(bytes, path);
  if (isNpy(bytes)) return patternOfArray(bytes, path, options);
  const text = decodeText(bytes);
  if (isXrdml(text)) return parseXrdml(text, path);
  return parsePattern(text, path.replace(/\.gz$/i, ""), options);
}

function patternOfArray(bytes: Uint8Array, path: string, options: PatternTextOptions): Pattern {
  const { shape, data } = decodeNpy(bytes, path);
  const columns = shape[1] ?? 0;
  if (shape.length !== 2 || columns < 2 || columns > 3) {
    throw new InputError(
      "pattern-empty",
      `${path}: the array has the shape [${shape.join(", ")}]; a pattern needs [point, 2] or [point, 3]: position, intensity, sigma.`,
    );
  }
  if (shape[0]! > MOST_POINTS) throw tooManyPoints(path, shape[0]!);
  const rows = Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
  return patternOfRows(rows, [], path, options);
}
