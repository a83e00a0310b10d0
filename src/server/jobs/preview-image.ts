/** The image of a stage so far, from the blocks that its journal lists; each is read once. */
import { existsSync, readFileSync } from "node:fs";
import { openArray } from "../../pipeline/array-reference.ts";
import type { BlockedArray } from "../../pipeline/blocked-array.ts";
import { journalPath, type StagePreview } from "../../pipeline/preview.ts";

/** Most time for one look: a large scan sharpens over several of them. */
const BUDGET_MS = 250;

export class PreviewImage {
  private readonly preview: StagePreview;
  private readonly bin: number | undefined;
  private seen = new Set<number>();
  /** of the bins that are done, for bins; of the item's own, for items */
  private sum: Float64Array;
  private count: Float64Array;

  /** @param bin the only one that is shown; left out: the mean */
  constructor(preview: StagePreview, bin?: number) {
    this.preview = preview;
    this.bin = bin;
    this.sum = new Float64Array(preview.array.items);
    this.count = new Float64Array(preview.array.items);
  }

  /** values: [row, col], NaN where nothing is done yet */
  look(now: () => number = Date.now): { values: Float32Array; share: number } {
    const { array: reference, blocks, filled } = this.preview;
    if (filled.kind === "whole") this.forget();
    const finished = this.finished();
    // the stage was begun again
    if ([...this.seen].some((block) => !finished.has(block))) this.forget();
    const fresh = [...finished].filter((block) => !this.seen.has(block));
    if (fresh.length > 0 && existsSync(reference.path)) {
      const array = openArray(reference);
      const end = now() + BUDGET_MS;
      try {
        for (const block of fresh) {
          this.add(array, block);
          this.seen.add(block);
          if (now() > end) break;
        }
      } finally {
        array.close();
      }
    }
    const values = Float32Array.from(this.sum, (sum, item) =>
      this.count[item] ? sum / this.count[item]! : Number.NaN,
    );
    return { values, share: blocks > 0 ? this.seen.size / blocks : 1 };
  }

  private forget(): void {
    this.seen = new Set();
    this.sum.fill(0);
    this.count.fill(0);
  }

  private finished(): Set<number> {
    if (this.preview.filled.kind === "whole") return new Set([0]);
    const path = journalPath(this.preview);
    // when the result is written the arrays go, and what was seen stays
    if (!existsSync(path)) return new Set(this.seen);
    const blocks = readFileSync(path, "utf8").matchAll(/^\{"block":(\d+),.*\}$/gm);
    return new Set(Array.from(blocks, ([, block]) => Number(block)));
  }

  private add(array: BlockedArray, block: number): void {
    const { filled } = this.preview;
    if (filled.kind === "whole") this.addItems(array, 0, array.items);
    else if (filled.kind === "bins") for (const part of filled.of?.[block] ?? [block]) this.addBins(array, part);
    else this.addItems(array, block * filled.each, Math.min(filled.each, array.items - block * filled.each));
  }

  private addBins(array: BlockedArray, block: number): void {
    const width = array.width(block);
    const data = new Float32Array(array.items * width);
    array.readBlock(block, data);
    for (let item = 0; item < array.items; item++) this.addItem(item, data, item * width, width);
  }

  private addItems(array: BlockedArray, start: number, count: number): void {
    const [from, to] = this.bin === undefined ? [0, array.bins] : [this.bin, this.bin + 1];
    const data = new Float32Array(count * (to - from));
    array.readItems(start, count, data, from, to);
    for (let item = 0; item < count; item++) this.addItem(start + item, data, item * (to - from), to - from);
  }

  private addItem(item: number, data: Float32Array, at: number, width: number): void {
    let [sum, count] = [0, 0];
    for (let bin = at; bin < at + width; bin++) {
      const value = data[bin]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    this.sum[item]! += sum;
    this.count[item]! += count;
  }
}
