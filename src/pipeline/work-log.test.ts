import { expect, it } from "vitest";
import { busySeconds, describeWork, nodeSeconds, type StageWork } from "./work-log.ts";

const work = (second: number, seconds: number, job?: string, host = "n1"): StageWork => ({
  ...{ host, startedAt: new Date(second * 1000).toISOString(), seconds, threads: 1, blocks: 1 },
  ...(job !== undefined && { job }),
});

it("counts neither gaps nor what was done side by side twice", () => {
  // 0-10, inside it 2-5, overlapping 8-14, alone 100-101
  const list = [work(100, 1), work(8, 6), work(0, 10), work(2, 3)];
  expect(busySeconds(list)).toBeCloseTo(15, 9);
  expect(nodeSeconds(list)).toBeCloseTo(20, 9);
  expect(busySeconds([])).toBe(0);
});

it("tells jobs, and nothing of work on this machine", () => {
  expect(describeWork([work(0, 1)])).toBeUndefined();
  expect(describeWork([work(0, 3, "7_0"), work(1, 4, "7_1", "n2"), work(9, 1, "8"), work(20, 9)])).toBe(
    "3 jobs of Slurm (7, 8) on n1, n2: 8.0 s in all, at work for 6.0 s",
  );
});
