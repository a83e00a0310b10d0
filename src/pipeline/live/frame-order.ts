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
  /** in natural order */
  private readonly named: Named[] = [];

  /** @param slot the next whole number from 0 on */
  add(path: string, slot: number): void {
    const name = basename(path);
    const parts = name.split(/(\d+)/);
    this.first ??= parts;
    const differing = this.first.flatMap((one, k) => (one === parts[k] ? [] : [k]));
    const isNumbered = parts.length === this.first.length && differing.every((k) => k % 2 === 1);
    if (!isNumbered || differing.length > 1) this.part = "rank";
    else if (differing.length === 1)
      this.part = this.part === undefined || this.part === differing[0] ? differing[0]! : "rank";
    // they come mostly in their order
    let at = this.named.length;
    while (at > 0 && inNaturalOrder(this.named[at - 1]!.name, name) > 0) at--;
    this.named.splice(at, 0, { name, slot });
  }

  /** [slot] index in the scan as far as it is known */
  places(): Int32Array {
    const places = new Int32Array(this.named.length);
    const { part } = this;
    if (typeof part !== "number") {
      for (const [rank, { slot }] of this.named.entries()) places[slot] = rank;
      return places;
    }
    const numberOf = (name: string): number => Number(name.split(/(\d+)/)[part]);
    const lowest = numberOf(this.named[0]!.name);
    for (const { name, slot } of this.named) places[slot] = numberOf(name) - lowest;
    return places;
  }
}
