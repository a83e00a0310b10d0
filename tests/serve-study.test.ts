/** What lies beside a study over HTTP, and what is refused: other files, links that lead out, reports that are none. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { StudyCellInfo } from "../src/server/wire.ts";
import { tempFolder } from "./temp-folder.ts";

const root = tempFolder();
const served = join(root, "served");
let server: RunningServer;

beforeAll(async () => {
  for (const folder of [
    "web",
    "secret/figures",
    "served/good/figures",
    "served/good/tables",
    "served/out",
    "served/bad/tables",
    "results",
  ])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "web/index.html"), "");
  for (const study of ["good", "out", "bad"]) writeFileSync(join(served, study, "study.nxs"), "");
  writeFileSync(
    join(served, "good/report.json"),
    JSON.stringify({
      title: "five cells",
      reference: "one",
      cells: [
        { name: "one", result: "study.nxs" },
        { name: "two", result: join(root, "results/two.nxs") },
        { name: "three", result: join(root, "results/gone.nxs") },
        { name: "four" },
      ],
    }),
  );
  writeFileSync(join(root, "results/two.nxs"), "");
  writeFileSync(join(served, "good/tables/cycling.json"), '{"plots": []}');
  writeFileSync(join(served, "bad/tables/cycling.json"), '{"plots": [{"name": 1}]}');
  writeFileSync(join(served, "good/figures/lithium.svg"), "<svg/>");
  writeFileSync(join(served, "good/figures/notes.txt"), "no figure");
  writeFileSync(join(served, "good/tables/closing.csv"), "a,b\n1,2\n");
  writeFileSync(join(root, "secret/figures/key.png"), "key");
  writeFileSync(join(root, "secret/report.json"), JSON.stringify({ title: "secret" }));
  symlinkSync(join(root, "secret/figures"), join(served, "out/figures"));
  writeFileSync(join(served, "bad/report.json"), '{"cells": 3}');
  server = await startServer({ folder: served, workers: 1, memoryBytes: 1e9, webFolder: join(root, "web") });
});
afterAll(() => server.close());

const ask = (path: string): Promise<Response> =>
  fetch(`${server.origin}/api/${path}`, { headers: { authorization: `token ${server.token}` } });
const codeOf = async (path: string): Promise<string> => (await (await ask(path)).json()).error?.code;

describe("a study over HTTP", () => {
  it("tells its report, figures and tables", async () => {
    const study = await (await ask("study?file=good/study.nxs")).json();
    expect(study).toMatchObject({ title: "five cells", reference: "one" });
    expect(study.figures).toEqual(["lithium.svg"]);
    expect(study.tables).toEqual(["tables/closing.csv", "tables/cycling.json", "report.json"]);
    const table = await ask("study/part?file=good/study.nxs&part=tables/closing.csv");
    expect(await table.text()).toBe("a,b\n1,2\n");
    expect(table.headers.get("content-type")).toContain("text/csv");
  });

  it.each(["../secret/report.json", "figures/../../out/study.nxs", "study.nxs", "figures/x.html", "/etc/hosts"])(
    "gives no %s",
    async (part) => {
      const reply = await ask(`study/part?file=good/study.nxs&part=${encodeURIComponent(part)}`);
      expect(reply.status).toBe(400);
    },
  );

  it("follows no link out of the served folder", async () => {
    expect(await codeOf("study?file=out/study.nxs")).toBe("path-outside");
    expect(await codeOf("study/part?file=out/study.nxs&part=figures/key.png")).toBe("path-outside");
    symlinkSync(join(root, "secret/report.json"), join(served, "good/stolen.json"));
    expect(await codeOf("study/part?file=good/study.nxs&part=stolen.json")).toBe("path-outside");
  });

  it("says where results are that lie elsewhere, and which folder would serve them", async () => {
    const { cells } = await (await ask("study?file=good/study.nxs")).json();
    const places = cells.map(({ result, elsewhere }: StudyCellInfo) => ({ result, elsewhere }));
    expect(places).toEqual([
      { result: "good/study.nxs", elsewhere: undefined },
      { result: undefined, elsewhere: { path: join(root, "results/two.nxs"), serve: root } },
      { result: undefined, elsewhere: { path: join(root, "results/gone.nxs") } },
      { result: undefined, elsewhere: undefined },
    ]);
  });

  it("gives the curves of the cyclers, and says where there are none", async () => {
    expect(await (await ask("study/cycling?file=good/study.nxs")).json()).toEqual({ plots: [] });
    expect(await codeOf("study/cycling?file=bad/study.nxs")).toBe("study-report");
    expect(await codeOf("study/cycling?file=out/study.nxs")).toBe("path-not-found");
  });

  it("says that a report is none", async () => {
    expect(await codeOf("study?file=bad/study.nxs")).toBe("study-report");
  });
});
