/** The HTTP server behind the pages: 127.0.0.1, a token, and routes over the pipeline. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastify, { type FastifyInstance } from "fastify";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import type { ServerContext } from "./context.ts";
import { ROUTES } from "./routes/index.ts";
import { serveFolder } from "./served-folder.ts";
import type { ErrorReply, Session } from "./wire.ts";

export interface ServeOptions {
  /** folder to serve */
  readonly folder: string;
  /** path inside, opened at once */
  readonly open?: string;
  /** 0: any that is free */
  readonly port?: number;
  readonly workers: number;
  readonly memoryBytes: number;
  /** where the built pages lie; left out: beside this file */
  readonly webFolder?: string;
  readonly token?: string;
}

export interface RunningServer {
  /** with the token */
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  close(): Promise<void>;
}

export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const token = options.token ?? randomBytes(24).toString("hex");
  const folder = serveFolder(options.folder);
  const ends: (() => void | Promise<void>)[] = [];
  const context: ServerContext = {
    folder,
    workers: options.workers,
    memoryBytes: options.memoryBytes,
    onClose: (end) => ends.push(end),
  };
  const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 4 << 20 });
  guard(app, token);
  answerErrors(app);
  servePages(app, options.webFolder ?? fileURLToPath(new URL("../web/", import.meta.url)));
  app.get(
    "/api/session",
    (): Session => ({
      version,
      folder: folder.root,
      workers: options.workers,
      ...(options.open && { open: options.open }),
    }),
  );
  for (const add of ROUTES) add(app, context);
  await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  const address = app.server.address() as { port: number };
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    url: `${origin}/?token=${token}`,
    origin,
    token,
    async close() {
      for (const end of ends.reverse()) await end();
      await app.close();
    },
  };
}

const COOKIE = "xrdct-token";

function guard(app: FastifyInstance, token: string): void {
  const isToken = (given: string | undefined): boolean =>
    given !== undefined && given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    const { token: given } = request.query as { token?: string };
    if (isToken(given)) {
      reply.header("set-cookie", `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`);
      if (request.method === "GET" && request.url.startsWith("/?")) return reply.redirect("/");
      return;
    }
    const cookie = /(?:^|;\s*)xrdct-token=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
    const bearer = /^token (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (isToken(cookie) || isToken(bearer)) return;
    const error: ErrorReply = {
      error: { code: "token-wrong", message: "Open the address that `xrdct serve` printed." },
    };
    return reply.code(401).send(error);
  });
}

function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _, reply) => {
    const isInput = error instanceof InputError;
    const status = isInput ? 400 : (error.statusCode ?? 500);
    const body: ErrorReply = {
      error: { code: isInput ? error.code : status < 500 ? "bad-request" : "bug", message: error.message },
    };
    return reply.code(status).send(body);
  });
}

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};

/** The built pages are few and small: read once, so that no path of a request ever names a file. */
function servePages(app: FastifyInstance, folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const at = path.slice(folder.length).replace(/^\//, "");
    const body = readFileSync(path);
    const type = TYPES[file.name.split(".").at(-1)!] ?? "application/octet-stream";
    app.get(at === "index.html" ? "/" : `/${at}`, (_, reply) => reply.type(type).send(body));
  }
}
