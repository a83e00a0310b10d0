/** Bodies of every request that sends one, to a server that runs beside: 4xx in words, never 5xx, nothing written outside. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "../../src/data/index.ts";
import { decodeText } from "../../src/files/byte-source.ts";
import { encodeEdf } from "../../src/files/edf.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { writeResult } from "./hdf5-targets.ts";
import { type FuzzTarget, made, must } from "./target.ts";

const frame: Frame = { rows: 7, cols: 9, data: Int32Array.from({ length: 63 }, (_, i) => i * i), header: {} };
const PONI = {
  dist: 0.2,
  poni1: 0.001,
  poni2: 0.0008,
  rot1: 0,
  rot2: 0,
  rot3: 0,
  wavelength: 2e-11,
  pixel1: 2e-4,
  pixel2: 2e-4,
};
const SCAN = "input:\n  kind: p07\n  folder: .\nenergyKeV: 70\ndistanceMm: 500\nstepMm: 0.1\n";
const MODEL = "energyKeV: 60\nphases: [Si]\n";
const at = { file: "a.nxs", stack: "reconstruct/data" };
const region = { kind: "rectangle", from: [0, 0], to: [2, 2] };
const shapes = [{ region }, { region: { kind: "ellipse", from: [0, 0], to: [1, 1] }, isHole: true }];
const edf = { file: "a.edf", frame: 0 };
const mask = { invalid: true, above: 500, shapes: [{ region }] };

const REQUESTS: readonly (readonly [method: string, route: string, body: object])[] = [
  ["POST", "pattern", { ...at, region }],
  [
    "POST",
    "pattern",
    {
      ...at,
      region: {
        kind: "polygon",
        points: [
          [0, 0],
          [3, 0],
          [2, 3],
        ],
      },
    },
  ],
  ["POST", "pattern", { ...at, region: { kind: "voxels", runs: [0, 3, 6, 2] } }],
  ["POST", "pattern", { ...at, region: { kind: "mask", name: "own" } }],
  ["PUT", "masks", { file: "a.nxs", name: "own", shapes, overwrite: true }],
  ["PUT", "text", { path: "own.yaml", text: SCAN, overwrite: true }],
  ["POST", "scan-check", { path: "scan.yaml", text: SCAN, output: "b.nxs", workers: 1, memoryGb: 1 }],
  ["POST", "jobs", { scan: "scan.yaml", output: "b.nxs", from: "map", until: "map", workers: 1, memoryGb: 1 }],
  ["POST", "jobs/1/cancel", {}],
  [
    "POST",
    "refine",
    { file: "a.nxs", target: { kind: "voxel", y: 1, x: 1 }, model: { text: MODEL, folder: "" }, isQuick: true },
  ],
  ["POST", "refine/model", { file: "a.nxs", target: { kind: "voxel", y: 1, x: 1 } }],
  [
    "POST",
    "refine/check",
    { text: MODEL, folder: "", change: { name: "Si/a", value: 5.43, refine: true, min: 5, max: 6 }, exclude: [[1, 2]] },
  ],
  ["PUT", "refine/model", { text: MODEL, folder: "", path: "own-model.yaml", overwrite: true }],
  ["POST", "refine/start", { text: MODEL, folder: "", scan: "scan.yaml" }],
  ["POST", "frames/mask", { ...edf, mask, step: 1 }],
  ["PUT", "frames/mask", { ...edf, mask, path: "own.edf", overwrite: true }],
  ["POST", "frames/integrate", { ...edf, poni: PONI, mask, options: { bins: 20, axis: "q" }, format: "xye" }],
  ["POST", "frames/rings", { calibrant: "CeO2", poni: PONI, rows: 7, cols: 9 }],
  [
    "POST",
    "frames/calibrate",
    { ...edf, calibrant: "CeO2", energyKeV: 60, distanceMm: 200, pixelUm: 200, centrePx: [3, 4], mask },
  ],
  ["POST", "png", { svg: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>', scale: 1 }],
];

/** First line: method and route; then the body, one value a line. */
const seeds = () =>
  REQUESTS.map(([method, route, body]) => made(route, `${method} ${route}\n${JSON.stringify(body, null, 1)}`));

const OUTSIDE = "outside.txt";
let starting: Promise<RunningServer> | undefined;

async function start(folder: string): Promise<RunningServer> {
  const served = join(folder, "served");
  mkdirSync(served, { recursive: true });
  await writeResult(join(served, "a.nxs"));
  writeFileSync(join(folder, OUTSIDE), "not to be changed");
  return startServer({ folder: served, workers: 1, memoryBytes: 1e9 });
}

const bodies: FuzzTarget = {
  name: "server-bodies",
  kind: "text",
  seeds,
  async read(bytes, at) {
    const folder = join(at, "server");
    starting ??= start(folder);
    const { origin, token } = await starting;
    const text = decodeText(bytes);
    const [, method, route] = /^(POST|PUT) ([\w/-]+)\n/.exec(text) ?? [];
    if (method === undefined) return undefined;
    const headers = { authorization: `token ${token}`, "content-type": "application/json" };
    // a case may have saved over them
    writeFileSync(join(folder, "served/a.edf"), encodeEdf(frame));
    writeFileSync(join(folder, "served/scan.yaml"), SCAN);
    const body = text.slice(text.indexOf("\n") + 1);
    const reply = await fetch(`${origin}/api/${route}`, { method, headers, body });
    const answer = Buffer.from(await reply.arrayBuffer());
    must(reply.status < 500, `${reply.status} ${answer.toString("latin1").slice(0, 300)}`);
    if (reply.status >= 400) {
      const { error } = JSON.parse(answer.toString()) as { error?: { code?: unknown; message?: unknown } };
      must(typeof error?.code === "string" && typeof error.message === "string", `${reply.status} without words`);
    }
    must(readFileSync(join(folder, OUTSIDE), "utf8") === "not to be changed", "a file outside was written");
    must(readdirSync(folder).length === 2, "a file outside was made");
    return reply.status;
  },
  async close() {
    await (await starting)?.close();
    starting = undefined;
  },
};

export const SERVER_TARGETS: readonly FuzzTarget[] = [bodies];
