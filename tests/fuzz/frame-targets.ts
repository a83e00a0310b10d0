/** Frames, masks and arrays of the formats that are not HDF5. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Frame } from "../../src/data/index.ts";
import { arraySource } from "../../src/files/byte-source.ts";
import { decodeCbf, encodeCbf } from "../../src/files/cbf.ts";
import { encodeEdf, gunzip, openEdf, readEdfFrame } from "../../src/files/edf.ts";
import { openFrames } from "../../src/files/frames.ts";
import { decodeMar345 } from "../../src/files/mar345.ts";
import { readMask } from "../../src/files/mask.ts";
import { decodeNpy, encodeNpy } from "../../src/files/npy.ts";
import { encodeTiff, openTiff, readTiffPage } from "../../src/files/tiff.ts";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { type FuzzTarget, made, measured, must, type Seed } from "./target.ts";

const kernels = loadKernels();
/** 7 x 9 pixels with steps of 8, 16 and 32 bits between them. */
const small: Frame = {
  rows: 7,
  cols: 9,
  data: Int32Array.from({ length: 63 }, (_, i) => (i % 11 === 0 ? 100_000 * i : i % 5 === 0 ? 900 * i : i)),
  header: { Exposure_time: "1.0 s", Detector: "made up" },
};
const real: Frame = { ...small, data: Float32Array.from(small.data, (value) => value / 3) };

/** A detector's frame says its size; what is more than a test needs to hold is not kept. */
function whole(frame: Frame): unknown {
  must(frame.data.length === frame.rows * frame.cols, `${frame.data.length} pixels of ${frame.rows} x ${frame.cols}`);
  return [frame.rows, frame.cols, frame.data, frame.header];
}

/** The packed image and its checksum follow a mark of four bytes. */
function guardedCbf(): Seed {
  const bytes = encodeCbf(small);
  const start = Buffer.from(bytes).indexOf(Buffer.of(0x0c, 0x1a, 0x04, 0xd5)) + 4;
  const size = Number(/X-Binary-Size:\s*(\d+)/.exec(Buffer.from(bytes).toString("latin1"))![1]);
  return { name: "made.cbf", bytes, guarded: [start, start + size] };
}

/** What follows the checksum is only seen without one. */
const withoutMd5 = (bytes: Uint8Array): Seed =>
  made(
    "no-md5.cbf",
    Buffer.from(Buffer.from(bytes).toString("latin1").replace("Content-MD5", "Content-XXX"), "latin1"),
  );

function guardedGzip(name: string, bytes: Uint8Array): Seed {
  const packed = new Uint8Array(gzipSync(bytes));
  return { name, bytes: packed, guarded: [10, packed.length] };
}

const cbf: FuzzTarget = {
  name: "cbf",
  kind: "bytes",
  seeds: () => [
    guardedCbf(),
    withoutMd5(encodeCbf(small)),
    ...measured(["detector/ndtomo_ceo2_71keV/CeO2.cbf"], (b) => b.subarray(0, 200_000)),
  ],
  read(bytes) {
    const frame = decodeCbf(bytes, "a.cbf");
    const again = decodeCbf(bytes, "a.cbf", { kernels });
    must(Buffer.compare(bytesOf(frame), bytesOf(again)) === 0, "the kernel and its twin differ");
    return whole(frame);
  },
};
const bytesOf = ({ data }: Frame): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A TIFF of one strip of any compression, predictor and kind of numbers; sizes that fit or nearly. */
const tiffs = fc
  .record({
    big: fc.boolean(),
    cols: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(65_535, 1 << 30, 2 ** 32 - 1)),
    rows: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(65_535, 1 << 30, 2 ** 32 - 1)),
    bits: fc.constantFrom(1, 8, 16, 32, 64, 12, 65_535),
    format: fc.constantFrom(1, 2, 3, 4, 0),
    compression: fc.constantFrom(1, 5, 8, 32_946, 32_773, 7),
    predictor: fc.constantFrom(1, 2, 3),
    rowsPerStrip: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(2 ** 32 - 1)),
    tile: fc.option(fc.tuple(fc.nat(64), fc.nat(64))),
    pixels: fc.uint8Array({ maxLength: 800 }),
    claims: fc.oneof(fc.constant(-1), fc.nat(2000), fc.constant(2 ** 32 - 1)),
    strips: fc.oneof(fc.constant(1), fc.nat(100), fc.constantFrom(1e6, 2 ** 31)),
  })
  .map((t) => {
    const data = t.compression === 8 || t.compression === 32_946 ? deflateSync(t.pixels) : Buffer.from(t.pixels);
    const entries: [tag: number, value: number][] = [
      [256, t.cols],
      [257, t.rows],
      [258, t.bits],
      [259, t.compression],
      [277, 1],
      [317, t.predictor],
      [339, t.format],
      ...((t.tile
        ? [
            [322, t.tile[0]],
            [323, t.tile[1]],
          ]
        : [[278, t.rowsPerStrip]]) as [number, number][]),
    ];
    const count = entries.length + 2;
    const at = 8 + 2 + 12 * count + 4;
    const out = Buffer.alloc(at + data.length);
    const write32 = t.big ? out.writeUInt32BE.bind(out) : out.writeUInt32LE.bind(out);
    const write16 = t.big ? out.writeUInt16BE.bind(out) : out.writeUInt16LE.bind(out);
    out.write(t.big ? "MM" : "II");
    write16(42, 2);
    write32(8, 4);
    write16(count, 8);
    const all: [number, number, number][] = [
      ...entries.map(([tag, value]) => [tag, value, 1] as [number, number, number]),
      [t.tile ? 324 : 273, at, t.strips],
      [t.tile ? 325 : 279, t.claims < 0 ? data.length : t.claims, t.strips],
    ];
    all.forEach(([tag, value, values], i) => {
      write16(tag, 10 + 12 * i);
      write16(4, 12 + 12 * i);
      write32(values, 14 + 12 * i);
      write32(value, 18 + 12 * i);
    });
    data.copy(out, at);
    return new Uint8Array(out);
  });

const tiff: FuzzTarget = {
  name: "tiff",
  kind: "bytes",
  seeds: () => [
    made("made.tif", encodeTiff(small)),
    made("made-real.tif", encodeTiff(real)),
    ...fc.sample(tiffs, { seed: 1, numRuns: 30 }).map((bytes, i) => made(`grammar-${i}.tif`, bytes)),
    ...measured(["xrdct/battery_nmc532_charged_sum_image/NMC532_charged_sum_image.tif"]),
  ],
  grammar: tiffs,
  read(bytes) {
    const file = openTiff(arraySource(bytes, "a.tif"));
    return file.pages.slice(0, 3).map((_, i) => whole(readTiffPage(file, i)));
  },
};

const edf: FuzzTarget = {
  name: "edf",
  kind: "bytes",
  seeds: () => [
    made("made.edf", encodeEdf(small)),
    made("made-2.edf", encodeEdf(small, real)),
    guardedGzip("made.edf.gz", encodeEdf(small)),
    ...measured(["detector/ndtomo_ceo2_71keV/mask.edf"], (b) => b.subarray(0, 20_000)),
  ],
  grammar: fc
    .record({
      rows: fc.constantFrom("0", "1", "7", "-3", "1e9", "4.5", "", "99999999"),
      cols: fc.constantFrom("0", "1", "9", "-3", "1e9", "4.5", "", "99999999"),
      type: fc.constantFrom(
        "SignedInteger",
        "UnsignedByte",
        "DoubleValue",
        "Unsigned64",
        "constructor",
        "__proto__",
        "",
      ),
      size: fc.constantFrom("252", "0", "-1", "1e12", "x"),
      header: fc.constantFrom("512", "0", "-512", "1e12", "99999"),
      order: fc.constantFrom("LowByteFirst", "HighByteFirst", "x"),
      bytes: fc.uint8Array({ maxLength: 600 }),
    })
    .map(({ rows, cols, type, size, header, order, bytes }) => {
      const text = `{\nEDF_BinarySize = ${size} ;\nEDF_HeaderSize = ${header} ;\nDim_1 = ${cols} ;\nDim_2 = ${rows} ;\nDataType = ${type} ;\nByteOrder = ${order} ;\n`;
      return new Uint8Array(Buffer.concat([Buffer.from(`${text.padEnd(510)}}\n`), bytes]));
    }),
  read(bytes) {
    const file = openEdf(arraySource(bytes, "a.edf"));
    return file.blocks.slice(0, 3).map((_, i) => whole(readEdfFrame(file, i)));
  },
};

/** 4 x 4 pixels in two runs of eight differences of four bits (docs/validation/files.md has the format). */
function tinyMar345(): Uint8Array {
  const head = Buffer.alloc(4096 + 64);
  head.writeInt32LE(1234, 0);
  head.writeInt32LE(4, 4);
  head.writeInt32LE(2, 8);
  head.write("mar research\nWAVELENGTH     1.54179\nEND OF HEADER\n", 128, "latin1");
  for (const [k, [position, value]] of [
    [1, 70_000],
    [5, 90_000],
  ].entries()) {
    head.writeInt32LE(position!, 4096 + 8 * k);
    head.writeInt32LE(value!, 4100 + 8 * k);
  }
  const packed = Buffer.from(Array.from({ length: 40 }, (_, i) => (i * 37) & 255));
  return Buffer.concat([head, Buffer.from("\nCCP4 packed image, X: 0004, Y: 0004\n", "latin1"), packed]);
}

const mar345: FuzzTarget = {
  name: "mar345",
  kind: "bytes",
  seeds: () => [
    made("made.mar2300", tinyMar345()),
    ...Array(9).fill(made("made.mar2300", tinyMar345())),
    ...measured(["detector/mar2300_steel_ceo2_100keV/nx09_strain_001.mar2300"]),
  ],
  read: (bytes) => whole(decodeMar345(bytes, "a.mar2300")),
};

const npyHeads = fc
  .record({
    descr: fc.constantFrom(
      "'<f4'",
      "'>f8'",
      "'|u1'",
      "'<i8'",
      "'|O'",
      "'<c16'",
      "[('a', '<f4')]",
      "__import__('os')",
      "'<f4",
    ),
    order: fc.constantFrom("False", "True", "None"),
    shape: fc.constantFrom(
      "(2, 3)",
      "(6,)",
      "()",
      "(2, 0)",
      "(-1, 3)",
      "(99999999999, 3)",
      "(1e3, 2)",
      "(2, 3",
      "((2,), 3)",
      "(2147483648, 2147483648)",
    ),
    version: fc.constantFrom(1, 2, 3, 0, 255),
    length: fc.constantFrom(-1, 0, 10, 65_535, 2 ** 31),
    data: fc.uint8Array({ maxLength: 60 }),
  })
  .map(({ descr, order, shape, version, length, data }) => {
    const text = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
    const head = Buffer.alloc(version === 1 ? 10 : 12);
    head.write("\x93NUMPY", 0, "latin1");
    head[6] = version;
    const said = length < 0 ? text.length : length;
    if (version === 1) head.writeUInt16LE(said & 65_535, 8);
    else head.writeUInt32LE(said, 8);
    return new Uint8Array(Buffer.concat([head, Buffer.from(text), data]));
  });

const npy: FuzzTarget = {
  name: "npy",
  kind: "bytes",
  seeds: () => [
    made("made.npy", encodeNpy({ shape: [7, 9], data: small.data })),
    made("made-3.npy", encodeNpy({ shape: [3, 3, 7], data: real.data as Float32Array })),
    ...measured(["powder/hexrd_ceo2_ge_80.725keV/expt_spectrum.npy"]),
  ],
  grammar: npyHeads,
  read(bytes) {
    const { shape, data } = decodeNpy(bytes, "a.npy");
    must(data.length === shape.reduce((a, b) => a * b, 1), `${data.length} numbers of [${shape}]`);
    return [shape, data];
  },
};

/** By path, as commands read them: what it is is seen from the content. */
const frameFile: FuzzTarget = {
  name: "frame-file",
  kind: "bytes",
  seeds: () => [
    guardedCbf(),
    guardedGzip("made.cbf.gz", encodeCbf(small)),
    guardedGzip("made.tif.gz", encodeTiff(small)),
    made("made.tif", encodeTiff(small)),
    made("made.edf", encodeEdf(small, small)),
    made("made.npy", encodeNpy({ shape: [1, 7, 9], data: small.data })),
    made("made.mar2300", tinyMar345()),
  ],
  async read(bytes, folder) {
    const path = join(folder, "frame.bin");
    writeFileSync(path, bytes);
    const source = await openFrames(path);
    try {
      const last = source.readFrame(source.count - 1);
      const into = source.readInto && new Int32Array(source.rows * source.cols);
      if (into) source.readInto!(source.count - 1, into, kernels);
      const mask = await readMask(path, source).catch((error: Error) => {
        if (error.name !== "InputError") throw error;
        return undefined;
      });
      return [whole(source.readFrame(0)), whole(last), mask, into];
    } finally {
      source.close();
    }
  },
};

const gzip: FuzzTarget = {
  name: "gzip",
  kind: "bytes",
  seeds: () => [guardedGzip("zeros.gz", new Uint8Array(3000)), guardedGzip("made.edf.gz", encodeEdf(small))],
  read: (bytes) => gunzip(bytes, "a.gz"),
};

export const FRAME_TARGETS: readonly FuzzTarget[] = [cbf, tiff, edf, mar345, npy, frameFile, gzip];
