import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { split } from "./slurm-executor.ts";
import { blocksDone, jobName, parsePart, workOf } from "./slurm-folder.ts";

const LINES = [
  { job: "12_0", host: "n1", threads: 4, startedAt: "2026-11-23T01:00:00.000Z" },
  { block: 3, result: { crc: [1, 2] }, seconds: 1.5 },
  { block: 4, result: { crc: [3, 4] }, seconds: 2.5 },
  { job: "12_0", host: "n2", threads: 4, startedAt: "2026-11-23T02:00:00.000Z" },
  { block: 5, result: { crc: [5, 6] }, seconds: 4 },
  { seconds: 4.25 },
];
const TEXT = `${LINES.map((line) => JSON.stringify(line)).join("\n")}\n`;

describe("the journal of a part", () => {
  it("says which blocks are done, and who worked how long: also one that was requeued", () => {
    const lines = parsePart(TEXT);
    expect(blocksDone(lines).map(({ block }) => block)).toEqual([3, 4, 5]);
    expect(workOf(lines)).toEqual([
      { ...LINES[0], seconds: 2.5, blocks: 2 },
      { ...LINES[3], seconds: 4.25, blocks: 1 },
    ]);
  });

  it("cut anywhere, as its job was killed: the lines before hold", () => {
    for (let end = 0; end <= TEXT.length; end++) {
      const whole = TEXT.slice(0, end).split("\n").length - 1;
      const lines = parsePart(TEXT.slice(0, end));
      // a last line that only lacks its end is whole
      expect([whole, whole + 1]).toContain(lines.length);
      expect(lines).toEqual(LINES.slice(0, lines.length));
    }
  });

  it("a damaged byte costs a line at most two, and never gives a block that is none", () => {
    fc.assert(
      fc.property(fc.nat(TEXT.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const lines = parsePart(TEXT.slice(0, at) + String.fromCharCode(byte) + TEXT.slice(at + 1));
        expect(lines.length).toBeGreaterThanOrEqual(LINES.length - 2);
        for (const { block } of blocksDone(lines)) expect(Number.isInteger(block)).toBe(true);
        for (const { seconds, startedAt } of workOf(lines))
          expect([Number.isFinite(seconds), Number.isNaN(Date.parse(startedAt))]).toEqual([true, false]);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it("other JSON is no line", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        workOf(parsePart(text));
        expect(blocksDone(parsePart(text))).toEqual([]);
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});

it("names jobs after the result, safe for a shell and for squeue, and never two alike", () => {
  for (const output of [
    "/a/cell.nxs",
    "/b/cell.nxs",
    "/a/it's |a; 'cell',%j\n.nxs",
    "/a/ä β.nxs",
    `/a/${"x".repeat(300)}.nxs`,
  ])
    expect(jobName(output)).toMatch(/^xrdct-[\w-]{0,40}-[0-9a-f]{6}$/);
  expect(jobName("/a/cell.nxs")).not.toBe(jobName("/b/cell.nxs"));
});

it("splits blocks into runs of neighbours that differ by one at most, and loses none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 64 }), (count, wanted) => {
      const blocks = Array.from({ length: count }, (_, i) => 3 * i);
      const parts = split(blocks, Math.min(wanted, count));
      expect(parts.flat()).toEqual(blocks);
      const sizes = parts.map((part) => part.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
