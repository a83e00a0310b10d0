/** Where the lines of a whole slice lie in the mean of its rays: every voxel at its cell and depth. */
import type { PhaseLines } from "./phase-lines.ts";
import { addPseudoVoigt } from "./profile.ts";
import type { DlsrGeometry } from "./types.ts";

export interface SlicePhase {
  /** the model's intensities, or those of an earlier step */
  readonly lines: PhaseLines;
  /** factor on the lines' widths */
  readonly width: number;
  /** [voxel, 2] x and y from the axis, steps */
  readonly places: ArrayLike<number>;
  /** [voxel] */
  readonly scale: ArrayLike<number>;
  /** [voxel, n], or [n] of one cell for all */
  readonly cells: Float64Array;
}

/** Bins a standard deviation of a line, in the count of its positions. */
const PER_SIGMA = 10;
const MOST_BINS = 4000;

/** Depths and weights of all voxels at some angles, and nothing outside of the scan. */
interface Parcels {
  readonly angles: number;
  /** [voxel, angle] depth over distance */
  readonly tau: Float32Array;
  /** [voxel, angle] share of the mean ray, times the intensity that the depth adds */
  readonly weight: Float32Array;
}

/**
 * The mean ray's share of every ring.
 *
 * @param angles how many of the scan's angles are taken, evenly
 * @returns [ring][channel]
 */
export function meanRingProfiles(phase: SlicePhase, geometry: DlsrGeometry, angles: number): Float64Array[] {
  const { lines, width } = phase;
  const rows = Array.from({ length: lines.ringCount }, () => new Float64Array(lines.twoTheta.length));
  const parcels = parcelsOf(phase, geometry, angles);
  const counts = countPositions(phase, parcels);
  counts.forEach(({ first, step, counts: shares }, line) => {
    const row = rows[lines.ringOf[line]!]!;
    shares.forEach((share, bin) => {
      if (share === 0) return;
      const x = lines.apparentDeg(first + step * bin, 0);
      const area = share * lines.lineIntensity[line]!;
      addPseudoVoigt(row, lines.twoTheta, x, width * lines.fwhmOf(line, x), lines.etaOf(line, x), area);
    });
  });
  return rows;
}

function parcelsOf({ places, scale }: SlicePhase, geometry: DlsrGeometry, most: number): Parcels {
  const { omegaDeg, translations, rotationAxis, stepMm, distanceMm, depthSign } = geometry;
  const angles = Math.min(most, omegaDeg.length);
  const voxels = scale.length;
  const tau = new Float32Array(voxels * angles);
  const weight = new Float32Array(voxels * angles);
  const inside = (j: number): boolean => j >= 0 && j < translations;
  for (let a = 0; a < angles; a++) {
    const omega = (omegaDeg[Math.floor(((a + 0.5) * omegaDeg.length) / angles)]! * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(omega), Math.sin(omega)];
    for (let v = 0; v < voxels; v++) {
      const [x, y] = [places[2 * v]!, places[2 * v + 1]!];
      const at = rotationAxis + x * cosine + y * sine;
      const j = Math.floor(at);
      const f = at - j;
      const share = (inside(j) ? 1 - f : 0) + (inside(j + 1) ? f : 0);
      const depth = (depthSign * (-x * sine + y * cosine) * stepMm) / distanceMm;
      tau[v * angles + a] = depth;
      weight[v * angles + a] = (share * scale[v]!) / (angles * translations) / (1 - depth) ** 2;
    }
  }
  return { angles, tau, weight };
}

/** How much of the mean ray has a line at each tan 2theta'. */
interface Positions {
  readonly first: number;
  readonly step: number;
  readonly counts: Float64Array;
}

function countPositions({ lines, width, cells, scale }: SlicePhase, { angles, tau, weight }: Parcels): Positions[] {
  const n = lines.cell.length;
  const voxels = scale.length;
  const isCommon = cells.length === n;
  const tangents = new Float64Array(lines.lineCount);
  const tangentsAt = (v: number): boolean =>
    lines.tangentsOf(isCommon ? cells : cells.subarray(v * n, (v + 1) * n), tangents);
  const deepest = tau.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const low = new Float64Array(lines.lineCount).fill(Infinity);
  const high = new Float64Array(lines.lineCount).fill(-Infinity);
  for (let v = 0; v < (isCommon ? Math.min(1, voxels) : voxels); v++) {
    if (!tangentsAt(v)) continue;
    for (let line = 0; line < tangents.length; line++) {
      low[line] = Math.min(low[line]!, tangents[line]! * (1 - deepest));
      high[line] = Math.max(high[line]!, tangents[line]! * (1 + deepest));
    }
  }
  const out = Array.from(low, (least, line) => {
    const most = high[line]!;
    if (!(most >= least)) return { first: 0, step: 1, counts: new Float64Array(0) };
    const fwhm = width * lines.fwhmOf(line, lines.apparentDeg((least + most) / 2, 0));
    const perDeg = ((1 + least * least) * Math.PI) / 180;
    const bins = Math.min(MOST_BINS, Math.ceil((most - least) / ((perDeg * fwhm) / 2.355 / PER_SIGMA)) + 2);
    return { first: least, step: Math.max(most - least, 1e-12) / (bins - 2), counts: new Float64Array(bins) };
  });
  if (isCommon && !tangentsAt(0)) return out;
  for (let v = 0; v < voxels; v++) {
    if (!(scale[v]! > 0) || (!isCommon && !tangentsAt(v))) continue;
    for (let line = 0; line < tangents.length; line++) {
      const { first, step, counts } = out[line]!;
      const tangent = tangents[line]!;
      if (counts.length === 0 || Number.isNaN(tangent)) continue;
      for (let at = v * angles; at < (v + 1) * angles; at++) {
        const u = ((1 - tau[at]!) * tangent - first) / step;
        const bin = Math.min(counts.length - 2, Math.max(0, Math.floor(u)));
        const share = (u - bin) * weight[at]!;
        counts[bin]! += weight[at]! - share;
        counts[bin + 1]! += share;
      }
    }
  }
  return out;
}
