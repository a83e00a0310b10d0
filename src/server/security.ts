/**
 * Who may ask: requests to this machine by its own name, from our own page or from a script, with the token; and how
 * many at a time. docs/security.md says against whom.
 */
import { timingSafeEqual } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Connections } from "./connections.ts";
import { signalOf, whenOver } from "./replies.ts";
import { createTurns, type Turns } from "./turns.ts";
import type { ErrorReply } from "./wire.ts";

/** Requests that are being answered at a time; a page has six connections. */
const MOST_IN_FLIGHT = 100;
/** Of these, from scripts; their others wait, so that a page stands behind few of them. */
const MOST_OF_SCRIPTS = 8;
/** Who is refused waits for the words: asking again and again must not cost the server more than the one who asks. */
const REFUSAL_MS = 200;
const MOST_URL_BYTES = 8192;
/** Of replies on their way, which wait in memory until the client takes them; six connections of 64 MB each. */
const MOST_BYTES_UNDER_WAY = 512e6;
const LARGE_REPLY_BYTES = 1e6;
/** A client that takes nothing of a large reply for so long is gone. */
const STALLED_MS = 30_000;

const HEADERS = {
  // shared memory needs the first two
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    // figures bring their style sheet with them
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

/** 127.0.0.1 or localhost with any port: an ssh tunnel has its own at the near end. */
const OUR_HOST = /^(?:127\.0\.0\.1|localhost)(?::(\d{1,5}))?$/i;

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Every request, those to unknown routes too, passes here first. */
export function guard(app: FastifyInstance, token: string, connections: Connections): void {
  let inFlight = 0;
  const scripts = new WeakSet<FastifyRequest>();
  const turns = createTurns(MOST_OF_SCRIPTS);
  boundReplies(app);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    try {
      checkHost(request);
      checkOrigin(request);
      checkSize(request);
      if (isFirstPage(request) && isToken(tokenInAddress(request), token)) return letIn(request, reply, token);
      const door = checkToken(request, token);
      connections.trust(request.raw.socket);
      inFlight++;
      whenOver(reply, () => inFlight--);
      checkCount(inFlight);
      if (door === "script") scripts.add(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await setTimeout(REFUSAL_MS, undefined, { ref: false });
      return refuse(request, reply, error);
    }
  });
  // a body that is slow to come keeps nobody waiting, and events last as long as a run
  app.addHook("preHandler", async (request, reply) => {
    if (scripts.has(request) && !EVENTS.test(request.url)) await takeTurn(reply, turns);
  });
}

const EVENTS = /\/events(\?|$)/;

async function takeTurn(reply: FastifyReply, turns: Turns): Promise<void> {
  const end = await turns.take(signalOf(reply));
  if (end) whenOver(reply, end);
}

/** Replies wait in memory for slow clients: they are counted, and those that do not move are given up. */
function boundReplies(app: FastifyInstance): void {
  let underWay = 0;
  app.addHook("onSend", async (request, reply, payload) => {
    if (!Buffer.isBuffer(payload) || payload.length < LARGE_REPLY_BYTES) return payload;
    const { length } = payload;
    if (underWay + length > MOST_BYTES_UNDER_WAY) {
      const message = "Too much is being sent already. Ask again in a moment.";
      reply.code(429).header("retry-after", "1").type("application/json; charset=utf-8");
      return JSON.stringify({ error: { code: "server-busy", message } } satisfies ErrorReply);
    }
    underWay += length;
    whenOver(reply, () => {
      underWay -= length;
    });
    request.raw.socket.setTimeout(STALLED_MS);
    return payload;
  });
}

const portOf = (request: FastifyRequest): string => OUR_HOST.exec(request.headers.host ?? "")?.[1] ?? "80";
/** Browsers send the cookies of one port to all others of the host. */
const cookieName = (request: FastifyRequest): string => `xrdct-token-${portOf(request)}`;
const isFirstPage = ({ method, url }: FastifyRequest): boolean => method === "GET" && /^\/(\?|$)/.test(url);

/** A name that another site points at 127.0.0.1 stays that site's name here (DNS rebinding). */
function checkHost({ headers: { host } }: FastifyRequest): void {
  if (OUR_HOST.test(host ?? "")) return;
  throw new Refusal(
    403,
    "host-wrong",
    "This server answers to 127.0.0.1 and localhost alone. Open it by such an address.",
  );
}

/** Browsers say truthfully where a request comes from; scripts say nothing and need the token all the same. */
function checkOrigin(request: FastifyRequest): void {
  const { origin, host, "sec-fetch-site": site = "none" } = request.headers;
  const isOwn = origin === undefined || origin.toLowerCase() === `http://${host}`.toLowerCase();
  if (isOwn && (site === "same-origin" || site === "none")) return;
  // a link in a mail or a notebook may open the page; nothing is sent with it but the address
  if (isFirstPage(request) && request.headers["sec-fetch-mode"] === "navigate" && origin === undefined) return;
  throw new Refusal(403, "origin-wrong", "Another site asked for this. Only the app's own page and scripts may.");
}

function checkSize({ url }: FastifyRequest): void {
  if (url.length > MOST_URL_BYTES)
    throw new Refusal(
      414,
      "address-too-long",
      `The address has ${url.length} bytes; at most ${MOST_URL_BYTES} are taken.`,
    );
}

function checkCount(inFlight: number): void {
  if (inFlight > MOST_IN_FLIGHT)
    throw new Refusal(429, "server-busy", `More than ${MOST_IN_FLIGHT} requests at a time. Ask again in a moment.`);
}

/** Pages bring a cookie, scripts a header. */
function checkToken(request: FastifyRequest, token: string): "page" | "script" {
  const cookies = (request.headers.cookie ?? "").split(/;\s*/);
  const cookie = cookies.find((one) => one.startsWith(`${cookieName(request)}=`))?.split("=")[1];
  const given = /^token (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (isToken(cookie, token)) return "page";
  if (isToken(given, token)) return "script";
  throw new Refusal(401, "token-wrong", "Open the address that `xrdct serve` printed: it ends in the token.");
}

function isToken(given: string | undefined, token: string): boolean {
  if (given === undefined) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function tokenInAddress({ query }: FastifyRequest): string | undefined {
  const { token } = query as { token?: unknown };
  return typeof token === "string" ? token : undefined;
}

/** The token moves from the address into a cookie that no script of a page can read. */
function letIn(request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply {
  reply.header("set-cookie", `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict`);
  if (["same-origin", "none", undefined].includes(request.headers["sec-fetch-site"] as string | undefined))
    return reply.redirect("/");
  // followed from another site, a redirect would come without the strict cookie: a page of ours has to lead on
  return reply.type("text/html; charset=utf-8").send('<!doctype html><meta http-equiv="refresh" content="0;url=/">');
}

function refuse(request: FastifyRequest, reply: FastifyReply, { status, code, message }: Refusal): FastifyReply {
  // what is still to come of a refused request is not waited for
  if (request.method !== "GET" && request.method !== "HEAD") reply.header("connection", "close");
  if (status === 429) reply.header("retry-after", "1");
  reply.code(status);
  if (status === 401 && isFirstPage(request) && request.headers.accept?.includes("text/html"))
    return reply.type("text/html; charset=utf-8").send(TOKEN_PAGE);
  const error: ErrorReply = { error: { code, message } };
  return reply.send(error);
}

const TOKEN_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>xrdct</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 4em auto; padding: 0 1em">
<h1>xrdct</h1>
<p>This page needs the token of the server. Open the whole address that <code>xrdct serve</code> printed,
or enter what follows <code>token=</code> in it:</p>
<form action="/" method="get"><label>token <input name="token" size="50" autocomplete="off" autofocus></label>
<button>open</button></form>
</body>
</html>
`;
