import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { StageStore } from "./stage-store.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("keeps who was at work after a line that a full disk has torn", () => {
  const store = new StageStore(folder, "read");
  store.begin("key");
  const work = { host: "a", startedAt: "2026-11-23T05:00:00.000Z", seconds: 1, threads: 2, blocks: 3 };
  store.recordWork(work);
  appendFileSync(join(store.folder, "work.jsonl"), '\n{"host":"b","star');
  store.recordWork({ ...work, host: "c" });
  expect(store.work().map(({ host }) => host)).toEqual(["a", "c"]);
});
