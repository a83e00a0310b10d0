import { describe, expect, it } from "vitest";
import { runOnWorkers } from "./run-on-workers.ts";

/** A module whose default export is the function's text. */
const moduleOf = (work: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`export default ${work}`)}`);

describe("runOnWorkers", () => {
  it("gives the results in the order of the items, whichever is done first", async () => {
    const work = moduleOf(`async (ms, index) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return [ms * 2, index];
}`);
    const told: number[] = [];
    const options = { workers: 2, onDone: (done: number) => told.push(done) };
    expect(await runOnWorkers(work, [30, 1, 5, 1], options)).toEqual([
      [60, 0],
      [2, 1],
      [10, 2],
      [2, 3],
    ]);
    expect(told).toEqual([1, 2, 3, 4]);
    expect(await runOnWorkers(work, [])).toEqual([]);
  });

  it("an error of an item ends it: InputError as such, others with the item", async () => {
    const wrong = moduleOf(`() => { throw Object.assign(new Error("too short"), { code: "too-short" }); }`);
    await expect(runOnWorkers(wrong, [1], { workers: 1 })).rejects.toMatchObject({
      name: "InputError",
      code: "too-short",
      message: "too short",
    });
    const bug = moduleOf(`(item) => item.a.b`);
    await expect(runOnWorkers(bug, [{}], { workers: 1 })).rejects.toThrow(/Item 0 of .*undefined/);
    await expect(runOnWorkers(moduleOf("("), [1], { workers: 1 })).rejects.toThrow();
  });

  it("loses nothing to a module that listens to the thread's port as it loads", async () => {
    const url = `data:text/javascript,${encodeURIComponent(`
import { parentPort } from "node:worker_threads";
parentPort.on("message", () => {});
await new Promise((resolve) => setTimeout(resolve, 100));
export default (item) => item + 1;`)}`;
    expect(await runOnWorkers(new URL(url), [1, 2, 3], { workers: 2 })).toEqual([2, 3, 4]);
  });

  it("a thread that ends itself, and a signal, reject", async () => {
    const leaves = moduleOf(`() => process.exit(3)`);
    await expect(runOnWorkers(leaves, [1], { workers: 1 })).rejects.toThrow(/ended with code 3/);
    const never = moduleOf(`() => new Promise(() => setTimeout(() => {}, 1e6))`);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 200);
    await expect(runOnWorkers(never, [1], { workers: 1, signal: abort.signal })).rejects.toThrow("enough");
  });
});
