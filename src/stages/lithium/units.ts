/** How many moles of the cathode's formula units there are, by whatever is known of the cell. */
import { InputError, type Places } from "../../data/index.ts";
import type { PhaseAmount } from "./amounts.ts";
import type { LithiumConfig } from "./config.ts";
import { molarMass } from "./formula.ts";
import { combine, type Uncertain, uncertain } from "./uncertain.ts";

const AVOGADRO = 6.02214076e23;
const ANGSTROM3_PER_MM3 = 1e21;

export interface CathodeUnits {
  /** moles in the whole cell; left out where its height is not known */
  readonly inCell: Uncertain | undefined;
  /** moles a mm of height */
  readonly perMm: Uncertain | undefined;
  /** what they come from, in words */
  readonly source: string;
}

export interface UnitsInput {
  /** name of the cell: weighed by itself */
  readonly cell: string;
  readonly config: LithiumConfig;
  /** of the cathode's oxide, fully lithiated */
  readonly formula: string;
  readonly voxelMm: number;
  /** sum over the slice of S V times formula units a cell */
  readonly slice: number;
  /** of config.standard's phase */
  readonly standard: PhaseAmount | undefined;
  readonly places: Places | undefined;
}

/** @throws InputError "lithium-standard" | "lithium-loading" */
export function cathodeUnits({
  cell,
  config,
  formula,
  voxelMm,
  slice,
  standard,
  places,
}: UnitsInput): CathodeUnits | undefined {
  const height = config.electrodeHeightMm;
  if (config.cathodeMassG !== undefined) {
    const grams = uncertain(config.cathodeMassG, { [`mass of the cathode of ${cell}`]: config.cathodeMassEsdG });
    return ofMass(grams, formula, height, `${config.cathodeMassG} g of ${formula}`);
  }
  if (config.cathodeLoadingMgCm2 !== undefined) {
    const area = config.electrodeAreaCm2 ?? areaOf(places, height);
    const loading = uncertain(config.cathodeLoadingMgCm2, {
      [`loading of the cathode of ${cell}`]: config.cathodeLoadingEsdMgCm2,
    });
    const source = `${config.cathodeLoadingMgCm2} mg/cm² of ${formula} on ${area.toFixed(1)} cm²`;
    return ofMass(combine([area / 1000, loading]), formula, height, source);
  }
  if (!config.standard) return undefined;
  const full = standardFactor(config.standard, standard, voxelMm);
  const moles = (slice * full.factor * voxelMm ** 2 * ANGSTROM3_PER_MM3) / AVOGADRO;
  const perMm = uncertain(moles, { "standard of amounts": config.standardEsd * moles });
  return { perMm, inCell: height === undefined ? undefined : combine([height, perMm]), source: full.source };
}

function ofMass(grams: Uncertain, formula: string, height: number | undefined, source: string): CathodeUnits {
  const inCell = combine([1 / molarMass(formula), grams]);
  return { inCell, perMm: height === undefined ? undefined : combine([1 / height, inCell]), source };
}

function areaOf(places: Places | undefined, height: number | undefined): number {
  const coated = (places?.layers ?? []).filter(({ electrode }) => electrode === "cathode");
  const lengthMm = coated.reduce((sum, layer) => sum + layer.lengthMm, 0);
  if (height !== undefined && lengthMm > 0) return (lengthMm * height) / 100;
  throw new InputError(
    "lithium-loading",
    "A loading in mg/cm² says how much oxide there is only with the coated area: give electrodeAreaCm2 (both sides), or electrodeHeightMm where the places of the slice are known.",
  );
}

/** K of volume share = K S V^2. */
function standardFactor(
  { phase, thicknessMm, lengthMm }: NonNullable<LithiumConfig["standard"]>,
  amount: PhaseAmount | undefined,
  voxelMm: number,
): { factor: number; source: string } {
  if (!amount) {
    throw new InputError(
      "lithium-standard",
      `standard.phase "${phase}" has no scale in this slice: give a phase of the model that the cell is full of somewhere, as its casing.`,
    );
  }
  if ((thicknessMm === undefined) !== (lengthMm === undefined)) {
    throw new InputError("lithium-standard", "standard needs thicknessMm and lengthMm of the foil, or neither.");
  }
  const filling = amount.filling.filter((value, v) => value > (3 * (amount.esd[v]! * value)) / amount.cells[v]!).sort();
  if (thicknessMm !== undefined && lengthMm !== undefined) {
    const sum = amount.filling.reduce((all, value) => all + (Number.isFinite(value) ? value : 0), 0) * voxelMm ** 2;
    return {
      factor: (thicknessMm * lengthMm) / sum,
      source: `${phase}, ${thicknessMm} mm thick and ${lengthMm} mm long`,
    };
  }
  const full = filling[Math.floor(0.75 * (filling.length - 1))] ?? Number.NaN;
  return { factor: 1 / full, source: `${phase}, taken to be full where it is densest (75th percentile of its voxels)` };
}
