/** Voxels that stand out, grouped by the form of their residuals alone. */
import { clusterRows, type Factors } from "../../stages/unexplained/index.ts";

export interface UnexplainedCluster {
  /** voxels, or pools of them */
  readonly members: number;
  /** the component that its mean pattern is most like, and how much: a cosine */
  readonly component: number;
  readonly likeness: number;
}

/** Most rows that are grouped by likeness: memory goes with the square. */
const MOST_GROUPED = 1200;
/** Voxels whose residuals are this many times as large as usual stand out. */
const STANDS_OUT = 1.5;
/** Mean cosine of one group, and the fewest members of a group that is told of. */
const [LIKE, LEAST_MEMBERS] = [0.35, 3] as const;

export const factorPatterns = ({ rank, patterns }: Factors, columns: number): Float64Array[] =>
  Array.from({ length: rank }, (_, k) => patterns.subarray(k * columns, (k + 1) * columns));

/** A group that no component is like is a component of its own: few voxels of one phase among many of another. */
const UNLIKE = 0.5;
const MOST_UNLIKE = 4;

export const unlikePatterns = (clusters: readonly PatternOfCluster[]): Float64Array[] =>
  clusters
    .filter(({ likeness }) => likeness < UNLIKE)
    .slice(0, MOST_UNLIKE)
    .map(({ pattern }) => pattern.map((value) => Math.max(0, value)));

type PatternOfCluster = UnexplainedCluster & { readonly pattern: Float64Array };

export function clustersOf(data: Float32Array, columns: number, { rank, patterns }: Factors): PatternOfCluster[] {
  const rows = data.length / columns;
  const size = Float64Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += data[r * columns + c]! ** 2;
    return Math.sqrt(sum / columns);
  });
  const chosen = [...size.keys()]
    .filter((r) => size[r]! > STANDS_OUT)
    .sort((a, b) => size[b]! - size[a]! || a - b)
    .slice(0, MOST_GROUPED);
  if (chosen.length < 2 || rank === 0) return [];
  return clusterRows(data, columns, chosen, LIKE)
    .filter(({ members }) => members.length >= LEAST_MEMBERS)
    .map(({ members, pattern }) => {
      const length = Math.hypot(...pattern);
      const likeness = Array.from({ length: rank }, (_, k) =>
        pattern.reduce((sum, value, c) => sum + (value * patterns[k * columns + c]!) / length, 0),
      );
      const best = likeness.indexOf(Math.max(...likeness));
      return { members: members.length, component: best + 1, likeness: likeness[best]!, pattern };
    });
}
