/**
 * Bruker .brml: a zip archive with RawData0.xml, in which each point is a Datum: time planned, time, the axes in the
 * order of ScanAxisInfo, the counts.
 */
import { crc32 } from "node:zlib";
import { unzipSync } from "fflate";
import { InputError, type Pattern } from "../data/index.ts";
import { decodeText } from "./byte-source.ts";
import { attribute, element, elements } from "./xml-parts.ts";

/** A scan of a point detector has some 300 kB; what is two hundred times that is no pattern. */
const MAX_BYTES = 64 * 2 ** 20;
/** Time planned and time measured come before the axes. */
const BEFORE_AXES = 2;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * The first scan, counts over two-theta in degrees.
 *
 * @throws InputError "brml-damaged" | "brml-no-scan"
 */
export function parseBrml(bytes: Uint8Array, name: string): Pattern {
  const xml = rawData(bytes, name);
  const route = element(xml, "DataRoute") ?? "";
  const axes = elements(route, "ScanAxisInfo").map((part) => attribute(part.head, "AxisName"));
  const column = axes.indexOf("TwoTheta") + BEFORE_AXES;
  const rows = elements(route, "Datum").map(({ body }) => body.split(",").map(Number));
  if (column < BEFORE_AXES || rows.length === 0) {
    throw new InputError(
      "brml-no-scan",
      `${name}: the archive has no scan over two-theta: found ${rows.length} points over ${axes.join(", ") || "no axis"}. Save it as .xy.`,
    );
  }
  const width = rows[0]!.length;
  const bad = rows.findIndex(
    (row, i) =>
      row.length !== width ||
      !Number.isFinite(row[column]! + row[width - 1]!) ||
      (i > 0 && !(row[column]! > rows[i - 1]![column]!)),
  );
  if (bad >= 0 || width < axes.length + BEFORE_AXES + 1) {
    throw damaged(name, `point ${bad + 1} of ${rows.length} is no number, or not above the one before`);
  }
  return {
    axis: { unit: "two-theta", values: Float64Array.from(rows, (row) => row[column]!) },
    intensity: Float64Array.from(rows, (row) => row[width - 1]!),
  };
}

function rawData(bytes: Uint8Array, name: string): string {
  let tooLarge = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name: member, originalSize }) => {
        if (!/(^|\/)RawData0\.xml$/.test(member)) return false;
        if (originalSize > MAX_BYTES) tooLarge = originalSize;
        return tooLarge === 0;
      },
    });
  } catch (error) {
    throw damaged(name, `the archive cannot be unpacked (${(error as Error).message})`);
  }
  if (tooLarge > 0)
    throw damaged(name, `its RawData0.xml claims ${tooLarge} bytes, where at most ${MAX_BYTES} are unpacked`);
  const [found] = Object.entries(files);
  if (found) {
    const [member, content] = found;
    if (crc32(content) !== checksumOf(bytes, member))
      throw damaged(name, `${member} does not match the checksum that the archive has of it`);
    return decodeText(content);
  }
  throw new InputError(
    "brml-no-scan",
    `${name}: a zip archive without RawData0.xml is no .brml. Unpack it and give the pattern inside.`,
  );
}

/**
 * The CRC-32 in the archive's directory, which the unpacker does not compare.
 *
 * Source: PKWARE, .ZIP File Format Specification 6.3.9, 4.3.12.
 */
function checksumOf(bytes: Uint8Array, member: string): number | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = Buffer.from(member);
  for (
    let at = buffer.lastIndexOf("PK\x01\x02");
    at >= 0;
    at = at > 0 ? buffer.lastIndexOf("PK\x01\x02", at - 1) : -1
  ) {
    if (buffer.subarray(at + 46, at + 46 + name.length).equals(name)) return buffer.readUInt32LE(at + 16);
  }
  return undefined;
}

const damaged = (name: string, what: string): InputError =>
  new InputError("brml-damaged", `${name}: the file is cut off or damaged: ${what}. Copy it again.`);
