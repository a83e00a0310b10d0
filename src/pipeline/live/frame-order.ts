/** Place of each frame in the scan from its name, while others are still to come. */
import { basename } from "node:path";
import { inNaturalOrder } from "../../files/frame-paths.ts";

interface Named {
  readonly name: string;
  readonly slot: number;
}

/**
 * Names that differ in one run of digits are placed by that number, from the lowest on; others by their natural order.
 * For those who watch: the finished scan orders its frames itself, with all names before it.
 */
export class FrameOrder {
  private first: readonly string[] | undefined;
  /** which part of the name is the number; undefined while there is only one name, "rank" where several parts differ */
  private part: number | "rank" | undefined;
  /** [slot] that number */
  private numbers: number[] = [];
  private lowest = Number.POSITIVE_INFINITY;
  /** in natural order, once they were asked for by rank */
  private readonly named: Named[] = [];
  private isSorted = false;

  /** @param slot the next whole number from 0 on */
  add(path: string, slot: number): void {
    const name = basename(path);
    const parts = name.split(/(\d+)/);
    this.first ??= parts;
    this.named.push({ name, slot });
    if (this.part === "rank") {
      this.isSorted &&= inNaturalOrder(this.named.at(-2)!.name, name) <= 0;
      return;
    }
    const differing = this.first.flatMap((one, k) => (one === parts[k] ? [] : [k]));
    const isNumbered = parts.length === this.first.length && differing.every((k) => k % 2 === 1);
    const [part = this.part] = differing;
    if (!isNumbered || differing.length > 1 || (this.part !== undefined && part !== this.part)) {
      this.part = "rank";
      this.numbers = [];
    } else if (part !== undefined) {
      // those before it, if it is the first that differs, all have the same number
      while (this.numbers.length < slot) this.addNumber(Number(this.first[part]));
      this.part = part;
      this.addNumber(Number(parts[part]));
    }
  }

  private addNumber(number: number): void {
    this.numbers.push(number);
    this.lowest = Math.min(this.lowest, number);
  }

  /** [slot] index in the scan as far as it is known */
  places(): Int32Array {
    if (typeof this.part === "number") return Int32Array.from(this.numbers, (number) => number - this.lowest);
    if (!this.isSorted) this.named.sort((a, b) => inNaturalOrder(a.name, b.name));
    this.isSorted = true;
    const places = new Int32Array(this.named.length);
    for (const [rank, { slot }] of this.named.entries()) places[slot] = rank;
    return places;
  }
}
