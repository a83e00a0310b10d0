/**
 * Stages of lithium in graphite: x in Li_x C6 of each, over which range it is found, and how far its layers are apart.
 *
 * Sources: graphite, Trucano & Chen, Nature 258 (1975) 136; dilute stages, Dahn, Phys. Rev. B 44 (1991) 9170 and Ohzuku
 * et al., J. Electrochem. Soc. 140 (1993) 2490; stage 3, Billaud & Henry, Solid State Commun. 124 (2002) 299, doi
 * 10.1016/S0038-1098(02)00469-6; LiC12, Billaud, McRae & Herold, Mater. Res. Bull. 14 (1979) 857; LiC6, Guerard &
 * Herold, Carbon 13 (1975) 337. The ranges of LiC18, LiC12 and LiC6 are assumed.
 */
export interface GraphiteStage {
  readonly name: string;
  /** of the composition that its name says */
  readonly x: number;
  readonly low: number;
  readonly high: number;
  /** mean distance of carbon layers, angstrom */
  readonly spacing: number;
}

export const GRAPHITE_STAGES: readonly GraphiteStage[] = [
  { name: "graphite, dilute stage 1", x: 0, low: 0, high: 0.04, spacing: 3.3555 },
  { name: "stage 4", x: 0.14, low: 0.11, high: 0.17, spacing: 3.435 },
  { name: "stage 3 (LiC30 to LiC27)", x: 0.2, low: 0.2, high: 0.22, spacing: 3.4693 },
  { name: "dilute stage 2 (LiC18)", x: 1 / 3, low: 0.28, high: 0.36, spacing: 3.51 },
  { name: "stage 2 (LiC12)", x: 0.5, low: 0.48, high: 0.52, spacing: 3.5325 },
  { name: "stage 1 (LiC6)", x: 1, low: 0.95, high: 1, spacing: 3.706 },
];

/** The stage whose composition is nearest. @param x in Li_x C6 */
export const stageOf = (x: number): GraphiteStage =>
  GRAPHITE_STAGES.reduce((best, stage) => (Math.abs(stage.x - x) < Math.abs(best.x - x) ? stage : best));

/** x that a mean layer spacing stands for, between the stages linearly: rough, for cross-checks. */
export function lithiumOfSpacing(spacing: number): number {
  const stages = GRAPHITE_STAGES;
  const above = stages.findIndex((stage) => stage.spacing >= spacing);
  if (above <= 0) return above === 0 ? stages[0]!.x : stages.at(-1)!.x;
  const [p, q] = [stages[above - 1]!, stages[above]!];
  return p.x + ((spacing - p.spacing) / (q.spacing - p.spacing)) * (q.x - p.x);
}
