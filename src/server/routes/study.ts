/** What lies beside a study.nxs: its report in short, its figures and tables. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { isBelow } from "../../files/confinement.ts";
import { CyclingCurves } from "../../pipeline/study/cycling-curves.ts";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { StudyCellInfo, StudyCycling, StudyInfo } from "../wire.ts";

const FileQuery = z.object({ file: z.string() });
const PartQuery = FileQuery.extend({
  part: z
    .string()
    .regex(/^((figures|tables)\/)?[\w+-][\w.+-]*\.(png|svg|csv|md|json|gif)$/, "a figure or a table is needed"),
});
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  svg: "image/svg+xml",
  gif: "image/gif",
  csv: "text/csv; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  json: "application/json; charset=utf-8",
};
const MOST_REPORT_BYTES = 64e6;
const CYCLING = "tables/cycling.json";

const number = z.number().nullish();
const text = z.string().optional();
/** Of report.json what the page shows; a report of another version may lack any of it. */
const Report = z.object({
  title: text,
  reference: text,
  notes: z.array(z.string()).default([]),
  cells: z
    .array(
      z.object({
        name: z.string(),
        label: text,
        result: text,
        state: text,
        rate: text,
        places: z
          .object({
            electrodes: z.array(z.object({ electrode: z.string(), lengthMm: z.number(), turns: number })).default([]),
            layers: z
              .array(z.object({ electrode: z.string(), side: z.enum(["inner", "outer"]), thicknessMm: number }))
              .default([]),
          })
          .optional(),
        lithium: z
          .object({
            rows: z
              .array(z.object({ electrode: z.string(), kind: z.string(), x: number, esd: number, total: number }))
              .default([]),
          })
          .optional(),
        cycling: z
          .object({
            capacity: z.object({ ah: number, esd: number }).optional(),
            segments: z.array(z.object({ kind: z.string(), trueRate: number })).default([]),
          })
          .optional(),
      }),
    )
    .default([]),
  closings: z.array(z.object({ what: z.string(), words: z.string() })).default([]),
});

export function addStudyRoutes(app: FastifyInstance, { folder }: ServerContext): void {
  app.get("/api/study", async (request): Promise<StudyInfo> => {
    const { file } = parseRequest(FileQuery, request.query);
    const at = dirname(folder.existing(file));
    // links that lead out of the served folder are refused here as anywhere
    const inside = (part: string): string | undefined =>
      existsSync(join(at, part)) ? folder.existing(join(dirname(file), part)) : undefined;
    const report = await readReport(inside("report.json"), file);
    return {
      file,
      title: report.title ?? "",
      ...(report.reference !== undefined && { reference: report.reference }),
      notes: report.notes,
      cells: report.cells.map((cell) => cellInfo(cell, at, folder)),
      closings: report.closings,
      figures: filesIn(inside("figures")).filter((name) => /\.(png|svg|gif)$/.test(name)),
      tables: [
        ...filesIn(inside("tables")).map((name) => `tables/${name}`),
        ...filesIn(at).filter((name) => /^report\.(md|json)$/.test(name)),
      ],
    };
  });

  app.get("/api/study/cycling", async (request): Promise<StudyCycling> => {
    const { file } = parseRequest(FileQuery, request.query);
    const parsed = CyclingCurves.safeParse(await readJson(folder.existing(join(dirname(file), CYCLING))));
    if (parsed.success) return parsed.data;
    throw new InputError(
      "study-report",
      `The ${CYCLING} beside ${file} holds no curves of \`xrdct study\`. Run the study again, or move that file away.`,
    );
  });

  app.get("/api/study/part", async (request, reply) => {
    const { file, part } = parseRequest(PartQuery, request.query);
    const path = folder.existing(join(dirname(file), part));
    return reply
      .header("content-disposition", `inline; filename="${basename(part)}"`)
      .type(TYPES[part.slice(part.lastIndexOf(".") + 1)]!)
      .send(await readFile(path));
  });
}

/** An empty one where there is none: a study.nxs alone has maps to be looked at. */
async function readReport(path: string | undefined, file: string): Promise<z.output<typeof Report>> {
  if (path === undefined) return Report.parse({});
  const parsed = Report.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  throw new InputError(
    "study-report",
    `The report.json beside ${file} is no report of \`xrdct study\`. Run the study again, or move that file away: the maps are shown without it.`,
  );
}

/** Undefined where it is no JSON, or larger than any that a study writes. */
async function readJson(path: string): Promise<unknown> {
  try {
    if (statSync(path).size > MOST_REPORT_BYTES) return undefined;
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

type ReportCell = z.output<typeof Report>["cells"][number];

function cellInfo(cell: ReportCell, at: string, folder: ServedFolder): StudyCellInfo {
  const { name, label = name, state, rate, result, places, lithium, cycling } = cell;
  const rates = (cycling?.segments ?? []).flatMap(({ kind, trueRate }) =>
    kind === "CC" && trueRate ? [trueRate] : [],
  );
  return {
    name,
    label,
    ...(state !== undefined && { state }),
    ...(rate !== undefined && { rate }),
    ...(result !== undefined && resultOf(result, at, folder)),
    electrodes: places?.electrodes.map(({ electrode, lengthMm }) => ({ electrode, lengthMm })) ?? [],
    layers: (places?.layers ?? []).map((layer) => ({ ...layer, thicknessMm: layer.thicknessMm ?? null })),
    lithium: (lithium?.rows ?? [])
      .filter(({ kind }) => kind === "all")
      .map(({ electrode, x, esd, total }) => ({ electrode, x: x ?? null, esd: esd ?? null, total: total ?? null })),
    capacityMAh: cycling?.capacity?.ah == null ? null : 1000 * cycling.capacity.ah,
    capacityEsdMAh: cycling?.capacity?.esd == null ? null : 1000 * cycling.capacity.esd,
    rates,
  };
}

/** As the pages call it where it is served; else where it is, and which folder would have to be served. */
function resultOf(path: string, at: string, folder: ServedFolder): Pick<StudyCellInfo, "result" | "elsewhere"> {
  const absolute = isAbsolute(path) ? path : resolve(at, path);
  try {
    return { result: folder.nameOf(folder.existing(folder.nameOf(absolute))) };
  } catch {
    return {
      elsewhere: { path: absolute, ...(existsSync(absolute) && { serve: folderOfBoth(absolute, folder.root) }) },
    };
  }
}

function folderOfBoth(file: string, root: string): string {
  let shared = dirname(file);
  while (!isBelow(shared, root)) shared = dirname(shared);
  return shared;
}

const filesIn = (path: string | undefined): string[] => (path === undefined ? [] : readdirSync(path).sort());
