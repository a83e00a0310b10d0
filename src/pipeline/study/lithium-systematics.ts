/** What an error of all voxels alike does to the lithium of a cell, one line for each that is known of. */
import type { SliceMaps } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import {
  type GraphiteLithium,
  type LithiumConfig,
  lithiumOnLine,
  NMC532_LINE,
  stageAmountsEsd,
} from "../../stages/lithium/index.ts";
import type { OxidePhase, Systematic } from "./lithium-of-cell.ts";

export function systematicsOf(
  cell: SliceMaps,
  oxides: readonly OxidePhase[],
  graphite: GraphiteLithium | undefined,
  config: LithiumConfig,
): Systematic[] {
  const out: Systematic[] = [];
  for (const oxide of oxides) out.push(...ofOxide(cell, oxide));
  if (graphite) out.push(...ofGraphite(graphite, config));
  out.push({
    name: "what has no lines",
    of: "inventory",
    size: "not known",
    note: "amorphous material, films on particles and lithium in the electrolyte do not diffract; the residual against the cycler holds them",
  });
  return out;
}

function ofOxide(cell: SliceMaps, { lithium, table, scaleEsd, units, a, c }: OxidePhase): Systematic[] {
  const name = lithium.name;
  const shift = mean(lithium.byScale, units?.amount, lithium.x.values);
  const out: Systematic[] = [
    { name: "table", of: `${name}/x`, size: `${table.xEsd}`, note: `${table.name}: ${table.source}` },
    {
      name: "scale of the lattice",
      of: `${name}/x`,
      size: Math.abs(shift).toFixed(3),
      note: `by ${(1e6 * scaleEsd).toFixed(0)} ppm of a and c alike: distance, wavelength, parallax`,
    },
  ];
  const plain = cell.maps.get(`${name}/a`);
  if (plain && a !== plain) {
    const by = median(Float64Array.from(a.values, (value, v) => value / plain.values[v]! - 1));
    const perShift = shift / scaleEsd;
    out.push({
      name: "parallax",
      of: `${name}/x`,
      size: Math.abs(by * perShift).toFixed(3),
      note: `what its correction changed, ${(1e6 * by).toFixed(0)} ppm in the median; without dlsr as much again may be left in single voxels`,
    });
  }
  if (units) {
    const edge = partialVolume(lithium.x.values, units.amount);
    out.push({
      name: "partial volume",
      of: `${name}/x`,
      size: Math.abs(edge).toFixed(3),
      note: "mean of voxels that are over half full less that of all: patterns at edges hold less of the phase",
    });
  }
  const line = lithiumOnLine(median(a.values), NMC532_LINE);
  if (table.name === "NMC532") {
    out.push({
      name: "by a alone",
      of: `${name}/x`,
      size: line.toFixed(3),
      note: `x of the median a on a straight line (2.870 Å at x = 1, 0.0844 Å a lithium), to be compared with ${median(lithium.x.values).toFixed(3)}; c of the median ${median(c.values).toFixed(3)} Å`,
    });
  }
  return out;
}

function ofGraphite({ phases, x, low, high, bySpacing }: GraphiteLithium, config: LithiumConfig): Systematic[] {
  const width = median(Float64Array.from(high.values, (value, v) => value - low.values[v]!));
  const off = median(Float64Array.from(bySpacing.values, (value, v) => value - x.values[v]!));
  const sums = phases.map(({ carbon }) => carbon.reduce((sum, n) => (Number.isFinite(n) ? sum + n : sum), 0));
  const all = sums.reduce((sum, n) => sum + n, 0);
  const shares = sums.map((n) => Math.max(0, n / all));
  return [
    {
      name: "amounts of the stages",
      of: "anode/x",
      size: stageAmountsEsd(phases, shares, config.scaleRatioEsd).toFixed(3),
      note: `where two stages are ${(100 * config.scaleRatioEsd).toFixed(0)} % off against each other: widths, background, texture. In the mean of a group`,
    },
    {
      name: "compositions of the stages",
      of: "anode/x",
      size: (width / 4).toFixed(3),
      note: "a quarter of the 95 % band of a voxel, noise included: dilute stages hold lithium that their name does not say",
    },
    {
      name: "layer spacing",
      of: "anode/x",
      size: off.toFixed(3),
      note: "x by the mean distance of layers less x by shares of stages, median: a cross-check, good to 0.05 to 0.1",
    },
    {
      name: "texture, absorption",
      of: "inventory",
      size: `${(100 * config.scaleRatioEsd).toFixed(0)} %`,
      note: "of the anode's amount against the cathode's; graphite lies flat in coatings, and the model has it at random unless texture was refined",
    },
  ];
}

function partialVolume(x: ArrayLike<number>, amount: Float64Array): number {
  const there = [...amount.keys()].filter((v) => amount[v]! > 0 && Number.isFinite(x[v]!));
  const most = there.map((v) => amount[v]!).sort((p, q) => p - q)[Math.floor(0.95 * there.length)] ?? Number.NaN;
  const over = (least: number): number => {
    const used = there.filter((v) => amount[v]! >= least);
    const all = used.reduce((sum, v) => sum + amount[v]!, 0);
    return used.reduce((sum, v) => sum + amount[v]! * x[v]!, 0) / all;
  };
  return over(most / 2) - over(0);
}

function mean(values: Float64Array, weight: Float64Array | undefined, there: ArrayLike<number>): number {
  let [sum, all] = [0, 0];
  for (let v = 0; v < values.length; v++) {
    const n = weight ? weight[v]! : 1;
    if (!(n > 0) || !Number.isFinite(there[v]!)) continue;
    sum += n * values[v]!;
    all += n;
  }
  return all > 0 ? sum / all : Number.NaN;
}
