/** Images out of a stack: the mean over a range of bins. */
import { InputError } from "../../data/index.ts";
import { eachPiece, type Piece, type Stack } from "./stack.ts";
import type { OpenIndex } from "./stack-index.ts";

/** Of one image: sums over the bins that have a value, and how many have none; [row, col]. */
interface Sums {
  readonly sum: Float64Array;
  missing: Int32Array | undefined;
  bins: number;
}

/** Bins [from, to) to be added to an image, or taken from it. */
interface Term {
  readonly into: Sums;
  readonly from: number;
  readonly to: number;
  readonly sign: 1 | -1;
}

/** What is added from the index: the sum over all bins before its boundary. */
interface IndexTerm {
  readonly into: Sums;
  readonly boundary: number;
  readonly sign: 1 | -1;
}

/**
 * [row, col] mean over the bins [from, to) that have a value, less the mean of the `side` bins on either side.
 *
 * @param index of the stack, as far as it is made
 * @param goOn called between pieces; throws where nobody waits any more
 * @throws InputError "bins-outside"
 */
export async function binImage(
  stack: Stack,
  { from, to, side }: { readonly from: number; readonly to: number; readonly side: number },
  index: OpenIndex | undefined,
  goOn: () => void,
): Promise<Float32Array> {
  const { rows, cols, bins } = stack;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= bins && from < to && side >= 0)) {
    throw new InputError(
      "bins-outside",
      `Bins ${from}:${to} of ${stack.name}: it has ${bins} bins, so a range within 0:${bins} is needed.`,
    );
  }
  if (side > 0 && from === 0 && to === bins) {
    throw new InputError(
      "bins-outside",
      `${stack.name} has no bins beside 0:${bins}, which are all of them. Choose a shorter range, or no background.`,
    );
  }
  const empty = (size = rows * cols): Sums => ({ sum: new Float64Array(size), missing: undefined, bins: 0 });
  const [image, beside] = [empty(), empty(side > 0 ? rows * cols : 0)];
  const terms: Term[] = [];
  const indexTerms: IndexTerm[] = [];
  const add = (into: Sums, first: number, end: number): void => {
    if (first >= end) return;
    into.bins += end - first;
    planRange(stack, index, into, first, end, terms, indexTerms);
  };
  add(image, from, to);
  if (side > 0) {
    add(beside, Math.max(0, from - side), from);
    add(beside, to, Math.min(bins, to + side));
  }
  await Promise.all([addBins(stack, terms, goOn), index && addBoundaries(index, indexTerms)]);
  const out = new Float32Array(rows * cols);
  for (let at = 0; at < out.length; at++) out[at] = meanAt(image, at) - (side > 0 ? meanAt(beside, at) : 0);
  return out;
}

const meanAt = ({ sum, missing, bins }: Sums, at: number): number => sum[at]! / (bins - (missing ? missing[at]! : 0));

/** A range as bins to be read, or as a difference of two sums of the index and what lies between these and its ends. */
function planRange(
  stack: Stack,
  index: OpenIndex | undefined,
  into: Sums,
  from: number,
  to: number,
  terms: Term[],
  indexTerms: IndexTerm[],
): void {
  const low = index?.nearest(from) ?? 0;
  const high = index?.nearest(to) ?? 0;
  const layers = (first: number, end: number): number =>
    first < end ? Math.ceil(end / stack.depth) - Math.floor(first / stack.depth) : 0;
  const apart = (a: number, b: number): number => layers(Math.min(a, b), Math.max(a, b));
  // two images of the index are read in the time of one layer, more or less
  if (!index || low >= high || layers(from, to) <= apart(from, low) + apart(to, high) + 1) {
    terms.push({ into, from, to, sign: 1 });
    return;
  }
  const between = (a: number, b: number, sign: 1 | -1): void => {
    if (a < b) terms.push({ into, from: a, to: b, sign });
    if (b < a) terms.push({ into, from: b, to: a, sign: sign === 1 ? -1 : 1 });
  };
  between(from, low, 1);
  between(high, to, 1);
  if (high > 0) indexTerms.push({ into, boundary: high, sign: 1 });
  if (low > 0) indexTerms.push({ into, boundary: low, sign: -1 });
}

/** Each layer of the file is read once, whatever it is needed for. */
async function addBins(stack: Stack, terms: readonly Term[], goOn: () => void): Promise<void> {
  const starts = new Set<number>();
  for (const { from, to } of terms) {
    for (let bin = Math.floor(from / stack.depth) * stack.depth; bin < to; bin += stack.depth) starts.add(bin);
  }
  const layers = [...starts].sort((a, b) => a - b);
  const boxes = layers.flatMap((bin) => stack.boxes(bin, Math.min(stack.bins, bin + stack.depth)));
  await eachPiece(stack, boxes, goOn, (piece) => {
    for (const term of terms) addPiece(stack.cols, piece, term);
  });
}

function addPiece(width: number, piece: Piece, { into, from, to, sign }: Term): void {
  const first = Math.max(0, from - piece.bin);
  const end = Math.min(piece.bins, to - piece.bin);
  if (first >= end) return;
  const { values, row, rows, col, cols, rowStep, colStep } = piece;
  const { sum } = into;
  for (let y = 0; y < rows; y++) {
    let at = (row + y) * width + col;
    for (let x = 0, i = y * rowStep; x < cols; x++, i += colStep, at++) {
      let total = 0;
      let lacking = 0;
      for (let bin = i + first; bin < i + end; bin++) total += values[bin]!;
      // seldom: one of them has no value
      if (total - total !== 0) {
        total = 0;
        for (let bin = i + first; bin < i + end; bin++) {
          if (Number.isFinite(values[bin])) total += values[bin]!;
          else lacking++;
        }
      }
      sum[at] = sum[at]! + sign * total;
      if (lacking > 0) {
        into.missing ??= new Int32Array(sum.length);
        into.missing[at] = into.missing[at]! + sign * lacking;
      }
    }
  }
}

async function addBoundaries(index: OpenIndex, terms: readonly IndexTerm[]): Promise<void> {
  for (const boundary of new Set(terms.map((term) => term.boundary))) {
    const { sum, missing } = await index.readBoundary(boundary);
    for (const { into, sign } of terms.filter((term) => term.boundary === boundary)) {
      for (let at = 0; at < sum.length; at++) into.sum[at] = into.sum[at]! + sign * sum[at]!;
      if (!missing) continue;
      into.missing ??= new Int32Array(sum.length);
      for (let at = 0; at < sum.length; at++) into.missing[at] = into.missing[at]! + sign * missing[at]!;
    }
  }
}
