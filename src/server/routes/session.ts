import { basename } from "node:path";
import type { FastifyInstance } from "fastify";
import { version } from "../../data/version.ts";
import type { ServerContext } from "../context.ts";
import { kindOfFile } from "../file-kinds.ts";
import type { Session } from "../wire.ts";

export function addSessionRoute(app: FastifyInstance, { folder, workers, open }: ServerContext): void {
  app.get("/api/session", async (): Promise<Session> => {
    const session = { version, folder: folder.root, workers };
    if (!open) return session;
    return { ...session, open, openKind: await kindOfFile(folder.existing(open), basename(open)) };
  });
}
