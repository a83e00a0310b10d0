/** Runs: start, watch, cancel, go on. */
import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { readScan } from "../../pipeline/scan-config.ts";
import { STAGES } from "../../pipeline/steps.ts";
import type { ServerContext } from "../context.ts";
import { findRuns } from "../jobs/find-runs.ts";
import type { Job } from "../jobs/job.ts";
import { JobQueue } from "../jobs/job-queue.ts";
import { outputOf } from "../jobs/output-path.ts";
import { createPreviewThread } from "../jobs/preview-thread.ts";
import { assertNamedInside } from "../jobs/scan-files.ts";
import { parseRequest } from "../parse-request.ts";
import { sendArrays, signalOf, whenOver } from "../replies.ts";
import type { JobInfo, JobList, PreviewMeta } from "../wire.ts";

const stage = z
  .string()
  .refine((name) => (STAGES as readonly string[]).includes(name) || /^(reconstruct|map|absorb)-\d$/.test(name), {
    message: `the stages are ${STAGES.join(", ")}`,
  });

/** More threads than any machine has: a slip of the finger. */
const MOST_WORKERS = 512;

const Request = z.strictObject({
  scan: z.string().min(1),
  output: z.string().min(1).optional(),
  from: stage.optional(),
  until: stage.optional(),
  workers: z.int().min(1).max(MOST_WORKERS).optional(),
  memoryGb: z.number().positive().optional(),
});

export function addJobRoutes(app: FastifyInstance, context: ServerContext): void {
  const { folder } = context;
  const queue = new JobQueue(folder);
  context.onClose(() => queue.close());
  const jobOf = (id: string): Job => {
    const job = queue.get(id);
    if (job) return job;
    throw new InputError(
      "job-not-found",
      "There is no such run in this session of the server. It may be in the list of earlier ones.",
    );
  };

  app.post("/api/jobs", (request): JobInfo => {
    const { scan, output, from, until, workers, memoryGb } = parseRequest(Request, request.body);
    const scanPath = folder.existing(scan);
    assertNamedInside(readScan(scanPath), folder);
    return queue.add({
      scan: scanPath,
      output: outputOf(folder, scan, output),
      workers: workers ?? context.workers,
      memoryBytes: memoryGb === undefined ? context.memoryBytes : memoryGb * 1e9,
      ...(from && { from }),
      ...(until && { until }),
    });
  });

  app.get("/api/jobs", async (): Promise<JobList> => {
    const jobs = queue.list();
    const before = await findRuns(folder);
    const isNew = ({ output }: { output: string }): boolean => !jobs.some((job) => job.output === output);
    return { jobs: [...jobs, ...before.jobs.filter(isNew)], others: before.others.filter(isNew) };
  });

  app.get("/api/jobs/:id", (request): JobInfo => jobOf(idOf(request.params)).info);

  app.post("/api/jobs/:id/cancel", (request): JobInfo => {
    const job = jobOf(idOf(request.params));
    void job.cancel();
    return job.info;
  });

  app.get("/api/jobs/:id/events", (request, reply) => {
    const job = jobOf(idOf(request.params));
    sendEvents(reply, job, (onChange) => queue.listen(job.info.id, onChange));
  });
  addPreviewRoute(app, context, jobOf);
}

function addPreviewRoute(app: FastifyInstance, { onClose }: ServerContext, jobOf: (id: string) => Job): void {
  const previews = createPreviewThread();
  onClose(() => previews.close());
  app.get("/api/jobs/:id/preview", async (request, reply) => {
    const job = jobOf(idOf(request.params));
    const { stage, column } = request.query as { stage?: string; column?: string };
    const name = stage ?? job.info.stages.findLast(({ preview }) => preview !== undefined)?.name ?? "";
    const preview = job.preview(name);
    if (!preview) throw new InputError("preview-none", `Nothing can be seen of ${name || "this run"} yet.`);
    const chosen = preview.columns?.find((one) => one.name === column) ?? preview.columns?.[0];
    const { values, share } = await previews.ask(
      { preview, ...(chosen && { bin: chosen.bin }) },
      { signal: signalOf(reply) },
    );
    const meta: PreviewMeta = {
      stage: name,
      title: preview.title,
      unit: chosen?.unit ?? preview.unit,
      image: preview.image,
      ...(preview.filled.kind !== "whole" && { share }),
      ...(chosen && { column: chosen.name }),
    };
    return sendArrays(reply, [{ name: "values", shape: [preview.rows, preview.cols], data: values }], { ...meta });
  });
}

const idOf = (params: unknown): string => (params as { id: string }).id;

/** As often as anybody can see. */
const EVERY_MS = 150;

/** Server-sent events: the whole state each time, so that one that is lost is no loss. */
function sendEvents(reply: FastifyReply, job: Job, listen: (onChange: () => void) => () => void): void {
  const headers = reply.getHeaders();
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    timer = undefined;
    // who does not read gets the latest, the last one too, when there is room again
    if (raw.writableNeedDrain) {
      timer = setTimeout(send, EVERY_MS);
      return;
    }
    raw.write(`data: ${JSON.stringify(job.info)}\n\n`);
    if (job.isOver) raw.end();
  };
  const unlisten = listen(() => {
    timer ??= setTimeout(send, EVERY_MS);
  });
  whenOver(reply, () => {
    clearTimeout(timer);
    unlisten();
  });
  send();
}
