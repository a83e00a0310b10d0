import { setTimeout } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { InputError } from "../../data/index.ts";
import { createTaskThread, type TaskThread, type TaskThreadOptions } from "./task-thread.ts";

/** Counts what it was asked; fails, refuses, ends or sleeps where it is told so. */
const SCRIPT = `
import { parentPort, threadId } from "node:worker_threads";
let asked = 0;
parentPort.on("message", async (ask) => {
  asked++;
  if (ask === "sleep") return;
  if (ask === "fail") return parentPort.postMessage({ error: { name: "Error", message: "broken" } });
  if (ask === "refuse") return parentPort.postMessage({ error: { name: "InputError", message: "no", code: "not-so" } });
  parentPort.postMessage({ reply: { threadId, asked } });
  if (ask === "die") setTimeout(() => { throw new Error("later"); }, 200);
});`;

type Reply = { readonly threadId: number; readonly asked: number };
const threads: TaskThread<string, Reply>[] = [];
const create = (options: Partial<TaskThreadOptions> = {}): TaskThread<string, Reply> => {
  const script = new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`);
  const thread = createTaskThread<string, Reply>({ script, most: 3, busy: "things wait already", ...options });
  threads.push(thread);
  return thread;
};
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.close()));
});

test("a refusal keeps its code and its thread; a failure gets a new thread", async () => {
  const thread = create();
  const first = await thread.ask("count");
  await expect(thread.ask("refuse")).rejects.toMatchObject({ name: "InputError", code: "not-so", message: "no" });
  expect(await thread.ask("count")).toEqual({ threadId: first.threadId, asked: 3 });
  await expect(thread.ask("fail")).rejects.toThrow("broken");
  expect((await thread.ask("count")).asked).toBe(1);
});

test("a thread that fails while nobody asks leaves the server alone, and the next request gets another", async () => {
  const thread = create();
  const { threadId } = await thread.ask("die");
  let next = await thread.ask("count").catch(() => undefined);
  // it may have been asked just before it ended
  while (next === undefined || next.threadId === threadId) {
    await setTimeout(10);
    next = await thread.ask("count").catch(() => undefined);
  }
  expect(next.asked).toBe(1);
});

test("what nobody waits for is not begun, and a long one is ended", async () => {
  const thread = create();
  const [long, short] = [new AbortController(), new AbortController()];
  const asleep = thread.ask("sleep", { signal: long.signal, isLong: true });
  const dropped = thread.ask("count", { signal: short.signal });
  short.abort();
  long.abort();
  await expect(asleep).rejects.toMatchObject({ name: "AbortError" });
  await expect(dropped).rejects.toMatchObject({ name: "AbortError" });
  expect((await thread.ask("count")).asked).toBe(1);
});

test("one that takes too long is ended with the words for it", async () => {
  const thread = create({ limit: { ms: 1500, error: () => new InputError("too-long", "It took too long.") } });
  await expect(thread.ask("sleep")).rejects.toMatchObject({ code: "too-long" });
  expect((await thread.ask("count")).asked).toBe(1);
});

test("more than it takes are refused; after it was closed nothing starts again", async () => {
  const thread = create();
  const asked = [thread.ask("sleep"), thread.ask("count"), thread.ask("count")];
  const all = Promise.allSettled(asked);
  await expect(thread.ask("count")).rejects.toMatchObject({
    code: "server-busy",
    message: expect.stringMatching(/^3 things wait already/),
  });
  await thread.close();
  for (const one of await all) expect(one).toMatchObject({ status: "rejected", reason: { code: "server-stopped" } });
  await expect(thread.ask("count")).rejects.toMatchObject({ code: "server-stopped" });
});
