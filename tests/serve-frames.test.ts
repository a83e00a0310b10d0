/** Detector frames over HTTP: what the server says equals what the files hold and what the commands find. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEdf } from "../src/files/edf.ts";
import { readMask } from "../src/files/mask.ts";
import { formatPoni } from "../src/files/poni.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { ArraysHeader, ErrorReply } from "../src/server/wire.ts";
import type { Calibration, FrameMask, FrameMaskMeta, FrameSeries, Ring } from "../src/server/wire-frames.ts";
import { simulateRings } from "./simulated-rings.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";

const root = tempFolder();
const served = join(root, "served");
const [ROWS, COLS] = [60, 50];
/** counts that tell their place, -1 in a gap of two columns */
const countAt = (frame: number, row: number, col: number): number =>
  col === 20 || col === 21 ? -1 : 1000 * frame + 10 * row + col;
const PONI = {
  dist: 0.1,
  poni1: 0.0031,
  poni2: 0.0024,
  rot1: 0.01,
  rot2: -0.02,
  rot3: 0,
  wavelength: 2e-11,
  pixel1: 1e-4,
  pixel2: 1e-4,
};
let server: RunningServer;

beforeAll(async () => {
  mkdirSync(served);
  const frames = [0, 1, 2].map((frame) => ({
    rows: ROWS,
    cols: COLS,
    data: Int32Array.from({ length: ROWS * COLS }, (_, i) => countAt(frame, Math.floor(i / COLS), i % COLS)),
    header: { Wavelength: "0.2 A" },
  }));
  writeFileSync(join(served, "series.edf"), encodeEdf(...frames));
  writeFileSync(join(served, "rough.poni"), formatPoni(PONI));
  const webFolder = join(root, "web");
  mkdirSync(webFolder);
  writeFileSync(join(webFolder, "index.html"), "");
  server = await startServer({ folder: served, workers: 2, memoryBytes: 2e9, webFolder });
});
afterAll(() => server.close());

async function request(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<Response> {
  return fetch(`${server.origin}/api/${path}`, {
    method,
    headers: {
      authorization: `token ${server.token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const ask = async <T>(path: string, body?: unknown, method?: string): Promise<T & Partial<ErrorReply>> =>
  (await request(path, body, method)).json() as Promise<T & Partial<ErrorReply>>;

const TYPES = {
  uint8: Uint8Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

async function arrays(path: string, body?: unknown) {
  const reply = await request(path, body);
  if (!reply.ok) throw new Error(await reply.text());
  const { arrays: list, meta } = JSON.parse(reply.headers.get("x-xrdct-arrays")!) as ArraysHeader;
  const bytes = await reply.arrayBuffer();
  let at = 0;
  const found = list.map(({ name, type, shape }) => {
    const Type = TYPES[type as keyof typeof TYPES];
    const length = shape.reduce((a, b) => a * b, 1);
    at = Math.ceil(at / 8) * 8;
    const data = new Type(bytes.slice(at, at + length * Type.BYTES_PER_ELEMENT));
    at += data.byteLength;
    return [name, { shape, data }] as const;
  });
  return { meta, ...Object.fromEntries(found) } as unknown as Record<
    string,
    { shape: number[]; data: Float64Array }
  > & {
    meta: FrameMaskMeta;
  };
}

const codeOf = async (path: string, body?: unknown, method?: string): Promise<string | undefined> =>
  (await ask<object>(path, body, method)).error?.code;

describe("frames over HTTP", () => {
  it("says what a series is, and its frames' header", async () => {
    const series = await ask<FrameSeries>("frames?file=series.edf&frame=1");
    expect(series).toMatchObject({ rows: ROWS, cols: COLS, count: 3, type: "int32", hasOwnMask: false, missing: 0 });
    expect(series.header["Wavelength"]).toBe("0.2 A");
  });

  it("gives a frame whole, in parts and binned", async () => {
    const whole = await arrays("frames/image?file=series.edf&frame=2");
    expect(whole["values"]!.shape).toEqual([ROWS, COLS]);
    expect(whole["values"]!.data[31 * COLS + 17]).toBe(countAt(2, 31, 17));
    const part = await arrays("frames/image?file=series.edf&frame=2&top=50&left=18&height=40&width=5");
    expect(part["values"]!.shape).toEqual([10, 5]);
    expect([...part["values"]!.data.subarray(5, 10)]).toEqual([18, 19, 20, 21, 22].map((col) => countAt(2, 51, col)));
    const binned = await arrays("frames/image?file=series.edf&frame=0&step=4");
    expect(binned["values"]!.shape).toEqual([15, 13]);
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    // columns 20 and 21 hold no count
    const counted = [8, 9, 10, 11].flatMap((row) => [22, 23].map((col) => countAt(0, row, col)));
    expect(binned["values"]!.data[2 * 13 + 5]).toBeCloseTo(mean(counted), 4);
    const last = [56, 57, 58, 59].flatMap((row) => [48, 49].map((col) => countAt(0, row, col)));
    expect(binned["values"]!.data[14 * 13 + 12]).toBeCloseTo(mean(last), 4);
  });

  it("refuses in the user's words", async () => {
    expect(await codeOf("frames/image?file=series.edf&frame=3")).toBe("frame-number");
    expect(await codeOf("frames/image?file=series.edf&top=60&height=5&width=5")).toBe("request-wrong");
    expect(await codeOf("frames?file=../series.edf")).toBe("path-outside");
    expect(await codeOf("frames?file=rough.poni")).toBe("frame-format-unknown");
    expect(await codeOf("frames?file=no*.cbf")).toBe("frames-none");
    expect(await codeOf("frames/rings", { calibrant: "XeO2", poni: PONI, rows: 9, cols: 9 })).toBe("calibrant-unknown");
    const { wavelength: _, ...without } = PONI;
    expect(await codeOf("frames/rings", { calibrant: "CeO2", poni: without, rows: 9, cols: 9 })).toBe(
      "axis-needs-wavelength",
    );
  });

  it("follows no link, pattern or list out of the folder", async () => {
    const outside = join(root, "outside");
    mkdirSync(outside);
    copyFileSync(join(served, "series.edf"), join(outside, "a.edf"));
    mkdirSync(join(served, "links"));
    symlinkSync(join(outside, "a.edf"), join(served, "links/a.edf"));
    writeFileSync(join(served, "list.txt"), `${join(outside, "a.edf")}\n`);
    for (const file of ["links/a.edf", "links", "links/*.edf", "list.txt"])
      expect(await codeOf(`frames?file=${encodeURIComponent(file)}`), file).toBe("path-outside");
  });
});

describe("masks of frames over HTTP", () => {
  const excluded = async (mask: FrameMask, frame = 0) =>
    arrays("frames/mask", { file: "series.edf", frame, mask }) as ReturnType<typeof arrays>;
  const expectMask = async (mask: FrameMask, isOut: (row: number, col: number) => boolean): Promise<void> => {
    const { excluded: found, meta } = await excluded(mask);
    const wanted = Array.from({ length: ROWS * COLS }, (_, i) => (isOut(Math.floor(i / COLS), i % COLS) ? 1 : 0));
    expect([...found!.data]).toEqual(wanted);
    expect(meta).toEqual({ excluded: wanted.filter(Boolean).length, pixels: ROWS * COLS });
  };
  const isGap = (col: number): boolean => col === 20 || col === 21;

  it("leaves out what holds no count, and counts beyond limits", () =>
    expectMask(
      { invalid: true, below: 30, above: 500 },
      (row, col) => isGap(col) || countAt(0, row, col) < 30 || countAt(0, row, col) > 500,
    ));

  it("leaves out what was drawn: a pixel when its middle lies inside; holes put back", () =>
    expectMask(
      {
        shapes: [
          { region: { kind: "ellipse", from: [10, 20], to: [30, 44] } },
          { region: { kind: "rectangle", from: [15, 28], to: [18, 30] }, isHole: true },
          {
            region: {
              kind: "polygon",
              points: [
                [40.2, 0],
                [50, 0],
                [50, 9.8],
              ],
            },
          },
        ],
      },
      (row, col) => {
        const [x, y] = [col + 0.5, row + 0.5];
        const inEllipse = ((x - 20) / 10) ** 2 + ((y - 32) / 12) ** 2 < 1;
        const inHole = x >= 15 && x < 18 && y >= 28 && y < 30;
        return (inEllipse && !inHole) || x - 40.2 > y;
      },
    ));

  it("inverts", () => expectMask({ invalid: true, isSwapped: true }, (_, col) => !isGap(col)));

  it.each(["edf", "tif", "npy"])("saves a .%s that --mask reads, and replaces nothing unasked", async (ending) => {
    const save = { file: "series.edf", mask: { invalid: true }, path: `bad.${ending}` };
    expect(await ask("frames/mask", save, "PUT")).toMatchObject({ path: save.path, excluded: 2 * ROWS });
    const { data } = await readMask(join(served, save.path), { rows: ROWS, cols: COLS });
    expect([...data]).toEqual([...(await excluded(save.mask))["excluded"]!.data]);
    expect(await codeOf("frames/mask", save, "PUT")).toBe("file-exists");
    expect(await codeOf("frames/mask", { ...save, overwrite: true }, "PUT")).toBeUndefined();
  });
});

describe("integration over HTTP", () => {
  it.each([
    [{ bins: 40 }, ["--bins", "40"]],
    [
      { bins: 25, axis: "q", statistic: "mean", polarization: null, solidAngle: false },
      ["--bins", "25", "--axis", "q", "--statistic", "mean", "--no-polarization", "--no-solid-angle"],
    ],
  ])("gives the pattern of `xrdct integrate`, digit for digit: %j", async (options, flags) => {
    const mask = { file: "mask-high.npy", invalid: true };
    await ask("frames/mask", { file: "series.edf", mask: { above: 500 }, path: mask.file, overwrite: true }, "PUT");
    const body = { file: "series.edf", frame: 0, poni: PONI, mask, options };
    const text = await (await request("frames/integrate", { ...body, format: "xye" })).text();
    const first = join(served, "first.edf");
    const frame = await arrays("frames/image?file=series.edf");
    writeFileSync(
      first,
      encodeEdf({ rows: ROWS, cols: COLS, data: Int32Array.from(frame["values"]!.data), header: {} }),
    );
    const out = join(root, "pattern.xye");
    const given = ["--poni", join(served, "rough.poni"), "--mask", join(served, mask.file)];
    expect((await xrdctHere(["integrate", first, ...given, ...flags, "-o", out, "--quiet"])).code).toBe(0);
    const numbers = (all: string): string[] =>
      all.split("\n").filter((line) => !/^#\s*(integrated|geometry)/.test(line));
    expect(numbers(text)).toEqual(numbers(readFileSync(out, "utf8")));
    expect(numbers(text).length).toBeGreaterThan(20);
  });

  it("takes the largest numbers of a whole type for gaps, not for counts", async () => {
    const data = new Uint16Array(ROWS * COLS).fill(7);
    data.fill(65535, 10 * COLS, 12 * COLS);
    writeFileSync(join(served, "dead.edf"), encodeEdf({ rows: ROWS, cols: COLS, data, header: {} }));
    const options = { bins: 10, statistic: "mean", polarization: null, solidAngle: false };
    const body = { file: "dead.edf", poni: PONI, mask: { invalid: true }, options };
    for (const value of (await arrays("frames/integrate", body))["intensity"]!.data) expect(value).toBeCloseTo(7, 5);
  });

  it("sees that a mask was saved again", async () => {
    const saved = async (above: number) =>
      ask("frames/mask", { file: "series.edf", mask: { above }, path: "again.edf", overwrite: true }, "PUT");
    const highest = async (): Promise<number> => {
      const options = { bins: 10, statistic: "mean", polarization: null, solidAngle: false };
      const body = { file: "series.edf", poni: PONI, mask: { file: "again.edf" }, options };
      return (await arrays("frames/integrate", body))
        ["intensity"]!.data.filter(Number.isFinite)
        .reduce((a, b) => Math.max(a, b));
    };
    await saved(500);
    expect(await highest()).toBeLessThan(501);
    await saved(300);
    expect(await highest()).toBeLessThan(301);
  });

  it("goes through a series with one set of tables", async () => {
    const of = async (frame: number) =>
      (
        await arrays("frames/integrate", {
          file: "series.edf",
          frame,
          poni: PONI,
          options: { bins: 10, statistic: "mean", polarization: null, solidAngle: false },
        })
      )["intensity"]!.data;
    const [first, third] = [await of(0), await of(2)];
    first.forEach((value, i) => expect(third[i]).toBeCloseTo(value + 2000, 2));
  });
});

describe("rings over HTTP", () => {
  it("lie where Bragg's law has them, named by their reflections", async () => {
    const rings = await ask<Ring[]>("frames/rings", { calibrant: "CeO2", poni: PONI, rows: 2000, cols: 2000 });
    const a = 5.411651;
    const wanted = [
      [3, "111"],
      [4, "200"],
      [8, "220"],
      [11, "311"],
      [12, "222"],
      [16, "400"],
      [19, "331"],
    ] as const;
    wanted.forEach(([n, hkl], i) => {
      expect(rings[i]!.hkl).toBe(hkl);
      expect(rings[i]!.twoThetaDeg).toBeCloseTo((360 / Math.PI) * Math.asin((0.2 * Math.sqrt(n)) / (2 * a)), 9);
    });
    expect(rings.find(({ hkl }) => hkl.includes("333"))!.hkl).toBe("511 / 333");
  });
});

describe("calibration over HTTP", () => {
  it("equals `xrdct calibrate` to all digits, and its .poni", async () => {
    const pixel = 172e-6;
    const poni = { dist: 0.17, poni1: 160 * pixel, poni2: 140 * pixel, rot1: 0.02, rot2: -0.03, rot3: 0 };
    const frame = simulateRings({
      ...{ rows: 400, cols: 360, energyKeV: 40, calibrant: "CeO2", counts: 300, seed: 1 },
      poni: { ...poni, pixel1: pixel, pixel2: pixel },
    });
    const { rows, cols } = frame;
    writeFileSync(join(served, "CeO2.edf"), encodeEdf({ rows, cols, data: Int32Array.from(frame.data), header: {} }));
    const corner = Int32Array.from({ length: rows * cols }, (_, i) => (i < 30 * cols && i % cols < 30 ? 1 : 0));
    writeFileSync(join(served, "mask.edf"), encodeEdf({ rows, cols, data: corner, header: {} }));
    const found = await ask<Calibration>("frames/calibrate", {
      file: "CeO2.edf",
      mask: { file: "mask.edf", invalid: true },
      calibrant: "CeO2",
      energyKeV: 40,
      distanceMm: 175,
      pixelUm: 172,
    });
    const path = join(root, "cli.poni");
    const flags = ["--mask", "mask.edf", "--calibrant", "CeO2", "--energy-kev", "40", "--distance-mm", "175"];
    const args = ["calibrate", "CeO2.edf", ...flags, "--pixel-um", "172", "-o", path, "--json"];
    const { json } = await xrdctHere(args, { cwd: served });
    expect(found.result).toEqual(json);
    expect(found.poniText).toBe(readFileSync(path, "utf8"));
    expect(found.result.status).toBe("converged");
    expect(Math.abs(found.result.poni.dist / poni.dist - 1)).toBeLessThan(5e-4);
  }, 180_000);
});
