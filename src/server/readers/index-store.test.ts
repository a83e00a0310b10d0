import { existsSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { IndexStore } from "./index-store.ts";
import { blockCount, type IndexState, OpenIndex } from "./stack-index.ts";

const folder = tempFolder();
const STACK = "reconstruct/data";
const [rows, cols, bins] = [20, 30, 40];
const stores: IndexStore[] = [];
afterAll(() => Promise.all(stores.map((store) => store.close())));

function storeIn(name: string, mostBytes = 1e9): IndexStore {
  const store = new IndexStore({ folder: join(folder, name), mostBytes });
  stores.push(store);
  return store;
}

async function writeResult(name: string, scale: number): Promise<string> {
  const path = join(folder, name);
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: "" });
  const axes = [{ name: "y" }, { name: "x" }, { name: "q" }];
  writer.array(STACK, { shape: [rows, cols, bins], dtype: "float32", unit: "", longName: "", axes }).writeSlab(
    [0, 0, 0],
    [rows, cols, bins],
    Float32Array.from({ length: rows * cols * bins }, () => scale),
  );
  writer.finish();
  return path;
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const found = look();
    if (found !== undefined) return found;
    await setTimeout(50);
  }
  throw new Error("it does not come");
}

/** The index when it has come to its place. */
const finished = (store: IndexStore, path: string): Promise<IndexState> =>
  until(() => {
    const state = store.find(path, STACK);
    return state && /[0-9a-f]{40}$/.test(state.folder) ? state : undefined;
  });

async function lastSum(state: IndexState): Promise<number> {
  const index = (await OpenIndex.open(state))!;
  const { sum } = await index.readBoundary(bins);
  await index.close();
  return sum[7]!;
}

describe("indexes", () => {
  it("are made once, and found again by another server", async () => {
    const path = await writeResult("cell.nxs", 3);
    const store = storeIn("cache");
    expect(store.find(path, STACK)).toBeUndefined();
    store.make(path, STACK);
    store.make(path, STACK);
    const state = await finished(store, path);
    expect(state).toMatchObject({ rows, cols, bins, blocks: blockCount(state) });
    expect(await lastSum(state)).toBe(3 * bins);
    expect(storeIn("cache").find(path, STACK)).toEqual(state);
    expect(readdirSync(join(folder, "cache"))).toHaveLength(1);
    expect(statSync(join(folder, "cache")).mode & 0o077).toBe(0);
  });

  it("of a file that was replaced are not taken for the new one, and go", async () => {
    const store = storeIn("replaced");
    const path = await writeResult("replaced.nxs", 1);
    store.make(path, STACK);
    const old = await finished(store, path);
    await writeResult("replaced.nxs", 2);
    expect(store.find(path, STACK)).toBeUndefined();
    store.make(path, STACK);
    const state = await finished(store, path);
    expect(await lastSum(state)).toBe(2 * bins);
    await until(() => (existsSync(old.folder) ? undefined : true));
  });

  it("keep to their bound: the one unused for longest goes", async () => {
    const [first, second] = [await writeResult("first.nxs", 1), await writeResult("second.nxs", 1)];
    const one = storeIn("measured");
    one.make(first, STACK);
    const { folder: place } = await finished(one, first);
    const bytes = readdirSync(place).reduce((sum, file) => sum + statSync(join(place, file)).size, 0);
    const store = storeIn("bounded", 1.5 * bytes);
    store.make(first, STACK);
    const old = await finished(store, first);
    store.make(second, STACK);
    await finished(store, second);
    await until(() => (existsSync(old.folder) ? undefined : true));
    expect(store.find(first, STACK)).toBeUndefined();
    expect(store.find(second, STACK)).toBeDefined();
  });

  it("are not made where there is no room, and leave nothing behind", async () => {
    const path = await writeResult("no-room.nxs", 1);
    const store = storeIn("full", 1000);
    store.make(path, STACK);
    await until(() => (readdirSync(join(folder, "full")).length === 0 ? true : undefined));
    expect(store.find(path, STACK)).toBeUndefined();
  });

  it("that were cut off are noticed, not read", async () => {
    const path = await writeResult("cut.nxs", 1);
    const store = storeIn("cut");
    store.make(path, STACK);
    const state = await finished(store, path);
    truncateSync(join(state.folder, "sums.bin"), 100);
    await expect(lastSum(state)).rejects.toThrow("cut off");
  });
});
