/** Detector frames: reading, masks, integration, rings, calibration. The work is done in threads. */
import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { InputError } from "../../data/index.ts";
import { readPoni } from "../../files/poni.ts";
import type { ServerContext } from "../context.ts";
import * as Requests from "../frames/frame-requests.ts";
import type { FrameAt } from "../frames/frame-tasks.ts";
import { createFrameThread, type FrameThread } from "../frames/frame-thread.ts";
import { framesInside } from "../frames/frames-inside.ts";
import { parseRequest } from "../parse-request.ts";
import { sendArrays, signalOf } from "../replies.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { Beside, FrameMask, Geometry, IntegrateOptions } from "../wire-frames.ts";

export function addFrameRoutes(app: FastifyInstance, { folder, onClose }: ServerContext): void {
  // looking goes on while a pattern is integrated or a frame calibrated
  const reading = createFrameThread();
  const working = createFrameThread();
  onClose(async () => {
    await Promise.all([reading.close(), working.close()]);
  });
  addReading(app, folder, reading);
  addMasks(app, folder, reading);
  addWork(app, folder, working);
}

interface Choice {
  readonly file: string;
  readonly dataset?: string | undefined;
  readonly frame: number;
}

const frameAt = async (folder: ServedFolder, { file, dataset, frame }: Choice): Promise<FrameAt> => ({
  path: await framesInside(folder, file),
  name: file,
  dataset,
  frame,
});

const maskAt = (folder: ServedFolder, mask: ReturnType<typeof Requests.MaskBody.parse>): FrameMask =>
  ({ ...mask, ...(mask.file && { file: folder.existing(mask.file) }) }) as FrameMask;

function addReading(app: FastifyInstance, folder: ServedFolder, thread: FrameThread): void {
  app.get("/api/frames", async (request) => {
    const query = parseRequest(Requests.SeriesQuery, request.query);
    return thread.ask("series", await frameAt(folder, query));
  });

  app.get("/api/frames/image", async (request, reply) => {
    const { step, top, left, height, width, ...query } = parseRequest(Requests.ImageQuery, request.query);
    const part = height && width ? { top: top ?? 0, left: left ?? 0, height, width } : undefined;
    const { rows, cols, data } = await thread.ask(
      "image",
      { ...(await frameAt(folder, query)), step, part },
      { signal: signalOf(reply) },
    );
    return sendArrays(reply, [{ name: "values", shape: [rows, cols], data }]);
  });

  app.get("/api/frames/export", async (request, reply) => {
    const { format, ...query } = parseRequest(Requests.ExportQuery, request.query);
    const bytes = await thread.ask("export", { ...(await frameAt(folder, query)), format });
    return reply.type("application/octet-stream").send(Buffer.from(bytes));
  });

  app.get("/api/frames/geometry", (request): Geometry => {
    const { path = "" } = request.query as { path?: string };
    const absolute = folder.existing(path);
    if (statSync(absolute).size > MOST_PONI_BYTES)
      throw new InputError(
        "poni-not-recognised",
        `${path}: not a .poni file: it has over ${MOST_PONI_BYTES / 1e6} MB. Give the geometry file that pyFAI, Dioptas or xrdct calibrate wrote.`,
      );
    return { path, poni: readPoni(absolute) };
  });

  app.get("/api/frames/beside", async (request): Promise<Beside> => {
    const { file = "" } = request.query as { file?: string };
    return filesBeside(folder, file);
  });
}

function addMasks(app: FastifyInstance, folder: ServedFolder, thread: FrameThread): void {
  app.post("/api/frames/mask", async (request, reply) => {
    const { mask, step, ...query } = parseRequest(Requests.MaskRequest, request.body);
    const { rows, cols, data, excluded, pixels } = await thread.ask(
      "mask",
      { ...(await frameAt(folder, query)), mask: maskAt(folder, mask), step },
      { signal: signalOf(reply) },
    );
    return sendArrays(reply, [{ name: "excluded", shape: [rows, cols], data }], { excluded, pixels });
  });

  app.put("/api/frames/mask", async (request) => {
    const { mask, path, overwrite, ...query } = parseRequest(Requests.MaskSave, request.body);
    const target = folder.target(path);
    if (existsSync(target) && !overwrite)
      throw new InputError("file-exists", `There is a ${path} already. Give another name, or replace it.`);
    const saved = await thread.ask("saveMask", {
      ...(await frameAt(folder, query)),
      mask: maskAt(folder, mask),
      target,
    });
    return { path: folder.nameOf(target), ...saved };
  });
}

function addWork(app: FastifyInstance, folder: ServedFolder, thread: FrameThread): void {
  app.post("/api/frames/integrate", async (request, reply) => {
    const { poni, mask, options, format, ...query } = parseRequest(Requests.Integrate, request.body);
    const ask = {
      ...(await frameAt(folder, query)),
      poni: poni as Geometry["poni"],
      mask: maskAt(folder, mask),
      options: options as IntegrateOptions,
    };
    const signal = signalOf(reply);
    if (format) {
      const text = await thread.ask("patternText", { ...ask, format }, { signal });
      return reply.type("text/plain; charset=utf-8").send(text);
    }
    const { axis, intensity, sigma, chiDeg } = await thread.ask("integrate", ask, { signal });
    const shape = chiDeg ? [chiDeg.length, axis.length] : [axis.length];
    return sendArrays(reply, [
      { name: "axis", shape: [axis.length], data: axis },
      { name: "intensity", shape, data: intensity },
      { name: "sigma", shape, data: sigma },
      ...(chiDeg ? [{ name: "chi", shape: [chiDeg.length], data: chiDeg }] : []),
    ]);
  });

  app.post("/api/frames/rings", async (request) => {
    const { calibrant, poni, rows, cols } = parseRequest(Requests.Rings, request.body);
    const path = Requests.isPath(calibrant) ? folder.existing(calibrant) : calibrant;
    return thread.ask("rings", { calibrant: path, poni: poni as Geometry["poni"], shape: { rows, cols } });
  });

  app.post("/api/frames/calibrate", async (request, reply) => {
    const { file, dataset, frame, mask, calibrant, pixelUm, detector, centrePx, check, ...plain } = parseRequest(
      Requests.Calibrate,
      request.body,
    );
    return thread.ask(
      "calibrate",
      {
        ...(await frameAt(folder, { file, dataset, frame })),
        mask: maskAt(folder, mask),
        calibrant: Requests.isPath(calibrant) ? folder.existing(calibrant) : calibrant,
        ...plain,
        ...(pixelUm !== undefined && { pixelUm }),
        ...(detector && { detector }),
        ...(centrePx && { centrePx }),
        ...(check && { check: folder.existing(check) }),
      },
      { signal: signalOf(reply), isLong: true },
    );
  });
}

const MOST_BESIDE = 200;
const MOST_PONI_BYTES = 1e6;

/** Geometries, masks and structures in the frames' folder, in the folders above it, and in those beside it. */
async function filesBeside(folder: ServedFolder, file: string): Promise<Beside> {
  const start = folder.existing(/[*?]/.test(file) ? dirname(file) : file);
  const found = { geometries: [] as string[], masks: [] as string[], cifs: [] as string[] };
  const look = async (at: string, depth: number): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.slice(0, 5000)) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && depth > 0 && !entry.name.startsWith(".")) await look(path, depth - 1);
      if (!entry.isFile()) continue;
      const list = /\.poni$/i.test(entry.name)
        ? found.geometries
        : /\.cif$/i.test(entry.name)
          ? found.cifs
          : /mask.*\.(edf|tiff?|npy|cbf|h5)$|\.(msk|mask)$/i.test(entry.name)
            ? found.masks
            : undefined;
      const name = folder.nameOf(path);
      if (list && list.length < MOST_BESIDE && !list.includes(name)) list.push(name);
    }
  };
  // the nearest first: they are offered first
  for (let at = start; ; at = dirname(at)) {
    await look(at, at === start ? 0 : 1);
    if (at === folder.root) return found;
  }
}
