import { expect, it } from "vitest";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { FrameOrder } from "./frame-order.ts";

const placesOf = (names: readonly string[]): number[] => {
  const order = new FrameOrder();
  names.forEach((name, slot) => order.add(name, slot));
  return [...order.places()];
};

it("places names that differ in one number by it, in whatever order they come", () => {
  expect(placesOf(["/a/x_7.cbf"])).toEqual([0]);
  expect(placesOf(["/a/x_7.cbf", "/a/x_12.cbf", "/a/x_5.cbf"])).toEqual([2, 7, 0]);
  expect(placesOf(["run2.h5#1", "run2.h5#0", "run2.h5#10"])).toEqual([1, 0, 10]);
});

it("places others by natural order, and those that are found to be others later", () => {
  expect(placesOf(["a_1_2", "a_1_1", "a_2_1", "a_1_10"])).toEqual([1, 0, 3, 2]);
  expect(placesOf(["a_3", "a_1", "b_1", "a_2"])).toEqual([2, 0, 3, 1]);
});

it("asks again after each of many that come out of order", () => {
  const random = seededRandom(3);
  const names = Array.from({ length: 200 }, (_, i) => `row${i % 5}_col${Math.floor(i / 5)}`);
  const shuffled = names.map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at);
  const order = new FrameOrder();
  for (const [slot, { name }] of shuffled.entries()) {
    order.add(name, slot);
    if (slot % 7 === 0) order.places();
  }
  const places = order.places();
  shuffled.forEach(({ name }, slot) => {
    const [row, col] = name.match(/\d+/g)!.map(Number) as [number, number];
    expect(places[slot]).toBe(row * 40 + col);
  });
});
