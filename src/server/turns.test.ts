import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

test("so many at a time, the others in their order", async () => {
  const turns = createTurns(2);
  const order: string[] = [];
  const take = async (name: string): Promise<() => void> => {
    const end = (await turns.take(never))!;
    order.push(name);
    return end;
  };
  const [a, b] = await Promise.all([take("a"), take("b")]);
  const [c, d] = [take("c"), take("d")];
  await Promise.resolve();
  expect(order).toEqual(["a", "b"]);
  a();
  a(); // twice frees one place alone
  const endC = await c;
  expect(order).toEqual(["a", "b", "c"]);
  endC();
  b();
  (await d)();
  expect(order).toEqual(["a", "b", "c", "d"]);
});

test("who leaves while waiting takes no place", async () => {
  const turns = createTurns(1);
  const end = (await turns.take(never))!;
  const gone = new AbortController();
  const left = turns.take(gone.signal);
  const after = turns.take(never);
  gone.abort();
  expect(await left).toBeUndefined();
  expect(await turns.take(gone.signal)).toBeUndefined();
  end();
  expect(await after).toBeTypeOf("function");
});
