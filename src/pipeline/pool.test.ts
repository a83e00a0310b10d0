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
