import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";

/** Every group of routes, in the order of the pages that use them. */
export const ROUTES: readonly ((app: FastifyInstance, context: ServerContext) => void)[] = [];
