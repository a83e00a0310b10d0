/** What the fuzzer knows of a reader: files to begin with, and how it is called. */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type fc from "fast-check";
import { hasShared, shared } from "../shared.ts";

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** [from, to) that a checksum of the format holds: a bit changed there gives a refusal or the same values */
  readonly guarded?: readonly [from: number, to: number];
}

export interface FuzzTarget {
  readonly name: string;
  /** how its files are changed: byte by byte, or by lines and words */
  readonly kind: "bytes" | "text";
  /** @param folder kept from one start of the fuzzer to the next, for what takes time to make */
  seeds(folder: string): Promise<readonly Seed[]> | readonly Seed[];
  /** whole files by the rules of the format */
  readonly grammar?: fc.Arbitrary<Uint8Array | string>;
  /**
   * Reads all that there is in it. What comes back is what was read, plain data; throws an error that is no InputError
   * where the answer contradicts itself.
   *
   * @param folder of its own, for readers that take paths
   */
  read(bytes: Uint8Array, folder: string): unknown;
  /** ends what it started */
  close?(): Promise<void>;
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const made = (name: string, content: string | Uint8Array): Seed => ({
  name,
  bytes: typeof content === "string" ? utf8(content) : new Uint8Array(content),
});

/** Measured files that lie beside the checkout, unzipped; none where they are absent. */
export function measured(paths: readonly string[], shorten: (bytes: Uint8Array) => Uint8Array = (b) => b): Seed[] {
  if (!hasShared) return [];
  return paths
    .map((path) => `data/${path}`)
    .filter((path) => existsSync(shared(path)))
    .map((path) => {
      const bytes = readFileSync(shared(path));
      return { name: path, bytes: new Uint8Array(shorten(path.endsWith(".gz") ? gunzipSync(bytes) : bytes)) };
    });
}

/** The head of a text and its last lines: what is between repeats. */
export function headAndTail(bytes: Uint8Array): Uint8Array {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  if (lines.length < 400) return bytes;
  return Buffer.from([...lines.slice(0, 300), ...lines.slice(-20)].join("\n"), "latin1");
}

/** An answer that contradicts itself, or a damage that was not told. */
export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

export function must(isTrue: boolean, what: string): void {
  if (!isTrue) throw new WrongAnswer(what);
}
