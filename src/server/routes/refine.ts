/** Refinements of voxels, regions and the mean pattern, and the models that they start from (wire-refine.ts). */
import { existsSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { curvesCsv } from "../../pipeline/refine/outputs.ts";
import { writeWhole } from "../../pipeline/write-whole.ts";
import type { ServerContext } from "../context.ts";
import { isYaml } from "../file-kinds.ts";
import { parseRequest } from "../parse-request.ts";
import { identityOf } from "../readers/open-results.ts";
import { checkModel, moveModelText } from "../refine/model-edit.ts";
import { loadModelText } from "../refine/model-text.ts";
import type { RefineTask } from "../refine/protocol.ts";
import { createRefiner } from "../refine/refiner.ts";
import { prepareMap } from "../refine/start-map.ts";
import { signalOf } from "../replies.ts";
import type { CheckReply, ModelReply, ModelRequest, ModelSaved, RefineReply, StartReply } from "../wire-refine.ts";

const point = z.tuple([z.number(), z.number()]);
const corners = { from: point, to: point };
const Target = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("voxel"), y: z.int(), x: z.int() }),
  z.strictObject({ kind: z.literal("rectangle"), ...corners }),
  z.strictObject({ kind: z.literal("ellipse"), ...corners }),
  z.strictObject({ kind: z.literal("polygon"), points: z.array(point).min(3).max(10_000) }),
  z.strictObject({ kind: z.literal("summed") }),
]);
const Model = { text: z.string().max(250_000), folder: z.string(), wavelengthA: z.number().positive().exactOptional() };
const Refine = z.strictObject({
  file: z.string(),
  target: Target,
  model: z.strictObject(Model).optional(),
  isQuick: z.boolean().optional(),
});
const Change = z.strictObject({
  name: z.string(),
  value: z.number().nullable().exactOptional(),
  refine: z.boolean().exactOptional(),
  min: z.number().nullable().exactOptional(),
  max: z.number().nullable().exactOptional(),
});
const Check = z.strictObject({
  ...Model,
  change: Change.exactOptional(),
  exclude: z.array(point).max(100).exactOptional(),
});
const Save = z.strictObject({ ...Model, path: z.string().min(1), overwrite: z.boolean().exactOptional() });
const Start = z.strictObject({ ...Model, scan: z.string() });
const StartModel = z.strictObject({ file: z.string(), target: Target });

/** Replies whose curves can still be fetched. */
const KEPT = 20;

export function addRefineRoutes(app: FastifyInstance, { folder, onClose }: ServerContext): void {
  const refiner = createRefiner();
  onClose(() => refiner.close());
  const kept = new Map<number, RefineReply>();
  let nextId = 1;

  const taskOf = ({ file, target }: ModelRequest): Omit<RefineTask, "kind"> => {
    const path = folder.existing(file);
    return { path, identity: identityOf(path), root: folder.root, target };
  };

  app.post("/api/refine", async (request, reply): Promise<RefineReply> => {
    const { model, isQuick = false, ...of } = parseRequest(Refine, request.body);
    const fit = await refiner.fit({ ...taskOf(of), ...(model && { model }), isQuick }, signalOf(reply));
    if (!fit) {
      throw new InputError(
        "refine-no-model",
        `${of.file} holds no Rietveld map, so it brings no model. Choose a model.yaml of this folder, or write one.`,
      );
    }
    const done = { ...fit, id: nextId++ };
    kept.set(done.id, done);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return done;
  });

  app.get("/api/refine/curves", async (request, reply) => {
    const { id } = parseRequest(z.strictObject({ id: z.coerce.number().int() }), request.query);
    const done = kept.get(id);
    if (!done) throw new InputError("refine-forgotten", "That refinement is no longer kept. Refine again, then save.");
    return reply.type("text/csv; charset=utf-8").send(curvesCsv(done));
  });

  app.post("/api/refine/model", async (request, reply): Promise<ModelReply> => {
    const model = await refiner.model(taskOf(parseRequest(StartModel, request.body)), signalOf(reply));
    return model ? { model } : {};
  });

  app.post("/api/refine/check", (request): CheckReply => checkModel(parseRequest(Check, request.body), folder));

  app.put("/api/refine/model", (request): ModelSaved => {
    const { path, overwrite, ...model } = parseRequest(Save, request.body);
    if (!isYaml(path)) throw new InputError("request-wrong", `A model is saved as .yaml; ${path} was given.`);
    const absolute = folder.target(path);
    if (existsSync(absolute) && overwrite !== true)
      throw new InputError("file-exists", `There is a ${path} already. Give another name, or replace it.`);
    loadModelText(model, folder);
    writeWhole(absolute, moveModelText(model, absolute, folder));
    return { path: folder.nameOf(absolute) };
  });

  app.post("/api/refine/start", (request): StartReply => prepareMap(parseRequest(Start, request.body), folder));
}
