/** The HTTP server behind the pages: 127.0.0.1, a token, and routes over the pipeline. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import fastify, { type FastifyInstance } from "fastify";
import { InputError } from "../data/index.ts";
import { boundConnections } from "./connections.ts";
import type { ServerContext } from "./context.ts";
import { answerBrokenRequest, answerErrors } from "./errors.ts";
import { servePages } from "./pages.ts";
import { ROUTES } from "./routes/index.ts";
import { guard } from "./security.ts";
import { serveFolder } from "./served-folder.ts";

export interface ServeOptions {
  /** folder to serve */
  readonly folder: string;
  /** path inside, opened at once */
  readonly open?: string;
  /** the first of them that is free; 0, or left out: any that is free */
  readonly port?: number | readonly number[];
  readonly workers: number;
  readonly memoryBytes: number;
  /** where the built pages lie; left out: beside this file */
  readonly webFolder?: string;
  readonly token?: string;
  /** time for the head of a request to arrive; left out: 10 s */
  readonly headersMs?: number;
}

export interface RunningServer {
  /** with the token */
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  close(): Promise<void>;
}

const TOKEN_BYTES = 24;
const MOST_BODY_BYTES = 4 << 20;
const MOST_CONNECTIONS = 200;
/** Time for a request to arrive: a slow client holds a connection no longer. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const CHECK_MS = 1000;

/** @throws InputError "port-taken" */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const token = options.token ?? randomBytes(TOKEN_BYTES).toString("hex");
  const ends: (() => void | Promise<void>)[] = [];
  const app = createApp(token, options, {
    folder: serveFolder(options.folder),
    workers: options.workers,
    memoryBytes: options.memoryBytes,
    ...(options.open && { open: options.open }),
    onClose: (end) => ends.push(end),
  });
  const close = async (): Promise<void> => {
    await Promise.allSettled(ends.reverse().map((end) => end()));
    await app.close();
  };
  try {
    const port = await listen(app, [options.port ?? 0].flat());
    const origin = `http://127.0.0.1:${port}`;
    return { url: `${origin}/?token=${token}`, origin, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createApp(token: string, { webFolder, headersMs }: ServeOptions, context: ServerContext): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: headersMs ?? HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
    clientErrorHandler: answerBrokenRequest,
  });
  // another site may send text without asking first; nothing of ours needs it
  app.removeContentTypeParser("text/plain");
  guard(app, token, boundConnections(app.server, MOST_CONNECTIONS));
  answerErrors(app);
  servePages(app, webFolder ?? fileURLToPath(new URL("../web/", import.meta.url)));
  for (const add of ROUTES) add(app, context);
  return app;
}

async function listen(app: FastifyInstance, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    try {
      await app.listen({ host: "127.0.0.1", port });
      return (app.server.address() as { port: number }).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES") throw portTaken(ports, "may not be used by you");
      if (code !== "EADDRINUSE") throw error;
    }
  }
  throw portTaken(ports, ports.length > 1 ? "are all in use" : "is in use");
}

const portTaken = (ports: readonly number[], why: string): InputError =>
  new InputError(
    "port-taken",
    `Port ${ports.join(", ")} ${why}, perhaps by another \`xrdct serve\`. Give another with --port, or --port 0 for any that is free.`,
  );
