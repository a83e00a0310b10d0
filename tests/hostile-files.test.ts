/**
 * Files that claim or unpack to more than they are: each is refused in words that name the limit, and docs/limits.md
 * names the same. `npm run fuzz` looks for what is not thought of here.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resourceUsage } from "node:process";
import { deflateSync, gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseBrukerRaw } from "../src/files/bruker-raw.ts";
import { arraySource } from "../src/files/byte-source.ts";
import { readCif } from "../src/files/cif.ts";
import { parseNumberList } from "../src/files/csv.ts";
import { readCyclerFile } from "../src/files/cycler-file.ts";
import { openEdf } from "../src/files/edf.ts";
import { openFrames } from "../src/files/frames.ts";
import { openHdf5 } from "../src/files/hdf5.ts";
import { loadHdf5Library } from "../src/files/hdf5-library.ts";
import { openPatternArray } from "../src/files/hdf5-patterns.ts";
import { readMask } from "../src/files/mask.ts";
import { readPattern } from "../src/files/pattern-file.ts";
import { encodeTiff, openTiff, readTiffPage } from "../src/files/tiff.ts";
import { parseScan } from "../src/pipeline/scan-config.ts";
import { bruker } from "./fuzz/text-targets.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { LIMITS } from "./limits.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const file = (name: string, content: string | Uint8Array, bytes?: number): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  if (bytes !== undefined) truncateSync(path, bytes);
  return path;
};
const refused = (limit: keyof typeof LIMITS) =>
  expect.objectContaining({
    name: "InputError",
    code: LIMITS[limit].code,
    message: expect.stringContaining(LIMITS[limit].said),
  });
const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const pattern = (path: string) => readPattern(path, { axis: "two-theta" });
const frames = async (path: string): Promise<void> => {
  const source = await openFrames(path);
  source.readFrame(0);
  source.close();
};

const before = resourceUsage().maxRSS;
afterAll(() => {
  // the library for HDF5 takes some 450 MB, one unzipped frame 512; nothing here may take what its file claims
  expect((resourceUsage().maxRSS - before) / 1024).toBeLessThan(1800);
});

describe("gzip that unpacks to more", () => {
  it("than a frame", async () => {
    const bomb = file(
      "a.edf.gz",
      gzipSync(Buffer.concat([Buffer.from("{\n"), Buffer.alloc(513 * 2 ** 20)]), { level: 1 }),
    );
    await expect(frames(bomb)).rejects.toEqual(refused("unzipped frame"));
  });
  it("than a pattern", () => {
    const bomb = file("a.xye.gz", gzipSync(Buffer.alloc(65 * 2 ** 20, "1 2\n"), { level: 1 }));
    expect(() => pattern(bomb)).toThrow(refused("unzipped pattern"));
  });
  it("is inside of gzip: unpacked once", async () => {
    await expect(frames(file("twice.gz", gzipSync(gzipSync(Buffer.alloc(1e6)))))).rejects.toEqual(
      code("frame-format-unknown"),
    );
  });
});

describe("more than a text of its kind holds", () => {
  it("patterns: points, in lines and in arrays", () => {
    expect(() => pattern(file("rows.xye", "1 2\n".repeat(2_000_001)))).toThrow(refused("points of a pattern"));
  });
  it("cyclers: fields", () => {
    const bomb = file("c.csv", `time (s),voltage (V)\n${",".repeat(30_000_001)}\n`);
    expect(() => readCyclerFile(bomb)).toThrow(refused("fields of a cycler's table"));
  });
  it("CIF: words", () => {
    expect(() => readCif(`data_a\nloop_\n_a\n${"1 ".repeat(4_000_001)}`, "a.cif")).toThrow(refused("words of a CIF"));
  });
  it("CIF 2.0: thousands of lists in one line take a time that grows with the text", () => {
    expect(() => readCif(`#\\#CIF_2.0\ndata_a\nloop_\n_a\n${"[1] ".repeat(100_000)}`, "a.cif")).toThrow(
      code("cif-no-structure"),
    );
  });
  it("lists: 200 000 numbers in one line are read", () => {
    expect(parseNumberList("1 ".repeat(200_000), "a.txt")).toHaveLength(200_000);
  });
});

describe("archives", () => {
  it("that claim more than they hold", () => {
    const bytes = zipSync({ "RawData0.xml": strToU8("<RawData/>") });
    // the size that the directory says it has unpacked
    const at = Buffer.from(bytes).indexOf("PK\u0001\u0002", 0, "latin1");
    new DataView(bytes.buffer).setUint32(at + 24, 0xf0000000, true);
    expect(() => pattern(file("a.brml", bytes))).toThrow(refused("unpacked .brml"));
  });
  it("whose content is not that of their checksum", () => {
    const bytes = zipSync({ "RawData0.xml": strToU8("<RawData>0</RawData>") }, { level: 0 });
    bytes[Buffer.from(bytes).indexOf(">0<") + 1] = 0x31;
    expect(() => pattern(file("b.brml", bytes))).toThrow(/checksum/);
  });
});

describe("files that are none", () => {
  it("of two terabytes, sparse", async () => {
    const TB = 2 ** 40;
    await expect(frames(file("s.cbf", "###CBF: VERSION 1.5\r\n", 2 * TB))).rejects.toEqual(refused("read at a time"));
    await expect(frames(file("s.gz", Buffer.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 3), 2 * TB))).rejects.toEqual(
      refused("read at a time"),
    );
    const mask = file("s.msk", "M\0\0\0A\0\0\0S\0\0\0K\0\0\0", 2 * TB);
    await expect(readMask(mask, { rows: 3, cols: 4 })).rejects.toEqual(refused("read at a time"));
    expect(() => pattern(file("s.xye", "1 2\n", 2 * TB))).toThrow(code("pattern-too-large"));
    expect(() => readCyclerFile(file("s.csv", "a", 2 * TB))).toThrow(code("cycler-too-large"));
  });
  it.skipIf(!existsSync("/usr/bin/mkfifo"))(
    "but a pipe that nobody writes to, or a device (needs mkfifo)",
    async () => {
      const pipe = join(folder, "pipe.cbf");
      execFileSync("mkfifo", [pipe]);
      for (const path of [pipe, "/dev/zero", "/dev/full"]) {
        await expect(frames(path)).rejects.toEqual(code("path-special"));
        expect(() => pattern(path)).toThrow(code("path-special"));
        await expect(openHdf5(path)).rejects.toEqual(code("path-special"));
      }
    },
  );
  it("but a folder, a circle of links, a name of 5000 letters", async () => {
    mkdirSync(join(folder, "is-a-folder.xye"));
    symlinkSync("circle.xye", join(folder, "circle.xye"));
    expect(() => pattern(join(folder, "is-a-folder.xye"))).toThrow(code("file-not-readable"));
    expect(() => pattern(join(folder, "circle.xye"))).toThrow(code("file-not-readable"));
    expect(() => pattern(join(folder, "x".repeat(5000)))).toThrow(code("file-not-readable"));
  });
});

describe("TIFF", () => {
  it("whose deflate gives more than its header says is cut there", async () => {
    const data = deflateSync(Buffer.alloc(200 * 2 ** 20), { level: 1 });
    const entries = [
      [256, 4],
      [257, 4],
      [258, 8],
      [259, 8],
      [273, 8 + 2 + 96 + 4],
      [277, 1],
      [278, 4],
      [279, data.length],
    ] as const;
    const head = Buffer.alloc(8 + 2 + 96 + 4);
    head.write("II*\0");
    head.writeUInt32LE(8, 4);
    head.writeUInt16LE(entries.length, 8);
    entries.forEach(([tag, value], i) => {
      head.writeUInt16LE(tag, 10 + 12 * i);
      head.writeUInt16LE(4, 12 + 12 * i);
      head.writeUInt32LE(1, 14 + 12 * i);
      head.writeUInt32LE(value, 18 + 12 * i);
    });
    await expect(frames(file("deep.tif", Buffer.concat([head, data])))).rejects.toEqual(code("tiff-damaged"));
  });
});

describe("what npm run fuzz has found besides", () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
  it("EDF: an element type by the name of what every object has", () => {
    const edf = bytes("{Dim_1=;DataType=constructor}");
    expect(() => openEdf(arraySource(edf, "a.edf"))).toThrow(/a\.edf/);
    expect(() => openEdf(arraySource(edf, "a.edf"))).toThrow(expect.objectContaining({ name: "InputError" }));
  });
  it("TIFF: pixels that would lie behind the end of the file", () => {
    const tiff = encodeTiff({ rows: 7, cols: 9, data: new Int32Array(63), header: {} });
    const view = new DataView(tiff.buffer, tiff.byteOffset);
    const directory = view.getUint32(4, true);
    for (let i = 0; i < view.getUint16(directory, true); i++) {
      const at = directory + 2 + 12 * i;
      if (view.getUint16(at, true) === 273) view.setUint32(at + 8, 0xffffff00, true);
    }
    expect(() => readTiffPage(openTiff(arraySource(tiff, "a.tif")), 0)).toThrow(code("tiff-truncated"));
  });
  it("Bruker .raw: a step of 1e-300 degrees", () => {
    const raw = bruker();
    new DataView(raw.buffer).setFloat64(888, 1e-300, true);
    expect(() => parseBrukerRaw(raw, "a.raw")).toThrow(code("raw-damaged"));
  });
  it("patterns: 1e999 is no place", () => {
    expect([...pattern(file("far.xye", "1 5\n2 6\n1e999 7\n")).axis.values]).toEqual([1, 2]);
    expect(() => pattern(file("only.xye", "1e999 1\n"))).toThrow(code("pattern-empty"));
  });
});

describe("YAML", () => {
  const parse = (text: string) => () => parseScan(text, "scan.yaml");
  it("nested without brackets, 20 000 deep", () => {
    expect(parse(`${"- ".repeat(20_000)}x`)).toThrow(refused("levels of YAML"));
  });
  it("with sections as names of sections, 64 deep: each one doubled time and memory", () => {
    expect(parse("{".repeat(64) + "}".repeat(64))).toThrow(/cannot be the name of a setting/);
  });
  it("with keys of every object: no object is changed", () => {
    for (const key of ["__proto__", "constructor", "prototype"]) {
      expect(parse(`${key}: {polluted: 1}\n`)).toThrow(code("config-invalid"));
      expect(parse(`input: {kind: p07, folder: .}\n<<: {${key}: {polluted: 1}}\n`)).toThrow(code("config-invalid"));
    }
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});

describe.skipIf(!hasH5py)("HDF5 (needs h5py)", () => {
  beforeAll(() => {
    h5py(
      `
def new(name): return h5py.File(args[0] + "/" + name, "w")
with new("axis.h5") as f:
    f.create_dataset("data", (2, 2, 10**9), "f4", chunks=(1, 1, 10**5), compression="gzip")
    f.create_dataset("q", (10**9,), "f8", chunks=(10**5,), compression="gzip")
with new("texts.h5") as f:
    f.create_dataset("many", (10**8,), h5py.string_dtype(), chunks=(10**4,))
    f.create_dataset("long", (1,), "S1500000000", chunks=(1,), compression="gzip")
with new("circle.h5") as f:
    f["a/data"] = 1
    for i in range(20): f["a/g%d" % i] = f["a"]
import zlib
with new("lie.h5") as f:
    d = f.create_dataset("entry/data/data", (1, 60, 70), "i4", chunks=(1, 60, 70), compression="gzip")
    d.id.write_direct_chunk((0, 0, 0), zlib.compress(b"\\0" * (300 << 20), 1))
with new("links.h5") as f:
    f["secret"] = h5py.ExternalLink("/etc/passwd", "/x"); f["device"] = h5py.ExternalLink("/dev/zero", "/x")
with new("word.h5") as f: f["number"] = 7; f.attrs["word"] = "entry"; f["text"] = "words"
import struct
b = bytearray(open(args[0] + "/word.h5", "rb").read())
heap = b.index(b"GCOL")
for at in range(len(b) - 12):
    # the length of a text beside the address of the heap that holds it
    if struct.unpack_from("<IQ", b, at) == (5, heap): struct.pack_into("<I", b, at, 1400 << 20)
open(args[0] + "/word.h5", "wb").write(b)
`,
      folder,
    );
  });
  it("lists that claim a thousand million values", async () => {
    await expect(openPatternArray(join(folder, "axis.h5"))).rejects.toEqual(refused("numbers of a list in HDF5"));
  });
  it("texts without end, in number and in length", async () => {
    const open = await openHdf5(join(folder, "texts.h5"));
    expect(() => open.texts("many")).toThrow(refused("texts of a list in HDF5"));
    expect(() => open.texts("long")).toThrow(refused("bytes of texts in HDF5"));
    open.close();
  });
  it("groups that link to themselves twenty times over are walked to an end", async () => {
    const open = await openHdf5(join(folder, "circle.h5"));
    const { groups } = open.contents();
    expect(groups.length).toBeLessThan(500);
    expect(groups).toContain("a/g19");
    open.close();
  });
  it("a chunk that unpacks to 300 MB where 17 kB belong is not unpacked to its end", async () => {
    const read = openHdf5(join(folder, "lie.h5")).then((open) => open.read("entry/data/data"));
    await expect(read).rejects.toEqual(code("hdf5-too-large"));
  });
  it("a text of 1400 MiB in 6 kB, in an attribute and in a dataset: no memory is taken, and the rest is read", async () => {
    const { module } = await loadHdf5Library();
    const heapBytes = module.HEAPU8.length;
    const open = await openHdf5(join(folder, "word.h5"));
    expect(() => open.attribute("", "word")).toThrow(refused("memory of the HDF5 library"));
    expect(() => open.texts("text")).toThrow(refused("memory of the HDF5 library"));
    expect([...open.read("number")]).toEqual([7]);
    open.close();
    expect(module.HEAPU8.length - heapBytes).toBeLessThan(2 ** 20);
  });
  it("links to files that are no HDF5, or devices, are broken links", async () => {
    const open = await openHdf5(join(folder, "links.h5"));
    expect(
      open
        .contents()
        .broken.map(({ path }) => path)
        .sort(),
    ).toEqual(["device", "secret"]);
    open.close();
  });
});

it("docs/limits.md names every limit as the code has it", () => {
  const page = readFileSync("docs/limits.md", "utf8");
  for (const { code: name, value } of Object.values(LIMITS)) {
    expect(page).toContain(`\`${name}\``);
    expect(page).toContain(value);
  }
});
