import { describe, expect, it } from "vitest";
import { WorkerPool } from "./pool.ts";

describe("a thread that has ended by itself", () => {
  it("is told when it is asked for work, and not waited for", async () => {
    const pool = new WorkerPool(1);
    const [worker] = (pool as unknown as { workers: { terminate(): Promise<number> }[] }).workers;
    await worker!.terminate(); // as if it had died between two blocks
    const asked = pool.run({ task: "simulate", payload: undefined }, [0], () => {});
    await expect(asked).rejects.toMatchObject({ code: "worker-lost" });
    await pool.close();
  });
});

describe("work that comes as it comes", () => {
  it("ends with the first failure, although other threads wait for more", async () => {
    const pool = new WorkerPool(2);
    const [dead] = (pool as unknown as { workers: { terminate(): Promise<number> }[] }).workers;
    await dead!.terminate();
    let end = (_: undefined): void => {};
    const nothingMore = new Promise<undefined>((resolve) => {
      end = resolve;
    });
    const pieces = [Promise.resolve("the first"), nothingMore];
    const streamed = pool.stream(
      { task: "simulate", payload: undefined },
      () => pieces.shift() ?? nothingMore,
      () => {},
      () => end(undefined),
    );
    await expect(streamed).rejects.toMatchObject({ code: "worker-lost" });
    await pool.close();
  });
});
