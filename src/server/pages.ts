/** The built pages: few and small, held in memory, so that no path of a request ever names a file. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  md: "text/plain; charset=utf-8",
  wasm: "application/wasm",
};
const pack = promisify(gzip);

interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  /** names with a hash of their content never change */
  readonly isForever: boolean;
  /** made when first asked for */
  packed?: Promise<Buffer>;
}

/** @param folder where the pages were built to; without them "/" says how to build them */
export function servePages(app: FastifyInstance, folder: string): void {
  const files = readPages(folder);
  for (const [at, file] of files) {
    app.get(at === "index.html" ? "/" : `/${at}`, (request, reply) => send(file, request, reply));
  }
  if (!files.has("index.html")) {
    app.get("/", (_, reply) =>
      reply
        .code(500)
        .type("text/plain; charset=utf-8")
        .send(`The pages of the app are not built: there is no ${join(folder, "index.html")}. Run: npm run build\n`),
    );
  }
}

function readPages(folder: string): Map<string, PageFile> {
  const pages = new Map<string, PageFile>();
  for (const file of listFiles(folder)) {
    const at = relative(folder, file).split(sep).join("/");
    const body = readFileSync(file);
    pages.set(at, {
      type: TYPES[at.split(".").at(-1)!] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      body,
      isForever: /-[\w-]{8}\.\w+$/.test(at),
    });
  }
  return pages;
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}

async function send(file: PageFile, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { type, etag, body, isForever } = file;
  reply.headers({
    etag,
    vary: "accept-encoding",
    "cache-control": isForever ? "private, max-age=31536000, immutable" : "private, no-cache",
  });
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  reply.type(type);
  if (!takesGzip(request)) return reply.send(body);
  file.packed ??= pack(body, { level: 9 });
  return reply.header("content-encoding", "gzip").send(await file.packed);
}

const takesGzip = ({ headers }: FastifyRequest): boolean => /\bgzip\b/.test(String(headers["accept-encoding"] ?? ""));
