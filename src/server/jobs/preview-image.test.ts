import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { referenceTo } from "../../pipeline/array-reference.ts";
import { BlockedArray } from "../../pipeline/blocked-array.ts";
import { journalPath, type StagePreview, writePreview } from "../../pipeline/preview.ts";
import { PreviewImage } from "./preview-image.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ITEMS = 6;
const BINS = 80;
/** item 10 + bin */
const value = (item: number, bin: number): number => 10 * item + bin;
const mean = (numbers: number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

let array: BlockedArray;
let preview: StagePreview;
const record = (block: number): void => appendFileSync(journalPath(preview), `{"block":${block},"crc":[1]}\n`);

beforeEach(() => {
  array = BlockedArray.create(join(folder, "volume.f32"), { items: ITEMS, bins: BINS });
  array.writeItems(
    0,
    ITEMS,
    Float32Array.from({ length: ITEMS * BINS }, (_, i) => value(Math.floor(i / BINS), i % BINS)),
  );
  const common = { title: "", unit: "", image: "y-x" as const, rows: 2, cols: 3, array: referenceTo(array) };
  preview = { ...common, filled: { kind: "bins" }, blocks: 3 };
  writeFileSync(journalPath(preview), '{"key":"k"}\n');
});

describe("PreviewImage", () => {
  it("is the mean of the bins that are finished, whatever their order", () => {
    const image = new PreviewImage(preview);
    expect([...image.look().values]).toEqual(Array(ITEMS).fill(Number.NaN));
    record(2);
    expect(image.look().values[4]).toBeCloseTo(mean(range(64, 80).map((bin) => value(4, bin))), 4);
    record(0);
    const { values, share } = image.look();
    expect(share).toBeCloseTo(2 / 3);
    const bins = [...range(0, 32), ...range(64, 80)];
    for (let item = 0; item < ITEMS; item++)
      expect(values[item]).toBeCloseTo(mean(bins.map((bin) => value(item, bin))), 4);
  });
  it("does not take the line that is being written for a block", () => {
    record(0);
    appendFileSync(journalPath(preview), '{"block":1,"cr');
    expect(new PreviewImage(preview).look().share).toBeCloseTo(1 / 3);
  });
  it("forgets what it saw when the stage begins again", () => {
    const image = new PreviewImage(preview);
    record(0);
    image.look();
    writeFileSync(journalPath(preview), '{"key":"k"}\n');
    record(1);
    const { values, share } = image.look();
    expect(share).toBeCloseTo(1 / 3);
    expect(values[2]).toBeCloseTo(mean(range(32, 64).map((bin) => value(2, bin))), 4);
  });
  it("keeps what it saw when the arrays go", () => {
    const image = new PreviewImage(preview);
    record(0);
    const before = image.look().values;
    rmSync(preview.array.path);
    rmSync(journalPath(preview));
    expect(image.look().values).toEqual(before);
  });
  it("shows a column of the items that are finished, and nothing of the others", () => {
    const items: StagePreview = { ...preview, filled: { kind: "items", each: 4 }, blocks: 2 };
    record(1);
    const nothing = Number.NaN;
    expect([...new PreviewImage(items, 7).look().values]).toEqual([nothing, nothing, nothing, nothing, 47, 57]);
  });
  it("reads windows of blocks", () => {
    const windows: StagePreview = { ...preview, filled: { kind: "bins", of: [[0, 1], [2]] }, blocks: 2 };
    record(0);
    expect(new PreviewImage(windows).look().values[1]).toBeCloseTo(mean(range(0, 64).map((bin) => value(1, bin))), 4);
  });
  it("takes little time for one look, and goes on in the next", () => {
    for (const block of [0, 1, 2]) record(block);
    const image = new PreviewImage(preview);
    let clock = 0;
    const late = (): number => (clock += 1000);
    expect([1, 2, 3].map(() => image.look(late).share)).toEqual([1 / 3, 2 / 3, 1]);
  });
  it("shows images that are written as a whole, the newest", () => {
    const path = join(folder, "preview.f32");
    const write = (values: number[]): StagePreview =>
      writePreview(path, "step", { ny: 1, nx: 2 }, [
        { name: "a", unit: "Å", values: [0, 0] },
        { name: "c", unit: "Å", values },
      ]);
    const image = new PreviewImage(write([14, Number.NaN]), 1);
    expect([...image.look().values]).toEqual([14, Number.NaN]);
    write([15, 16]);
    expect([...image.look().values]).toEqual([15, 16]);
  });
});
