import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { Reader, type ReaderWork } from "./reader.ts";

const path = join(tempFolder(), "cell.nxs");
const reader = new Reader();
const voxel = (x: number): ReaderWork => ({ task: "voxel", path, input: { stack: "reconstruct/data", y: 0, x } });

beforeAll(async () => {
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", title: "" });
  const axes = [{ name: "y" }, { name: "x" }, { name: "q" }];
  const options = { shape: [2, 9, 5], dtype: "float32", unit: "", longName: "", axes } as const;
  writer.array("reconstruct/data", options).writeSlab(
    [0, 0, 0],
    [2, 9, 5],
    Float32Array.from({ length: 90 }, (_, i) => i),
  );
  writer.finish();
});
afterAll(() => reader.close());

describe("requests that wait for a thread", () => {
  it("are answered the newest first", async () => {
    const order: number[] = [];
    const asked = [0, 1, 2, 3].map(async (x) => {
      const { arrays } = await reader.ask(voxel(x));
      expect([...arrays![0]!.data]).toEqual([0, 1, 2, 3, 4].map((bin) => 5 * x + bin));
      order.push(x);
    });
    await Promise.all(asked);
    expect(order).toEqual([0, 3, 2, 1]);
  });

  it("are dropped where nobody waits any more, and the others go on", async () => {
    const given = new AbortController();
    const first = reader.ask(voxel(0));
    const dropped = reader.ask(voxel(1), given.signal);
    const last = reader.ask(voxel(2));
    given.abort();
    await expect(dropped).rejects.toThrow(DOMException);
    expect((await first).arrays![0]!.data[0]).toBe(0);
    expect((await last).arrays![0]!.data[0]).toBe(10);
    const late = new AbortController();
    late.abort();
    await expect(reader.ask(voxel(3), late.signal)).rejects.toThrow(DOMException);
  });

  it("hear of an error as the thread said it", async () => {
    await expect(reader.ask(voxel(9))).rejects.toMatchObject({ name: "InputError", code: "voxel-outside" });
    expect((await reader.ask(voxel(8))).arrays![0]!.data[4]).toBe(44);
  });
});
