/** What was found, for people, as tables and as JSON. */
import { withEsd } from "../../stages/refine/index.ts";
import type { RankedCandidate } from "../../stages/unexplained/index.ts";
import type { AddedPhase } from "./added-phase.ts";
import type { DescribedComponent } from "./unexplained-components.ts";
import { cellText } from "./unexplained-figures.ts";
import type { UnexplainedPhases } from "./unexplained-phases.ts";

/** Peaks lower than this share of a component's tallest are not told of. */
const TOLD = 0.03;

/** Lines for a terminal. */
export function describeUnexplained(found: UnexplainedPhases, added: readonly AddedPhase[]): string[] {
  return [
    ...found.notes,
    ...found.components.flatMap((component) => [
      "",
      `component ${component.index}  ${component.verdict}${component.misfitOf === undefined ? "" : ` of ${component.misfitOf}`}: ${component.why}`,
      `  ${spotText(found, component)}`,
      ...peakLines(component),
      ...candidateLines(component),
      ...phaseLines(found, component, added),
    ]),
    "",
    ...windowLines(found),
    ...found.clusters.map(
      ({ members, component, likeness }) =>
        `${members} voxels have residuals alike; most like component ${component} (cosine ${likeness.toFixed(2)})`,
    ),
  ];
}

function windowLines({ windows, slice }: UnexplainedPhases): string[] {
  if (windows.length === 0) return [];
  return [
    "misfit by window (2θ, °)     R (%)   chi2: median, 99 %   most at row, column   about",
    ...windows.map(({ name, fromDeg, toDeg, r, chi2Median, chi2Most, voxel, about }) =>
      [
        `  ${name} (${fromDeg.toFixed(3)} to ${toDeg.toFixed(3)})`.padEnd(27),
        (100 * r).toFixed(2).padStart(7),
        `${chi2Median.toPrecision(3)}, ${chi2Most.toPrecision(3)}`.padStart(21),
        `${Math.floor(voxel / slice.nx)}, ${voxel % slice.nx}`.padStart(22),
        `  ${about}`,
      ].join(""),
    ),
    "",
  ];
}

function spotText({ slice }: UnexplainedPhases, { spots }: DescribedComponent): string {
  const [first] = spots.voxels;
  const place =
    first === undefined ? "" : `, strongest at row ${Math.floor(first / slice.nx)}, column ${first % slice.nx}`;
  return `${spots.voxels.length} voxels, ${(100 * spots.share).toFixed(2)} % of the slice${place}`;
}

function peakLines({ peaks }: DescribedComponent): string[] {
  const tallest = Math.max(...peaks.map(({ height }) => height));
  const told = peaks.filter(({ kind, height }) => kind === "new" && height > TOLD * tallest);
  if (told.length === 0) return [];
  return [
    "       2θ (°)   d (Å)      height   sigma  line",
    ...[...told]
      .sort((a, b) => a.position - b.position)
      .map(
        ({ position, dA, height, significance, line = "-" }) =>
          `  ${position.toFixed(4).padStart(10)} ${(dA ?? Number.NaN).toFixed(4).padStart(8)} ${height.toPrecision(3).padStart(10)} ${significance.toFixed(0).padStart(7)}  ${line}`,
      ),
  ];
}

function candidateLines({ candidates, verdict }: DescribedComponent): string[] {
  if (verdict === "weak") return [];
  return [
    "  candidate                 score  cell",
    ...candidates
      .slice(0, 5)
      .map((one) => `  ${one.name.slice(-24).padEnd(24)} ${one.score.toFixed(3).padStart(6)}  ${whyOf(one)}`),
  ];
}

/** Cell, how far it is from the structure's own, and lines. */
export function whyOf({ cell, change, lines, origin, isAtLimit }: RankedCandidate): string {
  const count = (verdict: string): number => lines.filter((line) => line.verdict === verdict).length;
  const moved = change.map((one) => `${one >= 0 ? "+" : ""}${(100 * one).toFixed(2)}`).join(", ");
  const own = origin === "model" ? "of the model, at another cell; " : "";
  const limit = isAtLimit ? " (at the limit of the search)" : "";
  return `${own}${cellText(cell)} (${moved} %)${limit}; lines: ${count("matched")} matched, ${count("missed")} missed, ${count("too strong")} too strong`;
}

function phaseLines(
  { phases }: UnexplainedPhases,
  { index, alike }: DescribedComponent,
  added: readonly AddedPhase[],
): string[] {
  const phase = phases.find(({ component }) => component === index);
  const tried = added.find(({ component }) => component === index);
  if (!phase || !tried) return [];
  const { before, after, name, gain } = tried;
  const found = after.phases.find((one) => one.name === name)!;
  const percent = (value: number, esd: number | null): string => withEsd(100 * value, esd === null ? null : 100 * esd);
  return [
    `  hot spots refined: Rwp ${(100 * before.statistics.rwp).toFixed(2)} % without ${name}, ${(100 * after.statistics.rwp).toFixed(2)} % with ${percent(found.weightFraction ?? Number.NaN, found.weightFractionEsd)} wt% of it, ${cellText(found.cell)}`,
    `  F ${gain.f.toPrecision(3)} on ${gain.added} and ${gain.left.toFixed(0)} degrees of freedom: by chance in ${chanceText(gain.chance)}`,
    `  of the slice ${percent(phase.bulkShare, phase.bulkShareEsd)} wt%, of its strongest voxels ${(100 * phase.largestShare).toFixed(0)} wt%`,
    ...(alike.length > 0 ? [`  as good, and not to be told apart by this pattern: ${alike.join(", ")}`] : []),
  ];
}

const chanceText = (chance: number): string =>
  chance < 1e-6 ? "less than one case in a million" : `${(100 * chance).toPrecision(2)} % of cases`;

/** As report.json: everything but arrays over voxels and points. */
export function unexplainedJson(found: UnexplainedPhases, added: readonly AddedPhase[]): object {
  return {
    notes: found.notes,
    explained: found.explained,
    clusters: found.clusters,
    windows: found.windows.map(({ voxel, ...window }) => ({
      ...window,
      mostAt: [Math.floor(voxel / found.slice.nx), voxel % found.slice.nx],
    })),
    components: found.components.map(({ spots, candidates, best, peaks, ...rest }) => ({
      ...rest,
      best: best?.name,
      voxels: spots.voxels.map((voxel) => [Math.floor(voxel / found.slice.nx), voxel % found.slice.nx]),
      shareOfSlice: spots.share,
      peaks: peaks.map(({ reflections: _, ...peak }) => peak),
      candidates: candidates.map(({ pattern: _, structure: __, ...candidate }) => candidate),
    })),
    phases: found.phases.map(({ maps: _, ...phase }) => phase),
    added: added.map(({ component, name, before, after, gain }) => {
      const phase = after.phases.find((one) => one.name === name)!;
      const { weightFraction, weightFractionEsd, cell } = phase;
      const [rwpBefore, rwpAfter] = [before.statistics.rwp, after.statistics.rwp];
      return {
        component,
        name,
        rwpBefore,
        rwpAfter,
        status: after.status,
        gain,
        weightFraction,
        weightFractionEsd,
        cell,
      };
    }),
  };
}

/** Misfit by parts of the pattern. */
export function windowTable({ windows, slice, wavelengthA }: UnexplainedPhases): string {
  const head =
    "window,two_theta_from_deg,two_theta_to_deg,d_to_A,d_from_A,r,chi2_median,chi2_99_percent,row,column,about";
  const d = (deg: number): string => (wavelengthA / 2 / Math.sin((deg * Math.PI) / 360)).toFixed(5);
  const rows = windows.map(({ name, fromDeg, toDeg, r, chi2Median, chi2Most, voxel, about }) =>
    [
      ...[name, fromDeg.toFixed(5), toDeg.toFixed(5), d(fromDeg), d(toDeg), r.toFixed(5)],
      ...[chi2Median.toPrecision(5), chi2Most.toPrecision(5), Math.floor(voxel / slice.nx), voxel % slice.nx],
      `"${about}"`,
    ].join(","),
  );
  return `${[head, ...rows].join("\n")}\n`;
}

/** Peaks of all components. */
export function peakTable({ components }: UnexplainedPhases): string {
  const head = "component,two_theta_deg,d_A,fwhm_deg,height,significance,kind,left,candidate,line";
  const rows = components.flatMap(({ index, peaks, best }) =>
    [...peaks]
      .sort((a, b) => a.position - b.position)
      .map(({ position, dA, fwhm, height, significance, kind, left, line }) =>
        [
          index,
          position.toFixed(5),
          (dA ?? Number.NaN).toFixed(5),
          fwhm.toFixed(5),
          height.toPrecision(5),
          significance.toFixed(1),
          kind,
          left.toFixed(2),
          line === undefined ? "" : best!.name,
          line ?? "",
        ].join(","),
      ),
  );
  return `${[head, ...rows].join("\n")}\n`;
}
