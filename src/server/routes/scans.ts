/** scan.yaml before it is run: what may be in it, what to start from, what is wrong with it. */
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { ScanConfig } from "../../pipeline/scan-config.ts";
import { ModelConfig } from "../../refinement/index.ts";
import type { ServerContext } from "../context.ts";
import { askCheck } from "../jobs/ask-check.ts";
import { outputOf } from "../jobs/output-path.ts";
import type { CheckOrder } from "../jobs/run-order.ts";
import { scanTemplate } from "../jobs/scan-template.ts";
import { parseRequest } from "../parse-request.ts";
import { signalOf } from "../replies.ts";
import type { ScanCheck, ScanSchemas, ScanTemplate } from "../wire.ts";

const Check = z.strictObject({
  path: z.string().min(1),
  text: z.string(),
  output: z.string().min(1).optional(),
  workers: z.int().min(1).optional(),
  memoryGb: z.number().positive().optional(),
});

export function addScanRoutes(app: FastifyInstance, context: ServerContext): void {
  const { folder } = context;
  let schemas: ScanSchemas | undefined;
  app.get("/api/scan-schema", (): ScanSchemas => {
    schemas ??= { scan: asJsonSchema(ScanConfig), model: asJsonSchema(ModelConfig) };
    return schemas;
  });

  app.post("/api/scan-check", (request, reply): Promise<ScanCheck> => {
    const { path, text, output, workers, memoryGb } = parseRequest(Check, request.body);
    const order: CheckOrder = {
      kind: "check",
      root: folder.root,
      scan: folder.target(path),
      text,
      output: outputOf(folder, path, output),
      workers: workers ?? context.workers,
      memoryBytes: memoryGb === undefined ? context.memoryBytes : memoryGb * 1e9,
    };
    // while somebody types, most checks are of a text that is no more
    return askCheck(order, signalOf(reply));
  });

  app.get("/api/scan-template", (request): Promise<ScanTemplate> => {
    const { path = "" } = request.query as { path?: string };
    return scanTemplate(folder, path);
  });
}

/** Of what a user writes, with units and descriptions. */
const asJsonSchema = (schema: z.ZodType): unknown =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
