/** `xrdct serve` as a command, and what it says of a folder. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createResultWriter } from "../src/files/result-writer.ts";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { FileEntry, Found, Listing, Session, TextFile } from "../src/server/wire.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";

const root = tempFolder();
let server: RunningServer;

async function ask<T>(path: string): Promise<T> {
  const reply = await fetch(`${server.origin}/api/${path}`, { headers: { authorization: `token ${server.token}` } });
  expect(reply.status).toBe(200);
  return (await reply.json()) as T;
}
const kinds = (entries: readonly FileEntry[]) => Object.fromEntries(entries.map(({ name, kind }) => [name, kind]));

beforeAll(async () => {
  for (const folder of ["old", "old/deep", "old/cell.nxs.work", ".hidden", "node_modules"])
    mkdirSync(join(root, folder));
  for (const [at, day] of [
    ["new.nxs", 3],
    ["old/deep/old.nxs", 1],
    ["old/cell.nxs.work/unfinished.nxs", 4],
    [".hidden/hidden.nxs", 4],
  ] as const) {
    const path = join(root, at);
    const writer = await createResultWriter(path, {
      title: at,
      program: "xrdct",
      version: "0.1.0",
      startedAt: "2026-01-01T00:00:00Z",
    });
    writer.finish("2026-01-01T00:00:00Z");
    utimesSync(path, new Date(2026, 0, day), new Date(2026, 0, day));
  }
  const texts = {
    "scan.yaml": "title: a\ninput:\n  kind: p07\n  folder: .\n",
    "model.yaml": "title: a\nphases:\n  - structure: Si\n",
    "notes.yaml": "a: 1\n",
    "frame_10.cbf": "",
    "frame_2.cbf": "",
    "geometry.poni": "Distance: 1\n",
    "pattern.xye": "1 2 3\n",
    "not-hdf5.h5": "text",
    "old/.hidden.yaml": "input: 1\n",
  };
  for (const [at, text] of Object.entries(texts)) writeFileSync(join(root, at), text);
  server = await startServer({ folder: root, open: "new.nxs", workers: 3, memoryBytes: 1e9 });
});
afterAll(() => server.close());

describe("a folder", () => {
  it("is listed with what each file is, folders first, 2 before 10", async () => {
    const { path, entries, left } = await ask<Listing>("files");
    expect([path, left]).toEqual(["", 0]);
    expect(entries.map(({ name }) => name).slice(0, 5)).toEqual([
      "node_modules",
      "old",
      "frame_2.cbf",
      "frame_10.cbf",
      "geometry.poni",
    ]);
    expect(kinds(entries)).toMatchObject({
      old: "folder",
      "frame_2.cbf": "frame",
      "geometry.poni": "geometry",
      "model.yaml": "model",
      "new.nxs": "result",
      "not-hdf5.h5": "other",
      "notes.yaml": "other",
      "pattern.xye": "pattern",
      "scan.yaml": "scan",
    });
    expect(entries.find(({ name }) => name === "pattern.xye")).toMatchObject({ bytes: 6, path: "pattern.xye" });
  });

  it("is walked into, by paths with / between the parts", async () => {
    const { path, entries } = await ask<Listing>("files?path=old/deep");
    expect([path, entries.map((entry) => entry.path)]).toEqual(["old/deep", ["old/deep/old.nxs"]]);
  });

  it("is searched for results and scans, the newest first, but not where runs keep their work", async () => {
    const { results, scans, isCut } = await ask<Found>("found");
    expect(results.map(({ path }) => path)).toEqual(["new.nxs", "old/deep/old.nxs"]);
    expect([scans.map(({ path }) => path), isCut]).toEqual([["scan.yaml"], false]);
  });

  it("is named, with the file to open and what it is", async () => {
    expect(await ask<Session>("session")).toMatchObject({
      folder: root,
      open: "new.nxs",
      openKind: "result",
      workers: 3,
    });
    expect(await ask<TextFile>("text?path=model.yaml")).toEqual({
      path: "model.yaml",
      text: readFileSync(join(root, "model.yaml"), "utf8"),
    });
  });

  it("of thousands of frames is listed in part, saying how many are left", async () => {
    mkdirSync(join(root, "many"));
    for (let i = 0; i < 1203; i++) writeFileSync(join(root, "many", `f_${i}.cbf`), "");
    const { entries, left } = await ask<Listing>("files?path=many");
    expect([entries.length, left, entries.at(-1)!.name]).toEqual([1000, 203, "f_999.cbf"]);
  });
});

describe("xrdct serve", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "says where it is in one JSON object, and ends well on %s",
    async (signal) => {
      const main = join(import.meta.dirname, "../dist/cli/main.js");
      const args = ["serve", join(root, "new.nxs"), "--port", "0", "--json", "--workers", "1"];
      const child = spawn(process.execPath, [main, ...args]);
      let out = "";
      child.stdout.on("data", (part) => (out += part));
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await expect.poll(() => out, { timeout: 30_000 }).toContain("\n");
      const { url, origin, token, folder } = JSON.parse(out) as Record<string, string>;
      expect(url).toBe(`${origin}/?token=${token}`);
      expect(folder).toBe(root);
      const reply = await fetch(`${origin}/api/session`, { headers: { authorization: `token ${token}` } });
      expect(await reply.json()).toMatchObject({ open: "new.nxs", openKind: "result", workers: 1 });
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(out.trim().split("\n")).toHaveLength(1);
    },
  );

  it("says which port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    await expect(startServer({ folder: root, port, workers: 1, memoryBytes: 1e9 })).rejects.toMatchObject({
      code: "port-taken",
      message: expect.stringContaining(String(port)),
    });
    // the next of several is taken instead
    const second = await startServer({ folder: root, port: [port, 0], workers: 1, memoryBytes: 1e9 });
    expect(new URL(second.origin).port).not.toBe(String(port));
    await second.close();
    other.close();
  });

  it("refuses a port that is none, and a folder that is not there", async () => {
    expect(await xrdctHere(["serve", "--port", "70000"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("65535"),
    });
    expect(await xrdctHere(["serve", "nowhere", "--json"])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("path-not-found"),
    });
  });

  it("without its pages says how to build them", async () => {
    const bare = await startServer({ folder: root, workers: 1, memoryBytes: 1e9, webFolder: join(root, "nowhere") });
    const reply = await fetch(`${bare.origin}/`, { headers: { authorization: `token ${bare.token}` } });
    await bare.close();
    expect([reply.status, await reply.text()]).toEqual([500, expect.stringContaining("npm run build")]);
  });
});
