/** Scans that are followed while they are measured; their snapshots are read, and nothing else is done. */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { liveFolder } from "../../pipeline/live/live-store.ts";
import { readSnapshot } from "../../pipeline/live/snapshot.ts";
import { isRunning } from "../../pipeline/run-lock.ts";
import type { ServerContext } from "../context.ts";
import { workFolders } from "../jobs/find-runs.ts";
import { parseRequest } from "../parse-request.ts";
import { sendArrays } from "../replies.ts";
import type { LiveRun, LiveRuns, LiveViewMeta } from "../wire-live.ts";

const OutputQuery = z.object({ output: z.string().min(1) });
const ViewQuery = OutputQuery.extend({ band: z.string().optional() });

export function addLiveRoutes(app: FastifyInstance, { folder }: ServerContext): void {
  const workOf = (output: string): string => folder.existing(`${output}.work`);
  const runOf = (work: string): LiveRun | undefined => {
    folder.assertInside(join(liveFolder(work), "snapshot.bin"));
    const found = readSnapshot(liveFolder(work));
    return (
      found && {
        output: folder.nameOf(work).replace(/\.work$/, ""),
        isAtWork: isRunning(work),
        now: new Date().toISOString(),
        state: found.state,
      }
    );
  };
  const none = (output: string): InputError =>
    new InputError(
      "live-none",
      `${output} is not followed: start it with \`xrdct run SCAN.yaml -o ${output} --live\`.`,
    );

  app.get("/api/live", async (): Promise<LiveRuns> => {
    const runs = (await workFolders(folder.root)).flatMap((work) => runOf(work) ?? []);
    return { runs: runs.sort((a, b) => b.state.updatedAt.localeCompare(a.state.updatedAt)) };
  });

  app.get("/api/live/state", (request): LiveRun => {
    const { output } = parseRequest(OutputQuery, request.query);
    const run = runOf(workOf(output));
    if (!run) throw none(output);
    return run;
  });

  app.get("/api/live/view", (request, reply) => {
    const { output, band } = parseRequest(ViewQuery, request.query);
    const live = liveFolder(workOf(output));
    folder.assertInside(join(live, "snapshot.bin"));
    const state = readSnapshot(live)?.state;
    const chosen = state?.bands.find((one) => one === band) ?? state?.bands[0];
    const names = [`sinogram/${chosen}`, `image/${chosen}`, "axis", "pattern"];
    const found = chosen === undefined ? undefined : readSnapshot(live, names);
    if (!found || chosen === undefined) throw none(output);
    const meta: LiveViewMeta = { band: chosen, updatedAt: found.state.updatedAt };
    const arrays = found.arrays.map(({ name, shape, data }) => ({ name: name.split("/", 1)[0]!, shape, data }));
    return sendArrays(reply, arrays, { ...meta });
  });
}
