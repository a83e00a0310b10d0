/** One case: what is made of a seed, and what becomes of it. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { seededRandom } from "../seeded-random.ts";
import { flipOneBit, mutateBytes, mutateText, pick } from "./mutate.ts";
import { type FuzzTarget, type Seed, utf8, WrongAnswer } from "./target.ts";

export type Outcome = { readonly kind: "read" } | { readonly kind: "refused"; readonly code: string } | Failure;
export interface Failure {
  readonly kind: "failed";
  /** the same fault has the same */
  readonly signature: string;
  readonly error: string;
}

export interface Case {
  readonly bytes: Uint8Array;
  /** of the seed whose checksum was broken: what it gives unharmed */
  readonly unharmed?: string;
}

/** Seeds as they are needed, with what those give that have a checksum. */
export class Cases {
  readonly target: FuzzTarget;
  readonly #seeds: readonly Seed[];
  readonly #others: readonly Uint8Array[];
  readonly #unharmed: ReadonlyMap<Seed, string>;

  private constructor(target: FuzzTarget, seeds: readonly Seed[], unharmed: ReadonlyMap<Seed, string>) {
    this.target = target;
    this.#seeds = seeds;
    this.#others = seeds.map(({ bytes }) => bytes);
    this.#unharmed = unharmed;
  }

  static async open(target: FuzzTarget, kept: string, folder: string): Promise<Cases> {
    const seeds = await target.seeds(kept);
    const unharmed = new Map<Seed, string>();
    for (const seed of seeds) if (seed.guarded) unharmed.set(seed, digest(await target.read(seed.bytes, folder)));
    return new Cases(target, seeds, unharmed);
  }

  /** The same bytes for the same three, whatever came before. */
  make(seed: number, index: number): Case {
    const { target } = this;
    const start = createHash("sha256").update(`${target.name} ${seed} ${index}`).digest().readUInt32LE(0);
    const random = seededRandom(start);
    if (target.grammar && random() < 0.25) {
      const [content] = fc.sample(target.grammar, { seed: start, numRuns: 1 });
      const bytes = typeof content === "string" ? utf8(content) : content!;
      return { bytes: random() < 0.5 ? bytes : mutateBytes(random, bytes, this.#others) };
    }
    const chosen = pick(random, this.#seeds);
    const unharmed = this.#unharmed.get(chosen);
    if (unharmed !== undefined && random() < 0.3)
      return { bytes: flipOneBit(random, chosen.bytes, ...chosen.guarded!), unharmed };
    const mutate = target.kind === "text" ? mutateText : mutateBytes;
    return { bytes: mutate(random, chosen.bytes, this.#others) };
  }
}

/** Reads it; what the reader may do is give something or throw an InputError. */
export async function attempt(target: FuzzTarget, { bytes, unharmed }: Case, folder: string): Promise<Outcome> {
  try {
    const found = await target.read(bytes, folder);
    if (unharmed !== undefined && digest(found) !== unharmed) throw new WrongAnswer("a broken checksum was not told");
    return { kind: "read" };
  } catch (error) {
    if (error instanceof Error && error.name === "InputError") {
      const { code } = error as Error & { code?: string };
      return { kind: "refused", code: code ?? "" };
    }
    return { kind: "failed", signature: `${target.name}: ${signatureOf(error)}`, error: textOf(error) };
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Its kind and the first place of ours that it came from, without the numbers of this case. */
function signatureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 80);
  const place = /\/(?:src|dist)\/([\w./-]+?)(?::\d+){2}/.exec(error.stack ?? "")?.[1] ?? "";
  const words = error.message
    .replace(/\d+/g, "N")
    .replace(/(["'`]).*?\1/g, "Q")
    .slice(0, 60);
  return `${error.name} ${words} in ${place}`;
}

/** Of the values: how the engine holds a number does not matter. */
const digest = (value: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(value, (_, one) => (ArrayBuffer.isView(one) ? Array.from(one as Uint8Array, String) : one)))
    .digest("hex");

/** Smaller bytes with the same fault: pieces taken out while it stays. */
export async function minimise(
  target: FuzzTarget,
  given: Uint8Array,
  signature: string,
  folder: string,
  beat: () => void,
): Promise<Uint8Array> {
  let bytes = given;
  let left = 400;
  const until = performance.now() + 20_000;
  for (let size = Math.ceil(bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < bytes.length; ) {
      if (left-- <= 0 || performance.now() > until) return bytes;
      beat();
      const shorter = new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]));
      const outcome = await attempt(target, { bytes: shorter }, folder);
      if (outcome.kind === "failed" && outcome.signature === signature) bytes = shorter;
      else at += size;
    }
  }
  return bytes;
}
