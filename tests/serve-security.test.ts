/** Every row of docs/security.md, tried on a running server over its socket. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerErrors } from "../src/server/errors.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";

const root = tempFolder();
const served = join(root, "served");
const webFolder = join(root, "web");
const SCAN = "input:\n  kind: p07\n  folder: .\nenergyKeV: 70\ndistanceMm: 500\nstepMm: 0.1\n";
let server: RunningServer;
let port: number;

beforeAll(async () => {
  for (const folder of [served, webFolder, join(served, "sub"), join(root, "served-beside")]) mkdirSync(folder);
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(root, "served-beside", "secret.txt"), "secret");
  writeFileSync(join(served, "own.txt"), "own");
  writeFileSync(join(served, "sub", "scan.yaml"), SCAN);
  symlinkSync(join(root, "secret.txt"), join(served, "link.txt"));
  symlinkSync(root, join(served, "up"));
  symlinkSync(join(root, "made-by-link.txt"), join(served, "dangling.txt"));
  writeFileSync(join(webFolder, "index.html"), "<!doctype html><title>xrdct</title>");
  writeFileSync(join(webFolder, "main-abcdefgh.js"), "console.log(1);".repeat(100));
  server = await startServer({ folder: served, workers: 1, memoryBytes: 1e9, webFolder, headersMs: 300 });
  port = Number(new URL(server.origin).port);
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** of ErrorReply */
  readonly code: string | undefined;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** left out: the right one, as a script sends it */
  readonly token?: string | false;
}

/** A request as it is given: no path is tidied, no header added. */
function ask(path: string, { method = "GET", headers = {}, body, token }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const authorization = token === false ? {} : { authorization: `token ${token ?? server.token}` };
    const asked = request(
      { port, host: "127.0.0.1", path, method, agent: false, headers: { ...authorization, ...headers } },
      (reply) => {
        const parts: Buffer[] = [];
        reply.on("data", (part: Buffer) => parts.push(part));
        reply.on("end", () => {
          const text = Buffer.concat(parts).toString();
          const code = /^\{"error":\{"code":"([^"]+)"/.exec(text)?.[1];
          resolve({ status: reply.statusCode!, headers: reply.headers, text, code });
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

const askJson = (path: string, body: string, asked: Asked = {}): Promise<Answer> =>
  ask(path, { method: "PUT", body, ...asked, headers: { "content-type": "application/json", ...asked.headers } });

/** What comes back for bytes on the socket, until the server ends the connection. */
function askRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (part) => (text += part.toString()));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

const stillAnswers = async (): Promise<void> => expect((await ask("/api/session")).status).toBe(200);

describe("who may ask", () => {
  it("has a token of 192 bits, another for each start", async () => {
    expect(server.token).toMatch(/^[0-9a-f]{48}$/);
    const other = await startServer({ folder: served, workers: 1, memoryBytes: 1e9, webFolder });
    await other.close();
    expect(other.token).not.toBe(server.token);
  });

  it.each<[string, string, Asked]>([
    ["no token", "/api/session", { token: false }],
    ["a wrong token", "/api/session", { token: "0".repeat(48) }],
    ["a part of the token", "/api/session", { token: "0" }],
    ["an unknown route without token", "/api/nothing", { token: false }],
    ["a page without token", "/main-abcdefgh.js", { token: false }],
    ["a cookie of another port", "/api/session", { token: false, headers: { cookie: "xrdct-token-1=0" } }],
  ])("refuses %s", async (_, path, asked) => {
    const { status, code } = await ask(path, asked);
    expect([status, code]).toEqual([401, "token-wrong"]);
  });

  it("takes the token in the address for the first page alone, and moves it into a cookie", async () => {
    expect((await ask(`/api/session?token=${server.token}`, { token: false })).status).toBe(401);
    const { status, headers } = await ask(`/?token=${server.token}`, { token: false });
    expect([status, headers["location"]]).toEqual([302, "/"]);
    const [cookie] = headers["set-cookie"] as string[];
    expect(cookie).toBe(`xrdct-token-${port}=${server.token}; Path=/; HttpOnly; SameSite=Strict`);
    const own = { token: false, headers: { cookie: `other=1; ${cookie!.split(";")[0]}` } } as const;
    expect((await ask("/api/session", own)).status).toBe(200);
  });

  it("asks a person without token for it, in a page", async () => {
    const { status, headers, text } = await ask("/", { token: false, headers: { accept: "text/html" } });
    expect([status, headers["content-type"]]).toEqual([401, "text/html; charset=utf-8"]);
    expect(text).toContain("token");
    expect(text).not.toContain(server.token);
  });

  it.each([
    "evil.example",
    "evil.example:80",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.2",
    "[::1]",
  ])("refuses the host %j, as of a name that was pointed here", async (host) => {
    const { status, code } = await ask("/api/session", { headers: { host } });
    expect([status, code]).toEqual([403, "host-wrong"]);
  });

  it("refuses a request that names no host", async () => {
    const head = `Authorization: token ${server.token}\r\n\r\n`;
    expect(await askRaw(`GET /api/session HTTP/1.0\r\n${head}`)).toMatch(/^HTTP\/1\.1 403/);
    expect(await askRaw(`GET /api/session HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1\.1 400/);
  });

  it("takes any port of this machine: a tunnel has its own, and a cookie for it", async () => {
    for (const host of ["localhost:9999", "127.0.0.1:9999", "localhost", "LOCALHOST:1"])
      expect((await ask("/api/session", { headers: { host } })).status).toBe(200);
    const { headers } = await ask(`/?token=${server.token}`, { token: false, headers: { host: "localhost:9999" } });
    expect(headers["set-cookie"]![0]).toContain("xrdct-token-9999=");
  });

  it.each<Readonly<Record<string, string>>>([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { origin: "https://127.0.0.1" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("refuses what another site asks for: %j", async (headers) => {
    for (const [path, method] of [
      ["/api/session", "GET"],
      ["/api/text", "PUT"],
      ["/main-abcdefgh.js", "GET"],
    ] as const) {
      const { status, code } = await ask(path, { method, headers });
      expect([status, code]).toEqual([403, "origin-wrong"]);
    }
  });

  it("lets a link of another site open the page, and leads on without a redirect", async () => {
    const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const { status, headers, text } = await ask(`/?token=${server.token}`, { token: false, headers: followed });
    expect([status, headers["location"]]).toEqual([200, undefined]);
    expect(text).toContain('content="0;url=/"');
    expect((await ask("/", { token: false, headers: followed })).status).toBe(401);
    expect((await ask("/", { headers: { ...followed, "sec-fetch-mode": "no-cors" } })).status).toBe(403);
    expect((await ask("/", { method: "POST", headers: followed })).status).toBe(403);
  });

  it("takes its own page's requests", async () => {
    const headers = { origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" };
    expect((await ask("/api/session", { headers })).status).toBe(200);
  });

  it("allows no other site anything (CORS)", async () => {
    const preflight = await ask("/api/text", {
      method: "OPTIONS",
      token: false,
      headers: { origin: "https://evil.example", "access-control-request-method": "PUT" },
    });
    expect(preflight.status).toBe(403);
    for (const { headers } of [preflight, await ask("/api/session")])
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("what is sent with every answer", () => {
  it.each(["/", "/main-abcdefgh.js", "/api/session", "/api/nothing"])("%s", async (path) => {
    const { headers } = await ask(path);
    expect(headers).toMatchObject({
      "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self'( 'wasm-unsafe-eval')?;/),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });

  it("keeps data out of caches; pages with a hash in their name are kept for good", async () => {
    expect((await ask("/api/session")).headers["cache-control"]).toBe("no-store");
    expect((await ask("/main-abcdefgh.js")).headers["cache-control"]).toContain("immutable");
    const { headers } = await ask("/");
    expect(headers["cache-control"]).toBe("private, no-cache");
    const again = await ask("/", { headers: { "if-none-match": headers["etag"] as string } });
    expect([again.status, again.text]).toEqual([304, ""]);
  });
});

describe("paths out of the folder", () => {
  const OUTSIDE = [
    "..",
    "../secret.txt",
    "sub/../../secret.txt",
    "../served-beside/secret.txt",
    "/etc/passwd",
    "link.txt",
  ];
  OUTSIDE.push("up/secret.txt", "up", "./../secret.txt", "own.txt\0", "sub/../..", "//etc/passwd");

  /** Every question that names a file. */
  const asking = (path: string): string[] => [
    `files?path=${path}`,
    `text?path=${path}`,
    `result?file=${path}`,
    `array?file=${path}&name=a`,
    `pattern?file=${path}&stack=a&y=0&x=0`,
    `image?file=${path}&stack=a&from=0&to=1`,
    `ticks?file=${path}`,
    `masks?file=${path}`,
    `mask?file=${path}&name=a`,
    `export?file=${path}&name=a&format=npy`,
    `frames?file=${path}`,
    `frames/image?file=${path}&frame=0`,
    `frames/geometry?path=${path}`,
    `frames/beside?file=${path}`,
    `scan-template?path=${path}`,
  ];

  it.each(OUTSIDE)("refuses to list, read or open %j", async (path) => {
    for (const question of asking(encodeURIComponent(path))) {
      const { status, code, text } = await ask(`/api/${question}`);
      expect([question, status, code]).toEqual([question, 400, "path-outside"]);
      expect(text).not.toContain("root:");
    }
  });

  it.each(OUTSIDE)("refuses to save at or run %j", async (path) => {
    const region = { kind: "voxel", y: 0, x: 0 };
    for (const [method, route, body] of [
      ["PUT", "text", { path, text: "x", overwrite: true }],
      ["PUT", "masks", { file: path, name: "a", shapes: [{ region }], overwrite: true }],
      ["POST", "pattern", { file: path, stack: "a", region }],
      ["POST", "jobs", { scan: path }],
      ["POST", "scan-check", { path, text: SCAN }],
    ] as const) {
      const { status, code } = await askJson(`/api/${route}`, JSON.stringify(body), { method });
      expect([route, body, status, code]).toEqual([route, body, 400, "path-outside"]);
    }
    expect(readFileSync(join(root, "secret.txt"), "utf8")).toBe("secret");
  });

  it.each(["../out.nxs", "sub/../../out.nxs", "up/out.nxs", "/tmp/out.nxs"])(
    "refuses a result at %s",
    async (output) => {
      const { code } = await askJson("/api/jobs", JSON.stringify({ scan: "sub/scan.yaml", output }), {
        method: "POST",
      });
      expect(code).toBe("path-outside");
    },
  );

  it("refuses scans, lists of frames and models that point out", async () => {
    const scan = (input: string): string => `input:\n${input}energyKeV: 70\ndistanceMm: 500\nstepMm: 0.1\n`;
    for (const input of [
      "  kind: p07\n  folder: ../..\n",
      `  kind: p07\n  folder: ${root}\n`,
      "  kind: frames\n  files: ../link.txt\n  poni: a.poni\n  translations: 2\n",
      "  kind: volume\n  file: ../up/volume.h5\n",
    ]) {
      writeFileSync(join(served, "sub", "out.yaml"), scan(input));
      const { status, code } = await askJson("/api/jobs", '{"scan":"sub/out.yaml"}', { method: "POST" });
      expect([input, status, code]).toEqual([input, 400, "path-outside"]);
    }
    writeFileSync(join(served, "list.txt"), "../secret.txt\n");
    expect((await ask("/api/frames?file=list.txt")).code).toBe("path-outside");
    rmSync(join(served, "list.txt"));
  });

  it.each(["%252e%252e/secret.txt", "..\\secret.txt", "%2e%2e%5csecret.txt", "....//secret.txt"])(
    "takes %j for a name like others, of which there is none",
    async (written) => {
      const { status, code } = await ask(`/api/text?path=${written}`);
      expect(status).toBe(400);
      expect(["path-not-found", "path-outside"]).toContain(code);
    },
  );

  it("does not write through a link that leads to nothing", async () => {
    const { code } = await askJson("/api/text", JSON.stringify({ path: "dangling.txt", text: "x", overwrite: true }));
    expect(code).toBe("path-outside");
    expect(existsSync(join(root, "made-by-link.txt"))).toBe(false);
  });

  it("does not list links that lead out", async () => {
    const { entries } = JSON.parse((await ask("/api/files")).text) as { entries: { name: string }[] };
    expect(entries.map(({ name }) => name)).toEqual(["sub", "own.txt"]);
  });

  it.each([
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/main-abcdefgh.js/../../secret.txt",
    "//etc/passwd",
  ])("has no page at %s", async (path) => {
    const { status, code } = await ask(path);
    expect([status, code]).toEqual([404, "route-unknown"]);
  });

  it.each([
    "/api/text?path=own.txt&path=own.txt",
    "/api/text?path[]=own.txt",
    "/api/export?file=own.txt&file=b&name=a&format=npy",
  ])("takes one path, not several: %s", async (path) => {
    expect((await ask(path)).status).toBe(400);
    await stillAnswers();
  });
});

describe("what is saved", () => {
  it("keeps a file that is there, unless told to replace it", async () => {
    const save = (text: string, overwrite?: boolean) =>
      askJson("/api/text", JSON.stringify({ path: "sub/model.yaml", text, ...(overwrite && { overwrite }) }));
    expect((await save("phases: []\n")).status).toBe(200);
    expect((await save("other")).code).toBe("file-exists");
    expect(readFileSync(join(served, "sub/model.yaml"), "utf8")).toBe("phases: []\n");
    expect((await save("phases: [Si]\n", true)).status).toBe(200);
    expect(readFileSync(join(served, "sub/model.yaml"), "utf8")).toBe("phases: [Si]\n");
  });

  it.each(["run.sh", "index.html", "cell.nxs", ".bashrc", "sub", "yaml"])("takes no %s", async (path) => {
    const { status, code } = await askJson("/api/text", JSON.stringify({ path, text: "x", overwrite: true }));
    expect([status, code]).toEqual([400, "text-ending"]);
  });

  it("takes a text of at most 1 MB", async () => {
    const { code } = await askJson("/api/text", JSON.stringify({ path: "big.txt", text: "x".repeat(1_000_001) }));
    expect(code).toBe("text-too-large");
    expect(existsSync(join(served, "big.txt"))).toBe(false);
  });
});

describe("requests that are not as they should be", () => {
  it("refuses a body over the limit before it is read", async () => {
    const { status, code } = await askJson("/api/text", "", { headers: { "content-length": String(5 << 20) } }).catch(
      () => ({ status: 0, code: "" }),
    );
    expect([status, code]).toEqual([413, "request-wrong"]);
    await stillAnswers();
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a prototype", '{"__proto__":{"path":"a.txt","text":"x"}}'],
    ["a constructor's prototype", '{"constructor":{"prototype":{"path":"a.txt"}}}'],
    ["a list", "[]"],
    ["null", "null"],
    ["numbers", '{"path":1,"text":2}'],
    ["200 000 brackets", "[".repeat(200_000)],
    ["200 000 nested lists", `{"path":${"[".repeat(200_000)}${"]".repeat(200_000)},"text":""}`],
  ])("refuses %s as a body", async (_, body) => {
    expect((await askJson("/api/text", body)).status).toBe(400);
    expect(({} as { path?: string }).path).toBeUndefined();
    await stillAnswers();
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])(
    "refuses %s, which a form of another site could send",
    async (type) => {
      const { status } = await askJson("/api/text", '{"path":"a.txt","text":"x"}', {
        headers: { "content-type": type },
      });
      expect(status).toBe(415);
    },
  );

  it("refuses an address of more than 8 kB, and headers of more than 16 kB", async () => {
    const long = await ask(`/api/text?path=${"a".repeat(9000)}`);
    expect([long.status, long.code]).toEqual([414, "address-too-long"]);
    expect((await ask("/api/session", { headers: { "x-long": "a".repeat(20_000) } })).status).toBe(431);
  });

  it.each(["POST", "DELETE", "PATCH", "TRACE", "PROPFIND"])("knows no %s /api/session", async (method) => {
    expect((await ask("/api/session", { method })).status).toBe(404);
  });

  it("ends a connection that speaks no HTTP, or asks to be a proxy", async () => {
    expect(await askRaw("\x16\x03\x01 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/);
    expect(await askRaw("NONSENSE / HTTP/1.1\r\nHost: localhost\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/);
    expect(await askRaw("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n")).toBe("");
    const smuggled =
      "POST /api/text HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await askRaw(`${smuggled}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/);
    await stillAnswers();
  });
});

describe("too much, too slow", () => {
  it("ends a connection whose request does not arrive", async () => {
    expect(await askRaw("GET /api/session HTTP/1.1\r\nHost: localhost\r\n")).toMatch(/^HTTP\/1\.1 408/);
    await stillAnswers();
  });

  it("answers 429 while more than 100 requests are being answered", async () => {
    const head = `PUT /api/text HTTP/1.1\r\nHost: localhost\r\nAuthorization: token ${server.token}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`;
    const sockets = await Promise.all(
      Array.from({ length: 100 }, () => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(head);
        return new Promise<Socket>((resolve) => socket.once("connect", () => resolve(socket)));
      }),
    );
    try {
      await expect.poll(async () => (await ask("/api/session")).status).toBe(429);
      const { code, headers } = await ask("/api/session");
      expect([code, headers["retry-after"]]).toEqual(["server-busy", "1"]);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect.poll(async () => (await ask("/api/session")).status).toBe(200);
  });

  it("takes 200 connections, and closes those above at once", async () => {
    let closed = 0;
    const sockets = Array.from({ length: 210 }, () => connect(port, "127.0.0.1"));
    for (const socket of sockets) socket.on("error", () => {}).on("close", () => closed++);
    try {
      await expect.poll(() => closed).toBeGreaterThanOrEqual(10);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect.poll(async () => (await ask("/api/session").catch(() => undefined))?.status).toBe(200);
  });
});

describe("errors", () => {
  it("says what failed, without a stack or a path of the program", async () => {
    const app = fastify();
    answerErrors(app);
    app.get("/fails", () => {
      throw new TypeError("no such thing");
    });
    const { statusCode, body } = await app.inject("/fails");
    await app.close();
    expect(statusCode).toBe(500);
    expect(JSON.parse(body)).toEqual({
      error: { code: "bug", message: "This is a bug in xrdct, please report it: no such thing" },
    });
  });
});

describe.skipIf(!hasH5py)("HDF5 files that point out of the folder, with `xrdct serve` (needs h5py)", () => {
  it("are not followed", { timeout: 60_000 }, async () => {
    h5py(
      `
root, served = args
with h5py.File(root + "/secret.nxs", "w") as f:
    f["map"] = np.full((2, 3), 42.0)
def result(path, make):
    with h5py.File(path, "w") as f:
        f.attrs["creator"] = "xrdct 0.1.0"
        f.create_group("entry").attrs["NX_class"] = "NXentry"
        group = f.create_group("entry/map/a")
        group.attrs["NX_class"] = "NXdata"
        make(group)
def external(group):
    group["data"] = h5py.ExternalLink("../secret.nxs", "/map")
def virtual(group):
    layout = h5py.VirtualLayout((2, 3), "f8")
    layout[:] = h5py.VirtualSource("../secret.nxs", "map", (2, 3))
    group.create_virtual_dataset("data", layout)
def own(group):
    group["data"] = np.full((2, 3), 42.0)
for make in (external, virtual, own):
    result(served + "/" + make.__name__ + ".nxs", make)
`,
      root,
      served,
    );
    const main = join(import.meta.dirname, "../dist/cli/main.js");
    const child = spawn(process.execPath, [main, "serve", served, "--port", "0", "--json"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      const line = await new Promise<string>((resolve, reject) => {
        child.stdout.once("data", (data: Buffer) => resolve(data.toString()));
        child.once("exit", () => reject(new Error("xrdct serve ended")));
      });
      const { origin, token } = JSON.parse(line) as { origin: string; token: string };
      const exported = async (file: string): Promise<string> => {
        const url = `${origin}/api/export?file=${file}.nxs&name=map/a&format=csv`;
        return (await fetch(url, { headers: { authorization: `token ${token}` } })).text();
      };
      expect(await exported("own")).toContain("42,42,42");
      expect(await exported("virtual")).toContain('"path-outside"');
      expect(await exported("external")).toContain('"result-name-unknown"');
    } finally {
      child.kill("SIGINT");
    }
    expect(await ended).toBe(0);
  });
});
