/** Many at once, and some who do not play fair: the user is answered all the same. */
import { connect, type Socket } from "node:net";
import fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { boundConnections } from "../src/server/connections.ts";
import { guard } from "../src/server/security.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import { tempFolder } from "./temp-folder.ts";

let server: RunningServer;
let port: number;
beforeAll(async () => {
  server = await startServer({ folder: tempFolder(), workers: 1, memoryBytes: 1e9 });
  port = Number(new URL(server.origin).port);
});
afterAll(() => server.close());

const open = (at: number): Socket => connect(at, "127.0.0.1").on("error", () => {});
const status = async (token = server.token): Promise<number> =>
  (await fetch(`${server.origin}/api/session`, { headers: { authorization: `token ${token}` } })).status;

describe("connections", () => {
  it("of 500 strangers who send half a head keep nobody out", async () => {
    const strangers = Array.from({ length: 500 }, () => {
      const socket = open(port).resume();
      socket.write("GET /api/session HTTP/1.1\r\nHost: localhost\r\n");
      return socket;
    });
    try {
      await Promise.all(
        strangers.map((socket) => new Promise((done) => socket.once("connect", done).once("close", done))),
      );
      await expect
        .poll(() => strangers.filter((socket) => socket.closed).length, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(300);
      for (let i = 0; i < 5; i++) expect(await status()).toBe(200);
    } finally {
      for (const socket of strangers) socket.destroy();
    }
  });

  it("of those who have shown the token stay, whoever comes", async () => {
    const trusted = open(port);
    const answered = (): Promise<string> => new Promise((done) => trusted.once("data", (data) => done(String(data))));
    const ask = (): boolean =>
      trusted.write(`GET /api/session HTTP/1.1\r\nHost: localhost\r\nAuthorization: token ${server.token}\r\n\r\n`);
    ask();
    expect(await answered()).toMatch(/^HTTP\/1\.1 200/);
    const strangers = Array.from({ length: 300 }, () => open(port).resume());
    try {
      await expect
        .poll(() => strangers.filter((socket) => socket.closed).length, { timeout: 20_000 })
        .toBeGreaterThanOrEqual(100);
      ask();
      expect(await answered()).toMatch(/^HTTP\/1\.1 200/);
    } finally {
      for (const socket of [trusted, ...strangers]) socket.destroy();
    }
  });
});

describe("requests", () => {
  it("without the token, many at a time, leave room for those with it", async () => {
    const refused = Promise.all(Array.from({ length: 150 }, () => status("wrong")));
    const admitted = await Promise.all(Array.from({ length: 20 }, () => status()));
    expect(admitted).toEqual(Array(20).fill(200));
    expect(await refused).toEqual(Array(150).fill(401));
  });

  it("of scripts are done eight at a time; pages are not kept waiting by them", async () => {
    const app = fastify();
    guard(app, "secret", boundConnections(app.server, 200));
    const begun: (() => void)[] = [];
    app.get("/slow", () => new Promise((done) => void begun.push(() => done({}))));
    app.get("/quick", () => ({}));
    await app.listen({ host: "127.0.0.1", port: 0 });
    const at = (app.server.address() as { port: number }).port;
    const get = (path: string, headers: Record<string, string>) => fetch(`http://127.0.0.1:${at}${path}`, { headers });
    try {
      const asked = Array.from({ length: 20 }, () => get("/slow", { authorization: "token secret" }));
      await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(8);
      expect((await get("/quick", { cookie: `xrdct-token-${at}=secret` })).status).toBe(200);
      expect(begun.length).toBe(8);
      for (let i = 0; i < 20; i++) {
        await expect.poll(() => begun.length, { timeout: 20_000 }).toBeGreaterThan(i);
        begun[i]!();
      }
      for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
    } finally {
      await app.close();
    }
  });

  it("sent one behind the other on connections that then break are forgotten", async () => {
    const app = fastify();
    guard(app, "secret", boundConnections(app.server, 200));
    let begun = 0;
    app.get("/never", () => {
      begun++;
      return new Promise(() => {});
    });
    app.get("/quick", () => ({}));
    await app.listen({ host: "127.0.0.1", port: 0 });
    const at = (app.server.address() as { port: number }).port;
    try {
      for (let round = 1; round <= 3; round++) {
        const broken = Array.from({ length: 12 }, () => {
          const socket = open(at);
          socket.write("GET /never HTTP/1.1\r\nHost: localhost\r\nCookie: xrdct-token-80=secret\r\n\r\n".repeat(4));
          return socket;
        });
        await expect.poll(() => begun, { timeout: 20_000 }).toBe(48 * round);
        for (const socket of broken) socket.destroy();
      }
      const headers = { cookie: `xrdct-token-${at}=secret` };
      const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${at}/quick`, { headers })).status;
      await expect.poll(ask, { timeout: 20_000 }).toBe(200);
    } finally {
      await app.close();
    }
  });

  it("for large replies that nobody takes are refused when 512 MB are waiting, and taken again when those are gone", async () => {
    const app = fastify();
    guard(app, "secret", boundConnections(app.server, 200));
    const large = Buffer.alloc(60e6);
    app.get("/large", (_, reply) => reply.send(large));
    await app.listen({ host: "127.0.0.1", port: 0 });
    const at = (app.server.address() as { port: number }).port;
    const headers = { cookie: `xrdct-token-${at}=secret` };
    const head = `GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: xrdct-token-80=secret\r\n\r\n`;
    const deaf = Array.from({ length: 8 }, () => {
      const socket = open(at).pause();
      socket.write(head);
      return socket;
    });
    const ask = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${at}/large`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    try {
      await expect.poll(ask, { timeout: 20_000 }).toBe(429);
      for (const socket of deaf) socket.destroy();
      await expect.poll(ask, { timeout: 20_000 }).toBe(200);
    } finally {
      for (const socket of deaf) socket.destroy();
      await app.close();
    }
  });
});
