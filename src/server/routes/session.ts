import type { FastifyInstance } from "fastify";
import { version } from "../../data/version.ts";
import type { ServerContext } from "../context.ts";
import type { Session } from "../wire.ts";

export function addSessionRoute(app: FastifyInstance, { folder, workers, open }: ServerContext): void {
  app.get("/api/session", (): Session => ({ version, folder: folder.root, workers, ...(open && { open }) }));
}
