/** Refinements of voxels, regions and the mean pattern, and the models that they start from (wire-refine.ts). */
import { statSync } from "node:fs";
import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { curvesCsv } from "../../pipeline/refine/outputs.ts";
import { ModelConfig } from "../../refinement/index.ts";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import type { RefineTask } from "../refine/protocol.ts";
import { createRefiner } from "../refine/refiner.ts";
import type { ModelReply, ModelRequest, RefineReply } from "../wire-refine.ts";

const point = z.tuple([z.number(), z.number()]);
const corners = { from: point, to: point };
const Target = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("voxel"), y: z.int(), x: z.int() }),
  z.strictObject({ kind: z.literal("rectangle"), ...corners }),
  z.strictObject({ kind: z.literal("ellipse"), ...corners }),
  z.strictObject({ kind: z.literal("polygon"), points: z.array(point).min(3).max(10_000) }),
  z.strictObject({ kind: z.literal("summed") }),
]);
const Model = { text: z.string(), folder: z.string() };
const Refine = z.strictObject({ file: z.string(), target: Target, model: z.strictObject(Model).optional() });
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
    const { size, mtimeMs } = statSync(path);
    return { path, identity: `${size} ${mtimeMs}`, root: folder.root, target };
  };

  app.post("/api/refine", async (request, reply): Promise<RefineReply> => {
    const { model, ...of } = parseRequest(Refine, request.body);
    const fit = await refiner.fit({ ...taskOf(of), ...(model && { model }) }, abandoned(reply));
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
    const model = await refiner.model(taskOf(parseRequest(StartModel, request.body)), abandoned(reply));
    return model ? { model } : {};
  });

  app.get("/api/refine/schema", () => z.toJSONSchema(ModelConfig, { io: "input", unrepresentable: "any" }));
}

/** Aborted when the page goes away before it has its answer. */
function abandoned(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
